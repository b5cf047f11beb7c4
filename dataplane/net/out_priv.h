/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of a packet to send: udp, segment, icmp or nd -> ip -> frag -> neigh -> eth. A datagram for which
 * there are headers goes from udp to eth at once (ready_priv.h).
 */
#ifndef NET_OUT_PRIV_H
#define NET_OUT_PRIV_H

#include "base/addr.h"

#include <rte_mbuf.h>

#include <stdbool.h>
#include <stdint.h>

struct net;
struct net_port;

/* What a received mbuf that is sent again must keep: the rest of its flags told of its reception. */
#define MBUF_MEMORY_FLAGS (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL)

/* One packet to send: next_hop is resolved unless the link address is given. */
struct ip_out {
	struct net_port *port;
	const struct ip_addr *src;
	const struct ip_addr *dst;
	const struct ip_addr *next_hop;
	const uint8_t *mac; /* NULL: ask for next_hop's */
	uint64_t now_ns;
	uint8_t proto;
	uint8_t hop_limit;
	bool whole; /* never fragmented: neither here nor, with DF in IPv4, on its way */
};

/* Packets to send: the mbuf always passes. 0 or -errno as net_udp_send(), counted. */
int ip_output(struct net *net, const struct ip_out *out, struct rte_mbuf *l4);
int frag_output(struct net *net, const struct ip_out *out, struct rte_mbuf *packet);
int link_output(struct net *net, const struct ip_out *out, struct rte_mbuf *packet);
void eth_output(struct net *net, struct net_port *port, const uint8_t mac[6], struct rte_mbuf *packet);
void eth_flush(struct net *net, struct net_port *port);
/* Takes a whole frame; it leaves with the next flush. */
void eth_stage(struct net *net, struct net_port *port, struct rte_mbuf *frame);

/* True when an UDP or ICMP packet cannot leave as the one mbuf that it is, under its IP header. */
bool ip_needs_split(const struct net *net, const struct ip_out *out, const struct rte_mbuf *l4);

/* The longest IP packet that the way to out->dst carries. */
uint32_t ip_path_mtu(const struct net *net, const struct ip_out *out);

#endif
