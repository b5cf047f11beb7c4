/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets of ours read back: as ICMP errors quote them (icmp.c), where any byte may be a lie, and as they
 * waited for a neighbour that never answered (neigh.c).
 */
#include "net/quote_priv.h"

#include "net/net_priv.h"

#include <rte_ip.h>

#include <netinet/in.h>

/* Where the transport header begins; both families give the addresses. */
struct start {
	uint32_t l4_at;
	uint8_t proto;
};

static int start_v4(const uint8_t *packet, uint32_t len, struct start *ret_start, struct quote *ret_quote)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(const void *)packet;
	uint32_t header_len;

	if (len < IP4_HEADER)
		return STAT_net_icmp_bad_quote;
	header_len = (packet[0] & 0xf) * 4U;
	if (header_len < IP4_HEADER)
		return STAT_net_icmp_bad_quote;
	if ((ip->fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_OFFSET_MASK)) != 0)
		return STAT_net_icmp_foreign_quote;
	*ret_start = (struct start){header_len, ip->next_proto_id};
	ret_quote->local.ip = ip_from_v4(&ip->src_addr);
	ret_quote->remote.ip = ip_from_v4(&ip->dst_addr);
	return PACKET_NEXT;
}

/* We send no extension header but that of fragments; only the first fragment has ports. */
static int start_v6(const uint8_t *packet, uint32_t len, struct start *ret_start, struct quote *ret_quote)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)(const void *)packet;

	if (len < IP6_HEADER)
		return STAT_net_icmp_bad_quote;
	*ret_start = (struct start){IP6_HEADER, ip->proto};
	if (ip->proto == IPPROTO_FRAGMENT) {
		if (len < IP6_HEADER + FRAG_HEADER)
			return STAT_net_icmp_bad_quote;
		if (packet[IP6_HEADER + 2] != 0 || (packet[IP6_HEADER + 3] & 0xf8) != 0)
			return STAT_net_icmp_foreign_quote;
		*ret_start = (struct start){IP6_HEADER + FRAG_HEADER, packet[IP6_HEADER]};
	}
	ret_quote->local.ip = ip_from_v6(ip->src_addr);
	ret_quote->remote.ip = ip_from_v6(ip->dst_addr);
	return PACKET_NEXT;
}

static uint32_t be16_at(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

/* Linux quotes 548 bytes, so that it can be seen what the error is about; a router may quote none. */
static void keep_payload(struct quote *quote, const uint8_t *payload, uint32_t len)
{
	quote->payload_len = (uint16_t)(len < QUOTE_PAYLOAD_BYTES ? len : QUOTE_PAYLOAD_BYTES);
	memcpy(quote->payload, payload, quote->payload_len);
}

int quote_read(const uint8_t *packet, uint32_t len, struct quote *ret_quote)
{
	struct quote quote = {.payload_len = 0};
	struct start start;
	int fate = STAT_net_icmp_bad_quote;

	if (len > 0 && packet[0] >> 4 == 4)
		fate = start_v4(packet, len, &start, &quote);
	else if (len > 0 && packet[0] >> 4 == 6)
		fate = start_v6(packet, len, &start, &quote);
	if (fate != PACKET_NEXT)
		return fate;
	if (start.proto != IPPROTO_UDP && start.proto != IPPROTO_TCP)
		return STAT_net_icmp_foreign_quote;
	if (start.l4_at + QUOTE_L4_BYTES > len)
		return STAT_net_icmp_bad_quote;
	packet += start.l4_at;
	quote.proto = start.proto;
	quote.local.port = (uint16_t)be16_at(packet);
	quote.remote.port = (uint16_t)be16_at(packet + 2);
	if (quote.proto == IPPROTO_TCP)
		quote.seq = be16_at(packet + 4) << 16 | be16_at(packet + 6);
	else
		keep_payload(&quote, packet + UDP_HEADER, len - start.l4_at - UDP_HEADER);
	*ret_quote = quote;
	return PACKET_NEXT;
}
