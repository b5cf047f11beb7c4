/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is asked, who is believed, what waits meanwhile: neighbours by ARP and by neighbour discovery, each
 * test for both.
 */
#include "rig.h"

#include <rte_mbuf.h>

#include <errno.h>

static const uint8_t thief_mac[6] = {2, 0, 0, 0, 0, 0x66};
static const uint8_t gateway_mac[6] = {2, 0, 0, 0, 0, 0xfe};

/* The same test twice. */
static const struct family {
	int number;
	const char *us;
	const char *peer;
	const char *gateway;
	const char *far;
	uint32_t target_at; /* of the address asked for, in a request */
} families[2] = {
	{4, "192.0.2.1", "192.0.2.2", "192.0.2.254", "198.51.100.7", 14 + 24},
	{6, "2001:db8::1", "2001:db8::2", "2001:db8::fe", "2001:db9::7", 14 + 40 + 8},
};

static bool is_request(const struct frame *frame, const struct family *family, const char *target)
{
	struct ip_addr ip = rig_ip(target);

	if (family->number == 4)
		return frame->len >= 42 && frame->bytes[12] == 8 && frame->bytes[13] == 6 &&
		       frame->bytes[21] == 1 && memcmp(frame->bytes + family->target_at, ip.bytes, 4) == 0;
	return frame->len >= 86 && frame->bytes[12] == 0x86 && frame->bytes[20] == 58 &&
	       frame->bytes[21] == 255 && frame->bytes[54] == 135 && frame_checksums_right(frame) &&
	       memcmp(frame->bytes + family->target_at, ip.bytes, 16) == 0;
}

static bool is_unicast(const struct frame *frame)
{
	return !(frame->bytes[0] & 1);
}

static void answer(struct rig *rig, const struct family *family, const char *ip, const uint8_t mac[6])
{
	if (family->number == 4)
		rig_input(rig, frame_arp(2, ip, mac, family->us));
	else
		rig_input(rig, frame_nd(136, ip, family->us, ip, mac));
}

/* Gratuitous ARP, unsolicited advertisement. */
static void claim(struct rig *rig, const struct family *family, const char *ip, const uint8_t mac[6])
{
	if (family->number == 4)
		rig_input(rig, frame_arp(1, ip, mac, ip));
	else
		rig_input(rig, frame_nd(136, ip, "ff02::1", ip, mac));
}

static uint32_t sent_now(struct rig *rig)
{
	net_flush(rig->net);
	return rig->sent_count;
}

static void test_an_unknown_neighbour_is_asked_for_and_the_packets_follow(void **state)
{
	struct rig *rig = *state;

	for (const struct family *f = families; f < families + 2; f++) {
		for (int i = 0; i < 3; i++)
			assert_int_equal(rig_send(rig, f->peer, 10), 0);
		assert_int_equal(sent_now(rig), 1);
		assert_true(is_request(rig_sent(rig, 0), f, f->peer));
		assert_false(is_unicast(rig_sent(rig, 0)));
		answer(rig, f, f->peer, peer_mac);
		assert_int_equal(sent_now(rig), 4);
		for (uint32_t i = 1; i < 4; i++) {
			assert_memory_equal(rig_sent(rig, i)->bytes, peer_mac, 6);
			assert_true(frame_checksums_right(rig_sent(rig, i)));
		}
		rig_forget_sent(rig);
	}
}

static void test_a_solicitation_goes_to_the_group_of_its_target(void **state)
{
	static const uint8_t group_mac[6] = {0x33, 0x33, 0xff, 0x12, 0x34, 0x56};
	struct rig *rig = *state;
	struct ip_addr group = rig_ip("ff02::1:ff12:3456");

	assert_int_equal(rig_send(rig, "2001:db8::ab12:3456", 10), 0);
	assert_memory_equal(rig_sent(rig, 0)->bytes, group_mac, 6);
	assert_memory_equal(rig_sent(rig, 0)->bytes + 38, group.bytes, 16);
	/* and names our link address */
	assert_int_equal(rig_sent(rig, 0)->bytes[78], 1);
	assert_memory_equal(rig_sent(rig, 0)->bytes + 80, rig_mac, 6);
}

