/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The traps that other TCP stacks fell into, one test each. */
#include "fixture.h"

#include <rte_mbuf.h>

/* The right edge that the last segment of ours named. */
static uint32_t last_edge(void)
{
	assert_true(rig.sent_count > 0);
	return rig.sent[rig.sent_count - 1].ack + rig.sent[rig.sent_count - 1].win;
}

static void test_the_window_we_advertise_is_the_one_we_enforce(void **state)
{
	(void)state;
	rig.config.window_bytes = 3000;
	accept_plain();
	in(F_ACK, 1, 1, 1000);
	rig_wait(&rig, 50 * RIG_MS);
	/* All that was offered is taken, and not a byte more. */
	in(F_ACK, 1001, 1, 2001);
	assert_int_equal(rig_count(&rig, STAT_tcp_trimmed), 1);
	assert_int_equal(rig_read(&rig, 10000), 3000);
}

static void test_the_right_edge_never_moves_left(void **state)
{
	uint32_t edge = 0;

	(void)state;
	rig.config.window_bytes = 8000;
	accept_plain();
	rng_init(&rig.rng, 99);
	for (unsigned i = 0; i < 2000; i++) {
		in(F_ACK, rig.peer_nxt, 1, rng_below(&rig.rng, 300));
		if (rng_below(&rig.rng, 3) == 0)
			rig_read(&rig, rng_below(&rig.rng, 700));
		rig_wait(&rig, 41 * RIG_MS);
		if (rig.sent_count == 0)
			continue;
		assert_true((int32_t)(last_edge() - edge) >= 0);
		edge = last_edge();
		rig.peer_nxt = rig.sent[rig.sent_count - 1].ack;
		rig_forget(&rig);
	}
	assert_false(rig.wrong_byte);
}

static void test_duplicate_acks_do_not_rearm_the_timeout(void **state)
{
	(void)state;
	accept_plain();
	assert_int_equal(rig_send(&rig, 100), 0);
	rig_forget(&rig);
	for (unsigned i = 0; i < 25; i++) {
		rig_wait(&rig, 10 * RIG_MS);
		rig_in(&rig,
			&(struct shown){.flags = F_ACK, .seq = 1, .ack = 1, .win = 65535 - i, .shift = -1});
	}
	assert_int_equal(rig_count(&rig, STAT_tcp_timeouts), 1);
}

static void test_a_zero_window_probe_carries_a_byte(void **state)
{
	(void)state;
	rig_start(&rig);
	rig_accept(&rig, &(struct shown){.win = 0, .mss = 1000, .shift = -1});
	assert_int_equal(rig_send(&rig, 100), 0);
	rig_wait(&rig, 250 * RIG_MS);
	assert_int_equal(rig.sent_count, 1);
	assert_int_equal(rig.sent[0].len, 1);
	assert_true(rig.sent[0].text_right);
}

static void test_a_read_that_opens_a_closed_window_is_told(void **state)
{
	(void)state;
	rig.config.window_bytes = 2000;
	accept_plain();
	in(F_ACK, 1, 1, 1000);
	in(F_ACK, 1001, 1, 1000);
	assert_int_equal(rig.sent[rig.sent_count - 1].win, 0);
	rig_forget(&rig);
	rig_read(&rig, 2000);
	assert_int_equal(rig.sent_count, 1);
	assert_int_equal(rig.sent[0].win, 2000);
}

/* Two ends that disagree: each finds the other's bare ACK wrong and would say so, for ever. */
static void test_two_challengers_make_no_storm(void **state)
{
	(void)state;
	accept_plain();
	for (unsigned i = 0; i < 1000; i++) {
		in(F_ACK, 500000, 1, 0);
		rig_wait(&rig, RIG_MS);
	}
	assert_true(rig.sent_count <= 3);
	assert_true(rig_count(&rig, STAT_tcp_challenges_limited) >= 997);
}

/* With every state a connection can be left in, time alone must end it. */
static void test_no_connection_is_left_without_a_timer(void **state)
{
	struct tcp_levels levels;

	(void)state;
	rig.config.keepalive_idle_ms = 5000;
	rig.config.keepalive_every_ms = 1000;
	rig.config.close_limit_ms = 5000;
	rig.config.user_timeout_ms = 5000;
	rig.config.time_wait_ms = 5000;
	rig_start(&rig);
	rig_listen(&rig, 16);
	rig.deaf = true;
	for (unsigned kind = 0; kind < 7; kind++) {
		rig.peer.port++;
		rig.deaf = false;
		rig.iss_known = false;
		rig_forget(&rig);
		in(F_SYN, 0, 0, 0);
		if (kind > 0)
			in(F_ACK, 1, 1, 0);
		if (kind == 2 || kind == 3)
			tcp_close(rig.tcb, rig.now_ns);
		if (kind == 3 || kind == 4)
			in(F_FIN | F_ACK, 1, 1, 0);
		if (kind == 5)
			tcp_shutdown(rig.tcb, rig.now_ns);
		if (kind == 6)
			assert_int_equal(rig_send(&rig, 10), 0);
	}
	rig.deaf = true;
	rig_wait(&rig, 120000 * RIG_MS);
	tcp_levels(rig.tcp, &levels);
	assert_int_equal(levels.connections + levels.half_open + levels.time_wait, 0);
	assert_int_equal(rig.events[TCP_ENDED], 6);
}

