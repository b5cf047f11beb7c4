/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one worker's TCP is given at start: limits, timeouts, and the two functions it calls. */
#ifndef TCP_CONFIG_H
#define TCP_CONFIG_H

#include "base/addr.h"
#include "base/hash.h"
#include "base/rng.h"
#include "stats.h"
#include "tcp/reason.h"

#include <stdbool.h>
#include <stdint.h>

struct rte_mbuf;
struct rte_mempool;
struct tcp;
struct tcb; /* one connection: RFC 9293's transmission control block */

/* Bytes in front of the TCP header of a segment that leaves: Ethernet and IPv6. */
enum { TCP_HEADROOM = 14 + 40 };

enum tcp_event {
	TCP_ACCEPTED,    /* a new connection; tcp_cookie() is its listener's until tcp_set_cookie(), 0: that
			    listener is gone and another has its place */
	TCP_CONNECTED,   /* tcp_connect() succeeded */
	TCP_READABLE,    /* bytes for tcp_receive() */
	TCP_PEER_CLOSED, /* the peer's FIN: no more bytes come after those that wait */
	TCP_WRITABLE,    /* after -EAGAIN: half of the send budget is free; after -ENOBUFS: memory is */
	TCP_ENDED,       /* gone, why says the reason */
	TCP_EVENTS
};

struct tcp_config {
	struct rte_mempool *pool; /* of this worker: segments that leave */
	struct stats *stats;
	struct rng *rng;
	struct hash_key secret; /* sequence numbers, cookies, table: from getrandom() */
	int socket_id;

	/* Limits; 0 takes the default beside it. */
	uint32_t connections_max;  /* 16,384 */
	uint32_t half_open_max;    /* 4,096 */
	uint32_t time_wait_max;    /* 16,384 */
	uint32_t pieces_max;       /* 65,536 segments kept beyond gaps, and as many under way */
	uint64_t memory_max_bytes; /* 256 MiB that all connections' buffers may pin: less than the pools hold
				    */
	uint32_t window_bytes;     /* 65,535: receive window of a connection */
	uint32_t send_max_bytes;   /* 262,144 that a connection's send queue may pin */
	uint16_t mtu;              /* 1,500 bytes of IP packet */
	uint16_t port_first;       /* 32,768: source ports of tcp_connect(), this worker's own share */
	uint16_t port_last;        /* 60,999 */
	uint32_t connect_timeout_ms; /* 10,000 */
	uint32_t user_timeout_ms;    /* 100,000: data unacknowledged for so long (RFC 9293 3.8.3, R2) */
	uint32_t idle_timeout_ms;    /* 1,800,000: no data either way */
	uint32_t keepalive_idle_ms;  /* 60,000: nothing heard for so long, then a probe */
	uint32_t keepalive_every_ms; /* 10,000 */
	uint32_t keepalive_probes;   /* 5 */
	uint32_t close_limit_ms;     /* 60,000: FIN_WAIT_1, FIN_WAIT_2, CLOSING, LAST_ACK without progress */
	uint32_t time_wait_ms;       /* 60,000: twice the maximum segment lifetime */
	uint32_t delayed_ack_ms;     /* 40 */

	void *ctx;
	/* Sends a segment (mbuf data = TCP header on, checksum 0, TCP_HEADROOM bytes before). Takes the mbuf.
	 */
	void (*output)(
		void *ctx, const struct ip_addr *src, const struct ip_addr *dst, struct rte_mbuf *mbuf);
	/* Optional: may a connection to `remote` begin at that address? Else any of the family may. */
	bool (*source_fits)(void *ctx, const struct ip_addr *source, const struct ip_addr *remote);
	/* Optional: will segments of a connection between these ends come to this worker by themselves? Ports
	 * are tried for it, a bounded number of them. */
	bool (*comes_home)(void *ctx, const struct endpoint *local, const struct endpoint *remote);
	void (*event)(void *ctx, struct tcb *tcb, enum tcp_event event, enum tcp_reason why);
};

#endif
