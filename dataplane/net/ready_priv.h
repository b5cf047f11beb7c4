/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Headers that are ready: from one endpoint to another, each datagram has the same ones but for lengths, id
 * and checksums. What stood before one that left is kept, and what follows it needs neither a route nor its
 * neighbour's table nor sums over addresses. A small direct-mapped table: a lost place costs the long way
 * once.
 *
 * A port's addresses, gateways and wire stay as long as the layer does. What may change is the neighbour: its
 * entry is asked each time whether it is still the same one, with the same link address, and reachable.
 */
#ifndef NET_READY_PRIV_H
#define NET_READY_PRIV_H

#include "base/addr.h"

#include <stdbool.h>
#include <stdint.h>

struct ip_out;
struct neigh;
struct net;
struct net_port;
struct rte_mbuf;

enum {
	READY_BITS = 8,
	READY_ROOM = 64 /* the longest header, and a whole number of the machine's words */
};

struct ready {
	struct endpoint src;
	struct endpoint dst;
	struct neigh *neigh; /* NULL: a free place */
	uint32_t version;    /* of the neighbour */
	struct net_port *port;
	uint32_t payload_max; /* what is longer may have to be split */
	uint16_t header_len;  /* Ethernet, IP and UDP */
	uint16_t ip_sum;      /* of the IPv4 header as it is below */
	uint16_t pseudo_sum;  /* of the pseudo header without the length */
	bool offloaded;       /* the device fills checksums in */
	uint64_t ol_flags;
	uint64_t tx_offload;
	uint8_t header[READY_ROOM]; /* at the end; lengths, id and checksums are zero */
};

struct ready_table {
	struct ready places[1 << READY_BITS];
};

/*
 * Sends `payload` as net_udp_send() does if there are headers for it; true: it has passed. False: nothing has
 * happened, and the long way knows why.
 */
bool ready_send(struct net *net, const struct endpoint *src, const struct endpoint *dst,
	struct rte_mbuf *payload, uint64_t now_ns);

/* Keeps the headers of `frame` if it is the latest that `out` led to and still waits for its port's flush. */
void ready_keep(struct net *net, const struct ip_out *out, const struct endpoint *src,
	const struct endpoint *dst, const struct rte_mbuf *frame);

#endif
