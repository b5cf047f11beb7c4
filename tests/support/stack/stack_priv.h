/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one instance of the stack library is made of; its files share this and nothing else. */
#ifndef TESTS_SUPPORT_STACK_STACK_PRIV_H
#define TESTS_SUPPORT_STACK_STACK_PRIV_H

#include "support/stack_api.h"

#include "base/addr.h"
#include "base/rng.h"
#include "stats.h"
#include "wire.h"

#include <stdbool.h>
#include <stdint.h>

struct net;
struct rte_mbuf;
struct rte_mempool;
struct tcb;
struct tcp;
struct tcp_config;

#define STACK_MS 1000000ULL

enum {
	STACK_NONE = UINT32_MAX,
	STACK_ANSWERS_MAX = 64,
	STACK_BACKLOG_MAX = 4096,
	STACK_ETHERNET_HEADER = 14
};

enum socket_kind {
	SOCKET_FREE,
	SOCKET_FRESH, /* made, perhaps bound */
	SOCKET_LISTENING,
	SOCKET_CONNECTING,
	SOCKET_CONNECTED,
	SOCKET_ENDED /* no connection any more; `error` may still have to be told */
};

struct stack_socket {
	uint8_t kind;   /* enum socket_kind */
	uint8_t family; /* enum ip_family */
	bool bound;
	bool peer_closed; /* no bytes come after those that wait */
	bool shut_read;
	bool shut_write;
	bool blocked; /* a send found no room; TCP_WRITABLE has not come yet */
	uint32_t generation;
	uint32_t user_timeout_ms;
	int error; /* positive errno that the next call tells; 0: none */
	struct endpoint local;
	struct endpoint peer;
	struct tcb *tcb; /* NULL: none, or ended */
	/* Of a listener: connections that wait for accept, oldest first, linked by their `next`. */
	uint32_t backlog, waiting;
	uint32_t first, last;
	uint32_t next;
};

/* Packets that wait for stack_output(), oldest first. */
struct outbox {
	struct rte_mbuf **mbufs; /* [capacity]; owner: this */
	uint32_t capacity, head, count;
};

struct stack {
	struct stack_config config; /* defaults filled in; its texts are the caller's and not read again */
	struct ip_prefix local[STACK_ADDRESSES_MAX];
	uint16_t local_count;
	uint64_t now_ns;
	struct tcp *tcp;
	struct net *net;
	struct rte_mempool *pool;
	struct stats stats;
	struct rng rng;
	struct wire wire;
	struct outbox outbox;
	struct rte_mbuf *answers[STACK_ANSWERS_MAX]; /* of the neighbour that stands for all: gateway.c */
	uint16_t answer_count;
	struct stack_socket *sockets; /* [config.sockets_max]; owner: this */
};

/* stack_eal.c: 0 or -ENODEV. */
int stack_eal_start(void);

/* stack_link.c: between the packets and net. */
void link_wire(struct stack *stack);
/* Lets leave what is staged, and feeds the answers of the neighbour that stands for all. */
void link_settle(struct stack *stack);
void outbox_free(struct outbox *outbox);
/* The bytes as a chain of fresh buffers; NULL: none are left. */
struct rte_mbuf *packet_of(struct stack *stack, const void *bytes, size_t len);

/* stack_gateway.c: with STACK_LINK_IP, takes what asks for a neighbour, or speaks of neighbours. */
bool gateway_takes(struct stack *stack, const struct rte_mbuf *frame);
extern const uint8_t gateway_mac[6];

/* stack_socket.c */
struct stack_socket *socket_at(struct stack *stack, int sock);     /* NULL: -EBADF */
struct stack_socket *socket_take(struct stack *stack, int family); /* NULL: none is free */
void socket_give(struct stack *stack, struct stack_socket *socket);
uint64_t socket_cookie(const struct stack *stack, const struct stack_socket *socket);
struct stack_socket *socket_of_cookie(struct stack *stack, uint64_t cookie); /* NULL: closed since */
int socket_number(const struct stack *stack, const struct stack_socket *socket);
/* The error that is to be told once, negative; 0: none. */
int socket_error_take(struct stack_socket *socket);

/* What stack_options.c tells of a connection; it cannot see TCP's own header beside Linux's. */
struct socket_figures {
	const char *state;
	uint32_t mss_bytes, rcv_mss_bytes, cwnd_bytes, ssthresh_bytes, flight_bytes;
	uint32_t srtt_us, rttvar_us, rto_us;
	uint8_t snd_shift, rcv_shift;
	bool has_ts, has_sack;
};
/* stack_figures.c: all zero and "CLOSED" without a connection. */
void socket_figures(const struct stack_socket *socket, struct socket_figures *ret_figures);

void socket_set_user_timeout(struct stack *stack, struct stack_socket *socket, uint32_t timeout_ms);

/* stack_address.c */
int endpoint_of_sockaddr(const struct sockaddr *addr, socklen_t len, struct endpoint *ret_endpoint);
void sockaddr_write(const struct endpoint *endpoint, struct sockaddr *addr, socklen_t *len);

/* stack_events.c: the callback of struct tcp_config; events and reasons are the enums of tcp/. */
void events_install(struct stack *stack, struct tcp_config *config);
/* Throws away what waits to be read. */
void socket_drain(struct stack *stack, struct stack_socket *socket);

#endif
