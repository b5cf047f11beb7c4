/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which queue a device chooses for a segment: the Toeplitz hash over its addresses and ports by the device's
 * key, looked up in its redirection table (RETA). Who opens connections chooses source ports by it, so that
 * answers come to the queue of the worker that asked. It is a forecast: what arrives elsewhere is handed
 * over.
 */
#ifndef NET_RSS_H
#define NET_RSS_H

#include "base/addr.h"

#include <stdint.h>

enum {
	RSS_KEY_MIN = 40, /* bytes that a hash over two IPv6 addresses and two ports needs */
	RSS_KEY_MAX = 64,
	RSS_RETA_MAX = 2048,
};

struct net_rss {
	uint8_t key[RSS_KEY_MAX];    /* as the device has it; unused bytes are zero */
	uint16_t reta_size;          /* a power of two; 0: nothing is known about this device */
	uint16_t reta[RSS_RETA_MAX]; /* queues */
};

/* The queue of a segment from `remote` to `local`; reta_size is not 0. */
uint16_t net_rss_queue(
	const struct net_rss *rss, const struct endpoint *local, const struct endpoint *remote);

#endif
