/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What UDP and TCP share. The callers name their protocol's RTE_ETH_*_OFFLOAD_*. */
#ifndef NET_TRANSPORT_PRIV_H
#define NET_TRANSPORT_PRIV_H

#include "net/net_priv.h"

#include <rte_ethdev.h>

/* Only a good verdict of a device that promised verdicts spares the work: others may mean "not looked at". */
static inline bool ip4_sum_vouched(const struct packet *pkt)
{
	return (pkt->port->wire->rx_offloads & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM) &&
	       (pkt->mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD;
}

/* A device judges frames, not reassembled datagrams. */
static inline bool transport_sum_vouched(const struct packet *pkt, uint64_t rx_offload)
{
	return !pkt->reassembled && (pkt->port->wire->rx_offloads & rx_offload) &&
	       (pkt->mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD;
}

/* Is the checksum over `len` bytes and the pseudo header right, by the device's word or by the sum? */
bool transport_checksum_ok(const struct packet *pkt, uint32_t len, uint64_t rx_offload);

/* True: the device will do it, and the mbuf says so but for the protocol. */
bool transport_checksum_offloaded(const struct ip_out *out, uint64_t tx_offload, struct rte_mbuf *mbuf);

/* Where a packet leaves and to whom; 0 or -errno as net_udp_send(), counted. */
int transport_route(
	struct net *net, const struct ip_addr *src, const struct ip_addr *dst, struct ip_out *ret_out);

#endif
