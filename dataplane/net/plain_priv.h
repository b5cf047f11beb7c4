/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognises plain datagrams, which need not pass the stages of the way in. */
#ifndef NET_PLAIN_PRIV_H
#define NET_PLAIN_PRIV_H

#include "base/addr.h"

#include <stdbool.h>
#include <stdint.h>

enum { PLAIN_BITS = 6 };

struct packet;

/* Addresses that a port has found good for source and destination of one packet; zero: a free place. */
struct plain_pair {
	struct ip_addr src;
	struct ip_addr dst;
};

struct plain_table {
	struct plain_pair pairs[1 << PLAIN_BITS];
};

/*
 * True: the packet, of which mbuf, port and time were given, is a datagram that udp_deliver() may have, and
 * is filled as the stages fill it. False: they have to look at it; only its mbuf, port and time mean
 * something.
 */
bool plain_read(struct packet *pkt);

#endif