static void test_far_destinations_go_to_the_gateway(void **state)
{
	struct rig *rig = *state;

	for (const struct family *f = families; f < families + 2; f++) {
		assert_int_equal(rig_send(rig, f->far, 10), 0);
		assert_int_equal(sent_now(rig), 1);
		assert_true(is_request(rig_sent(rig, 0), f, f->gateway));
		answer(rig, f, f->gateway, gateway_mac);
		assert_int_equal(sent_now(rig), 2);
		assert_memory_equal(rig_sent(rig, 1)->bytes, gateway_mac, 6);
		rig_forget_sent(rig);
	}
}

static void test_requests_are_one_a_second_and_three_in_all(void **state)
{
	struct rig *rig = *state;

	for (const struct family *f = families; f < families + 2; f++) {
		assert_int_equal(rig_send(rig, f->peer, 10), 0);
		assert_int_equal(rig_send(rig, f->peer, 10), 0);
		assert_int_equal(sent_now(rig), 1);
		rig_wait(rig, 990 * RIG_MS);
		assert_int_equal(rig_send(rig, f->peer, 10), 0);
		assert_int_equal(sent_now(rig), 1);
		rig_wait(rig, 20 * RIG_MS);
		assert_int_equal(sent_now(rig), 2);
		rig_wait(rig, 10 * RIG_S);
		assert_int_equal(sent_now(rig), 3);
		rig_forget_sent(rig);
	}
}

static void test_one_who_never_answers_is_reported_and_refused_for_a_while(void **state)
{
	struct rig *rig = *state;
	uint32_t reported = 0;

	for (const struct family *f = families; f < families + 2; f++) {
		struct ip_addr us = rig_ip(f->us);
		struct ip_addr peer = rig_ip(f->peer);
		uint64_t unanswered = rig_count(rig, STAT_net_neigh_unanswered);
		uint64_t failed = rig_count(rig, STAT_net_neigh_failed);

		assert_int_equal(rig_send(rig, f->peer, 10), 0);
		assert_int_equal(
			rig_send(rig, f->peer, 1800), 0); /* the second piece has no ports to report */
		rig_wait(rig, 3010 * RIG_MS);
		assert_int_equal(rig->error_count, reported + 2);
		assert_int_equal(rig->errors[reported].why, NET_UNREACH_NEIGHBOUR);
		assert_true(ip_equal(&rig->errors[reported].local.ip, &us));
		assert_true(ip_equal(&rig->errors[reported].remote.ip, &peer));
		assert_int_equal(rig->errors[reported].remote.port, 5060);
		reported += 2;
		assert_int_equal(rig_count(rig, STAT_net_neigh_unanswered), unanswered + 3);
		assert_int_equal(rig_send(rig, f->peer, 10), -EHOSTUNREACH);
		assert_int_equal(rig_count(rig, STAT_net_neigh_failed), failed + 1);
		rig_forget_sent(rig);
		rig_wait(rig, 1010 * RIG_MS);
		assert_int_equal(rig_send(rig, f->peer, 10), 0);
		assert_int_equal(sent_now(rig), 1);
		answer(rig, f, f->peer, peer_mac);
		rig_forget_sent(rig);
	}
}

static void test_of_many_waiting_packets_the_newest_stay(void **state)
{
	struct rig *rig = *state;

	for (const struct family *f = families; f < families + 2; f++) {
		uint64_t before = rig_count(rig, STAT_net_neigh_pending_full);

		for (uint32_t i = 0; i < 20; i++)
			assert_int_equal(rig_send(rig, f->peer, 100 + i), 0);
		assert_int_equal(rig_count(rig, STAT_net_neigh_pending_full), before + 4);
		answer(rig, f, f->peer, peer_mac);
		assert_int_equal(sent_now(rig), 1 + 16);
		assert_int_equal(rig_sent(rig, 1)->len, 14 + (f->number == 4 ? 20 : 40) + 8 + 104);
		assert_int_equal(rig_sent(rig, 16)->len, 14 + (f->number == 4 ? 20 : 40) + 8 + 119);
		rig_forget_sent(rig);
	}
}

