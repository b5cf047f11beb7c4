/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One worker's TCP, and the compact entries of its table: a connection is a `half` until its third segment,
 * then a tcb, and at last a `wait`.
 */
#ifndef TCP_TCP_PRIV_H
#define TCP_TCP_PRIV_H

#include "base/budget.h"
#include "base/pool.h"
#include "limits.h"
#include "tcp/tcb_priv.h"

#define TCP_MS 1000000ULL
#define TCP_S  1000000000ULL

enum tcp_times {
	TCP_RTO_MIN_MS = 200, /* RFC 6298 2.4 says 1 s: SIP cannot wait so long; docs/decisions/tcp.md */
	TCP_RTO_MAX_MS = 60000,
	TCP_RTO_FIRST_MS = 1000,      /* RFC 6298 2.1 */
	TCP_RTO_SYN_AGAIN_MS = 3000,  /* RFC 6298 5.7 */
	TCP_TLP_ACK_DELAY_MS = 50,    /* what a peer may take for a delayed ACK: TLP.max_ack_delay */
	TCP_TLP_MIN_MS = 10,          /* on a link of microseconds a probe would only add noise */
	TCP_CHALLENGE_EVERY_MS = 500, /* of one connection: two challengers must not make a storm */
	TCP_CHALLENGES_PER_S = 1000,  /* of all connections (RFC 5961 7) */
	TCP_RESETS_PER_S = 1000,
	TCP_HALF_TRIES = 5, /* SYN-ACKs, the first included */
	TCP_BLACK_HOLE_LOSSES = 3,
	TCP_PAWS_IDLE_DAYS = 24, /* RFC 7323 5.5 */
	TCP_COOKIE_PERIOD_S = 64,
	TCP_PMTU_RAISE_MS = 600000, /* RFC 1191 6.3, RFC 8201 4: ten minutes after it was lowered */
};

struct tcp_listener {
	struct endpoint local; /* an unspecified address: all of that family */
	uint64_t cookie;
	uint32_t backlog;
	uint32_t half_open;
	uint32_t life; /* the how manieth listener in this place: half-open connections outlive theirs */
	bool used;
};

/* A passive connection in SYN-RECEIVED. */
struct half {
	struct tcp_key key;
	struct tcp *tcp;
	struct timer timer;
	uint64_t sent_ns;
	uint32_t irs, iss, ts_recent, ts_offset;
	uint32_t wnd;           /* of the SYN: never scaled */
	uint32_t listener_life; /* the place may have another listener by now */
	uint16_t mss_peer;
	uint8_t listener;
	uint8_t tries;
	uint8_t shift;
	uint8_t flags; /* HALF_* */
};
static_assert(sizeof(struct half) <= 128, "a flood of SYNs must stay cheap");

enum { HALF_TS = 1, HALF_SACK = 2, HALF_SHIFT = 4 };

/* A connection in TIME-WAIT. All wait equally long, so a list in the order of arrival is sorted. */
struct wait {
	struct tcp_key key;
	uint64_t until_ns;
	uint64_t challenge_ns;
	uint32_t next, prev; /* POOL_NONE: none */
	uint32_t snd_nxt, rcv_nxt, ts_recent, ts_offset;
	uint16_t window;
	bool has_ts;
	bool active; /* gives a source port back */
};
static_assert(sizeof(struct wait) <= 96, "TIME-WAIT is where connections pile up");

enum table_kind { TABLE_NONE, TABLE_TCB, TABLE_HALF, TABLE_WAIT };

struct table_slot {
	uint32_t hash;
	uint32_t ref; /* kind in the two upper bits, index in its pool; 0: empty */
};

struct table {
	struct table_slot *slots; /* [mask + 1], at most half of them in use; owner: this */
	uint32_t mask;
	uint32_t used;
};

/* The free source ports of one address: a ring, so that a port rests as long as possible. */
struct source {
	struct ip_addr ip;
	uint16_t *ports; /* [capacity]; owner: this */
	uint32_t capacity;
	uint32_t head;
	uint32_t count; /* writer: the owning thread; readers: control, relaxed */
};

/* Of connections, the longest waiting first: line.c. */
struct line {
	uint32_t first, last; /* indices of tcbs; POOL_NONE: none */
};

struct tcp {
	uint32_t magic;
	struct tcp_config config; /* defaults filled in */
	uint64_t now_ns;          /* of the call that runs */
	struct timer_wheel wheel;
	struct table table;
	struct pool tcbs, halves, waits, pieces, flights;
	/* By all connections: half of the quota each. Writer: the owning thread; readers: control, relaxed.
	 */
	uint64_t snd_pinned_bytes, rcv_pinned_bytes;
	struct tcp_listener listeners[TCP_LISTENERS_MAX];
	struct source sources[TCP_SOURCES_MAX];
	uint32_t source_count;
	uint32_t source_next;
	uint32_t wait_first, wait_last;
	struct timer wait_timer;
	struct budget challenge_budget;
	struct budget reset_budget;
	struct tcb *event_first, *event_last;
	struct line starved;
	struct line closing;
	uint32_t stuck_cursor;    /* where stuck.c looks next */
	uint64_t cookie_until_ns; /* no cookie of ours is good after this */
	uint8_t window_shift;     /* of our receive window */
	uint32_t text_max;        /* what one fresh mbuf holds besides headers */
};

/* table.c. Objects begin with their key. */
void *table_find(const struct tcp *tcp, const struct tcp_key *key, enum table_kind *ret_kind);
void table_add(struct tcp *tcp, enum table_kind kind, void *object);
void table_remove(struct tcp *tcp, const struct tcp_key *key);

static inline void tcp_count(struct tcp *tcp, enum stat stat)
{
	stats_inc(tcp->config.stats, stat);
}

static inline uint32_t tcp_now_ms(const struct tcp *tcp)
{
	return (uint32_t)(tcp->now_ns / TCP_MS);
}

#endif
