/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments in and out: verified and whole, and what routers say about those that did not arrive. */
#include "rig.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <errno.h>

static const char *peer_of(int family)
{
	return family == 4 ? "192.0.2.2" : "2001:db8::2";
}

static uint32_t l4_of(int family)
{
	return family == 4 ? 34 : 54;
}

static void test_a_segment_is_delivered_with_its_addresses_and_all_its_bytes(void **state)
{
	struct rig *rig = *state;

	rig_take_segments(rig);
	for (int family = 4; family <= 6; family += 2) {
		struct ip_addr src = rig_ip(peer_of(family));
		struct ip_addr dst = rig_ip(family == 4 ? "192.0.2.1" : "2001:db8::1");
		struct frame *frame = frame_tcp(family, "hello", 5);

		rig_input(rig, frame);
		assert_int_equal(rig->payload_len, 25);
		assert_memory_equal(rig->payload, frame->bytes + l4_of(family), 25);
		assert_true(ip_equal(&rig->src.ip, &src) && ip_equal(&rig->dst.ip, &dst));
	}
	assert_int_equal(rig->segment_count, 2);
	assert_int_equal(rig->sent_count, 0);
}

static void test_a_segment_across_mbufs_is_delivered_whole(void **state)
{
	struct rig *rig = *state;
	char text[300];

	rig_take_segments(rig);
	for (uint32_t i = 0; i < sizeof(text); i++)
		text[i] = (char)i;
	for (int family = 4; family <= 6; family += 2) {
		rig_input_cut(rig, frame_tcp(family, text, sizeof(text)), 64);
		assert_int_equal(rig->payload_len, 20 + sizeof(text));
		assert_memory_equal(rig->payload + 20, text, sizeof(text));
	}
}

static void test_a_segment_in_two_ip_fragments_comes_together(void **state)
{
	struct rig *rig = *state;
	struct frame whole = *frame_tcp(4, "0123456789abcdefghij", 20);
	struct frame part = whole;

	rig_take_segments(rig);
	part.bytes[17] = 20 + 24;
	part.bytes[20] = 0x20;
	part.len = 34 + 24;
	frame_seal(&part);
	memcpy(part.bytes + 34, whole.bytes + 34, 24);
	rig_input(rig, &part);
	part.bytes[17] = 20 + 16;
	part.bytes[20] = 0;
	part.bytes[21] = 3;
	part.len = 34 + 16;
	frame_seal(&part);
	memcpy(part.bytes + 34, whole.bytes + 58, 16);
	rig_input(rig, &part);
	assert_int_equal(rig->segment_count, 1);
	assert_memory_equal(rig->payload, whole.bytes + 34, 40);
}

static void test_every_changed_bit_of_a_segment_is_noticed(void **state)
{
	struct rig *rig = *state;

	rig_take_segments(rig);
	for (int family = 4; family <= 6; family += 2) {
		struct frame frame = *frame_tcp(family, "x", 1);
		uint32_t bits = 0;

		for (uint32_t at = l4_of(family); at < frame.len; at++) {
			for (int bit = 0; bit < 8; bit++, bits++) {
				frame.bytes[at] ^= (uint8_t)(1 << bit);
				rig_input(rig, &frame);
				frame.bytes[at] ^= (uint8_t)(1 << bit);
			}
		}
		assert_int_equal(bits, 21 * 8);
	}
	assert_int_equal(rig->segment_count, 0);
	assert_int_equal(rig_count(rig, STAT_net_tcp_bad_checksum), 2 * 21 * 8);
}

static void test_a_segment_shorter_than_a_header_is_dropped(void **state)
{
	struct rig *rig = *state;

	rig_take_segments(rig);
	for (uint8_t len = 0; len < 20; len++) {
		struct frame *frame = frame_tcp(4, "", 0);
		frame->bytes[17] = (uint8_t)(20 + len);
		frame->len = 34U + len;
		frame_seal(frame);
		rig_input(rig, frame);
		frame = frame_tcp(6, "", 0);
		frame->bytes[19] = len;
		frame->len = 54U + len;
		rig_input(rig, frame);
	}
	assert_int_equal(rig_count(rig, STAT_net_tcp_short), 40);
	assert_int_equal(rig->segment_count, 0);
}