static void peer_text(char *buf, size_t size, uint32_t number)
{
	snprintf(buf, size, "192.0.2.%u", 2 + number % 250);
}

static void test_packets_for_strangers_have_half_of_the_places(void **state)
{
	struct rig *rig = *state;
	char peer[32];

	rig->config.pending_max = 40;
	rig_restart(rig);
	rig_learn(rig, "192.0.2.254", gateway_mac);
	for (uint32_t i = 0; i < 50; i++) {
		peer_text(peer, sizeof(peer), i);
		assert_int_equal(rig_send(rig, peer, 10), i < 20 ? 0 : -ENOBUFS);
	}
	assert_int_equal(rig_count(rig, STAT_net_neigh_pending_full), 30);
	/* One that is known falls silent: what is for it may wait all the same. */
	claim(rig, &families[0], "192.0.2.254", peer_mac);
	rig_wait(rig, 800 * RIG_MS);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(rig_send(rig, "192.0.2.254", 10), 0);
	rig_forget_sent(rig);
	assert_int_equal(rte_mempool_avail_count(rig->pool), RIG_MBUFS - 20 - 16);
}

static void test_a_stranger_takes_the_place_of_the_oldest_stranger(void **state)
{
	struct rig *rig = *state;
	char peer[32];

	rig->config.neighbours_max = 8;
	rig_restart(rig);
	for (uint32_t i = 0; i < 12; i++) {
		peer_text(peer, sizeof(peer), i);
		assert_int_equal(rig_send(rig, peer, 10), 0);
	}
	/* Four may wait. Those before them are gone, and so is what was to be sent there. */
	assert_int_equal(rig_count(rig, STAT_net_neigh_full), 8);
	rig_forget_sent(rig);
	assert_int_equal(rte_mempool_avail_count(rig->pool), RIG_MBUFS - 4);
	for (uint32_t i = 0; i < 12; i++) {
		peer_text(peer, sizeof(peer), i);
		answer(rig, &families[0], peer, peer_mac);
	}
	assert_int_equal(sent_now(rig), 4);
}

/* What a flood of SYNs from made-up addresses of our own subnet does. */
static void test_strangers_without_number_cost_a_known_neighbour_nothing(void **state)
{
	struct rig *rig = *state;

	for (const struct family *f = families; f < families + 2; f++)
		rig_learn(rig, f->peer, peer_mac);
	for (uint32_t i = 0; i < 5000; i++) {
		char stranger[40];
		snprintf(stranger, sizeof(stranger), "2001:db8::9:%x", i + 1);
		(void)rig_send(rig, stranger, 10);
		if (i % 100 == 0)
			rig_wait(rig, 10 * RIG_MS);
		rig_forget_sent(rig);
	}
	for (const struct family *f = families; f < families + 2; f++) {
		assert_int_equal(rig_send(rig, f->peer, 10), 0);
		assert_int_equal(sent_now(rig), 1);
		assert_memory_equal(rig_sent(rig, 0)->bytes, peer_mac, 6);
		/* Its link address is contested: nobody else's questions delay ours. */
		claim(rig, f, f->peer, thief_mac);
		assert_int_equal(sent_now(rig), 2);
		assert_true(is_request(rig_sent(rig, 1), f, f->peer));
		rig_forget_sent(rig);
	}
}

static void test_a_known_neighbour_that_was_away_is_asked_before_strangers(void **state)
{
	struct rig *rig = *state;
	const struct family *f = &families[1];
	char stranger[40];

	rig_learn(rig, f->peer, peer_mac);
	rig_wait(rig, 46 * RIG_S);
	assert_int_equal(rig_send(rig, f->peer, 10), 0);
	rig_wait(rig, 5 * RIG_S);
	assert_int_equal(rig_send(rig, f->peer, 10), 0);
	rig_wait(rig, 5 * RIG_S);
	for (uint32_t i = 0; i < 2000; i++) {
		snprintf(stranger, sizeof(stranger), "2001:db8::9:%x", i + 1);
		(void)rig_send(rig, stranger, 10);
		rig_forget_sent(rig);
	}
	assert_int_equal(rig_send(rig, f->peer, 10), 0);
	assert_int_equal(sent_now(rig), 1);
	assert_true(is_request(rig_sent(rig, 0), f, f->peer));
}

