/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The short way in takes nothing that the stages would refuse, and makes the same of what it takes. */
#include "rig.h"

#include "net/net_priv.h"

#include <rte_ethdev.h>

enum { SEAL = 1 };

static struct packet packet_of(struct rig *rig, struct rte_mbuf *mbuf)
{
	return (struct packet){.mbuf = mbuf, .port = &rig->net->ports[0], .now_ns = rig->now_ns};
}

static bool is_plain(struct rig *rig, const struct frame *frame, uint32_t segment, uint64_t ol_flags)
{
	struct rte_mbuf *mbuf = rig_mbuf(rig, frame->bytes, frame->len, segment);
	struct packet pkt = packet_of(rig, mbuf);
	bool plain;

	mbuf->ol_flags |= ol_flags;
	plain = plain_read(&pkt);
	rte_pktmbuf_free(mbuf);
	return plain;
}

static bool same_packet(const struct packet *a, const struct packet *b)
{
	return a->mbuf == b->mbuf && a->port == b->port && a->now_ns == b->now_ns &&
	       ip_equal(&a->src, &b->src) && ip_equal(&a->dst, &b->dst) && a->l4_offset == b->l4_offset &&
	       a->l4_len == b->l4_len && memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 &&
	       a->proto == b->proto && a->hop_limit == b->hop_limit && a->link_unicast == b->link_unicast &&
	       a->to_us == b->to_us && a->reassembled == b->reassembled;
}

/* Asks both; returns whether the frame was plain. */
static bool both_agree(struct rig *rig, const struct frame *frame)
{
	struct rte_mbuf *mbuf = rig_mbuf(rig, frame->bytes, frame->len, UINT32_MAX);
	struct packet by_short_way = packet_of(rig, mbuf);
	struct packet by_stages = packet_of(rig, mbuf);
	bool plain = plain_read(&by_short_way);
	uint32_t delivered = rig->delivered_count;
	int fate = eth_input(rig->net, &by_stages);

	if (fate != PACKET_TAKEN)
		rte_pktmbuf_free(by_stages.mbuf);
	if (plain)
		assert_true(fate == PACKET_TAKEN && rig->delivered_count == delivered + 1 &&
			    same_packet(&by_short_way, &by_stages));
	rig_forget_sent(rig);
	return plain;
}

static void test_an_honest_datagram_is_plain(void **state)
{
	struct rig *rig = *state;

	for (int family = 4; family <= 6; family += 2)
		for (uint32_t len = 0; len < 200; len++)
			assert_true(both_agree(rig, frame_udp(family, rig->payload, len)));
}

/* Each byte of the headers with each value, its checksums right or as they were, asked twice: the second time
 * the addresses may be known. */
static void test_whatever_stands_in_the_headers_the_stages_agree(void **state)
{
	struct rig *rig = *state;
	uint32_t plain = 0;

	for (int family = 4; family <= 6; family += 2) {
		const struct frame good = *frame_udp(family, "some payload", 12);
		for (uint32_t at = 0; at < good.len - 12; at++) {
			for (uint32_t value = 0; value < 256 * 2; value++) {
				struct frame *frame = frame_udp(family, "some payload", 12);
				frame->bytes[at] = (uint8_t)(value / 2);
				if (value & SEAL)
					frame_seal(frame);
				for (int again = 0; again < 2; again++)
					plain += both_agree(rig, frame);
			}
		}
	}
	/* Ports, sources, TTL and the like may be anything: thousands of these are good. */
	assert_true(plain > 2 * 2 * 256 * 4);
}

static void test_every_truncation_and_every_padding_is_left_to_the_stages(void **state)
{
	struct rig *rig = *state;

	for (int family = 4; family <= 6; family += 2) {
		struct frame *frame = frame_udp(family, "some payload", 12);
		uint32_t whole = frame->len;
		for (frame->len = 1; frame->len < whole + 20; frame->len++)
			assert_int_equal(both_agree(rig, frame), frame->len == whole);
	}
}

static void test_what_is_not_plain_is_left_to_the_stages(void **state)
{
	static const uint8_t options[4] = {1, 1, 1, 0};
	struct rig *rig = *state;
	struct frame *frame = frame_udp(4, "x", 1);

	assert_false(is_plain(rig, frame, 42, 0));
	assert_false(is_plain(rig, frame, UINT32_MAX, RTE_MBUF_F_RX_VLAN));
	assert_false(is_plain(rig, frame, UINT32_MAX, RTE_MBUF_F_RX_VLAN_STRIPPED));
	assert_true(is_plain(rig, frame, UINT32_MAX, 0));
	frame_insert(frame, 34, options, sizeof(options));
	frame->bytes[14] = 0x46;
	frame->bytes[17] += sizeof(options);
	frame_seal(frame);
	assert_false(both_agree(rig, frame));
	assert_false(both_agree(rig, frame_tcp(4, "x", 1)));
	assert_false(both_agree(rig, frame_icmp(6, 128, 0, "1234567", 7)));
	assert_false(both_agree(rig, frame_arp(1, "192.0.2.2", peer_mac, "192.0.2.1")));
}

static void test_a_device_that_vouches_spares_the_sums(void **state)
{
	static const struct {
		uint64_t offloads;
		uint64_t flags;
		bool plain;
	} rows[] = {
		{0, RTE_MBUF_F_RX_L4_CKSUM_GOOD | RTE_MBUF_F_RX_IP_CKSUM_GOOD, false},
		{RTE_ETH_RX_OFFLOAD_UDP_CKSUM, RTE_MBUF_F_RX_L4_CKSUM_GOOD, false},
		{RTE_ETH_RX_OFFLOAD_IPV4_CKSUM, RTE_MBUF_F_RX_IP_CKSUM_GOOD, false},
		{RTE_ETH_RX_OFFLOAD_UDP_CKSUM | RTE_ETH_RX_OFFLOAD_IPV4_CKSUM,
			RTE_MBUF_F_RX_L4_CKSUM_NONE | RTE_MBUF_F_RX_IP_CKSUM_NONE, false},
		{RTE_ETH_RX_OFFLOAD_UDP_CKSUM | RTE_ETH_RX_OFFLOAD_IPV4_CKSUM,
			RTE_MBUF_F_RX_L4_CKSUM_GOOD | RTE_MBUF_F_RX_IP_CKSUM_GOOD, true},
	};
	struct rig *rig = *state;
	struct frame *frame = frame_udp(4, "x", 1);

	frame->bytes[24] ^= 1;
	frame->bytes[41] ^= 1;
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		rig->wire.rx_offloads = rows[i].offloads;
		assert_int_equal(is_plain(rig, frame, UINT32_MAX, rows[i].flags), rows[i].plain);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_an_honest_datagram_is_plain),
		RIG_TEST(test_whatever_stands_in_the_headers_the_stages_agree),
		RIG_TEST(test_every_truncation_and_every_padding_is_left_to_the_stages),
		RIG_TEST(test_what_is_not_plain_is_left_to_the_stages),
		RIG_TEST(test_a_device_that_vouches_spares_the_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
