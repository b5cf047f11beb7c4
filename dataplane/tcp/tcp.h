/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP of one worker (RFC 9293), for IPv4 and IPv6. Pure: time comes in as now_ns (it never decreases),
 * randomness as a seeded generator, segments leave through a function. Nothing allocates after tcp_create()
 * but mbufs from the given pool. What is dropped is counted by reason in the tcp_* rows of stats.def.
 *
 * Whoever carries the segments verifies checksums of what comes in and fills in those of what goes out: only
 * the network layer knows what its devices compute.
 *
 * Events come from tcp_input(), tcp_icmp() and tcp_tick(), after all processing, never from within another
 * call; a callback may call anything here but those three. TCP_ENDED is a connection's last event, comes
 * exactly once, and the pointer is dead when the callback returns.
 */
#ifndef TCP_TCP_H
#define TCP_TCP_H

#include "base/addr.h"
#include "base/ensure.h"
#include "base/span.h"
#include "tcp/config.h"

#include <stdbool.h>
#include <stdint.h>

/* A segment that arrived: the whole mbuf, the TCP header at l4_offset, header and data l4_len bytes long. */
struct tcp_packet {
	struct rte_mbuf *mbuf;
	const struct ip_addr *src;
	const struct ip_addr *dst;
	uint32_t l4_offset;
	uint32_t l4_len;
};

/* What a router says about a segment of ours; quoted_seq is the sequence number in the part it quotes. */
struct tcp_icmp {
	struct endpoint local;
	struct endpoint remote;
	uint32_t quoted_seq;
	uint32_t mtu; /* of the next link, for "too big" (RFC 1191, RFC 8201); 0: unreachable */
};

/* Figures of one connection, for `show` and for tests. */
struct tcp_info {
	struct endpoint local, remote;
	const char *state; /* RFC 9293 3.3.2 */
	uint32_t mss_bytes, cwnd_bytes, ssthresh_bytes, flight_bytes;
	uint32_t rcv_mss_bytes; /* of the segments that come, by their looks */
	uint32_t send_queued_bytes, receive_queued_bytes, pinned_bytes, receive_pinned_bytes;
	uint32_t srtt_us, rttvar_us, rto_us;
	uint32_t window_edge;         /* sequence number of the advertised right edge */
	uint8_t snd_shift, rcv_shift; /* of the windows */
	bool has_timestamps, has_sack;
	bool timer_armed;
};

/* Read from any thread. */
struct tcp_levels {
	uint32_t connections, half_open, time_wait, pieces, under_way;
	uint32_t ports, ports_max; /* source ports of all our addresses */
	uint64_t pinned_bytes;
};

/* Bytes that tcp_create() takes for a configuration, the ports of one source address included. */
uint64_t tcp_memory_bytes(const struct tcp_config *config);

/* 0, -EINVAL, or -ENOMEM. */
must_use int tcp_create(const struct tcp_config *config, uint64_t now_ns, struct tcp **ret_tcp);
/* Frees everything; peers are not told, and no event comes. */
void tcp_destroy(struct tcp *tcp);

/* backlog: half-open connections before cookies answer. 0, -EADDRINUSE, -ENOSPC. */
must_use int tcp_listen(struct tcp *tcp, const struct endpoint *local, uint32_t backlog, uint64_t cookie);
/* Connections stay, and half-open ones may still come about; -ENOENT. */
must_use int tcp_unlisten(struct tcp *tcp, const struct endpoint *local);
/* An address of ours that tcp_connect() may use. 0, -EEXIST, -ENOSPC, -ENOMEM. At start only: allocates. */
must_use int tcp_add_source(struct tcp *tcp, const struct ip_addr *source);

/* Sends a SYN. 0, -ENETUNREACH (no source address fits), -EADDRNOTAVAIL (no port of those that fit is free),
 * -ENOBUFS (no connection is left). */
must_use int tcp_connect(struct tcp *tcp, const struct endpoint *remote, uint64_t cookie, uint64_t now_ns,
	struct tcb **ret_tcb);

/* A segment; the mbuf passes. */
void tcp_input(struct tcp *tcp, const struct tcp_packet *packet, uint64_t now_ns);
void tcp_icmp(struct tcp *tcp, const struct tcp_icmp *icmp, uint64_t now_ns);
/* Timers and events. Call each loop, at least every 10 ms. */
void tcp_tick(struct tcp *tcp, uint64_t now_ns);
/* Nothing happens by itself before this time; TIMER_NONE: never. */
uint64_t tcp_next_ns(const struct tcp *tcp);

/*
 * Queues a chain of bytes and sends what may go. 0: the chain passed. Else it stays the caller's: -EAGAIN
 * (budget used up: TCP_WRITABLE comes when half of it is free), -ENOBUFS (all send queues together pin
 * half of the memory: TCP_WRITABLE comes when there is room for this chain, to those that wait one after the
 * other; whoever has not waited waits behind them), -EPIPE (closed for sending), -EINVAL (empty),
 * -EMSGSIZE (more than could ever be held).
 */
must_use int tcp_send(struct tcb *tcb, struct rte_mbuf *chain, uint64_t now_ns);
/* Does it hold more than half of its send budget? Then TCP_WRITABLE comes when it no longer does. */
bool tcp_crowded(struct tcb *tcb);
/* Shows up to max spans of what waits in order; they live until tcp_consume() or the end. Returns how many.
 */
uint32_t tcp_receive(const struct tcb *tcb, struct span *spans, uint32_t max);
/* Gives back the first bytes, and tells the peer when that opens the window. */
void tcp_consume(struct tcb *tcb, uint32_t bytes, uint64_t now_ns);
/* Does what was received pin so much that no connection is offered a window? Somebody must read, or go. */
bool tcp_receive_is_short(const struct tcp *tcp);
/* What a connection pins of that on average. */
uint32_t tcp_receive_average_bytes(const struct tcp *tcp);
/* FIN after what is queued; receiving goes on. */
void tcp_shutdown(struct tcb *tcb, uint64_t now_ns);
/* FIN after what is queued; nothing more is received: unread or later bytes reset the connection. */
void tcp_close(struct tcb *tcb, uint64_t now_ns);
/* RST now. */
void tcp_abort(struct tcb *tcb, uint64_t now_ns);

/* How long data may stay unacknowledged before the connection is reset (RFC 5482): instead of the config's.
 */
void tcp_set_user_timeout(struct tcb *tcb, uint32_t timeout_ms, uint64_t now_ns);

uint64_t tcp_cookie(const struct tcb *tcb);
void tcp_set_cookie(struct tcb *tcb, uint64_t cookie);
void tcp_info(const struct tcb *tcb, struct tcp_info *ret_info);
void tcp_levels(const struct tcp *tcp, struct tcp_levels *ret_levels);

#endif
