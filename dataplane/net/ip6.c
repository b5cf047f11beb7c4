/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv6 (RFC 8200) of a host: checks the header, walks the extension headers, brings fragments together.
 * Multicast is taken only for neighbour discovery and echo; UDP and TCP go to unicast addresses alone.
 */
#include "net/net_priv.h"

#include "net/addr_priv.h"

#include <rte_ip.h>

#include <netinet/in.h>

static_assert(sizeof(struct rte_ipv6_hdr) == IP6_HEADER, "wire size");

enum {
	OPTION_PAD1 = 0,
	OPTION_ACTION_MASK = 0xc0, /* what to do with an option one does not know: RFC 8200 4.2 */
	OPTION_ACTION_SKIP = 0x00
};

/* Where the walk along the extension headers stands. */
struct walk {
	uint32_t offset; /* of the header `next` describes, from the start of the frame */
	uint32_t end;    /* of the packet */
	uint8_t next;
};

/* 8 bytes and as many more as it says; NULL when they are not all there. */
static const uint8_t *walk_extension(const struct packet *pkt, const struct walk *walk, uint32_t *ret_len)
{
	const uint8_t *ext = packet_bytes(pkt, walk->offset, 8);
	uint32_t len;

	if (!ext || walk->offset + 8 > walk->end)
		return NULL;
	len = (ext[1] + 1U) * 8;
	if (walk->offset + len > walk->end || !packet_bytes(pkt, walk->offset, len))
		return NULL;
	*ret_len = len;
	return ext;
}

/* RFC 8200 4.2: what we do not know and must not skip drops the packet. We know padding and need nothing
 * else. */
static int ip6_check_options(const uint8_t *option, uint32_t len)
{
	while (len > 0) {
		uint32_t size = 1;

		if (*option != OPTION_PAD1) {
			if (len < 2 || option[1] + 2U > len)
				return STAT_net_ip6_bad_extension;
			if ((*option & OPTION_ACTION_MASK) != OPTION_ACTION_SKIP)
				return STAT_net_ip6_unknown_option;
			size = option[1] + 2U;
		}
		option += size;
		len -= size;
	}
	return PACKET_NEXT;
}

static int walk_options(const struct packet *pkt, struct walk *walk)
{
	uint32_t len;
	const uint8_t *ext = walk_extension(pkt, walk, &len);
	bool first = walk->offset == ETH_HEADER + IP6_HEADER && !pkt->reassembled;

	/* RFC 8200 4.1: hop-by-hop options stand only right behind the IPv6 header. */
	if (!ext || (walk->next == IPPROTO_HOPOPTS && !first))
		return STAT_net_ip6_bad_extension;
	walk->next = ext[0];
	walk->offset += len;
	return ip6_check_options(ext + 2, len - 2);
}

/* RFC 8200 4.4: without segments left it is passed over; with them it would ask us to forward (RFC 5095). */
static int walk_routing(const struct packet *pkt, struct walk *walk)
{
	uint32_t len;
	const uint8_t *ext = walk_extension(pkt, walk, &len);

	if (!ext)
		return STAT_net_ip6_bad_extension;
	if (ext[3] != 0)
		return STAT_net_ip6_routing_header;
	walk->next = ext[0];
	walk->offset += len;
	return PACKET_NEXT;
}

/* Cuts out what stands between the IPv6 header and the fragment header: it has been obeyed, and frag.c wants
 * it so. */
static void cut_before_fragment(struct packet *pkt, uint32_t offset)
{
	uint32_t cut = offset - ETH_HEADER - IP6_HEADER;
	char *frame = rte_pktmbuf_mtod(pkt->mbuf, char *);
	struct rte_ipv6_hdr *ip;

	if (cut == 0)
		return;
	memmove(frame + cut, frame, ETH_HEADER + IP6_HEADER);
	ensure(rte_pktmbuf_adj(pkt->mbuf, (uint16_t)cut) != NULL);
	ip = rte_pktmbuf_mtod_offset(pkt->mbuf, struct rte_ipv6_hdr *, ETH_HEADER);
	ip->proto = IPPROTO_FRAGMENT;
	ip->payload_len = rte_cpu_to_be_16((uint16_t)(rte_be_to_cpu_16(ip->payload_len) - cut));
}

