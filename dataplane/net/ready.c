/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The short way out for UDP, called by udp.c before the long one (see ready_priv.h). It writes what the long
 * way would, bit for bit, and leaves everything that is not plain to it: chains, what must be split,
 * neighbours that have to be asked.
 */
#include "net/ready_priv.h"

#include "net/checksum_priv.h"
#include "net/net_priv.h"
#include "net/sum_priv.h"

#include <rte_ip.h>
#include <rte_udp.h>

#include <netinet/in.h>

static_assert(
	READY_ROOM >= (int)NET_HEADROOM && READY_ROOM <= RTE_PKTMBUF_HEADROOM, "in front of each payload");

/* Who makes endpoints collide here makes his own answers, and those he collides with, take the long way. */
static struct ready *place_of(
	struct ready_table *table, const struct endpoint *src, const struct endpoint *dst)
{
	uint64_t words[2];

	memcpy(words, dst->ip.bytes, sizeof(words));
	words[0] ^= (uint64_t)dst->port << 32 ^ (uint64_t)src->port << 48 ^ words[1];
	return &table->places[words[0] * 0x9e3779b97f4a7c15ULL >> (64 - READY_BITS)];
}

static bool is_valid(
	const struct ready *ready, const struct endpoint *src, const struct endpoint *dst, uint64_t now_ns)
{
	const struct neigh *neigh = ready->neigh;

	return neigh && endpoint_equal(&ready->dst, dst) && endpoint_equal(&ready->src, src) &&
	       neigh->version == ready->version && neigh->state == NEIGH_REACHABLE &&
	       now_ns < neigh->timer_ns;
}

/* Plain enough: what the long way would refuse, split or copy together is not. */
static bool takes(const struct ready *ready, const struct rte_mbuf *payload)
{
	return payload->nb_segs == 1 && payload->pkt_len <= ready->payload_max &&
	       rte_pktmbuf_headroom(payload) >= READY_ROOM && rte_mbuf_refcnt_read(payload) == 1;
}

/* Sums of 16 bits are in memory order, as the lengths are that go into them. */
static uint16_t udp_checksum(const struct ready *ready, const struct rte_udp_hdr *udp, uint32_t payload_len)
{
	uint16_t sum;

	if (ready->offloaded)
		return (uint16_t)~checksum_fold((uint64_t)ready->pseudo_sum + udp->dgram_len);
	sum = checksum_fold(sum_bytes(udp + 1, payload_len) + ready->pseudo_sum + 2ULL * udp->dgram_len +
			    udp->src_port + udp->dst_port);
	return sum == 0 ? 0xffff : sum;
}

/* The fields that differ from datagram to datagram. */
static void headers_finish(struct net *net, const struct ready *ready, char *payload, uint32_t payload_len)
{
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(void *)payload - 1;
	uint16_t udp_len = (uint16_t)(payload_len + UDP_HEADER);

	udp->dgram_len = rte_cpu_to_be_16(udp_len);
	udp->dgram_cksum = udp_checksum(ready, udp, payload_len);
	if (ready->dst.ip.family == IP_V4) {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(void *)udp - 1;
		ip->total_length = rte_cpu_to_be_16((uint16_t)(udp_len + IP4_HEADER));
		ip->packet_id = (rte_be16_t)rng_u64(net->config.rng);
		if (!ready->offloaded)
			ip->hdr_checksum =
				checksum_fold((uint64_t)ready->ip_sum + ip->total_length + ip->packet_id);
	} else {
		((struct rte_ipv6_hdr *)(void *)udp - 1)->payload_len = udp->dgram_len;
	}
}

bool ready_send(struct net *net, const struct endpoint *src, const struct endpoint *dst,
	struct rte_mbuf *payload, uint64_t now_ns)
{
	const struct ready *ready = place_of(&net->ready, src, dst);
	char *start = rte_pktmbuf_mtod(payload, char *);

	if (!is_valid(ready, src, dst, now_ns) || !takes(ready, payload))
		return false;
	memcpy(start - READY_ROOM, ready->header, READY_ROOM);
	headers_finish(net, ready, start, payload->pkt_len);
	payload->ol_flags = (payload->ol_flags & MBUF_MEMORY_FLAGS) | ready->ol_flags;
	payload->tx_offload = ready->tx_offload;
	payload->data_off -= ready->header_len;
	payload->data_len += ready->header_len;
	payload->pkt_len += ready->header_len;
	ready->neigh->used_ns = now_ns;
	eth_stage(net, ready->port, payload);
	return true;
}

/* Lengths, id and checksums out of the headers; returns the sum of an IPv4 header without them. */
static uint16_t headers_clear(struct ready *ready)
{
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(void *)(ready->header + READY_ROOM) - 1;
	struct rte_ipv4_hdr *ip4 = (struct rte_ipv4_hdr *)(void *)udp - 1;

	udp->dgram_len = 0;
	udp->dgram_cksum = 0;
	if (ready->dst.ip.family == IP_V6) {
		((struct rte_ipv6_hdr *)(void *)udp - 1)->payload_len = 0;
		return 0;
	}
	ip4->total_length = 0;
	ip4->packet_id = 0;
	ip4->hdr_checksum = 0;
	return (uint16_t)~checksum_header(ip4, IP4_HEADER);
}

void ready_keep(struct net *net, const struct ip_out *out, const struct endpoint *src,
	const struct endpoint *dst, const struct rte_mbuf *frame)
{
	const struct checksum_pseudo pseudo = {out->src, out->dst, IPPROTO_UDP};
	struct net_port *port = out->port;
	uint16_t ip_len = out->dst->family == IP_V4 ? IP4_HEADER : IP6_HEADER;
	struct ready *ready = place_of(&net->ready, src, dst);

	if (port->staged_count == 0 || port->staged[port->staged_count - 1] != frame)
		return;
	*ready = (struct ready){
		.src = *src,
		.dst = *dst,
		.neigh = neigh_find(&net->neighbours, port->index, out->next_hop),
		.port = port,
		/* IPv6 needs to know the path for what is longer than each link carries. */
		.payload_max = (ip_len == IP4_HEADER ? port->mtu : (uint32_t)MTU_MIN) - ip_len - UDP_HEADER,
		.header_len = ETH_HEADER + ip_len + UDP_HEADER,
		.pseudo_sum = checksum_pseudo_sum(&pseudo, 0),
		.offloaded = (frame->ol_flags & RTE_MBUF_F_TX_L4_MASK) != 0,
		.ol_flags = frame->ol_flags & ~MBUF_MEMORY_FLAGS,
		.tx_offload = frame->tx_offload,
	};
	ensure(ready->neigh != NULL);
	ready->version = ready->neigh->version;
	memcpy(ready->header + READY_ROOM - ready->header_len, rte_pktmbuf_mtod(frame, const char *),
		ready->header_len);
	ready->ip_sum = headers_clear(ready);
}
