/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP as far as the network layer knows it: received segments are verified and passed on, those to send get
 * their checksum and leave whole. Sequence numbers, ports and connections are the business of the stack
 * above.
 */
#include "net/net_priv.h"

#include "net/checksum_priv.h"
#include "net/transport_priv.h"

#include <rte_ethdev.h>
#include <rte_tcp.h>

#include <errno.h>
#include <netinet/in.h>

static_assert(sizeof(struct rte_tcp_hdr) == TCP_HEADER, "wire size");

int segment_input(struct net *net, struct packet *pkt)
{
	struct net_segment segment;

	if (pkt->l4_len < TCP_HEADER)
		return STAT_net_tcp_short;
	/* RFC 9293 3.9.2.3: a segment to a group is dropped in silence. */
	if (!pkt->to_us)
		return STAT_net_tcp_not_unicast;
	if (!transport_checksum_ok(pkt, pkt->l4_len, RTE_ETH_RX_OFFLOAD_TCP_CKSUM))
		return STAT_net_tcp_bad_checksum;
	segment = (struct net_segment){
		.src = pkt->src,
		.dst = pkt->dst,
		.mbuf = pkt->mbuf,
		.l4_offset = pkt->l4_offset,
		.l4_len = pkt->l4_len,
	};
	net->config.tcp_deliver(net->config.ctx, &segment);
	return PACKET_TAKEN;
}

static void segment_checksum(const struct ip_out *out, struct rte_mbuf *mbuf)
{
	struct rte_tcp_hdr *tcp = rte_pktmbuf_mtod(mbuf, struct rte_tcp_hdr *);
	const struct checksum_pseudo pseudo = {out->src, out->dst, IPPROTO_TCP};

	tcp->cksum = 0;
	if (transport_checksum_offloaded(out, RTE_ETH_TX_OFFLOAD_TCP_CKSUM, mbuf)) {
		mbuf->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
		tcp->cksum = checksum_pseudo_sum(&pseudo, mbuf->pkt_len);
		return;
	}
	tcp->cksum = checksum_mbuf(mbuf, 0, mbuf->pkt_len, &pseudo);
}

/*
 * What the link carries may go, even if a router once said that the path carries less: it says so again, and
 * that answer teaches the connection, which alone can send smaller segments.
 */
static int segment_out(struct net *net, const struct ip_addr *src, const struct ip_addr *dst,
	const struct rte_mbuf *mbuf, struct ip_out *ret_out)
{
	uint32_t header_len = dst->family == IP_V4 ? IP4_HEADER : IP6_HEADER;
	int ret = transport_route(net, src, dst, ret_out);

	if (ret != 0)
		return ret;
	if (mbuf->pkt_len + header_len > ret_out->port->mtu) {
		net_count(net, STAT_net_tcp_too_long);
		return -EMSGSIZE;
	}
	ret_out->proto = IPPROTO_TCP;
	ret_out->whole = true;
	return 0;
}

int net_tcp_send(struct net *net, const struct ip_addr *src, const struct ip_addr *dst, struct rte_mbuf *mbuf,
	uint64_t now_ns)
{
	struct ip_out out;
	int ret = segment_out(net, src, dst, mbuf, &out);

	ensure(mbuf->nb_segs == 1 && mbuf->pkt_len >= TCP_HEADER && rte_mbuf_refcnt_read(mbuf) == 1);
	ensure(rte_pktmbuf_headroom(mbuf) >= ETH_HEADER + IP6_HEADER);
	if (ret != 0) {
		rte_pktmbuf_free(mbuf);
		return ret;
	}
	out.now_ns = now_ns;
	mbuf->ol_flags = 0;
	segment_checksum(&out, mbuf);
	return ip_output(net, &out, mbuf);
}
