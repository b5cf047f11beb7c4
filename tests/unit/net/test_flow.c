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

/* What we would send in the flow that the frame came in, as an ICMP error quotes it. */
static struct frame *frame_error_about(const struct frame *frame, int family, uint8_t proto)
{
	uint32_t at = family == 4 ? 26 : 22;
	uint32_t len = family == 4 ? 4 : 16;
	uint32_t l4 = family == 4 ? 34 : 54;
	uint8_t body[4 + 48] = {0};
	uint8_t *ip = body + 4;

	ip[0] = family == 4 ? 0x45 : 0x60;
	ip[family == 4 ? 9 : 6] = proto;
	memcpy(ip + at - 14, frame->bytes + at + len, len);
	memcpy(ip + at - 14 + len, frame->bytes + at, len);
	memcpy(ip + l4 - 14, frame->bytes + l4 + 2, 2);
	memcpy(ip + l4 - 14 + 2, frame->bytes + l4, 2);
	return frame_icmp(family, family == 4 ? 3 : 2, family == 4 ? 4 : 0, body, 4 + l4 - 14 + 8);
}

static struct flow_end end_of(struct rig *rig, const struct frame *frame)
{
	struct rte_mbuf *mbuf = rig_mbuf(rig, frame->bytes, frame->len, UINT32_MAX);
	struct flow_end end = net_flow_end(mbuf);

	rte_pktmbuf_free(mbuf);
	return end;
}

static void test_an_error_goes_where_the_flow_goes_that_it_is_about(void **state)
{
	struct rig *rig = *state;

	for (int family = 4; family <= 6; family += 2) {
		for (int tcp = 0; tcp <= 1; tcp++) {
			struct frame frame = tcp ? *frame_tcp(family, "x", 1) : *frame_udp(family, "x", 1);
			const struct frame *error = frame_error_about(&frame, family, tcp ? 6 : 17);

			assert_int_equal(hash_of(rig, error), hash_of(rig, &frame));
			assert_int_equal(end_of(rig, error).proto, tcp ? 6 : 17);
			assert_int_equal(end_of(rig, error).port, 5060);
		}
	}
}

static void test_our_end_is_the_destination_port(void **state)
{
	struct rig *rig = *state;
	struct frame *frame;

	for (int family = 4; family <= 6; family += 2) {
		assert_int_equal(end_of(rig, frame_tcp(family, "x", 1)).proto, 6);
		assert_int_equal(end_of(rig, frame_tcp(family, "x", 1)).port, 5060);
		assert_int_equal(end_of(rig, frame_udp(family, "x", 1)).proto, 17);
		assert_int_equal(end_of(rig, frame_udp(family, "x", 1)).port, 5060);
		assert_int_equal(
			end_of(rig, frame_icmp(family, family == 4 ? 8 : 128, 0, "echo", 4)).proto, 0);
	}
	frame = frame_tcp(4, "x", 1);
	frame->bytes[20] = 0x20;
	assert_int_equal(end_of(rig, frame).proto, 0);
	assert_int_equal(end_of(rig, frame_arp(1, "192.0.2.2", peer_mac, "192.0.2.1")).proto, 0);
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
		struct frame datagram = *frame_udp(family, "x", 1);
		struct frame error = *frame_error_about(&datagram, family, 17);

		for (; datagram.len > 0; datagram.len--)
			(void)hash_of(rig, &datagram);
		for (; error.len > 0; error.len--) {
			(void)hash_of(rig, &error);
			assert_in_set(end_of(rig, &error).port, ((const unsigned long[]){0, 5060}), 2);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_a_flow_keeps_its_value_and_another_port_changes_it),
		RIG_TEST(test_segments_go_by_their_ports_as_datagrams_do),
		RIG_TEST(test_an_error_goes_where_the_flow_goes_that_it_is_about),
		RIG_TEST(test_our_end_is_the_destination_port),
		RIG_TEST(test_all_fragments_of_a_datagram_meet),
		RIG_TEST(test_options_move_the_ports),
		RIG_TEST(test_flows_spread_over_workers),
		RIG_TEST(test_neighbours_talk_to_one_worker),
		RIG_TEST(test_any_truncation_has_some_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