static void test_a_full_table_forgets_the_longest_unused(void **state)
{
	struct rig *rig = *state;
	char peer[32];

	rig->config.neighbours_max = 8;
	rig_restart(rig);
	for (uint32_t i = 0; i < 100; i++) {
		peer_text(peer, sizeof(peer), i);
		rig_learn(rig, peer, peer_mac);
		rig->now_ns += RIG_MS;
	}
	assert_int_equal(rig_count(rig, STAT_net_neigh_full), 0);
	/* The last eight are known: nobody is asked. */
	for (uint32_t i = 92; i < 100; i++) {
		peer_text(peer, sizeof(peer), i);
		assert_int_equal(rig_send(rig, peer, 10), 0);
		assert_memory_equal(rig_sent(rig, i - 92)->bytes, peer_mac, 6);
	}
}

static void test_requests_to_many_neighbours_are_limited(void **state)
{
	struct rig *rig = *state;
	char peer[32];

	for (uint32_t i = 0; i < 200; i++) {
		peer_text(peer, sizeof(peer), i);
		assert_int_equal(rig_send(rig, peer, 10), 0);
	}
	assert_int_equal(sent_now(rig), 64);
	assert_int_equal(rig_count(rig, STAT_net_neigh_requests_limited), 200 - 64);
	rig_forget_sent(rig);
	/* Those put off are asked for later: within half a second all have been, and none twice. */
	rig_wait(rig, 500 * RIG_MS);
	assert_int_equal(sent_now(rig), 200 - 64);
}

static void test_nothing_unasked_creates_a_neighbour(void **state)
{
	struct rig *rig = *state;

	for (const struct family *f = families; f < families + 2; f++) {
		uint64_t unknown = rig_count(rig, STAT_net_neigh_unknown);

		claim(rig, f, f->peer, peer_mac);
		answer(rig, f, f->peer, peer_mac);
		if (f->number == 4)
			rig_input(rig, frame_arp(1, f->peer, peer_mac, f->us));
		else
			rig_input(rig, frame_nd(135, f->peer, "ff02::1:ff00:1", f->us, peer_mac));
		rig_input(rig, frame_udp(f->number, "hello", 5));
		assert_int_equal(rig_count(rig, STAT_net_neigh_unknown), unknown + 3);
		rig_forget_sent(rig);
		assert_int_equal(rig_send(rig, f->peer, 10), 0);
		assert_int_equal(sent_now(rig), 1);
		assert_true(is_request(rig_sent(rig, 0), f, f->peer));
		rig_forget_sent(rig);
	}
}

static void test_a_claim_does_not_answer_an_open_request(void **state)
{
	struct rig *rig = *state;

	for (const struct family *f = families; f < families + 2; f++) {
		assert_int_equal(rig_send(rig, f->peer, 10), 0);
		claim(rig, f, f->peer, thief_mac);
		assert_int_equal(sent_now(rig), 1);
		answer(rig, f, f->peer, peer_mac);
		assert_memory_equal(rig_sent(rig, 1)->bytes, peer_mac, 6);
		rig_forget_sent(rig);
	}
}

static void test_a_reply_that_is_not_to_us_is_only_a_claim(void **state)
{
	struct rig *rig = *state;
	struct frame *frame;

	assert_int_equal(rig_send(rig, "192.0.2.2", 10), 0);
	rig_input(rig, frame_arp(2, "192.0.2.2", thief_mac, "192.0.2.9"));
	frame = frame_arp(2, "192.0.2.2", thief_mac, "192.0.2.1");
	memset(frame->bytes, 0xff, 6);
	rig_input(rig, frame);
	assert_int_equal(sent_now(rig), 1);
}

