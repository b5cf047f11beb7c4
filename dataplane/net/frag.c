/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fragments (RFC 791 3.2, RFC 8200 4.5). Received ones come together in rte_ip_frag's table: bounded, one per
 * worker, 8 pieces a datagram; a duplicate or overlapping piece spoils its datagram, as RFC 5722 demands of
 * overlaps.
 *
 * Sent ones are copied into fresh mbufs here rather than by rte_ip_frag: that would number all IPv6 fragments
 * 0, so that two datagrams on the way get mixed, and would chain segments, which not every device takes.
 */
#include "net/net_priv.h"

#include "net/checksum_priv.h"

#include <rte_ip.h>

#include <errno.h>
#include <netinet/in.h>

#define FRAG_SPARED_NS 1000000ULL /* of a datagram's age: no younger one makes room for another */

static_assert(sizeof(struct rte_ipv6_fragment_ext) == FRAG_HEADER, "wire size");

static bool chain_holds(const struct rte_mbuf *chain, const struct rte_mbuf *wanted)
{
	while (chain && chain != wanted)
		chain = chain->next;
	return chain != NULL;
}

static void frag_bury(struct net *net, enum stat why)
{
	stats_add(net->config.stats, why, net->dead.cnt);
	rte_ip_frag_free_death_row(&net->dead, 0);
}

/*
 * The table was full, at least where this key may stand: of the datagrams that wait, about the older half is
 * given up. Whoever sends beginnings only would else keep everybody out for as long as a datagram may wait.
 * The pieces of an honest one come together, so those that have just begun are spared.
 */
static void frag_make_room(struct net *net, uint64_t now_ns)
{
	uint64_t patience_ns = net->config.reassembly_timeout_ns;

	for (uint64_t age_ns = patience_ns / 2; age_ns >= FRAG_SPARED_NS && net->dead.cnt == 0; age_ns /= 2)
		rte_ip_frag_table_del_expired_entries(
			net->reassembly, &net->dead, now_ns + patience_ns - age_ns);
	if (net->dead.cnt > 0)
		frag_bury(net, STAT_net_frag_evicted);
}

/*
 * What the table gave up is either this packet's datagram, if the packet is among it, or others whose time is
 * over. A datagram found to be impossible may be chained in part already. A packet that died alone had no
 * others to contradict: it found no room.
 */
static void frag_died(struct net *net, const struct packet *pkt)
{
	bool alone = net->dead.cnt == 1 && net->dead.row[0] == pkt->mbuf;
	enum stat why = STAT_net_frag_timeout;

	for (uint32_t i = 0; i < net->dead.cnt; i++)
		if (chain_holds(net->dead.row[i], pkt->mbuf))
			why = STAT_net_frag_refused;
	frag_bury(net, why);
	if (alone)
		frag_make_room(net, pkt->now_ns);
}

/* The table took the mbuf: it is waiting, or dead, or returned with the others behind it. */
static int frag_result(struct net *net, struct packet *pkt, struct rte_mbuf *whole)
{
	if (net->dead.cnt > 0)
		frag_died(net, pkt);
	if (!whole)
		return PACKET_TAKEN;
	net_count(net, STAT_net_frag_reassembled);
	pkt->mbuf = whole;
	pkt->reassembled = true;
	return PACKET_NEXT;
}

/* Pieces but the last are multiples of 8 bytes, and the datagram ends within 65,535 bytes ("ping of death").
 */
static int frag_check(uint32_t offset, uint32_t len, bool more)
{
	if (len == 0 || (more && len % 8 != 0))
		return STAT_net_frag_bad_length;
	if (offset + len > UINT16_MAX)
		return STAT_net_frag_beyond_end;
	return PACKET_NEXT;
}

int frag_input_v4(struct net *net, struct packet *pkt, uint32_t header_len)
{
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(pkt->mbuf, struct rte_ipv4_hdr *, ETH_HEADER);
	uint16_t field = rte_be_to_cpu_16(ip->fragment_offset);
	uint32_t len = rte_be_to_cpu_16(ip->total_length) - header_len;
	int fate = frag_check((field & RTE_IPV4_HDR_OFFSET_MASK) * 8U, len, field & RTE_IPV4_HDR_MF_FLAG);

	if (fate != PACKET_NEXT)
		return fate;
	pkt->mbuf->l2_len = ETH_HEADER;
	pkt->mbuf->l3_len = header_len;
	return frag_result(net, pkt,
		rte_ipv4_frag_reassemble_packet(net->reassembly, &net->dead, pkt->mbuf, pkt->now_ns, ip));
}

/* Called with the fragment header right behind the IPv6 header, which is all that rte_ip_frag understands. */
int frag_input_v6(struct net *net, struct packet *pkt)
{
	struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod_offset(pkt->mbuf, struct rte_ipv6_hdr *, ETH_HEADER);
	struct rte_ipv6_fragment_ext *ext = (struct rte_ipv6_fragment_ext *)(ip + 1);
	uint16_t field = rte_be_to_cpu_16(ext->frag_data);
	uint32_t len = rte_be_to_cpu_16(ip->payload_len) - (uint32_t)FRAG_HEADER;
	int fate = frag_check(field & RTE_IPV6_EHDR_FO_MASK, len, field & RTE_IPV6_EHDR_MF_MASK);

	if (fate != PACKET_NEXT)
		return fate;
	pkt->mbuf->l2_len = ETH_HEADER;
	pkt->mbuf->l3_len = IP6_HEADER + FRAG_HEADER;
	return frag_result(net, pkt,
		rte_ipv6_frag_reassemble_packet(
			net->reassembly, &net->dead, pkt->mbuf, pkt->now_ns, ip, ext));
}

