/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments as they lie in mbufs: reading the header of one that came in, writing that of one that leaves.
 * Nothing here knows connections.
 */
#include "tcp/segment_priv.h"

#include "tcp/stages_priv.h"

#include <rte_byteorder.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>

static_assert(sizeof(struct rte_tcp_hdr) == TCP_HEADER, "wire size");

struct tcp_key key_of(const struct endpoint *local, const struct endpoint *remote)
{
	struct tcp_key key = {
		.local_port = local->port, .remote_port = remote->port, .family = local->ip.family};

	memcpy(key.local, local->ip.bytes, sizeof(key.local));
	memcpy(key.remote, remote->ip.bytes, sizeof(key.remote));
	return key;
}

static struct ip_addr addr_of(const uint8_t bytes[16], uint32_t family)
{
	struct ip_addr addr = {.family = (uint8_t)family};

	memcpy(addr.bytes, bytes, sizeof(addr.bytes));
	return addr;
}

struct ip_addr key_local(const struct tcp_key *key)
{
	return addr_of(key->local, key->family);
}

struct ip_addr key_remote(const struct tcp_key *key)
{
	return addr_of(key->remote, key->family);
}

/* RFC 9293 3.9.2.3: an address that no single host has cannot be an end of a connection. */
static bool ends_are_hosts(const struct tcp_packet *packet)
{
	return packet->src->family == packet->dst->family && !ip_is_multicast(packet->src) &&
	       !ip_is_multicast(packet->dst) && !ip_is_unspecified(packet->src);
}

static void header_read(const struct tcp_packet *packet, const struct rte_tcp_hdr *tcp, struct segment *seg)
{
	const struct endpoint local = {*packet->dst, rte_be_to_cpu_16(tcp->dst_port)};
	const struct endpoint remote = {*packet->src, rte_be_to_cpu_16(tcp->src_port)};
	uint32_t header_len = (uint32_t)(tcp->data_off >> 4) * 4;

	*seg = (struct segment){
		.key = key_of(&local, &remote),
		.seq = rte_be_to_cpu_32(tcp->sent_seq),
		.ack = rte_be_to_cpu_32(tcp->recv_ack),
		.len = packet->l4_len - header_len,
		.window = rte_be_to_cpu_16(tcp->rx_win),
		.flags = tcp->tcp_flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK),
	};
	options_read((const uint8_t *)(tcp + 1), header_len - TCP_HEADER, &seg->options);
}

int segment_read(const struct tcp_packet *packet, struct segment *ret_seg)
{
	uint8_t buf[TCP_HEADER_MAX];
	const struct rte_tcp_hdr *tcp;
	uint32_t header_len;

	if (packet->l4_len < TCP_HEADER)
		return STAT_tcp_short;
	ensure(chain_len(packet->mbuf) >= packet->l4_offset + packet->l4_len);
	tcp = rte_pktmbuf_read(packet->mbuf, packet->l4_offset, TCP_HEADER, buf);
	header_len = (uint32_t)(tcp->data_off >> 4) * 4;
	if (header_len < TCP_HEADER || header_len > packet->l4_len)
		return STAT_tcp_bad_offset;
	tcp = rte_pktmbuf_read(packet->mbuf, packet->l4_offset, header_len, buf);
	if (tcp->src_port == 0 || tcp->dst_port == 0)
		return STAT_tcp_port_zero;
	if (!ends_are_hosts(packet))
		return STAT_tcp_not_unicast;
	header_read(packet, tcp, ret_seg);
	ret_seg->text = packet->mbuf;
	if (ret_seg->len > 0) {
		chain_cut_front(&ret_seg->text, packet->l4_offset + header_len);
		chain_cut_back(ret_seg->text, ret_seg->len);
	} else {
		chain_free(packet->mbuf);
		ret_seg->text = NULL;
	}
	return 0;
}

void segment_send_text(struct tcp *tcp, const struct segment_out *out, struct rte_mbuf *mbuf)
{
	uint8_t options[TCP_OPTIONS_MAX];
	uint32_t options_bytes = options_write(&out->options, options);
	uint32_t header_len = TCP_HEADER + options_bytes;
	struct ip_addr src = key_local(out->key);
	struct ip_addr dst = key_remote(out->key);
	struct rte_tcp_hdr *hdr = (void *)rte_pktmbuf_prepend(mbuf, (uint16_t)header_len);

	ensure(hdr != NULL && rte_pktmbuf_headroom(mbuf) >= TCP_HEADROOM);
	*hdr = (struct rte_tcp_hdr){
		.src_port = rte_cpu_to_be_16(out->key->local_port),
		.dst_port = rte_cpu_to_be_16(out->key->remote_port),
		.sent_seq = rte_cpu_to_be_32(out->seq),
		.recv_ack = rte_cpu_to_be_32(out->ack),
		.data_off = (uint8_t)(header_len / 4 << 4),
		.tcp_flags = out->flags,
		.rx_win = rte_cpu_to_be_16(out->window),
	};
	memcpy(hdr + 1, options, options_bytes);
	tcp_count(tcp, STAT_tcp_segments_sent);
	tcp->config.output(tcp->config.ctx, &src, &dst, mbuf);
}

bool segment_send(struct tcp *tcp, const struct segment_out *out)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(tcp->config.pool);

	if (!mbuf) {
		tcp_count(tcp, STAT_tcp_no_mbuf);
		return false;
	}
	mbuf->data_off = TCP_HEADROOM + TCP_HEADER_MAX;
	segment_send_text(tcp, out, mbuf);
	return true;
}

void reset_answer(struct tcp *tcp, const struct segment *seg)
{
	struct segment_out out = {.key = &seg->key, .flags = TCP_RST};

	if (seg->flags & TCP_RST)
		return;
	if (!budget_take(&tcp->reset_budget, tcp->now_ns)) {
		tcp_count(tcp, STAT_tcp_resets_limited);
		return;
	}
	if (seg->flags & TCP_ACK) {
		out.seq = seg->ack;
	} else {
		out.flags |= TCP_ACK;
		out.ack = seg->seq + segment_space(seg);
	}
	if (segment_send(tcp, &out))
		tcp_count(tcp, STAT_tcp_resets_sent);
}
