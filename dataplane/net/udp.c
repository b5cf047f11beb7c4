/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UDP (RFC 768, RFC 8200 8.1): verifies and delivers received datagrams, builds and routes those to send.
 */
#include "net/net_priv.h"

#include "net/checksum_priv.h"
#include "net/transport_priv.h"

#include <rte_ethdev.h>
#include <rte_udp.h>

#include <errno.h>
#include <netinet/in.h>

static_assert(sizeof(struct rte_udp_hdr) == UDP_HEADER, "wire size");

static int udp_check(const struct packet *pkt, const struct rte_udp_hdr *udp)
{
	uint32_t udp_len = rte_be_to_cpu_16(udp->dgram_len);

	if (udp_len < UDP_HEADER || udp_len > pkt->l4_len)
		return STAT_net_udp_bad_length;
	/* Nobody can be answered at port 0, and nobody listens there. */
	if (udp->src_port == 0 || udp->dst_port == 0)
		return STAT_net_udp_port_zero;
	if (udp->dgram_cksum == 0)
		return pkt->dst.family == IP_V4 ? PACKET_NEXT : STAT_net_udp_no_checksum;
	return transport_checksum_ok(pkt, udp_len, RTE_ETH_RX_OFFLOAD_UDP_CKSUM) ? PACKET_NEXT
										 : STAT_net_udp_bad_checksum;
}

int udp_input(struct net *net, struct packet *pkt)
{
	const struct rte_udp_hdr *udp = packet_bytes(pkt, pkt->l4_offset, UDP_HEADER);
	int fate;

	if (!udp || pkt->l4_len < UDP_HEADER)
		return STAT_net_udp_short;
	if (!pkt->to_us)
		return STAT_net_udp_not_unicast;
	fate = udp_check(pkt, udp);
	return fate == PACKET_NEXT ? udp_deliver(net, pkt) : fate;
}

int udp_deliver(struct net *net, const struct packet *pkt)
{
	const struct rte_udp_hdr *udp =
		rte_pktmbuf_mtod_offset(pkt->mbuf, const struct rte_udp_hdr *, pkt->l4_offset);
	struct udp_datagram datagram = {
		.src = {pkt->src, rte_be_to_cpu_16(udp->src_port)},
		.dst = {pkt->dst, rte_be_to_cpu_16(udp->dst_port)},
		.mbuf = pkt->mbuf,
		.payload_offset = pkt->l4_offset + UDP_HEADER,
		.payload_len = rte_be_to_cpu_16(udp->dgram_len) - (uint32_t)UDP_HEADER,
		.port = pkt->port->index,
	};
	datagram.payload = packet_bytes(pkt, datagram.payload_offset, datagram.payload_len);
	if (net->config.udp_deliver(net->config.ctx, &datagram) == NET_TAKEN) {
		net_count(net, STAT_net_udp_delivered);
		return PACKET_TAKEN;
	}
	icmp_port_unreachable(net, pkt);
	return STAT_net_udp_no_listener;
}

const char *net_udp_linear(const struct udp_datagram *datagram, char *buf, size_t buf_size)
{
	if (datagram->payload)
		return datagram->payload;
	if (datagram->payload_len > buf_size)
		return NULL;
	return rte_pktmbuf_read(datagram->mbuf, datagram->payload_offset, datagram->payload_len, buf);
}

/* The device computes checksums only of packets that leave whole: of a fragment it sees no more than a part.
 */
static void udp_checksum(const struct net *net, const struct ip_out *out, struct rte_mbuf *mbuf)
{
	struct rte_udp_hdr *udp = rte_pktmbuf_mtod(mbuf, struct rte_udp_hdr *);
	const struct checksum_pseudo pseudo = {out->src, out->dst, IPPROTO_UDP};

	if (!ip_needs_split(net, out, mbuf) &&
		transport_checksum_offloaded(out, RTE_ETH_TX_OFFLOAD_UDP_CKSUM, mbuf)) {
		mbuf->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
		udp->dgram_cksum = checksum_pseudo_sum(&pseudo, mbuf->pkt_len);
		return;
	}
	udp->dgram_cksum = checksum_mbuf(mbuf, 0, mbuf->pkt_len, &pseudo);
	/* Zero would mean "no checksum"; all ones is the same number (RFC 768). */
	if (udp->dgram_cksum == 0)
		udp->dgram_cksum = 0xffff;
}

static int udp_send_check(struct net *net, const struct endpoint *src, const struct endpoint *dst,
	const struct rte_mbuf *payload, struct ip_out *ret_out)
{
	uint32_t header_max = dst->ip.family == IP_V4 ? IP4_HEADER + UDP_HEADER : UDP_HEADER;

	if (payload->pkt_len > UINT16_MAX - header_max) {
		net_count(net, STAT_net_tx_too_long);
		return -EMSGSIZE;
	}
	if (rte_pktmbuf_headroom(payload) < NET_HEADROOM || rte_mbuf_refcnt_read(payload) != 1) {
		net_count(net, STAT_net_tx_no_headroom);
		return -ENOBUFS;
	}
	if (dst->port == 0 || src->port == 0) {
		net_count(net, STAT_net_tx_bad_destination);
		return -EINVAL;
	}
	return transport_route(net, &src->ip, &dst->ip, ret_out);
}

int net_udp_send(struct net *net, const struct endpoint *src, const struct endpoint *dst,
	struct rte_mbuf *payload, uint64_t now_ns)
{
	struct rte_udp_hdr *udp;
	struct ip_out out;
	int ret;

	if (likely_true(ready_send(net, src, dst, payload, now_ns))) {
		net_count(net, STAT_net_udp_sent);
		return 0;
	}
	ret = udp_send_check(net, src, dst, payload, &out);
	if (ret != 0) {
		rte_pktmbuf_free(payload);
		return ret;
	}
	out.proto = IPPROTO_UDP;
	out.now_ns = now_ns;
	payload->ol_flags &= MBUF_MEMORY_FLAGS;
	udp = (struct rte_udp_hdr *)(void *)rte_pktmbuf_prepend(payload, UDP_HEADER);
	ensure(udp != NULL);
	*udp = (struct rte_udp_hdr){
		.src_port = rte_cpu_to_be_16(src->port),
		.dst_port = rte_cpu_to_be_16(dst->port),
		.dgram_len = rte_cpu_to_be_16((uint16_t)payload->pkt_len),
	};
	udp_checksum(net, &out, payload);
	ret = ip_output(net, &out, payload);
	if (ret != 0)
		return ret;
	net_count(net, STAT_net_udp_sent);
	ready_keep(net, &out, src, dst, payload);
	return 0;
}
