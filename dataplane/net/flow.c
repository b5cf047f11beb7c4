/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which flow a frame belongs to, by which a worker gives it to the fellow that has the flow. It reads a frame
 * that nobody has checked yet, so every read is bounded, and what cannot be read counts as zero.
 */
#include "net/flow.h"

#include "base/hash.h"
#include "net/net_priv.h"
#include "net/quote_priv.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

/* What stands where in a frame. */
struct view {
	uint32_t l4_at;   /* from the start of the frame */
	uint8_t family;   /* enum ip_family; IP_NONE: not IP */
	uint8_t proto;    /* of what follows the IP header */
	bool is_fragment; /* of IPv4: one has no ports, or not all of its bytes */
};

static uint64_t word_at(const struct rte_mbuf *frame, uint32_t offset, uint32_t len)
{
	uint64_t word = 0;

	if (offset + len <= frame->data_len)
		memcpy(&word, rte_pktmbuf_mtod_offset(frame, const char *, offset), len);
	return word;
}

/* A fragment or transport header behind other IPv6 extension headers is not looked for: such packets go by
 * their addresses. */
static struct view view_of(const struct rte_mbuf *frame)
{
	struct view view = {.l4_at = ETH_HEADER, .family = IP_NONE};

	switch (rte_be_to_cpu_16((uint16_t)word_at(frame, 12, 2))) {
	case RTE_ETHER_TYPE_IPV4:
		view.family = IP_V4;
		view.l4_at += ((uint32_t)word_at(frame, ETH_HEADER, 1) & 0xf) * 4;
		view.proto = (uint8_t)word_at(frame, ETH_HEADER + 9, 1);
		view.is_fragment = ((uint16_t)word_at(frame, ETH_HEADER + 6, 2) &
					   RTE_BE16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)) != 0;
		return view;
	case RTE_ETHER_TYPE_IPV6:
		view.family = IP_V6;
		view.l4_at += IP6_HEADER;
		view.proto = (uint8_t)word_at(frame, ETH_HEADER + 6, 1);
		return view;
	default:
		return view;
	}
}

static bool has_ports(const struct view *view)
{
	return !view->is_fragment && (view->proto == IPPROTO_UDP || view->proto == IPPROTO_TCP);
}

/* ICMP "unreachable", and ICMPv6 "unreachable" and "too big": what concerns a flow of ours. */
static bool is_error(const struct rte_mbuf *frame, const struct view *view)
{
	uint8_t type = (uint8_t)word_at(frame, view->l4_at, 1);

	if (view->family == IP_V4)
		return view->proto == IPPROTO_ICMP && !view->is_fragment && type == 3;
	return view->family == IP_V6 && view->proto == IPPROTO_ICMPV6 && (type == 1 || type == 2);
}

static bool quote_of(const struct rte_mbuf *frame, const struct view *view, struct quote *ret_quote)
{
	uint32_t at = view->l4_at + ICMP_HEADER;

	return is_error(frame, view) && at < frame->data_len &&
	       quote_read(rte_pktmbuf_mtod_offset(frame, const uint8_t *, at), frame->data_len - at,
		       ret_quote) == PACKET_NEXT;
}

/* Addresses and ports as they lie in a frame that comes to us. */
static uint64_t hash_addresses(const uint8_t *src, const uint8_t *dst, uint8_t family)
{
	uint32_t len = family == IP_V4 ? 4 : 16;
	uint64_t hash = 0;

	for (uint32_t at = 0; at < len; at += 4) {
		uint32_t words[2];
		memcpy(&words[0], src + at, 4);
		memcpy(&words[1], dst + at, 4);
		hash = hash_mix(hash ^ ((uint64_t)words[0] << 32 | words[1]));
	}
	return hash;
}

uint32_t net_flow_hash_of(const struct endpoint *src, const struct endpoint *dst)
{
	uint64_t hash = hash_addresses(src->ip.bytes, dst->ip.bytes, dst->ip.family);

	return (uint32_t)hash_mix(
		hash ^ ((uint64_t)rte_cpu_to_be_16(dst->port) << 16 | rte_cpu_to_be_16(src->port)));
}

static uint64_t hash_ends(const struct rte_mbuf *frame, const struct view *view)
{
	uint32_t at = ETH_HEADER + (view->family == IP_V4 ? 12 : 8);
	uint32_t len = view->family == IP_V4 ? 4 : 16;
	uint8_t addresses[32] = {0};

	if (at + 2 * len <= frame->data_len)
		memcpy(addresses, rte_pktmbuf_mtod_offset(frame, const char *, at), 2 * (size_t)len);
	return hash_addresses(addresses, addresses + len, view->family);
}

uint32_t net_flow_hash(const struct rte_mbuf *frame)
{
	struct view view = view_of(frame);
	struct quote quote;
	uint64_t hash;

	if (view.family == IP_NONE)
		return 0;
	if (quote_of(frame, &view, &quote))
		return net_flow_hash_of(&quote.remote, &quote.local);
	hash = hash_ends(frame, &view);
	/* Only the first fragment has ports, so all of them go by the datagram's id. */
	if (view.is_fragment)
		hash = hash_mix(hash ^ word_at(frame, ETH_HEADER + 4, 2));
	else if (view.family == IP_V6 && view.proto == IPPROTO_FRAGMENT)
		hash = hash_mix(hash ^ word_at(frame, view.l4_at + 4, 4));
	else if (has_ports(&view))
		hash = hash_mix(hash ^ word_at(frame, view.l4_at, 4));
	return (uint32_t)hash;
}

struct flow_end net_flow_end(const struct rte_mbuf *frame)
{
	struct view view = view_of(frame);
	struct quote quote;

	if (has_ports(&view))
		return (struct flow_end){
			view.proto, rte_be_to_cpu_16((uint16_t)word_at(frame, view.l4_at + 2, 2))};
	if (quote_of(frame, &view, &quote))
		return (struct flow_end){quote.proto, quote.local.port};
	return (struct flow_end){0};
}