/* The owner answers the probe, so the thief gets nothing at any time. */
static void test_a_known_neighbour_cannot_be_taken_over(void **state)
{
	struct rig *rig = *state;

	for (const struct family *f = families; f < families + 2; f++) {
		uint64_t contested = rig_count(rig, STAT_net_neigh_contested);

		rig_learn(rig, f->peer, peer_mac);
		answer(rig, f, f->peer, thief_mac);
		assert_int_equal(rig_count(rig, STAT_net_neigh_contested), contested + 1);
		assert_int_equal(sent_now(rig), 1);
		assert_true(is_request(rig_sent(rig, 0), f, f->peer));
		assert_memory_equal(rig_sent(rig, 0)->bytes, peer_mac, 6);
		answer(rig, f, f->peer, thief_mac);
		assert_int_equal(rig_send(rig, f->peer, 10), 0);
		assert_memory_equal(rig_sent(rig, 1)->bytes, peer_mac, 6);
		answer(rig, f, f->peer, peer_mac);
		rig_wait(rig, 5 * RIG_S);
		assert_int_equal(sent_now(rig), 2);
		assert_int_equal(rig_send(rig, f->peer, 10), 0);
		assert_memory_equal(rig_sent(rig, 2)->bytes, peer_mac, 6);
		rig_forget_sent(rig);
	}
}

static void test_an_address_that_moved_is_found_within_a_second(void **state)
{
	struct rig *rig = *state;

	for (const struct family *f = families; f < families + 2; f++) {
		rig_learn(rig, f->peer, peer_mac);
		claim(rig, f, f->peer, gateway_mac);
		rig_wait(rig, 800 * RIG_MS);
		/* Three questions to the old owner, then one to all. */
		assert_int_equal(sent_now(rig), 4);
		assert_true(is_unicast(rig_sent(rig, 2)));
		assert_false(is_unicast(rig_sent(rig, 3)));
		assert_int_equal(rig_send(rig, f->peer, 10), 0);
		answer(rig, f, f->peer, gateway_mac);
		assert_memory_equal(rig_sent(rig, 4)->bytes, gateway_mac, 6);
		rig_forget_sent(rig);
	}
}

static void test_an_old_answer_is_confirmed_by_a_question_to_the_neighbour(void **state)
{
	struct rig *rig = *state;

	for (const struct family *f = families; f < families + 2; f++) {
		rig_learn(rig, f->peer, peer_mac);
		rig_wait(rig, 14 * RIG_S);
		assert_int_equal(rig_send(rig, f->peer, 10), 0);
		assert_int_equal(sent_now(rig), 1);
		rig_wait(rig, 32 * RIG_S);
		assert_int_equal(sent_now(rig), 1); /* nobody asks while nobody sends */
		assert_int_equal(rig_send(rig, f->peer, 10), 0);
		assert_int_equal(sent_now(rig), 3);
		assert_true(is_request(rig_sent(rig, 1), f, f->peer));
		assert_memory_equal(rig_sent(rig, 1)->bytes, peer_mac, 6);
		assert_memory_equal(rig_sent(rig, 2)->bytes, peer_mac, 6);
		answer(rig, f, f->peer, peer_mac);
		rig_wait(rig, 10 * RIG_S);
		assert_int_equal(rig_send(rig, f->peer, 10), 0);
		assert_int_equal(sent_now(rig), 4);
		rig_forget_sent(rig);
	}
}

static void test_an_advertisement_without_link_address_confirms_the_known_one(void **state)
{
	struct rig *rig = *state;

	rig_learn(rig, "2001:db8::2", peer_mac);
	rig_wait(rig, 46 * RIG_S);
	assert_int_equal(rig_send(rig, "2001:db8::2", 10), 0);
	rig_input(rig, frame_nd(136, "2001:db8::2", "2001:db8::1", "2001:db8::2", NULL));
	rig_wait(rig, 5 * RIG_S);
	assert_int_equal(sent_now(rig), 2);
}

static void test_an_unused_neighbour_is_forgotten(void **state)
{
	struct rig *rig = *state;

	rig_learn(rig, "192.0.2.2", peer_mac);
	rig_wait(rig, 50 * RIG_S);
	rig->now_ns += 600 * RIG_S;
	rig_wait(rig, 10 * RIG_MS);
	assert_int_equal(rig_send(rig, "192.0.2.2", 10), 0);
	assert_int_equal(sent_now(rig), 1);
	assert_false(is_unicast(rig_sent(rig, 0)));
}

