/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv4 (RFC 791, RFC 1122 3.2) of a host that forwards nothing: what is not for an address of the receiving
 * port is dropped. Options are read over, except source routes, which RFC 7126 4.3 and 4.4 advise to refuse.
 */
#include "net/net_priv.h"

#include "net/addr_priv.h"
#include "net/checksum_priv.h"
#include "net/transport_priv.h"

#include <rte_ethdev.h>
#include <rte_ip.h>

#include <netinet/in.h>

static_assert(sizeof(struct rte_ipv4_hdr) == IP4_HEADER, "wire size");

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_LSRR = 131, OPTION_SSRR = 137 };

static int ip4_check_options(const uint8_t *option, uint32_t len)
{
	while (len > 0 && *option != OPTION_END) {
		uint32_t size = 1;

		if (*option != OPTION_NOP) {
			if (len < 2 || option[1] < 2 || option[1] > len)
				return STAT_net_ip4_bad_options;
			size = option[1];
		}
		if (*option == OPTION_LSRR || *option == OPTION_SSRR)
			return STAT_net_ip4_source_route;
		option += size;
		len -= size;
	}
	return PACKET_NEXT;
}

/* RFC 1122 3.2.1: the header is whole, the packet is as long as it says, and nothing follows it. */
static int ip4_check_header(struct packet *pkt, uint32_t *ret_header_len)
{
	const struct rte_ipv4_hdr *ip = packet_bytes(pkt, ETH_HEADER, IP4_HEADER);
	uint32_t header_len;
	uint32_t total_len;
	uint32_t padding;

	if (!ip)
		return STAT_net_ip4_short;
	if (ip->version_ihl >> 4 != 4)
		return STAT_net_ip4_bad_version;
	header_len = (ip->version_ihl & 0xf) * 4U;
	if (header_len < IP4_HEADER || !packet_bytes(pkt, ETH_HEADER, header_len))
		return STAT_net_ip4_bad_header_len;
	total_len = rte_be_to_cpu_16(ip->total_length);
	if (total_len < header_len)
		return STAT_net_ip4_bad_length;
	if (total_len > pkt->mbuf->pkt_len - ETH_HEADER)
		return STAT_net_ip4_truncated;
	if (!ip4_sum_vouched(pkt) && checksum_header(ip, header_len) != 0)
		return STAT_net_ip4_bad_checksum;
	padding = pkt->mbuf->pkt_len - ETH_HEADER - total_len;
	if (padding > UINT16_MAX || rte_pktmbuf_trim(pkt->mbuf, (uint16_t)padding) != 0)
		return STAT_net_eth_padding;
	*ret_header_len = header_len;
	return PACKET_NEXT;
}

typedef int (*stage)(struct net *net, struct packet *pkt);

/* Who takes packets of a protocol; NULL: nobody. */
static stage ip4_input_of(const struct net *net, uint8_t proto)
{
	switch (proto) {
	case IPPROTO_UDP:
		return udp_input;
	case IPPROTO_TCP:
		return net->config.tcp_deliver ? segment_input : NULL;
	case IPPROTO_ICMP:
		return icmp4_input;
	default:
		return NULL;
	}
}

int ip4_input(struct net *net, struct packet *pkt)
{
	const struct rte_ipv4_hdr *ip;
	uint32_t header_len;
	int fate = ip4_check_header(pkt, &header_len);

	if (fate != PACKET_NEXT)
		return fate;
	ip = packet_bytes(pkt, ETH_HEADER, header_len);
	ensure(ip != NULL);
	pkt->src = ip_from_v4(&ip->src_addr);
	pkt->dst = ip_from_v4(&ip->dst_addr);
	pkt->to_us = port_owns(pkt->port, &pkt->dst);
	if (!pkt->to_us)
		return STAT_net_ip4_not_ours;
	/* RFC 1122 3.3.6: a group frame with a unicast destination is somebody's mistake or trick. */
	if (!pkt->link_unicast)
		return STAT_net_ip_in_group_frame;
	if (!ip_is_peer(pkt->port, &pkt->src))
		return STAT_net_ip4_bad_source;
	fate = ip4_check_options((const uint8_t *)(ip + 1), header_len - IP4_HEADER);
	if (fate != PACKET_NEXT)
		return fate;
	pkt->proto = ip->next_proto_id;
	pkt->hop_limit = ip->time_to_live;
	if (!ip4_input_of(net, pkt->proto))
		return STAT_net_ip4_unknown_proto;
	if (rte_ipv4_frag_pkt_is_fragmented(ip)) {
		fate = frag_input_v4(net, pkt, header_len);
		if (fate != PACKET_NEXT)
			return fate;
		/* The first fragment leads; the options of the others may have had another length. */
		ip = packet_bytes(pkt, ETH_HEADER, IP4_HEADER);
		ensure(ip != NULL);
		header_len = (ip->version_ihl & 0xf) * 4U;
	}
	pkt->l4_offset = ETH_HEADER + header_len;
	pkt->l4_len = pkt->mbuf->pkt_len - pkt->l4_offset;
	return ip4_input_of(net, pkt->proto)(net, pkt);
}
