/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every maximum of the data path, with the relations between them proven at compile time. A limit that an
 * operator may lower is a default in config/; a limit here is what the code is built for.
 */
/*
 * dataplane/ is on the search path, so a library's <limits.h> arrives here: pass it on to the C library's.
 * Outside the guard, because a file of dataplane/ itself comes here by its own folder, and the search then
 * meets this header again on the path before it meets the C library's.
 */
#include_next <limits.h>

#ifndef LIMITS_H
#define LIMITS_H

#include <assert.h>

enum limits {
	WORKERS_MAX = 32,
	PORTS_MAX = 8,              /* network devices */
	PORT_RX_DESCRIPTORS = 1024, /* of each queue; each holds a packet buffer while it waits */
	PORT_TX_DESCRIPTORS = 1024,
	PACKET_BUFFER_BYTES = 2816,  /* of memory that a packet buffer is, and pins while somebody holds it */
	ADDRESSES_PER_PORT_MAX = 16, /* local prefixes on one device */
	LISTENERS_MAX = 64,
	NODES_MAX = 2048,   /* slots: half of them may be leaving while a change brings the others in */
	NODE_NAME_MAX = 64, /* bytes of its name, NUL included */
	NODE_TRIED_MAX = 8, /* next hops that one request may be sent to */
	PROBE_OUTSTANDING_MAX = 8, /* of one node: a timeout's worth of hurried probes and some */

	WORKER_BURST = 32,            /* frames taken from one queue or ring in one loop */
	WORKER_LETTERS = 16,          /* letters taken from one mailbox in one loop */
	WORKER_TIMER_STEPS = 64,      /* timers handled in one loop */
	WORKER_REPORTS = 1024,        /* letters to control that may wait; a power of two */
	WORKER_ORDERS = 256,          /* letters from control that may wait; a power of two */
	WORKER_MESSAGE_GROWTH = 1024, /* bytes by which a message may outgrow the received one in place */
	EXCHANGE_FRAMES = 1024,       /* in each ring between two workers; a power of two */
	EXCHANGE_LETTERS = 256,       /* the same for their letters */
	LATENCY_ENTRIES = 8192,       /* a power of two: 400 requests a second, each open for 20 s */
	TRACE_TEXT_MAX_BYTES = 236,   /* of one line; with its head it fills four cache lines */
	TRACE_RECORDS = 1024,         /* lines that may wait for control; a power of two */
	TRACE_PER_SECOND = 2000,      /* of one worker */

	MTU_MIN = 1280,         /* RFC 8200 5 */
	FRAG_PIECES_MAX = 64,   /* of one datagram we send */
	IP6_EXTENSIONS_MAX = 8, /* a header chain longer than that serves nobody but an attacker */
	NEIGH_PENDING_MAX = 16, /* packets waiting for one neighbour */
	TX_STAGED_MAX = 64,     /* frames kept back for one transmit call */

	SIP_DATAGRAM_MAX = 65535, /* a reassembled UDP payload can be no longer */
	SIP_HEADERS_MAX = 128,    /* header lines of one message */
	SIP_START_LINE_MAX = 8192,
	SIP_HEADER_LINE_MAX = 16384,               /* one header with its folded lines */
	SIP_STREAM_HEADERS_MAX = 32768,            /* start line and headers of one message in a stream */
	SIP_STREAM_MESSAGE_MAX = SIP_DATAGRAM_MAX, /* ... with its body: what the proxy can write anew */
	SIP_EDITS_MAX = 32,
	SIP_EDIT_TEXT_MAX = 4096, /* bytes that all edits of one message insert */
	ROUTE_VALUES_MAX = 32,    /* in one request; longer paths than Max-Forwards lets live are no loss */
	REFUSED_DOMAINS_MAX = 64, /* names that were asked for and are not served, of one worker */

	HOPS_PER_PATTERN_MAX = 64,
	PATTERNS_PER_HOST_MAX = 32, /* how many nested patterns one host can match */
	HOST_NAME_MAX_BYTES = 255,  /* RFC 1035 2.3.4 */
	ROUTE_DELTA_MAX = 4096,     /* changed domains beside a compiled base: more are no longer quick */
	USER_PART_MAX_BYTES = 255,  /* a longer user part matches nothing */
	USER_REGEX_MAX_BYTES = 255, /* of one expression */
	USER_PATTERNS_MAX = 1024,   /* different expressions in a table: one database holds all */

	TXN_FAILOVERS = 64,    /* requests sent anew in one tick */
	TXN_TIMER_STEPS = 256, /* timers handled in one tick */