static int walk_fragment(struct net *net, struct packet *pkt, struct walk *walk)
{
	const struct rte_ipv6_fragment_ext *ext = packet_bytes(pkt, walk->offset, FRAG_HEADER);
	const struct rte_ipv6_hdr *ip;
	int fate;

	if (!ext || walk->offset + FRAG_HEADER > walk->end || pkt->reassembled)
		return STAT_net_ip6_bad_extension;
	/* An atomic fragment is whole and never meets the table (RFC 6946). */
	if ((ext->frag_data & rte_cpu_to_be_16(RTE_IPV6_EHDR_FO_MASK | RTE_IPV6_EHDR_MF_MASK)) == 0) {
		walk->next = ext->next_header;
		walk->offset += FRAG_HEADER;
		pkt->reassembled = true;
		return PACKET_NEXT;
	}
	cut_before_fragment(pkt, walk->offset);
	fate = frag_input_v6(net, pkt);
	if (fate != PACKET_NEXT)
		return fate;
	ip = packet_bytes(pkt, ETH_HEADER, IP6_HEADER);
	ensure(ip != NULL);
	*walk = (struct walk){ETH_HEADER + IP6_HEADER, pkt->mbuf->pkt_len, ip->proto};
	return PACKET_NEXT;
}

static int ip6_walk(struct net *net, struct packet *pkt, struct walk *walk)
{
	int fate = PACKET_NEXT;

	for (int i = 0; i <= IP6_EXTENSIONS_MAX && fate == PACKET_NEXT; i++) {
		switch (walk->next) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_DSTOPTS:
			fate = walk_options(pkt, walk);
			break;
		case IPPROTO_ROUTING:
			fate = walk_routing(pkt, walk);
			break;
		case IPPROTO_FRAGMENT:
			fate = walk_fragment(net, pkt, walk);
			break;
		default:
			return PACKET_NEXT;
		}
	}
	return fate == PACKET_NEXT ? STAT_net_ip6_bad_extension : fate;
}

/* RFC 8200 3: the header is whole, the packet is as long as it says, and nothing follows it. */
static int ip6_check_header(struct packet *pkt)
{
	const struct rte_ipv6_hdr *ip = packet_bytes(pkt, ETH_HEADER, IP6_HEADER);
	uint32_t total_len;
	uint32_t padding;

	if (!ip)
		return STAT_net_ip6_short;
	if ((rte_be_to_cpu_32(ip->vtc_flow) >> 28) != 6)
		return STAT_net_ip6_bad_version;
	total_len = IP6_HEADER + rte_be_to_cpu_16(ip->payload_len);
	if (total_len > pkt->mbuf->pkt_len - ETH_HEADER)
		return STAT_net_ip6_truncated;
	padding = pkt->mbuf->pkt_len - ETH_HEADER - total_len;
	if (padding > UINT16_MAX || rte_pktmbuf_trim(pkt->mbuf, (uint16_t)padding) != 0)
		return STAT_net_eth_padding;
	return PACKET_NEXT;
}

static int ip6_check_addresses(struct packet *pkt)
{
	pkt->to_us = port_owns(pkt->port, &pkt->dst);
	if (!pkt->to_us && !port_listens(pkt->port, &pkt->dst))
		return STAT_net_ip6_not_ours;
	if (pkt->to_us && !pkt->link_unicast)
		return STAT_net_ip_in_group_frame;
	/* Only duplicate address detection has no source; nd.c looks at the rest of it (RFC 4862 5.4.2). */
	if (!ip_is_peer(pkt->port, &pkt->src) && !(ip_is_unspecified(&pkt->src) && !pkt->to_us))
		return STAT_net_ip6_bad_source;
	return PACKET_NEXT;
}

int ip6_input(struct net *net, struct packet *pkt)
{
	const struct rte_ipv6_hdr *ip;
	struct walk walk;
	int fate = ip6_check_header(pkt);

	if (fate != PACKET_NEXT)
		return fate;
	ip = packet_bytes(pkt, ETH_HEADER, IP6_HEADER);
	ensure(ip != NULL);
	pkt->src = ip_from_v6(ip->src_addr);
	pkt->dst = ip_from_v6(ip->dst_addr);
	pkt->hop_limit = ip->hop_limits;
	fate = ip6_check_addresses(pkt);
	if (fate != PACKET_NEXT)
		return fate;
	walk = (struct walk){ETH_HEADER + IP6_HEADER, pkt->mbuf->pkt_len, ip->proto};
	fate = ip6_walk(net, pkt, &walk);
	if (fate != PACKET_NEXT)
		return fate;
	pkt->proto = walk.next;
	pkt->l4_offset = walk.offset;
	pkt->l4_len = walk.end - walk.offset;
	switch (pkt->proto) {
	case IPPROTO_UDP:
		return udp_input(net, pkt);
	case IPPROTO_TCP:
		return net->config.tcp_deliver ? segment_input(net, pkt) : STAT_net_ip6_unknown_proto;
	case IPPROTO_ICMPV6:
		return icmp6_input(net, pkt);
	default:
		return STAT_net_ip6_unknown_proto;
	}
}
