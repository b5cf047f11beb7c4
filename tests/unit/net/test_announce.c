/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What we tell the link of ourselves: answers to questions for our addresses, announcements, groups. */
#include "rig.h"

static const uint8_t thief_mac[6] = {2, 0, 0, 0, 0, 0x66};

static uint32_t sent_now(struct rig *rig)
{
	net_flush(rig->net);
	return rig->sent_count;
}

static void test_questions_for_our_addresses_are_answered(void **state)
{
	struct rig *rig = *state;
	const struct frame *reply;

	rig_input(rig, frame_arp(1, "192.0.2.2", peer_mac, "192.0.2.1"));
	reply = rig_sent(rig, 0);
	assert_int_equal(reply->len, 42);
	assert_memory_equal(reply->bytes, peer_mac, 6);
	assert_memory_equal(
		reply->bytes + 14, "\0\1\x08\0\6\4\0\2\2\0\0\0\0\1\xc0\0\2\1\2\0\0\0\0\2\xc0\0\2\2", 28);
	/* An address probe has no sender address (RFC 5227). */
	rig_input(rig, frame_arp(1, "0.0.0.0", peer_mac, "192.0.2.1"));
	assert_memory_equal(rig_sent(rig, 1)->bytes + 38, "\0\0\0\0", 4);
	assert_int_equal(rig_count(rig, STAT_net_arp_replies), 2);

	rig_input(rig, frame_nd(135, "2001:db8::2", "ff02::1:ff00:1", "2001:db8::1", peer_mac));
	reply = rig_sent(rig, 2);
	assert_memory_equal(reply->bytes, peer_mac, 6);
	assert_true(frame_checksums_right(reply));
	assert_int_equal(reply->bytes[21], 255);
	assert_int_equal(reply->bytes[54], 136);
	assert_int_equal(reply->bytes[58], 0x60); /* solicited, override */
	assert_memory_equal(reply->bytes + 78, "\2\1\2\0\0\0\0\1", 8);
	/* Who has no address yet hears it through the group. */
	rig_input(rig, frame_nd(135, "::", "ff02::1:ff00:1", "fe80::ff:fe00:1", NULL));
	reply = rig_sent(rig, 3);
	assert_memory_equal(reply->bytes, "\x33\x33\0\0\0\1", 6);
	assert_int_equal(reply->bytes[58], 0x20);
	assert_true(frame_checksums_right(reply));
	assert_int_equal(rig_count(rig, STAT_net_nd_adverts), 2);
}

static void test_another_with_our_address_is_counted_and_contradicted(void **state)
{
	struct rig *rig = *state;

	rig_input(rig, frame_arp(1, "192.0.2.1", thief_mac, "192.0.2.1"));
	assert_int_equal(rig_count(rig, STAT_net_arp_conflict), 1);
	assert_memory_equal(rig_sent(rig, 0)->bytes + 28, "\xc0\0\2\1", 4);
	for (int i = 0; i < 100; i++)
		rig_input(rig, frame_arp(1, "192.0.2.1", thief_mac, "192.0.2.1"));
	assert_true(sent_now(rig) <= 21);
}

static void test_our_addresses_are_announced_twice(void **state)
{
	struct rig *rig = *state;
	uint32_t seen = 0;

	net_announce(rig->net, rig->now_ns);
	/* IPv4, IPv6, link-local */
	assert_int_equal(sent_now(rig), 4);
	for (uint32_t i = 1; i < 4; i++) {
		const struct frame *frame = rig_sent(rig, i);

		assert_true(frame->bytes[0] & 1);
		if (frame->bytes[12] == 8) {
			assert_memory_equal(frame->bytes + 28, frame->bytes + 38, 4);
			seen |= 1;
		} else {
			assert_int_equal(frame->bytes[54], 136);
			assert_true(frame_checksums_right(frame));
			assert_memory_equal(frame->bytes + 22, frame->bytes + 62, 16);
			seen |= frame->bytes[22] == 0xfe ? 2 : 4;
		}
	}
	assert_int_equal(seen, 7);
	rig_wait(rig, 1990 * RIG_MS);
	assert_int_equal(sent_now(rig), 4);
	rig_wait(rig, 60 * RIG_S);
	assert_int_equal(sent_now(rig), 8);
}

static void assert_reports_groups(const struct frame *frame, uint8_t record_type)
{
	static const uint8_t alert[8] = {58, 0, 5, 2, 0, 0, 1, 0};
	struct ip_addr group = rig_ip("ff02::1:ff00:1");
	uint32_t sum = 58 + 28;

	assert_int_equal(frame->len, 14 + 40 + 8 + 8 + 20);
	assert_memory_equal(frame->bytes, "\x33\x33\0\0\0\x16", 6);
	assert_int_equal(frame->bytes[20], 0); /* hop-by-hop */
	assert_int_equal(frame->bytes[21], 1);
	assert_memory_equal(frame->bytes + 54, alert, 8);
	assert_int_equal(frame->bytes[62], 143);
	assert_int_equal(frame->bytes[69], 1);
	assert_int_equal(frame->bytes[70], record_type);
	/* Both addresses end in 00:0001, and so have one group. */
	assert_memory_equal(frame->bytes + 74, group.bytes, 16);
	sum += (uint16_t)~slow_checksum(frame->bytes + 22, 32, 0);
	assert_int_equal(slow_checksum(frame->bytes + 62, 28, sum), 0);
}

static void test_our_groups_are_reported_at_the_start_and_when_asked(void **state)
{
	struct rig *rig = *state;
	struct frame *query;
	uint8_t body[20] = {0x03, 0xe8}; /* within a second */

	net_announce(rig->net, rig->now_ns);
	assert_reports_groups(rig_sent(rig, 0), 4);
	rig_wait(rig, 10 * RIG_S);
	rig_forget_sent(rig);
	query = frame_icmp(6, 130, 0, body, sizeof(body));
	memcpy(query->bytes + 22, "\xfe\x80", 2);
	query->bytes[21] = 1;
	frame_seal(query);
	for (int i = 0; i < 10; i++)
		rig_input(rig, query);
	assert_int_equal(sent_now(rig), 0);
	rig_wait(rig, 1010 * RIG_MS);
	assert_int_equal(sent_now(rig), 1);
	assert_reports_groups(rig_sent(rig, 0), 2);
	assert_int_equal(rig_count(rig, STAT_net_mld_queries), 10);
	assert_int_equal(rig_count(rig, STAT_net_mld_reports), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_questions_for_our_addresses_are_answered),
		RIG_TEST(test_another_with_our_address_is_counted_and_contradicted),
		RIG_TEST(test_our_addresses_are_announced_twice),
		RIG_TEST(test_our_groups_are_reported_at_the_start_and_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