static void test_a_segment_to_a_group_is_dropped_in_silence(void **state)
{
	struct rig *rig = *state;
	struct frame *frame = frame_tcp(6, "x", 1);

	rig_take_segments(rig);
	memcpy(frame->bytes, "\x33\x33\0\0\0\1", 6);
	memset(frame->bytes + 38, 0, 16);
	memcpy(frame->bytes + 38, "\xff\2", 2);
	frame->bytes[53] = 1;
	frame_seal(frame);
	rig_input(rig, frame);
	assert_int_equal(rig_count(rig, STAT_net_tcp_not_unicast), 1);
	assert_int_equal(rig->segment_count + rig->sent_count, 0);
}

static void test_only_a_trusted_good_verdict_replaces_the_sum(void **state)
{
	static const struct {
		uint64_t offloads;
		uint64_t flags;
		uint32_t delivered;
	} rows[] = {
		{0, RTE_MBUF_F_RX_L4_CKSUM_GOOD, 0},
		{RTE_ETH_RX_OFFLOAD_UDP_CKSUM, RTE_MBUF_F_RX_L4_CKSUM_GOOD, 0},
		{RTE_ETH_RX_OFFLOAD_TCP_CKSUM, RTE_MBUF_F_RX_L4_CKSUM_NONE, 0},
		{RTE_ETH_RX_OFFLOAD_TCP_CKSUM, RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN, 0},
		{RTE_ETH_RX_OFFLOAD_TCP_CKSUM, RTE_MBUF_F_RX_L4_CKSUM_GOOD, 1},
	};
	struct rig *rig = *state;

	rig_take_segments(rig);
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		struct frame *frame = frame_tcp(4, "x", 1);

		frame->bytes[frame->len - 1] ^= 1;
		rig->wire.rx_offloads = rows[i].offloads;
		rig->segment_count = 0;
		rig_input_judged(rig, frame, rows[i].flags);
		assert_int_equal(rig->segment_count, rows[i].delivered);
	}
	assert_int_equal(rig_count(rig, STAT_net_tcp_bad_checksum), 4);
}

static void test_without_tcp_a_segment_is_of_an_unknown_protocol(void **state)
{
	struct rig *rig = *state;

	rig_input(rig, frame_tcp(4, "x", 1));
	rig_input(rig, frame_tcp(6, "x", 1));
	assert_int_equal(rig_count(rig, STAT_net_ip4_unknown_proto), 1);
	assert_int_equal(rig_count(rig, STAT_net_ip6_unknown_proto), 1);
	assert_int_equal(rig->sent_count, 0);
}

static void test_a_segment_sent_is_right_and_may_not_be_fragmented(void **state)
{
	struct rig *rig = *state;

	rig_take_segments(rig);
	for (int family = 4; family <= 6; family += 2) {
		rig_learn(rig, peer_of(family), peer_mac);
		for (uint32_t len = 0; len <= 1440; len += len < 8 ? 1 : 179) {
			const struct frame *frame;

			assert_int_equal(rig_send_segment(rig, peer_of(family), 7, len), 0);
			frame = rig_sent(rig, 0);
			assert_int_equal(rig->sent_count, 1);
			assert_int_equal(frame->len, l4_of(family) + 20 + len);
			assert_memory_equal(frame->bytes, peer_mac, 6);
			assert_true(frame_checksums_right(frame));
			if (family == 4)
				assert_int_equal(frame->bytes[20] << 8 | frame->bytes[21], 0x4000);
			rig_forget_sent(rig);
		}
	}
}

static void test_a_datagram_may_be_fragmented_on_its_way(void **state)
{
	struct rig *rig = *state;

	rig_learn(rig, "192.0.2.2", peer_mac);
	assert_int_equal(rig_send(rig, "192.0.2.2", 10), 0);
	assert_int_equal(rig_sent(rig, 0)->bytes[20], 0);
}

static void test_a_device_that_computes_gets_the_pseudo_header_of_tcp(void **state)
{
	struct rig *rig = *state;
	const struct frame *frame;

	rig_take_segments(rig);
	rig->wire.tx_offloads = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM;
	rig_learn(rig, "192.0.2.2", peer_mac);
	assert_int_equal(rig_send_segment(rig, "192.0.2.2", 7, 80), 0);
	frame = rig_sent(rig, 0);
	rig_expect_left_to_device(rig, RTE_MBUF_F_TX_TCP_CKSUM);
	/* 192.0.2.1 + 192.0.2.2 + TCP + length, folded */
	assert_int_equal(frame->bytes[50] << 8 | frame->bytes[51],
		(uint16_t)~slow_checksum(
			(const uint8_t *)"\xc0\x00\x02\x01\xc0\x00\x02\x02\x00\x06\x00\x64", 12, 0));
}

