/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a connection remembers of bytes under way, and of bytes that arrived beyond a gap. */
#ifndef TCP_FLIGHT_PRIV_H
#define TCP_FLIGHT_PRIV_H

#include <stdint.h>

struct rte_mbuf;

/* Bytes of ours under way, as they left. In order of sequence numbers. */
struct flight {
	struct flight *next;
	uint64_t sent_ns; /* last transmission */
	uint32_t seq;
	uint32_t end;
	uint8_t flags;
};

enum {
	FLIGHT_SACKED = 1 << 0,
	FLIGHT_LOST = 1 << 1,  /* to be sent again */
	FLIGHT_AGAIN = 1 << 2, /* the retransmission is under way */
	FLIGHT_EVER = 1 << 3,  /* was retransmitted at any time: no RTT from it (Karn) */
	FLIGHT_FIN = 1 << 4,
};

/* A segment beyond a gap. */
struct piece {
	struct piece *next;
	struct rte_mbuf *text; /* owner: the piece */
	uint32_t seq;
	uint32_t end;
	uint32_t pinned_bytes;
};

#endif
