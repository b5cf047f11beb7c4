/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rig's wire, listener and clock; frame.c builds and judges the frames.
 */
#include "rig.h"

#include "support/eal.h"

#include <rte_mbuf.h>

#include <stdlib.h>

const uint8_t rig_mac[6] = {2, 0, 0, 0, 0, 1};
const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};

static uint16_t wire_rx(void *ctx, struct rte_mbuf **mbufs, uint16_t max)
{
	(void)ctx;
	(void)mbufs;
	(void)max;
	return 0;
}

static uint16_t wire_tx(void *ctx, struct rte_mbuf **mbufs, uint16_t count)
{
	struct rig *rig = ctx;
	uint16_t taken = 0;

	while (taken < count && rig->wire_room > 0) {
		assert_true(rig->sent_count < RIG_SENT_MAX);
		rig->sent[rig->sent_count++] = mbufs[taken++];
		rig->wire_room--;
	}
	return taken;
}

static enum net_verdict deliver(void *ctx, struct udp_datagram *datagram)
{
	struct rig *rig = ctx;
	const char *linear = net_udp_linear(datagram, rig->payload, sizeof(rig->payload));

	rig->delivered_count++;
	rig->src = datagram->src;
	rig->dst = datagram->dst;
	rig->payload_len = datagram->payload_len;
	rig->payload_was_linear = datagram->payload != NULL;
	assert_non_null(linear);
	if (linear != rig->payload)
		memcpy(rig->payload, linear, datagram->payload_len);
	if (rig->verdict == NET_TAKEN)
		rte_pktmbuf_free(datagram->mbuf);
	return rig->verdict;
}

static void unreachable(void *ctx, const struct endpoint *local, const struct endpoint *remote,
	enum net_unreach why, struct span quoted)
{
	struct rig *rig = ctx;

	rig->quoted_len = quoted.len;
	memcpy(rig->quoted, quoted.p, quoted.len);
	if (rig->error_count < RIG_ERRORS_MAX)
		rig->errors[rig->error_count] = (struct rig_error){*local, *remote, why};
	rig->error_count++;
}

static void tcp_deliver(void *ctx, const struct net_segment *segment)
{
	struct rig *rig = ctx;
	const void *bytes =
		rte_pktmbuf_read(segment->mbuf, segment->l4_offset, segment->l4_len, rig->payload);

	assert_non_null(bytes);
	if (bytes != rig->payload)
		memcpy(rig->payload, bytes, segment->l4_len);
	rig->segment_count++;
	rig->src.ip = segment->src;
	rig->dst.ip = segment->dst;
	rig->payload_len = segment->l4_len;
	rte_pktmbuf_free(segment->mbuf);
}

static void tcp_unreachable(void *ctx, const struct endpoint *local, const struct endpoint *remote,
	uint32_t quoted_seq, uint32_t mtu)
{
	struct rig *rig = ctx;

	if (rig->tcp_error_count < RIG_ERRORS_MAX)
		rig->tcp_errors[rig->tcp_error_count] =
			(struct rig_tcp_error){*local, *remote, quoted_seq, mtu};
	rig->tcp_error_count++;
}

static void offer(void *ctx, const struct net_neighbour *neighbour)
{
	struct rig *rig = ctx;

	rig->offered = *neighbour;
	rig->offered_count++;
}

struct ip_addr rig_ip(const char *text)
{
	struct ip_addr ip;

	assert_int_equal(ip_parse(span_str(text), &ip), 0);
	return ip;
}

static struct ip_prefix prefix_of(const char *text)
{
	struct ip_prefix prefix;

	assert_int_equal(ip_prefix_parse(span_str(text), &prefix), 0);
	return prefix;
}

/* A pool outlives the tests of one program: the EAL does not give names back in time. */
static struct rte_mempool *rig_pool(void)
{
	static struct rte_mempool *pool;

	if (!pool)
		pool = eal_pool("rig", RIG_MBUFS, RTE_MBUF_DEFAULT_BUF_SIZE);
	return pool;
}

