/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Echo, closed ports, and what others say about datagrams of ours. */
#include "rig.h"

#include <rte_mbuf.h>

static void test_echo_is_answered_to_whence_it_came(void **state)
{
	struct rig *rig = *state;

	for (int family = 4; family <= 6; family += 2) {
		uint32_t l4 = family == 4 ? 34 : 54;
		const struct frame *reply;

		rig_input(rig, frame_icmp(family, family == 4 ? 8 : 128, 0, "\1\2\3\4payload", 11));
		reply = rig_sent(rig, 0);
		assert_int_equal(rig->sent_count, 1);
		assert_memory_equal(reply->bytes, peer_mac, 6);
		assert_memory_equal(reply->bytes + 6, rig_mac, 6);
		assert_int_equal(reply->len, l4 + 4 + 11);
		assert_int_equal(reply->bytes[l4], family == 4 ? 0 : 129);
		assert_memory_equal(reply->bytes + l4 + 4, "\1\2\3\4payload", 11);
		assert_true(frame_checksums_right(reply));
		rig_forget_sent(rig);
	}
	assert_int_equal(rig_count(rig, STAT_net_icmp_echo_replies), 2);
	assert_int_equal(rig_count(rig, STAT_net_neigh_requests), 0);
}

static void test_a_long_echo_in_segments_is_answered_in_pieces(void **state)
{
	struct rig *rig = *state;
	static char body[3000];

	rig_input_cut(rig, frame_icmp(6, 128, 0, body, sizeof(body)), 1000);
	net_flush(rig->net);
	assert_int_equal(rig->sent_count, 3);
	assert_int_equal(rig_count(rig, STAT_net_frag_sent), 3);
}

static void test_echo_is_limited(void **state)
{
	struct rig *rig = *state;

	for (int i = 0; i < 150; i++)
		rig_input(rig, frame_icmp(4, 8, 0, "\1\2\3\4", 4));
	net_flush(rig->net);
	assert_int_equal(rig->sent_count, 100);
	assert_int_equal(rig_count(rig, STAT_net_icmp_echo_limited), 50);
	rig_wait(rig, 10 * RIG_MS);
	rig_input(rig, frame_icmp(4, 8, 0, "\1\2\3\4", 4));
	net_flush(rig->net);
	assert_int_equal(rig->sent_count, 101);
}

static void test_a_closed_port_is_told_with_the_datagram_quoted(void **state)
{
	struct rig *rig = *state;
	static char payload[1400];

	rig->verdict = NET_NO_LISTENER;
	for (int family = 4; family <= 6; family += 2) {
		static const uint32_t lens[] = {5, sizeof(payload)};

		for (size_t i = 0; i < RTE_DIM(lens); i++) {
			struct frame sent = *frame_udp(family, payload, lens[i]);
			uint32_t l4 = family == 4 ? 34 : 54;
			uint32_t whole_max = family == 4 ? 576 : 1280;
			const struct frame *error;

			rig_input(rig, &sent);
			error = rig_sent(rig, 0);
			assert_int_equal(rig->sent_count, 1);
			assert_int_equal(error->len - 14, RTE_MIN(l4 - 14 + 8 + sent.len - 14, whole_max));
			assert_int_equal(error->bytes[l4], family == 4 ? 3 : 1);
			assert_int_equal(error->bytes[l4 + 1], family == 4 ? 3 : 4);
			assert_memory_equal(error->bytes + l4 + 8, sent.bytes + 14, error->len - l4 - 8);
			assert_true(frame_checksums_right(error));
			assert_memory_equal(error->bytes, peer_mac, 6);
			rig_forget_sent(rig);
		}
	}
	assert_int_equal(rig_count(rig, STAT_net_udp_no_listener), 4);
	assert_int_equal(rig_count(rig, STAT_net_icmp_errors_sent), 4);
}