static void test_a_device_that_computes_for_datagrams_alone_gets_right_segments(void **state)
{
	struct rig *rig = *state;

	rig_take_segments(rig);
	rig->wire.tx_offloads = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	rig_learn(rig, "192.0.2.2", peer_mac);
	assert_int_equal(rig_send_segment(rig, "192.0.2.2", 7, 80), 0);
	assert_true(frame_checksums_right(rig_sent(rig, 0)));
	assert_int_equal(rig->sent[0]->ol_flags, 0);
}

static void test_a_segment_longer_than_the_link_carries_is_refused(void **state)
{
	struct rig *rig = *state;

	rig_take_segments(rig);
	rig_learn(rig, "192.0.2.2", peer_mac);
	assert_int_equal(rig_send_segment(rig, "192.0.2.2", 7, 1460), 0);
	assert_int_equal(rig_send_segment(rig, "192.0.2.2", 7, 1461), -EMSGSIZE);
	assert_int_equal(rig_send_segment(rig, "2001:db8::2", 7, 1441), -EMSGSIZE);
	assert_int_equal(rig_count(rig, STAT_net_tcp_too_long), 2);
	assert_int_equal(rig_send_segment(rig, "192.0.2.255", 7, 10), -EINVAL);
	assert_int_equal(rig_count(rig, STAT_net_tx_bad_destination), 1);
}

/* What a router says, and how much of our segment it quotes. */
struct told {
	int family;
	uint8_t type;
	uint8_t code;
	uint32_t mtu;
	uint32_t quoted_max;
};

/* What we send comes back quoted; nothing is written by hand but the outer header and the MTU. */
static void quote_back(struct rig *rig, struct told told)
{
	uint8_t body[4 + 600] = {0, 0, (uint8_t)(told.mtu >> 8), (uint8_t)told.mtu};
	const char *peer = peer_of(told.family);
	uint32_t len;

	rig_learn(rig, peer, peer_mac);
	assert_int_equal(rig_send_segment(rig, peer, 0x89abcdef, 900), 0);
	len = RTE_MIN(rig_sent(rig, 0)->len - 14, told.quoted_max);
	memcpy(body + 4, rig_sent(rig, 0)->bytes + 14, len);
	rig_forget_sent(rig);
	rig_input(rig, frame_icmp(told.family, told.type, told.code, body, 4 + len));
	rig_forget_sent(rig);
}

static void expect_error(const struct rig *rig, int family, uint32_t mtu)
{
	struct endpoint local = endpoint_of(family == 4 ? "192.0.2.1:5060" : "[2001:db8::1]:5060");
	struct endpoint remote = endpoint_of(family == 4 ? "192.0.2.2:5070" : "[2001:db8::2]:5070");

	assert_int_equal(rig->tcp_error_count, 1);
	assert_true(endpoint_equal(&rig->tcp_errors[0].local, &local));
	assert_true(endpoint_equal(&rig->tcp_errors[0].remote, &remote));
	assert_int_equal(rig->tcp_errors[0].seq, 0x89abcdef);
	assert_int_equal(rig->tcp_errors[0].mtu, mtu);
}

static void test_an_error_about_our_segment_reaches_tcp_with_its_number(void **state)
{
	static const struct {
		struct told told;
		uint32_t mtu;
	} rows[] = {
		{{4, 3, 1, 0, 600}, 0},
		{{4, 3, 3, 0, 600}, 0},
		{{4, 3, 4, 1400, 600}, 1400},
		{{4, 3, 4, 0, 600}, 576},  /* a router older than RFC 1191 */
		{{4, 3, 4, 68, 600}, 576}, /* nobody has such links */
		{{6, 1, 4, 0, 600}, 0},
		{{6, 2, 0, 1280, 600}, 1280},
	};
	struct rig *rig = *state;

	rig_take_segments(rig);
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		rig->tcp_error_count = 0;
		quote_back(rig, rows[i].told);
		expect_error(rig, rows[i].told.family, rows[i].mtu);
	}
	assert_int_equal(rig->error_count, 0);
}