int rig_setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	if (!rig || eal_start() != 0)
		return -1;
	rng_init(&rig->rng, 1);
	rig->pool = rig_pool();
	rig->now_ns = 10 * RIG_S;
	rig->wire_room = UINT32_MAX;
	rig->wire = (struct wire){.rx = wire_rx, .tx = wire_tx, .ctx = rig, .mtu = 1500};
	memcpy(rig->wire.mac, rig_mac, 6);
	rig->config = (struct net_config){
		.port_count = 1,
		.socket_id = SOCKET_ID_ANY,
		.pool = rig->pool,
		.stats = &rig->stats,
		.rng = &rig->rng,
		.ctx = rig,
		.udp_deliver = deliver,
		.unreachable = unreachable,
		.neigh_offer = offer,
	};
	rig->config.ports[0] = (struct net_port_config){
		.wire = &rig->wire,
		.local = {prefix_of("192.0.2.1/24"), prefix_of("2001:db8::1/64")},
		.local_count = 2,
		.gateway_v4 = rig_ip("192.0.2.254"),
		.gateway_v6 = rig_ip("2001:db8::fe"),
	};
	*state = rig;
	return net_create(&rig->config, &rig->net);
}

void rig_restart(struct rig *rig)
{
	net_destroy(rig->net);
	assert_int_equal(net_create(&rig->config, &rig->net), 0);
}

void rig_take_segments(struct rig *rig)
{
	rig->config.tcp_deliver = tcp_deliver;
	rig->config.tcp_unreachable = tcp_unreachable;
	rig_restart(rig);
}

int rig_teardown(void **state)
{
	struct rig *rig = *state;
	unsigned back;

	rig_forget_sent(rig);
	net_destroy(rig->net);
	back = rte_mempool_avail_count(rig->pool);
	free(rig);
	if (back != RIG_MBUFS)
		print_error("%u of %u mbufs came back\n", back, (unsigned)RIG_MBUFS);
	return back == RIG_MBUFS ? 0 : -1;
}

struct rte_mbuf *rig_mbuf(struct rig *rig, const void *bytes, uint32_t len, uint32_t segment)
{
	struct rte_mbuf *head = rte_pktmbuf_alloc(rig->pool);
	struct rte_mbuf *seg = head;
	const char *from = bytes;

	assert_non_null(head);
	while (len > 0) {
		uint32_t count = RTE_MIN(len, RTE_MIN(segment, (uint32_t)rte_pktmbuf_tailroom(seg)));
		char *to = rte_pktmbuf_append(seg, (uint16_t)count);

		assert_non_null(to);
		memcpy(to, from, count);
		if (seg != head)
			assert_int_equal(rte_pktmbuf_chain(head, seg), 0);
		from += count;
		len -= count;
		if (len > 0) {
			seg = rte_pktmbuf_alloc(rig->pool);
			assert_non_null(seg);
		}
	}
	return head;
}

void rig_input_cut(struct rig *rig, const struct frame *frame, uint32_t segment)
{
	struct rte_mbuf *mbuf = rig_mbuf(rig, frame->bytes, frame->len, segment);

	net_input(rig->net, 0, &mbuf, 1, rig->now_ns);
}

void rig_input_judged(struct rig *rig, const struct frame *frame, uint64_t ol_flags)
{
	struct rte_mbuf *mbuf = rig_mbuf(rig, frame->bytes, frame->len, UINT32_MAX);

	mbuf->ol_flags |= ol_flags;
	net_input(rig->net, 0, &mbuf, 1, rig->now_ns);
}

void rig_expect_left_to_device(const struct rig *rig, uint64_t l4_flag)
{
	assert_true(rig->sent[0]->ol_flags & RTE_MBUF_F_TX_IP_CKSUM);
	assert_int_equal(rig->sent[0]->ol_flags & RTE_MBUF_F_TX_L4_MASK, l4_flag);
	assert_int_equal(rig->sent[0]->l2_len, 14);
	assert_int_equal(rig->sent[0]->l3_len, 20);
}

static void guarded_free(void *buffer, void *opaque)
{
	(void)opaque;
	free(buffer);
}

/* The frame ends where its memory ends, so that the address sanitizer sees a read beyond it. */
static struct rte_mbuf *guarded_mbuf(struct rig *rig, const struct frame *frame)
{
	uint16_t info_len = RTE_ALIGN_CEIL(sizeof(struct rte_mbuf_ext_shared_info), 64);
	uint16_t data_off = (uint16_t)(info_len + RTE_PKTMBUF_HEADROOM);
	char *buffer = malloc(data_off + frame->len);
	struct rte_mbuf_ext_shared_info *info = (struct rte_mbuf_ext_shared_info *)(void *)buffer;
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(rig->pool);