static void test_errors_are_limited(void **state)
{
	struct rig *rig = *state;

	rig->verdict = NET_NO_LISTENER;
	for (int i = 0; i < 50; i++)
		rig_input(rig, frame_udp(4, "x", 1));
	net_flush(rig->net);
	assert_int_equal(rig->sent_count, 20);
	assert_int_equal(rig_count(rig, STAT_net_icmp_error_limited), 30);
	rig_wait(rig, RIG_S);
	rig_input(rig, frame_udp(4, "x", 1));
	net_flush(rig->net);
	assert_int_equal(rig->sent_count, 21);
}

/* What we send comes back quoted; nothing is written by hand but the outer header. */
static void quote_back(struct rig *rig, int family, uint8_t type, uint8_t code, uint32_t quoted_max)
{
	uint8_t body[4 + 1300] = {0};
	uint32_t len;
	const char *peer = family == 4 ? "192.0.2.2:5070" : "[2001:db8::2]:5070";

	rig_learn(rig, family == 4 ? "192.0.2.2" : "2001:db8::2", peer_mac);
	assert_int_equal(rig_send(rig, peer, 1800), 0);
	len = RTE_MIN(rig_sent(rig, 0)->len - 14, quoted_max);
	memcpy(body + 4, rig_sent(rig, 0)->bytes + 14, len);
	rig_input(rig, frame_icmp(family, type, code, body, 4 + len));
	rig_forget_sent(rig);
}

static void test_an_error_about_our_datagram_reaches_the_worker(void **state)
{
	static const struct {
		int family;
		uint8_t type;
		uint8_t code;
		enum net_unreach why;
	} rows[] = {
		{4, 3, 0, NET_UNREACH_NETWORK},
		{4, 3, 1, NET_UNREACH_HOST},
		{4, 3, 3, NET_UNREACH_PORT},
		{4, 3, 9, NET_UNREACH_ADMIN},
		{4, 3, 10, NET_UNREACH_ADMIN},
		{4, 3, 13, NET_UNREACH_ADMIN},
		{6, 1, 0, NET_UNREACH_NETWORK},
		{6, 1, 1, NET_UNREACH_ADMIN},
		{6, 1, 3, NET_UNREACH_HOST},
		{6, 1, 4, NET_UNREACH_PORT},
	};
	struct rig *rig = *state;

	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		struct endpoint local = endpoint_of(rows[i].family == 4 ? "192.0.2.1" : "[2001:db8::1]");
		struct endpoint remote =
			endpoint_of(rows[i].family == 4 ? "192.0.2.2:5070" : "[2001:db8::2]:5070");

		quote_back(rig, rows[i].family, rows[i].type, rows[i].code, 1200);
		assert_int_equal(rig->error_count, i + 1);
		assert_int_equal(rig->errors[i].why, rows[i].why);
		assert_true(endpoint_equal(&rig->errors[i].local, &local));
		assert_true(endpoint_equal(&rig->errors[i].remote, &remote));
		assert_int_equal(rig->quoted_len, sizeof(rig->quoted));
	}
	assert_int_equal(rig_count(rig, STAT_net_icmp_unreachable), RTE_DIM(rows));
}

static void test_a_quote_of_any_length_is_read_within_its_bounds(void **state)
{
	struct rig *rig = *state;
	uint32_t read4 = 0;
	uint32_t read6 = 0;

	for (uint32_t len = 0; len < 70; len++) {
		rig->error_count = 0;
		quote_back(rig, 4, 3, 3, len);
		read4 += rig->error_count;
		assert_int_equal(rig->error_count, len >= 28);
		rig->error_count = 0;
		quote_back(rig, 6, 1, 4, len);
		read6 += rig->error_count;
		assert_int_equal(rig->error_count, len >= 56);
	}
	assert_true(read4 > 0 && read6 > 0);
}