static void test_one_that_comes_back_is_asked_again_at_once(void **state)
{
	struct rig *rig = *state;

	for (const struct family *f = families; f < families + 2; f++) {
		assert_int_equal(rig_send(rig, f->peer, 10), 0);
		rig_wait(rig, 3010 * RIG_MS);
		assert_int_equal(rig_send(rig, f->peer, 10), -EHOSTUNREACH);
		claim(rig, f, f->peer, peer_mac);
		rig_forget_sent(rig);
		assert_int_equal(rig_send(rig, f->peer, 10), 0);
		assert_int_equal(sent_now(rig), 1);
		answer(rig, f, f->peer, peer_mac);
		assert_int_equal(sent_now(rig), 2);
		rig_forget_sent(rig);
	}
}

static void test_answers_are_offered_and_help_only_who_asked(void **state)
{
	struct rig *rig = *state;

	for (const struct family *f = families; f < families + 2; f++) {
		struct net_neighbour learned;

		/* Another worker asked; the answer came here. */
		rig->offered_count = 0;
		answer(rig, f, f->peer, peer_mac);
		assert_int_equal(rig->offered_count, 1);
		assert_memory_equal(rig->offered.mac, peer_mac, 6);
		learned = rig->offered;
		/* Now we are that other worker: without a question it says nothing... */
		net_neigh_learn(rig->net, &learned, rig->now_ns);
		assert_int_equal(rig_send(rig, f->peer, 10), 0);
		assert_int_equal(sent_now(rig), 1);
		/* ...with one it is the answer. */
		net_neigh_learn(rig->net, &learned, rig->now_ns);
		assert_int_equal(sent_now(rig), 2);
		assert_memory_equal(rig_sent(rig, 1)->bytes, peer_mac, 6);
		rig_forget_sent(rig);
	}
}

static void test_offers_are_limited(void **state)
{
	struct rig *rig = *state;

	for (int i = 0; i < 1000; i++)
		rig_input(rig, frame_arp(2, "192.0.2.2", peer_mac, "192.0.2.1"));
	assert_int_equal(rig->offered_count, 128);
	assert_int_equal(rig_count(rig, STAT_net_neigh_offers_limited), 1000 - 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_an_unknown_neighbour_is_asked_for_and_the_packets_follow),
		RIG_TEST(test_a_solicitation_goes_to_the_group_of_its_target),
		RIG_TEST(test_far_destinations_go_to_the_gateway),
		RIG_TEST(test_requests_are_one_a_second_and_three_in_all),
		RIG_TEST(test_one_who_never_answers_is_reported_and_refused_for_a_while),
		RIG_TEST(test_of_many_waiting_packets_the_newest_stay),
		RIG_TEST(test_packets_for_strangers_have_half_of_the_places),
		RIG_TEST(test_a_stranger_takes_the_place_of_the_oldest_stranger),
		RIG_TEST(test_strangers_without_number_cost_a_known_neighbour_nothing),
		RIG_TEST(test_a_known_neighbour_that_was_away_is_asked_before_strangers),
		RIG_TEST(test_a_full_table_forgets_the_longest_unused),
		RIG_TEST(test_requests_to_many_neighbours_are_limited),
		RIG_TEST(test_nothing_unasked_creates_a_neighbour),
		RIG_TEST(test_a_claim_does_not_answer_an_open_request),
		RIG_TEST(test_a_reply_that_is_not_to_us_is_only_a_claim),
		RIG_TEST(test_a_known_neighbour_cannot_be_taken_over),
		RIG_TEST(test_an_address_that_moved_is_found_within_a_second),
		RIG_TEST(test_an_old_answer_is_confirmed_by_a_question_to_the_neighbour),
		RIG_TEST(test_an_advertisement_without_link_address_confirms_the_known_one),
		RIG_TEST(test_an_unused_neighbour_is_forgotten),
		RIG_TEST(test_one_that_comes_back_is_asked_again_at_once),
		RIG_TEST(test_answers_are_offered_and_help_only_who_asked),
		RIG_TEST(test_offers_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
