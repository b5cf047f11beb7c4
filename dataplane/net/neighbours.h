/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The neighbours of one worker, for operators. Called by the worker that owns the layer, on its core. */
#ifndef NET_NEIGHBOURS_H
#define NET_NEIGHBOURS_H

#include "base/addr.h"

#include <stdint.h>

struct net;

struct net_neighbour_info {
	struct ip_addr ip;
	uint8_t mac[6]; /* all zero while it is not known */
	uint16_t port;
	uint8_t state;      /* opaque: net_neighbour_state_name() */
	uint32_t unused_ms; /* since a packet last went there */
};

/*
 * Up to `max` neighbours from place *cursor on, which starts at 0 and is moved on; 0 again: that was the end.
 * Looks at no more than `max` places, so there may be fewer, or none, before the end.
 */
unsigned net_neighbours(const struct net *net, uint64_t now_ns, uint32_t *cursor,
	struct net_neighbour_info *ret_infos, unsigned max);

const char *net_neighbour_state_name(uint8_t state);

#endif
