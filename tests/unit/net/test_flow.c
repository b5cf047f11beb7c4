/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames that belong together get one value, others spread, and no frame is read beyond its end. */
#include "rig.h"

#include "net/flow.h"

#include <rte_mbuf.h>

static uint32_t hash_of(struct rig *rig, const struct frame *frame)
{
	struct rte_mbuf *mbuf = rig_mbuf(rig, frame->bytes, frame->len, UINT32_MAX);
	uint32_t hash = net_flow_hash(mbuf);

	rte_pktmbuf_free(mbuf);
	return hash;
}

static void test_a_flow_keeps_its_value_and_another_port_changes_it(void **state)
{
	struct rig *rig = *state;

	for (int family = 4; family <= 6; family += 2) {
		struct frame *frame = frame_udp(family, "one", 3);
		uint32_t hash = hash_of(rig, frame);
		uint32_t port_at = family == 4 ? 34 : 54;

		assert_int_equal(hash_of(rig, frame_udp(family, "another", 7)), hash);
		frame = frame_udp(family, "one", 3);
		frame->bytes[port_at + 1] ^= 1;
		assert_int_not_equal(hash_of(rig, frame), hash);
	}
}

static void test_segments_go_by_their_ports_as_datagrams_do(void **state)
{
	struct rig *rig = *state;

	for (int family = 4; family <= 6; family += 2) {
		struct frame *frame = frame_tcp(family, "one", 3);
		uint32_t hash = hash_of(rig, frame);

		frame = frame_tcp(family, "another", 7);
		frame->bytes[(family == 4 ? 34 : 54) + 7] ^= 0xff; /* a later sequence number */
		assert_int_equal(hash_of(rig, frame), hash);
		frame->bytes[(family == 4 ? 34 : 54) + 1] ^= 1;
		assert_int_not_equal(hash_of(rig, frame), hash);
	}
}

static void test_all_fragments_of_a_datagram_meet(void **state)
{
	struct rig *rig = *state;
	struct frame *frame = frame_udp(4, "0123456789abcdef", 16);
	uint32_t first;

	frame->bytes[20] = 0x20;
	first = hash_of(rig, frame);
	frame->bytes[20] = 0x20;
	frame->bytes[21] = 2;
	frame->bytes[34] ^= 0xff; /* where the first one has its ports */
	assert_int_equal(hash_of(rig, frame), first);
	frame->bytes[20] = 0;
	assert_int_equal(hash_of(rig, frame), first);
	frame->bytes[19] ^= 1; /* another datagram */
	assert_int_not_equal(hash_of(rig, frame), first);

	frame = frame_udp(6, "0123456789abcdef", 16);
	frame->bytes[20] = 44;
	first = hash_of(rig, frame);
	frame->bytes[57] ^= 0x18; /* the offset */
	frame->bytes[62] ^= 0xff;
	assert_int_equal(hash_of(rig, frame), first);
	frame->bytes[61] ^= 1;
	assert_int_not_equal(hash_of(rig, frame), first);
}

static void test_options_move_the_ports(void **state)
{
	struct rig *rig = *state;
	struct frame *frame = frame_udp(4, "x", 1);
	uint32_t plain = hash_of(rig, frame);

	frame_insert(frame, 34, "\1\1\1\1", 4);
	frame->bytes[14] = 0x46;
	assert_int_equal(hash_of(rig, frame), plain);
}

static void test_flows_spread_over_workers(void **state)
{
	struct rig *rig = *state;
	uint32_t share[4] = {0};

	for (uint32_t port = 0; port < 4000; port++) {
		struct frame *frame = frame_udp(port & 1 ? 4 : 6, "x", 1);
		uint32_t at = port & 1 ? 34 : 54;

		frame->bytes[at] = (uint8_t)(port >> 8);
		frame->bytes[at + 1] = (uint8_t)port;
		share[hash_of(rig, frame) % 4]++;
	}
	for (int i = 0; i < 4; i++)
		assert_true(share[i] > 800 && share[i] < 1200);
}

static void test_neighbours_talk_to_one_worker(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(hash_of(rig, frame_arp(1, "192.0.2.2", peer_mac, "192.0.2.1")), 0);
}

static void test_any_truncation_has_some_value(void **state)
{
	struct rig *rig = *state;

	for (int family = 4; family <= 6; family += 2) {
		struct frame *frame = frame_udp(family, "x", 1);

		for (uint32_t len = frame->len; len > 0; len--) {
			frame->len = len;
			(void)hash_of(rig, frame);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_a_flow_keeps_its_value_and_another_port_changes_it),
		RIG_TEST(test_segments_go_by_their_ports_as_datagrams_do),
		RIG_TEST(test_all_fragments_of_a_datagram_meet),
		RIG_TEST(test_options_move_the_ports),
		RIG_TEST(test_flows_spread_over_workers),
		RIG_TEST(test_neighbours_talk_to_one_worker),
		RIG_TEST(test_any_truncation_has_some_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
