/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers that are ready: the short way out writes what the long one does, and is open only while it may be.
 */
#include "rig.h"

#include "net/net_priv.h"

#include <rte_ethdev.h>

static const uint8_t other_mac[6] = {2, 0, 0, 0, 0, 0x77};
static const char *const peers[2] = {"192.0.2.2", "2001:db8::2"};

/* The short way alone; false: it was not open. */
static bool send_short(struct rig *rig, const char *to, uint32_t len)
{
	struct endpoint dst = endpoint_of(to);
	struct endpoint src = endpoint_of(dst.ip.family == IP_V4 ? "192.0.2.1" : "2001:db8::1");
	uint8_t bytes[1600];
	struct rte_mbuf *mbuf;

	for (uint32_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	mbuf = rig_mbuf(rig, bytes, len, UINT32_MAX);
	if (ready_send(rig->net, &src, &dst, mbuf, rig->now_ns))
		return true;
	rte_pktmbuf_free(mbuf);
	return false;
}

/* The long way alone: there is nothing ready in a layer that has just begun. */
static void send_long(struct rig *rig, const char *to, uint32_t len)
{
	rig_forget_sent(rig);
	rig_restart(rig);
	rig_learn(rig, to, peer_mac);
	assert_int_equal(rig_send(rig, to, len), 0);
}

/* An IPv4 header's id is random, and its checksum follows from it; without a device that is checked apart. */
static void forget_id(struct frame *frame)
{
	if (frame->bytes[12] == 8)
		memset(frame->bytes + 18, 0, 2);
	if (frame->bytes[12] == 8)
		memset(frame->bytes + 24, 0, 2);
}

static void expect_same_frames(struct rig *rig, const char *to, uint32_t len, bool by_device)
{
	static struct frame by_long_way;
	struct frame by_short_way;
	uint64_t ol_flags;
	uint64_t tx_offload;

	send_long(rig, to, len);
	by_long_way = *rig_sent(rig, 0);
	ol_flags = rig->sent[0]->ol_flags;
	tx_offload = rig->sent[0]->tx_offload;
	rig_forget_sent(rig);
	assert_true(send_short(rig, to, len));
	by_short_way = *rig_sent(rig, 0);
	assert_true(by_device || frame_checksums_right(&by_short_way));
	assert_true(rig->sent[0]->ol_flags == ol_flags && rig->sent[0]->tx_offload == tx_offload);
	forget_id(&by_long_way);
	forget_id(&by_short_way);
	assert_int_equal(by_short_way.len, by_long_way.len);
	assert_memory_equal(by_short_way.bytes, by_long_way.bytes, by_long_way.len);
}

static void test_the_short_way_writes_what_the_long_way_does(void **state)
{
	struct rig *rig = *state;

	for (int family = 0; family < 2; family++)
		for (uint32_t len = 0; len <= 1200; len += len < 80 ? 1 : 37)
			expect_same_frames(rig, peers[family], len, false);
}

static void test_a_device_gets_the_same_from_either_way(void **state)
{
	struct rig *rig = *state;

	rig->wire.tx_offloads = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	for (int family = 0; family < 2; family++)
		for (uint32_t len = 0; len <= 1200; len += 61)
			expect_same_frames(rig, peers[family], len, true);
}

/* IPv4 leaves whole up to the link's limit; of IPv6 the short way knows no path, only what each one carries.
 */
static void test_what_may_have_to_be_split_takes_the_long_way(void **state)
{
	struct rig *rig = *state;

	send_long(rig, peers[0], 10);
	assert_true(send_short(rig, peers[0], 1500 - 28));
	assert_false(send_short(rig, peers[0], 1500 - 27));
	send_long(rig, peers[1], 10);
	assert_true(send_short(rig, peers[1], 1280 - 48));
	assert_false(send_short(rig, peers[1], 1280 - 47));
}

static void test_a_chain_takes_the_long_way(void **state)
{
	struct rig *rig = *state;
	struct endpoint src = endpoint_of("192.0.2.1");
	struct endpoint dst = endpoint_of(peers[0]);
	struct rte_mbuf *chain = rig_mbuf(rig, "0123456789", 10, 6);

	send_long(rig, peers[0], 10);
	assert_false(ready_send(rig->net, &src, &dst, chain, rig->now_ns));
	rte_pktmbuf_free(chain);
}

static void test_headers_serve_their_own_endpoints_alone(void **state)
{
	static const char *const others[] = {"192.0.2.2:5061", "192.0.2.3", "192.0.2.66", "2001:db8::2"};
	struct rig *rig = *state;
	struct endpoint src = endpoint_of("192.0.2.1:5061");
	struct endpoint dst = endpoint_of(peers[0]);
	struct rte_mbuf *mbuf = rig_mbuf(rig, "x", 1, 1);

	send_long(rig, peers[0], 10);
	for (size_t i = 0; i < RTE_DIM(others); i++)
		assert_false(send_short(rig, others[i], 10));
	assert_false(ready_send(rig->net, &src, &dst, mbuf, rig->now_ns));
	rte_pktmbuf_free(mbuf);
	assert_true(send_short(rig, peers[0], 10));
}

/* More endpoints than there are places: each datagram still goes to its own. */
static void test_endpoints_that_share_a_place_do_not_get_each_others_headers(void **state)
{
	struct rig *rig = *state;
	char to[32];

	rig_learn(rig, peers[0], peer_mac);
	for (int round = 0; round < 3; round++) {
		for (int port = 1; port < 2000; port++) {
			const struct frame *frame;
			(void)snprintf(to, sizeof(to), "192.0.2.2:%d", port);
			assert_int_equal(rig_send(rig, to, 20), 0);
			frame = rig_sent(rig, 0);
			assert_int_equal(frame->bytes[36] << 8 | frame->bytes[37], port);
			assert_true(frame_checksums_right(frame));
			rig_forget_sent(rig);
		}
	}
}

static void test_a_neighbour_due_for_a_question_closes_the_short_way(void **state)
{
	struct rig *rig = *state;

	for (int family = 0; family < 2; family++) {
		send_long(rig, peers[family], 10);
		rig_wait(rig, 20 * RIG_MS);
		assert_true(send_short(rig, peers[family], 10));
		rig->now_ns += 46 * RIG_S;
		assert_false(send_short(rig, peers[family], 10));
		rig_forget_sent(rig);
		assert_int_equal(rig_send(rig, peers[family], 10), 0);
		net_flush(rig->net);
		assert_int_equal(rig->sent_count, 2); /* the datagram, and the question */
	}
}

static void test_a_neighbour_with_another_link_address_gets_new_headers(void **state)
{
	struct rig *rig = *state;

	send_long(rig, peers[0], 10);
	assert_true(send_short(rig, peers[0], 10));
	rig_input(rig, frame_arp(1, peers[0], other_mac, peers[0]));
	rig_wait(rig, 800 * RIG_MS); /* the old one does not answer: everybody is asked */
	rig_input(rig, frame_arp(2, peers[0], other_mac, "192.0.2.1"));
	rig_forget_sent(rig);
	assert_false(send_short(rig, peers[0], 10));
	assert_int_equal(rig_send(rig, peers[0], 10), 0);
	assert_memory_equal(rig_sent(rig, 0)->bytes, other_mac, 6);
}

static void test_an_entry_that_passed_to_another_neighbour_serves_no_more(void **state)
{
	struct rig *rig = *state;

	rig->config.neighbours_max = 1;
	send_long(rig, peers[0], 10);
	assert_true(send_short(rig, peers[0], 10));
	rig_learn(rig, "192.0.2.3", other_mac);
	assert_false(send_short(rig, peers[0], 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_the_short_way_writes_what_the_long_way_does),
		RIG_TEST(test_a_device_gets_the_same_from_either_way),
		RIG_TEST(test_what_may_have_to_be_split_takes_the_long_way),
		RIG_TEST(test_a_chain_takes_the_long_way),
		RIG_TEST(test_headers_serve_their_own_endpoints_alone),
		RIG_TEST(test_endpoints_that_share_a_place_do_not_get_each_others_headers),
		RIG_TEST(test_a_neighbour_due_for_a_question_closes_the_short_way),
		RIG_TEST(test_a_neighbour_with_another_link_address_gets_new_headers),
		RIG_TEST(test_an_entry_that_passed_to_another_neighbour_serves_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