static void test_a_syn_on_a_port_in_time_wait_opens_anew(void **state)
{
	(void)state;
	accept_plain();
	tcp_close(rig.tcb, rig.now_ns);
	in(F_FIN | F_ACK, 1, 2, 0);
	assert_null(rig.tcb);
	rig_forget(&rig);
	rig.iss_known = false;
	in(F_SYN, 5000, 0, 0);
	assert_int_equal(rig.sent[0].flags, F_SYN | F_ACK);
	in(F_ACK, 5001, 1, 0);
	assert_int_equal(rig.events[TCP_ACCEPTED], 2);
}

static void test_the_fin_is_sent_again_in_closing(void **state)
{
	(void)state;
	accept_plain();
	tcp_close(rig.tcb, rig.now_ns);
	in(F_FIN | F_ACK, 1, 1, 0);
	rig_forget(&rig);
	rig_wait(&rig, 250 * RIG_MS);
	assert_int_equal(rig.sent_count, 1);
	assert_int_equal(rig.sent[0].flags, F_FIN | F_ACK);
	assert_int_equal(rig.sent[0].seq, 1);
	in(F_ACK, 2, 2, 0);
	assert_null(rig.tcb);
}

/* One byte in each segment, every second segment missing, and nobody reads. */
static void test_a_flood_beyond_gaps_pins_no_more_than_its_share(void **state)
{
	struct tcp_info info;

	(void)state;
	rig.config.window_bytes = 20000;
	accept_plain();
	rig.deaf = true;
	for (uint32_t i = 0; i < 5000; i++)
		in(F_ACK, 3 + i * 2, 1, 1);
	tcp_info(rig.tcb, &info);
	assert_true(info.pinned_bytes <= 4 * 20000);
	assert_true(rig_count(&rig, STAT_tcp_ooo_full) > 0);
}

static void test_bytes_one_by_one_pin_no_buffer_each(void **state)
{
	struct tcp_info info;

	(void)state;
	rig.config.window_bytes = 20000;
	accept_plain();
	rig.deaf = true;
	for (uint32_t i = 0; i < 10000; i++)
		in(F_ACK, 1 + i, 1, 1);
	tcp_info(rig.tcb, &info);
	assert_int_equal(info.receive_queued_bytes, 10000);
	assert_true(info.pinned_bytes <= 3 * 10000);
	assert_int_equal(rig_read(&rig, 20000), 10000);
	assert_false(rig.wrong_byte);
}

static void test_a_port_in_time_wait_is_not_taken_while_others_are_free(void **state)
{
	uint16_t first;

	(void)state;
	rig_start(&rig);
	rig_open(&rig, &plain);
	first = rig.local.port;
	tcp_close(rig.tcb, rig.now_ns);
	in(F_FIN | F_ACK, 1, 2, 0);
	assert_null(rig.tcb);
	for (unsigned i = 0; i < 7; i++) {
		struct tcp_info info;
		struct tcb *tcb;
		rig.deaf = true;
		assert_int_equal(tcp_connect(rig.tcp, &rig.peer, 0, rig.now_ns, &tcb), 0);
		tcp_info(tcb, &info);
		assert_int_not_equal(info.local.port, first);
		tcp_abort(tcb, rig.now_ns);
	}
	rig_wait(&rig, 70000 * RIG_MS);
}

static void test_the_last_segment_lost_does_not_wait_for_a_whole_timeout(void **state)
{
	const struct shown peer = {.win = 65535, .mss = 1000, .shift = -1, .sack_ok = true};

	(void)state;
	rig_start(&rig);
	rig_open(&rig, &peer);
	assert_int_equal(rig_send(&rig, 500), 0);
	rig_forget(&rig);
	rig_wait(&rig, 100 * RIG_MS);
	assert_int_equal(rig.sent_count, 1);
	assert_int_equal(rig_count(&rig, STAT_tcp_tail_probes), 1);
	assert_int_equal(rig_count(&rig, STAT_tcp_timeouts), 0);
}

static void test_an_mtu_of_1400_is_kept(void **state)
{
	(void)state;
	rig.config.mtu = 1400;
	rig_start(&rig);
	rig_accept(&rig, &(struct shown){.win = 65535, .mss = 1460, .shift = -1, .has_ts = true, .tsval = 1});
	assert_int_equal(rig_send(&rig, 5000), 0);
	for (uint32_t i = 0; i < rig.sent_count; i++)
		assert_true(rig.sent[i].len + 20 + 32 <= 1400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_the_window_we_advertise_is_the_one_we_enforce),
		RIG_TEST(test_the_right_edge_never_moves_left),
		RIG_TEST(test_duplicate_acks_do_not_rearm_the_timeout),
		RIG_TEST(test_a_zero_window_probe_carries_a_byte),
		RIG_TEST(test_a_read_that_opens_a_closed_window_is_told),
		RIG_TEST(test_two_challengers_make_no_storm),
		RIG_TEST(test_no_connection_is_left_without_a_timer),
		RIG_TEST(test_a_syn_on_a_port_in_time_wait_opens_anew),
		RIG_TEST(test_the_fin_is_sent_again_in_closing),
		RIG_TEST(test_a_flood_beyond_gaps_pins_no_more_than_its_share),
		RIG_TEST(test_bytes_one_by_one_pin_no_buffer_each),
		RIG_TEST(test_a_port_in_time_wait_is_not_taken_while_others_are_free),
		RIG_TEST(test_the_last_segment_lost_does_not_wait_for_a_whole_timeout),
		RIG_TEST(test_an_mtu_of_1400_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
