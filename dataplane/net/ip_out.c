/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way out of the IP layer: puts the header before a UDP, TCP or ICMP packet, splits what is too long
 * and may be split, and passes the result to the link. Called by udp.c, segment.c, icmp.c and nd.c, whose
 * mbufs have room for the headers in front.
 */
#include "net/net_priv.h"

#include "net/checksum_priv.h"

#include <rte_ethdev.h>
#include <rte_ip.h>

static_assert(sizeof(struct rte_ipv4_hdr) == IP4_HEADER, "wire size");
static_assert(sizeof(struct rte_ipv6_hdr) == IP6_HEADER, "wire size");

/* Sums the fields instead of the header's memory, whose load would wait for the stores just before it. */
static rte_be16_t ip4_header_checksum(const struct rte_ipv4_hdr *ip, const struct ip_out *out)
{
	const uint8_t bytes[4] = {RTE_IPV4_VHL_DEF, 0, out->hop_limit, out->proto};
	uint32_t words[3];

	memcpy(&words[0], bytes, 4);
	memcpy(&words[1], out->src->bytes, 4);
	memcpy(&words[2], out->dst->bytes, 4);
	return checksum_fold((uint64_t)words[0] + words[1] + words[2] + ip->total_length + ip->packet_id +
			     ip->fragment_offset);
}

static void ip4_header_fill(struct net *net, const struct ip_out *out, struct rte_mbuf *packet)
{
	struct rte_ipv4_hdr ip = {
		.version_ihl = RTE_IPV4_VHL_DEF,
		.total_length = rte_cpu_to_be_16((uint16_t)packet->pkt_len),
		.time_to_live = out->hop_limit,
		.next_proto_id = out->proto,
	};

	/* What routers may fragment needs an id that does not repeat soon (RFC 6864 4.3); the rest none
	 * (4.1). */
	if (out->whole)
		ip.fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG);
	else
		ip.packet_id = (rte_be16_t)rng_u64(net->config.rng);
	memcpy(&ip.src_addr, out->src->bytes, 4);
	memcpy(&ip.dst_addr, out->dst->bytes, 4);
	if (!(packet->ol_flags & RTE_MBUF_F_TX_IP_CKSUM))
		ip.hdr_checksum = ip4_header_checksum(&ip, out);
	*rte_pktmbuf_mtod(packet, struct rte_ipv4_hdr *) = ip;
}

static void ip6_header_fill(const struct ip_out *out, struct rte_mbuf *packet)
{
	struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(packet, struct rte_ipv6_hdr *);

	ip->vtc_flow = rte_cpu_to_be_32(6U << 28);
	ip->payload_len = rte_cpu_to_be_16((uint16_t)(packet->pkt_len - IP6_HEADER));
	ip->proto = out->proto;
	ip->hop_limits = out->hop_limit;
	memcpy(ip->src_addr, out->src->bytes, 16);
	memcpy(ip->dst_addr, out->dst->bytes, 16);
}

static uint32_t header_len_of(const struct ip_out *out)
{
	return out->dst->family == IP_V4 ? IP4_HEADER : IP6_HEADER;
}

/* IPv4 routers fragment what we send but segments, and those are never split here: only IPv6 needs to know
 * the path (RFC 8200 5). */
uint32_t ip_path_mtu(const struct net *net, const struct ip_out *out)
{
	if (out->dst->family == IP_V4)
		return out->port->mtu;
	return pmtu_of(&net->paths, out->dst, out->port->mtu, out->now_ns);
}

bool ip_needs_split(const struct net *net, const struct ip_out *out, const struct rte_mbuf *l4)
{
	uint32_t len = l4->pkt_len + header_len_of(out);

	if (out->whole)
		return false;
	if (len > MTU_MIN && len > ip_path_mtu(net, out))
		return true;
	/* A wire that cannot gather segments gets its packets copied together, by the same hand that splits
	 * them. */
	return l4->nb_segs > 1 && !(out->port->wire->tx_offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
}

int link_output(struct net *net, const struct ip_out *out, struct rte_mbuf *packet)
{
	if (!out->mac)
		return neigh_output(net, out->port, out->next_hop, packet, out->now_ns);
	eth_output(net, out->port, out->mac, packet);
	return 0;
}

int ip_output(struct net *net, const struct ip_out *out, struct rte_mbuf *l4)
{
	uint32_t header_len = header_len_of(out);
	bool split = ip_needs_split(net, out, l4);

	ensure(rte_pktmbuf_headroom(l4) >= ETH_HEADER + header_len &&
		l4->pkt_len + header_len <= UINT16_MAX + IP6_HEADER);
	rte_pktmbuf_prepend(l4, (uint16_t)header_len);
	l4->l3_len = header_len;
	if (out->dst->family == IP_V4)
		ip4_header_fill(net, out, l4);
	else
		ip6_header_fill(out, l4);
	return split ? frag_output(net, out, l4) : link_output(net, out, l4);
}
