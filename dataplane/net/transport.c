/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What UDP and TCP share: whether a received checksum is right, whether the device or we compute the one of a
 * packet that leaves, and where such a packet goes. Called by udp.c and segment.c.
 */
#include "net/transport_priv.h"

#include "net/addr_priv.h"
#include "net/checksum_priv.h"

#include <rte_ethdev.h>

#include <errno.h>

bool transport_checksum_ok(const struct packet *pkt, uint32_t len, uint64_t rx_offload)
{
	const struct checksum_pseudo pseudo = {&pkt->src, &pkt->dst, pkt->proto};

	if (transport_sum_vouched(pkt, rx_offload))
		return true;
	return checksum_mbuf(pkt->mbuf, pkt->l4_offset, len, &pseudo) == 0;
}

/* Devices promise transport and IPv4 header sums apart; with one alone there is little to gain. */
bool transport_checksum_offloaded(const struct ip_out *out, uint64_t tx_offload, struct rte_mbuf *mbuf)
{
	bool v4 = out->dst->family == IP_V4;
	uint64_t needed = tx_offload | (v4 ? RTE_ETH_TX_OFFLOAD_IPV4_CKSUM : 0);

	if ((out->port->wire->tx_offloads & needed) != needed)
		return false;
	mbuf->ol_flags |= v4 ? RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM : RTE_MBUF_F_TX_IPV6;
	return true;
}

int transport_route(
	struct net *net, const struct ip_addr *src, const struct ip_addr *dst, struct ip_out *ret_out)
{
	struct route route;
	int ret = route_find(net, src, dst, &route);

	if (ret != 0) {
		net_count(net, ret == -ENETUNREACH ? STAT_net_tx_no_route : STAT_net_tx_bad_source);
		return ret;
	}
	if (!ip_is_peer(route.port, dst)) {
		net_count(net, STAT_net_tx_bad_destination);
		return -EINVAL;
	}
	*ret_out = (struct ip_out){.port = route.port,
		.src = src,
		.dst = dst,
		.next_hop = route.next_hop,
		.hop_limit = HOP_LIMIT};
	return 0;
}