	CONN_BUFFERS_MAX = 1 << 16,    /* messages whose end has not arrived, of one worker: 4 GiB */
	CONN_POOL_MAX = 8,             /* connections to one node */
	CONN_OPENING_MAX = 1024,       /* to peers that are no nodes, at a time */
	CONN_BACKLOG = 1024,           /* half-open connections of a listener before cookies answer */
	CONN_MESSAGES_PER_TURN = 16,   /* of one connection, before others have theirs */
	CONN_TURNS_PER_LOOP = 256,     /* connections read in one loop */
	CONN_TIMEOUTS_PER_LOOP = 64,   /* half messages and attempts to connect given up in one loop */
	CONN_CHOKED_LOOKS = 64,        /* at clients that do not read, for the one that pins most */
	CONN_CHOKED_PER_LOOP = 16,     /* of them reset in one loop */
	DIRECTORY_WAYS = 8,            /* words that one address may stand in: a cache line */
	DIRECTORY_WORDS_MAX = 1 << 24, /* of all workers: 128 MiB; connections beyond it push out others */

	TCP_CONNECTIONS_MAX = 1 << 20, /* of one worker: what an operator can ask for */
	TCP_TIMERS_PER_TICK = 4096,    /* work is bounded: what is left waits for the next tick */
	TCP_EVENTS_PER_TICK = 4096,    /* connections whose application is told */
	TCP_GRANTS_PER_TICK = 64,      /* connections that get memory to send */
	TCP_EVICTIONS_PER_SEND = 64,   /* closed connections that go for one text to be sent */
	TCP_STUCK_LOOKS = 16,          /* at connections, for one whose peer takes nothing */
	TCP_LISTENERS_MAX = 64,
	TCP_SOURCES_MAX = 128,          /* local addresses to connect from */
	TCP_PORT_TRIES_MAX = 64,        /* source ports looked at for one whose answers come home */
	TCP_WINDOW_MAX_BYTES = 4 << 20, /* receive window that an operator can ask for */
	TCP_SHIFT_MAX = 14,             /* RFC 7323 2.3 */
	TCP_SPANS_MAX = 64,             /* pieces that one tcp_receive() shows */
	TCP_OOO_PIECES_MAX = 128,       /* segments beyond a gap that one connection may keep */
	TCP_SACK_BLOCKS_MAX = 4,        /* RFC 2018 3: more do not fit into the options */
	TCP_MSS_DEFAULT = 536,          /* RFC 9293 3.7.1, IPv4 */
	TCP_MSS_DEFAULT_V6 = 1220,      /* same, IPv6 */
	TCP_MSS_MIN = 256,              /* what we send at the least, whatever a peer or an ICMP says */
};

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "hash.c and the wire code read little-endian words");
static_assert(
	WORKERS_MAX * WORKER_LETTERS <= WORKER_REPORTS, "a loop's letters from all sides can be passed on");
static_assert(WORKER_BURST <= EXCHANGE_FRAMES && WORKER_BURST <= TX_STAGED_MAX, "a burst fits where it goes");
static_assert(WORKER_BURST <= PORT_RX_DESCRIPTORS, "a burst is no more than a queue can hold");
static_assert(WORKER_LETTERS <= EXCHANGE_LETTERS && WORKER_LETTERS <= WORKER_ORDERS, "so do letters");
static_assert(
	(EXCHANGE_FRAMES & (EXCHANGE_FRAMES - 1)) == 0 && (EXCHANGE_LETTERS & (EXCHANGE_LETTERS - 1)) == 0 &&
		(WORKER_REPORTS & (WORKER_REPORTS - 1)) == 0 && (WORKER_ORDERS & (WORKER_ORDERS - 1)) == 0,
	"rings have a power of two");
static_assert((LATENCY_ENTRIES & (LATENCY_ENTRIES - 1)) == 0, "the modulo is a mask");
static_assert((TRACE_RECORDS & (TRACE_RECORDS - 1)) == 0, "indices are masked");
static_assert(ROUTE_VALUES_MAX <= SIP_HEADERS_MAX, "each may be a line of its own");
static_assert(NODE_TRIED_MAX <= HOPS_PER_PATTERN_MAX, "there are no more to try");
static_assert(TCP_LISTENERS_MAX >= LISTENERS_MAX, "each listener may be a stream listener");
static_assert(TCP_SOURCES_MAX >= PORTS_MAX * ADDRESSES_PER_PORT_MAX, "each of our addresses may be one");
static_assert(TCP_WINDOW_MAX_BYTES <= 65535 << TCP_SHIFT_MAX, "the header can name the window");
static_assert(SIP_EDIT_TEXT_MAX < SIP_DATAGRAM_MAX, "an edited message must still be one datagram");

#endif