void frag_tick(struct net *net, uint64_t now_ns)
{
	rte_ip_frag_table_del_expired_entries(net->reassembly, &net->dead, now_ns);
	if (net->dead.cnt > 0)
		frag_bury(net, STAT_net_frag_timeout);
}

/* How one packet becomes several. Without `split` it becomes one, copied together from its segments. */
struct split {
	const struct rte_mbuf *packet;
	uint32_t header_len; /* of the IP header to repeat */
	uint32_t step;       /* bytes behind the header in all pieces but the last */
	uint32_t id;
	bool split;
};

static void copy_out(const struct rte_mbuf *from, uint32_t offset, uint32_t len, char *to)
{
	const char *bytes = rte_pktmbuf_read(from, offset, len, to);

	ensure(bytes != NULL);
	if (bytes != to)
		memcpy(to, bytes, len);
}

static void piece_fill_v4(
	const struct split *split, uint32_t offset, bool more, struct rte_mbuf *piece, uint32_t len)
{
	char *start = rte_pktmbuf_append(piece, (uint16_t)(IP4_HEADER + len));
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(void *)start;

	ensure(start != NULL && offset % 8 == 0);
	copy_out(split->packet, 0, IP4_HEADER, start);
	copy_out(split->packet, IP4_HEADER + offset, len, start + IP4_HEADER);
	ip->fragment_offset = rte_cpu_to_be_16((uint16_t)(offset / 8 | (more ? RTE_IPV4_HDR_MF_FLAG : 0)));
	ip->total_length = rte_cpu_to_be_16((uint16_t)(IP4_HEADER + len));
	ip->hdr_checksum = 0;
	ip->hdr_checksum = checksum_header(ip, IP4_HEADER);
}

static void piece_fill_v6(
	const struct split *split, uint32_t offset, bool more, struct rte_mbuf *piece, uint32_t len)
{
	uint32_t extra = split->split ? FRAG_HEADER : 0;
	char *start = rte_pktmbuf_append(piece, (uint16_t)(IP6_HEADER + extra + len));
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)(void *)start;

	ensure(start != NULL && offset % 8 == 0);
	copy_out(split->packet, 0, IP6_HEADER, start);
	copy_out(split->packet, IP6_HEADER + offset, len, start + IP6_HEADER + extra);
	ip->payload_len = rte_cpu_to_be_16((uint16_t)(extra + len));
	if (split->split) {
		*(struct rte_ipv6_fragment_ext *)(ip + 1) = (struct rte_ipv6_fragment_ext){
			.next_header = ip->proto,
			.frag_data = rte_cpu_to_be_16(RTE_IPV6_SET_FRAG_DATA(offset, more ? 1 : 0)),
			.id = split->id,
		};
		ip->proto = IPPROTO_FRAGMENT;
	}
}

static int pieces_send(struct net *net, const struct ip_out *out, const struct split *split,
	struct rte_mbuf *const *pieces, uint32_t count)
{
	uint32_t total = split->packet->pkt_len - split->header_len;
	int ret_first = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t offset = i * split->step;
		bool more = i + 1 < count;
		uint32_t len = more ? split->step : total - offset;
		int ret;

		if (out->dst->family == IP_V4)
			piece_fill_v4(split, offset, more, pieces[i], len);
		else
			piece_fill_v6(split, offset, more, pieces[i], len);
		ret = link_output(net, out, pieces[i]);
		if (ret_first == 0)
			ret_first = ret;
	}
	if (split->split)
		stats_add(net->config.stats, STAT_net_frag_sent, count);
	return ret_first;
}

int frag_output(struct net *net, const struct ip_out *out, struct rte_mbuf *packet)
{
	bool v4 = out->dst->family == IP_V4;
	struct split split = {.packet = packet, .header_len = v4 ? IP4_HEADER : IP6_HEADER};
	uint32_t total = packet->pkt_len - split.header_len;
	uint32_t piece_max = RTE_MIN(out->port->piece_max, ip_path_mtu(net, out));
	struct rte_mbuf *pieces[FRAG_PIECES_MAX];
	uint32_t count;
	int ret;

	split.split = packet->pkt_len > piece_max;
	split.step = split.split ? (piece_max - split.header_len - (v4 ? 0U : (uint32_t)FRAG_HEADER)) & ~7U
				 : total;
	split.id = (uint32_t)rng_u64(net->config.rng); /* unpredictable: RFC 7739 */
	count = (total + split.step - 1) / split.step;
	ensure(count <= FRAG_PIECES_MAX);
	if (rte_pktmbuf_alloc_bulk(net->config.pool, pieces, count) != 0) {
		net_count(net, STAT_net_no_mbuf);
		ret = -ENOBUFS;
	} else {
		ret = pieces_send(net, out, &split, pieces, count);
	}
	rte_pktmbuf_free(packet);
	return ret;
}