static void test_a_quote_of_a_segment_is_read_within_its_bounds(void **state)
{
	struct rig *rig = *state;

	rig_take_segments(rig);
	for (uint32_t len = 0; len < 70; len++) {
		rig->tcp_error_count = 0;
		quote_back(rig, (struct told){4, 3, 4, 1400, len});
		assert_int_equal(rig->tcp_error_count, len >= 28);
		rig->tcp_error_count = 0;
		quote_back(rig, (struct told){6, 2, 0, 1300, len});
		assert_int_equal(rig->tcp_error_count, len >= 48);
	}
}

static void test_an_ipv6_path_below_what_all_carry_is_a_lie(void **state)
{
	struct rig *rig = *state;

	rig_take_segments(rig);
	quote_back(rig, (struct told){6, 2, 0, 1279, 600});
	assert_int_equal(rig->tcp_error_count, 0);
	assert_int_equal(rig_count(rig, STAT_net_icmp_ignored), 1);
}

static void test_a_path_that_a_segment_found_narrow_is_narrow_for_datagrams(void **state)
{
	struct rig *rig = *state;

	rig_take_segments(rig);
	quote_back(rig, (struct told){6, 2, 0, 1300, 600});
	assert_int_equal(rig_send(rig, "2001:db8::2", 1440), 0);
	net_flush(rig->net);
	assert_int_equal(rig->sent_count, 2);
	rig_forget_sent(rig);
	/* A segment still leaves as it is: the router's next answer is what teaches its connection. */
	assert_int_equal(rig_send_segment(rig, "2001:db8::2", 1, 1400), 0);
	assert_int_equal(rig_sent(rig, 0)->len, 54 + 20 + 1400);
	assert_int_equal(rig->sent_count, 1);
}

static void test_without_tcp_a_quoted_segment_is_foreign(void **state)
{
	struct rig *rig = *state;

	quote_back(rig, (struct told){4, 3, 3, 0, 600});
	quote_back(rig, (struct told){4, 3, 4, 1400, 600});
	quote_back(rig, (struct told){6, 2, 0, 1300, 600});
	assert_int_equal(rig_count(rig, STAT_net_icmp_foreign_quote), 3);
}

static void test_a_neighbour_that_does_not_answer_is_told_to_tcp(void **state)
{
	struct rig *rig = *state;

	rig_take_segments(rig);
	for (int family = 4; family <= 6; family += 2) {
		rig->tcp_error_count = 0;
		assert_int_equal(rig_send_segment(rig, peer_of(family), 0x89abcdef, 10), 0);
		rig_wait(rig, 5 * RIG_S);
		expect_error(rig, family, 0);
		rig_forget_sent(rig);
	}
	assert_int_equal(rig->error_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_a_segment_is_delivered_with_its_addresses_and_all_its_bytes),
		RIG_TEST(test_a_segment_across_mbufs_is_delivered_whole),
		RIG_TEST(test_a_segment_in_two_ip_fragments_comes_together),
		RIG_TEST(test_every_changed_bit_of_a_segment_is_noticed),
		RIG_TEST(test_a_segment_shorter_than_a_header_is_dropped),
		RIG_TEST(test_a_segment_to_a_group_is_dropped_in_silence),
		RIG_TEST(test_only_a_trusted_good_verdict_replaces_the_sum),
		RIG_TEST(test_without_tcp_a_segment_is_of_an_unknown_protocol),
		RIG_TEST(test_a_segment_sent_is_right_and_may_not_be_fragmented),
		RIG_TEST(test_a_datagram_may_be_fragmented_on_its_way),
		RIG_TEST(test_a_device_that_computes_gets_the_pseudo_header_of_tcp),
		RIG_TEST(test_a_device_that_computes_for_datagrams_alone_gets_right_segments),
		RIG_TEST(test_a_segment_longer_than_the_link_carries_is_refused),
		RIG_TEST(test_an_error_about_our_segment_reaches_tcp_with_its_number),
		RIG_TEST(test_a_quote_of_a_segment_is_read_within_its_bounds),
		RIG_TEST(test_an_ipv6_path_below_what_all_carry_is_a_lie),
		RIG_TEST(test_a_path_that_a_segment_found_narrow_is_narrow_for_datagrams),
		RIG_TEST(test_without_tcp_a_quoted_segment_is_foreign),
		RIG_TEST(test_a_neighbour_that_does_not_answer_is_told_to_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
