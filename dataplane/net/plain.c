/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The short way in, called by net.c for each frame before the stages: nearly all that arrives are datagrams
 * of one segment, for us, without options, fragments or padding. It says yes only to what the stages would
 * pass on, and fills the packet as they would; to everything else it says no without a reason, and they find
 * the reason.
 */
#include "net/plain_priv.h"

#include "net/addr_priv.h"
#include "net/checksum_priv.h"
#include "net/sum_priv.h"
#include "net/transport_priv.h"

#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include <netinet/in.h>

/* Bytes 12 to 14 of a frame as they are loaded: the type, the version, and in IPv4 the header's length. */
enum {
	TYPE_IP4_PLAIN = 0x450008,
	TYPE_IP4_MASK = 0xffffff,
	TYPE_IP6_PLAIN = 0x60dd86,
	TYPE_IP6_MASK = 0xf0ffff,
};

#define MAC_BITS 48

static uint64_t word_at(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* From a station, to ours. */
static bool link_is_plain(const struct packet *pkt, uint64_t first, uint64_t second)
{
	uint64_t source = first >> MAC_BITS | (uint64_t)(uint32_t)second << (64 - MAC_BITS);

	return first << (64 - MAC_BITS) == pkt->port->mac_word && !(source & 1) && source != 0;
}

static struct plain_pair *pair_of(struct plain_table *table, const struct ip_addr *src)
{
	uint64_t hash = (word_at(src->bytes) ^ word_at(src->bytes + 8)) * 0x9e3779b97f4a7c15ULL;

	return &table->pairs[hash >> (64 - PLAIN_BITS)];
}

/*
 * Who may send to whom does not change as long as the port lives, so a pair that passed need not be looked at
 * again.
 */
static bool addresses_are_plain(const struct packet *pkt)
{
	struct plain_pair *pair = pair_of(&pkt->port->plain, &pkt->src);

	if (likely_true(ip_equal(&pair->src, &pkt->src) && ip_equal(&pair->dst, &pkt->dst)))
		return true;
	if (!port_owns(pkt->port, &pkt->dst) || !ip_is_peer(pkt->port, &pkt->src))
		return false;
	*pair = (struct plain_pair){pkt->src, pkt->dst};
	return true;
}

/* Here the addresses of the pseudo header stand right before the datagram: one sum covers both. */
static bool udp_is_plain(const struct packet *pkt, const struct rte_udp_hdr *udp, uint32_t addresses_len)
{
	if (udp->src_port == 0 || udp->dst_port == 0 || udp->dgram_len != rte_cpu_to_be_16(pkt->l4_len))
		return false;
	if (udp->dgram_cksum == 0)
		return pkt->dst.family == IP_V4;
	return transport_sum_vouched(pkt, RTE_ETH_RX_OFFLOAD_UDP_CKSUM) ||
	       checksum_fold(sum_bytes((const uint8_t *)udp - addresses_len, addresses_len + pkt->l4_len) +
			     udp->dgram_len + RTE_BE16(IPPROTO_UDP)) == 0;
}

static bool ip4_sum_is_right(const struct rte_ipv4_hdr *ip)
{
	const uint8_t *bytes = (const uint8_t *)ip;

	return checksum_fold(sum_word(bytes) + sum_word(bytes + 8) + ip->dst_addr) == 0;
}

static bool ip4_is_plain(struct packet *pkt, const struct rte_ipv4_hdr *ip)
{
	uint32_t len = pkt->mbuf->data_len - ETH_HEADER;

	if (len < IP4_HEADER + UDP_HEADER || rte_be_to_cpu_16(ip->total_length) != len ||
		rte_ipv4_frag_pkt_is_fragmented(ip) || ip->next_proto_id != IPPROTO_UDP)
		return false;
	if (!ip4_sum_vouched(pkt) && !ip4_sum_is_right(ip))
		return false;
	pkt->src = ip_from_v4(&ip->src_addr);
	pkt->dst = ip_from_v4(&ip->dst_addr);
	pkt->hop_limit = ip->time_to_live;
	pkt->l4_offset = ETH_HEADER + IP4_HEADER;
	pkt->l4_len = len - IP4_HEADER;
	return udp_is_plain(pkt, (const struct rte_udp_hdr *)(ip + 1), 2 * sizeof(ip->src_addr));
}

static bool ip6_is_plain(struct packet *pkt, const struct rte_ipv6_hdr *ip)
{
	uint32_t len = pkt->mbuf->data_len - ETH_HEADER;

	if (len < IP6_HEADER + UDP_HEADER ||
		rte_be_to_cpu_16(ip->payload_len) + (uint32_t)IP6_HEADER != len || ip->proto != IPPROTO_UDP)
		return false;
	pkt->src = ip_from_v6(ip->src_addr);
	pkt->dst = ip_from_v6(ip->dst_addr);
	pkt->hop_limit = ip->hop_limits;
	pkt->l4_offset = ETH_HEADER + IP6_HEADER;
	pkt->l4_len = len - IP6_HEADER;
	return udp_is_plain(pkt, (const struct rte_udp_hdr *)(ip + 1), 2 * sizeof(ip->src_addr));
}

bool plain_read(struct packet *pkt)
{
	const struct rte_mbuf *mbuf = pkt->mbuf;
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	uint64_t first;
	uint64_t second;
	uint32_t type;

	if (mbuf->nb_segs != 1 || mbuf->data_len < ETH_HEADER + IP4_HEADER + UDP_HEADER ||
		(mbuf->ol_flags & (RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED)))
		return false;
	first = word_at(frame);
	second = word_at(frame + 8);
	if (!link_is_plain(pkt, first, second))
		return false;
	type = (uint32_t)(second >> 32);
	if ((type & TYPE_IP4_MASK) == TYPE_IP4_PLAIN) {
		if (!ip4_is_plain(pkt, (const struct rte_ipv4_hdr *)(const void *)(frame + ETH_HEADER)))
			return false;
	} else if ((type & TYPE_IP6_MASK) != TYPE_IP6_PLAIN ||
		   !ip6_is_plain(pkt, (const struct rte_ipv6_hdr *)(const void *)(frame + ETH_HEADER))) {
		return false;
	}
	if (!addresses_are_plain(pkt))
		return false;
	memcpy(pkt->mac, frame + 6, sizeof(pkt->mac));
	pkt->proto = IPPROTO_UDP;
	pkt->link_unicast = true;
	pkt->to_us = true;
	return true;
}