	assert_true(buffer != NULL && mbuf != NULL && frame->len + data_off <= UINT16_MAX);
	info->free_cb = guarded_free;
	info->fcb_opaque = NULL;
	rte_mbuf_ext_refcnt_set(info, 1);
	rte_pktmbuf_attach_extbuf(mbuf, buffer, RTE_BAD_IOVA, (uint16_t)(data_off + frame->len), info);
	mbuf->data_off = data_off;
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)frame->len), frame->bytes, frame->len);
	return mbuf;
}

void rig_input(struct rig *rig, const struct frame *frame)
{
	struct rte_mbuf *mbuf = guarded_mbuf(rig, frame);

	net_input(rig->net, 0, &mbuf, 1, rig->now_ns);
}

int rig_send(struct rig *rig, const char *to, uint32_t len)
{
	struct endpoint dst = endpoint_of(to);
	struct endpoint src = endpoint_of(dst.ip.family == IP_V4 ? "192.0.2.1" : "2001:db8::1");
	struct frame *frame = calloc(1, sizeof(*frame));
	struct rte_mbuf *mbuf;

	assert_non_null(frame);
	for (uint32_t i = 0; i < len; i++)
		frame->bytes[i] = (uint8_t)(i * 7 + i / 256);
	mbuf = rig_mbuf(rig, frame->bytes, len, UINT32_MAX);
	free(frame);
	return net_udp_send(rig->net, &src, &dst, mbuf, rig->now_ns);
}

int rig_send_segment(struct rig *rig, const char *to, uint32_t seq, uint32_t len)
{
	struct ip_addr dst = rig_ip(to);
	struct ip_addr src = rig_ip(dst.family == IP_V4 ? "192.0.2.1" : "2001:db8::1");
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(rig->pool);
	uint8_t *bytes;

	assert_non_null(mbuf);
	bytes = (uint8_t *)rte_pktmbuf_append(mbuf, (uint16_t)(20 + len));
	assert_non_null(bytes);
	for (uint32_t i = 0; i < 20 + len; i++)
		bytes[i] = (uint8_t)(i * 5 + i / 256);
	memcpy(bytes, (const uint8_t[]){5060 >> 8, 5060 & 0xff, 5070 >> 8, 5070 & 0xff}, 4);
	for (int i = 0; i < 4; i++)
		bytes[4 + i] = (uint8_t)(seq >> (24 - 8 * i));
	return net_tcp_send(rig->net, &src, &dst, mbuf, rig->now_ns);
}

void rig_learn(struct rig *rig, const char *ip, const uint8_t mac[6])
{
	assert_int_equal(rig_send(rig, ip, 1), 0);
	if (rig_ip(ip).family == IP_V4)
		rig_input(rig, frame_arp(2, ip, mac, "192.0.2.1"));
	else
		rig_input(rig, frame_nd(136, ip, "2001:db8::1", ip, mac));
	net_flush(rig->net);
	rig_forget_sent(rig);
}

const struct frame *rig_sent(struct rig *rig, uint32_t index)
{
	static struct frame frame;
	const void *bytes;

	net_flush(rig->net);
	assert_true(index < rig->sent_count);
	frame.len = rig->sent[index]->pkt_len;
	rte_mbuf_sanity_check(rig->sent[index], 1);
	bytes = rte_pktmbuf_read(rig->sent[index], 0, frame.len, frame.bytes);
	assert_non_null(bytes);
	if (bytes != frame.bytes)
		memcpy(frame.bytes, bytes, frame.len);
	return &frame;
}

void rig_forget_sent(struct rig *rig)
{
	net_flush(rig->net);
	rte_pktmbuf_free_bulk(rig->sent, rig->sent_count);
	rig->sent_count = 0;
}

void rig_wait(struct rig *rig, uint64_t ns)
{
	uint64_t end_ns = rig->now_ns + ns;

	while (rig->now_ns < end_ns) {
		rig->now_ns += RIG_MS;
		net_tick(rig->net, rig->now_ns);
	}
	net_flush(rig->net);
}

uint64_t rig_count(const struct rig *rig, enum stat stat)
{
	return stats_get(&rig->stats, stat);
}
