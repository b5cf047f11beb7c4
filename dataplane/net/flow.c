/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hash by which a worker spreads frames over its fellows. It reads a frame that nobody has checked yet,
 * so every read is bounded, and what cannot be read counts as zero.
 */
#include "net/flow.h"

#include "base/hash.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

static uint64_t word_at(const struct rte_mbuf *frame, uint32_t offset, uint32_t len)
{
	uint64_t word = 0;

	if (offset + len <= frame->data_len)
		memcpy(&word, rte_pktmbuf_mtod_offset(frame, const char *, offset), len);
	return word;
}

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_UDP || proto == IPPROTO_TCP;
}

static uint64_t hash_v4(const struct rte_mbuf *frame)
{
	uint32_t ip = sizeof(struct rte_ether_hdr);
	uint8_t version_ihl = (uint8_t)word_at(frame, ip, 1);
	uint16_t fragment = (uint16_t)word_at(frame, ip + 6, 2);
	uint64_t hash = hash_mix(word_at(frame, ip + 12, 8));

	/* Only the first fragment has ports, so all of them go by the datagram's id. */
	if (fragment & rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK))
		return hash_mix(hash ^ word_at(frame, ip + 4, 2));
	if (!has_ports((uint8_t)word_at(frame, ip + 9, 1)))
		return hash;
	return hash_mix(hash ^ word_at(frame, ip + (version_ihl & 0xf) * 4U, 4));
}

/* A fragment or transport header behind other extension headers is not looked for: such packets go by their
 * addresses. */
static uint64_t hash_v6(const struct rte_mbuf *frame)
{
	uint32_t ip = sizeof(struct rte_ether_hdr);
	uint32_t next = ip + sizeof(struct rte_ipv6_hdr);
	uint64_t hash = 0;

	for (uint32_t offset = 8; offset < sizeof(struct rte_ipv6_hdr); offset += 8)
		hash = hash_mix(hash ^ word_at(frame, ip + offset, 8));
	uint8_t proto = (uint8_t)word_at(frame, ip + 6, 1);
	if (proto == IPPROTO_FRAGMENT)
		return hash_mix(hash ^ word_at(frame, next + 4, 4));
	if (has_ports(proto))
		return hash_mix(hash ^ word_at(frame, next, 4));
	return hash;
}

uint32_t net_flow_hash(const struct rte_mbuf *frame)
{
	switch (rte_be_to_cpu_16((uint16_t)word_at(frame, 12, 2))) {
	case RTE_ETHER_TYPE_IPV4:
		return (uint32_t)hash_v4(frame);
	case RTE_ETHER_TYPE_IPV6:
		return (uint32_t)hash_v6(frame);
	default:
		return 0;
	}
}
