/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One possible next hop of a routing decision. The policy room finds hops, the node room chooses among
 * them; neither knows the other, so what passes between them lives here.
 */
#ifndef BASE_HOP_H
#define BASE_HOP_H

#include <stdint.h>

struct hop {
	uint32_t route_id;    /* the configured route, for explanations and counters */
	uint16_t node_slot;   /* index into the snapshot's node table */
	uint16_t priority;    /* lower is tried first (R-RT-3) */
	uint16_t weight;      /* share among equals; 0 is never chosen while another can be */
	uint16_t failover_ms; /* silence of the node until another is asked; 0: the instance's setting */
};

#endif