static void put_too_big(struct rig *rig, const char *quoted_dst, uint32_t mtu)
{
	struct ip_addr us = rig_ip("2001:db8::1");
	struct ip_addr dst = rig_ip(quoted_dst);
	uint8_t body[4 + 48] = {0, 0, (uint8_t)(mtu >> 8), (uint8_t)mtu, 0x60, [9] = 8, 17, 64, [44] = 0x13,
		0xc4, 0x13, 0xc4, 0, 8};

	memcpy(body + 12, us.bytes, 16);
	memcpy(body + 28, dst.bytes, 16);
	rig_input(rig, frame_icmp(6, 2, 0, body, sizeof(body)));
}

static uint32_t largest_sent(struct rig *rig, const char *to)
{
	uint32_t largest = 0;

	assert_int_equal(rig_send(rig, to, 1440), 0);
	for (uint32_t i = 0; i < rig->sent_count || i == 0; i++)
		largest = RTE_MAX(largest, rig_sent(rig, i)->len - 14);
	rig_forget_sent(rig);
	return largest;
}

static void test_a_narrow_path_is_remembered_for_its_destination(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(rig_send(rig, "2001:db9::7", 1), 0);
	rig_input(rig, frame_nd(136, "2001:db8::fe", "2001:db8::1", "2001:db8::fe", peer_mac));
	rig_forget_sent(rig);
	assert_int_equal(largest_sent(rig, "2001:db9::7"), 1440 + 48);
	put_too_big(rig, "2001:db9::7", 1400);
	assert_int_equal(rig_count(rig, STAT_net_icmp_too_big), 1);
	assert_int_equal(largest_sent(rig, "2001:db9::7"), 1400);
	put_too_big(rig, "2001:db9::7", 1450);
	assert_int_equal(largest_sent(rig, "2001:db9::7"), 1400);
	put_too_big(rig, "2001:db9::7", 1280);
	assert_int_equal(largest_sent(rig, "2001:db9::7"), 1280);
	assert_int_equal(largest_sent(rig, "2001:db9::8"), 1440 + 48);
	/* More than the link carries changes nothing. */
	put_too_big(rig, "2001:db9::9", 9000);
	assert_int_equal(largest_sent(rig, "2001:db9::9"), 1440 + 48);
	/* After ten minutes the path may have changed. */
	rig->now_ns += 601 * RIG_S;
	rig_learn(rig, "2001:db8::fe", peer_mac);
	assert_int_equal(largest_sent(rig, "2001:db9::7"), 1440 + 48);
}

static void test_without_mbufs_no_answer_is_sent(void **state)
{
	struct rig *rig = *state;
	struct rte_mbuf *held[RIG_MBUFS];

	rig->verdict = NET_NO_LISTENER;
	/* One mbuf is left for the frame that arrives. */
	assert_int_equal(rte_pktmbuf_alloc_bulk(rig->pool, held, RIG_MBUFS - 1), 0);
	rig_input(rig, frame_udp(4, "x", 1));
	rig_input(rig, frame_arp(1, "192.0.2.2", peer_mac, "192.0.2.1"));
	rig_input(rig, frame_nd(135, "2001:db8::2", "ff02::1:ff00:1", "2001:db8::1", peer_mac));
	assert_int_equal(rig_count(rig, STAT_net_no_mbuf), 3);
	rte_pktmbuf_free_bulk(held, RIG_MBUFS - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_echo_is_answered_to_whence_it_came),
		RIG_TEST(test_a_long_echo_in_segments_is_answered_in_pieces),
		RIG_TEST(test_echo_is_limited),
		RIG_TEST(test_a_closed_port_is_told_with_the_datagram_quoted),
		RIG_TEST(test_errors_are_limited),
		RIG_TEST(test_an_error_about_our_datagram_reaches_the_worker),
		RIG_TEST(test_a_quote_of_any_length_is_read_within_its_bounds),
		RIG_TEST(test_a_narrow_path_is_remembered_for_its_destination),
		RIG_TEST(test_without_mbufs_no_answer_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
