/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections of one or two workers behind a queue that knows nothing of them: whatever arrives, the worker
 * whose connection it is gets it.
 */
#include "rig.h"

#include "support/eal.h"
#include "support/endpoint.h"
#include "worker/worker_priv.h"

#include <errno.h>

static struct tcb *connect_from(struct rig *rig, unsigned index)
{
	struct worker *worker = rig->workers[index];
	struct endpoint node = endpoint_of(NODE);
	struct tcb *tcb = NULL;

	assert_int_equal(tcp_connect(worker->tcp, &node, 0, rig->now_ns, &tcb), 0);
	rig_poll(rig);
	return tcb;
}

/* The peer agrees to the SYN at that index, which came from `local`. */
static void agree(struct rig *rig, uint32_t index, struct endpoint *ret_local)
{
	struct endpoint node = endpoint_of(NODE);
	struct rig_segment syn = rig_sent_segment(rig, index, ret_local);
	struct rig_segment answer = {.seq = 9000, .ack = syn.seq + 1, .flags = RIG_SYN | RIG_ACK};

	assert_int_equal(syn.flags, RIG_SYN);
	rig_give_segment(rig, &node, ret_local, &answer);
	rig_poll(rig);
}

static void test_each_worker_connects_from_its_own_slice_of_the_ports(void **state)
{
	struct rig *rig = rig_create(2);
	uint32_t each = (60999 - 32768 + 1) / 2;
	struct endpoint local;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned k = 0; k < 16; k++) {
			connect_from(rig, i);
			rig_sent_segment(rig, rig->sent_count - 1, &local);
			assert_in_range(local.port, 32768 + i * each, 32768 + (i + 1) * each - 1);
		}
	}
	rig_destroy(rig);
}

static void test_a_segment_on_the_wrong_worker_is_handed_over_and_never_reset(void **state)
{
	struct rig *rig = rig_create(2);
	struct endpoint node = endpoint_of(NODE);

	(void)state;
	for (unsigned k = 0; k < 32; k++) {
		struct rig_segment ack;
		struct rig_segment fin = {.seq = 9001, .flags = RIG_FIN | RIG_ACK};
		struct endpoint local;
		uint64_t given = rig_count(rig, STAT_worker_given_rx);

		rig_forget_sent(rig);
		connect_from(rig, 1);
		agree(rig, 0, &local);
		assert_int_equal(rig->sent_count, 2);
		ack = rig_sent_segment(rig, 1, &local);
		assert_int_equal(ack.flags, RIG_ACK);
		assert_int_equal(ack.ack, 9001);
		fin.ack = ack.seq;
		rig_give_segment(rig, &node, &local, &fin);
		rig_poll(rig);
		assert_int_equal(rig_sent_segment(rig, 2, &local).ack, 9002);
		assert_int_equal(rig_count(rig, STAT_worker_given_rx), given + 2);
	}
	assert_int_equal(stats_get(worker_stats(rig->workers[1]), STAT_tcp_connected), 32);
	assert_int_equal(rig_count(rig, STAT_tcp_no_connection), 0);
	assert_int_equal(rig_count(rig, STAT_tcp_resets_sent), 0);
	rig_destroy(rig);
}

static void test_ports_are_chosen_so_that_the_device_brings_answers_home(void **state)
{
	static struct net_rss rss = {.reta_size = 4, .reta = {0, 1, 1, 0}};
	struct rig *rig = rig_create_rss(2, &rss);
	struct endpoint node = endpoint_of(NODE);
	struct endpoint local;

	(void)state;
	for (unsigned i = 0; i < RSS_KEY_MIN; i++)
		rss.key[i] = (uint8_t)(i * 151 + 77);
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned k = 0; k < 32; k++) {
			rig_forget_sent(rig);
			connect_from(rig, i);
			rig_sent_segment(rig, 0, &local);
			assert_int_equal(net_rss_queue(&rss, &local, &node), i);
			/* The rig's device lies: all the same it is handed over, and established. */
			agree(rig, 0, &local);
		}
		assert_int_equal(stats_get(worker_stats(rig->workers[i]), STAT_tcp_connected), 32);
	}
	assert_int_equal(rig_count(rig, STAT_tcp_ports_away), 0);
	assert_int_equal(rig_count(rig, STAT_tcp_resets_sent), 0);
	rig_destroy(rig);
}

static void test_without_the_slices_a_wrong_worker_would_reset_it(void **state)
{
	struct rig *rig = rig_create(2);
	struct endpoint node = endpoint_of(NODE);
	struct endpoint nobody = endpoint_of("192.0.2.1:32767");
	struct endpoint local;
	struct rig_segment stray = {.seq = 9001, .ack = 1, .flags = RIG_ACK};

	(void)state;
	rig_give_segment(rig, &node, &nobody, &stray);
	rig_poll(rig);
	assert_int_equal(rig_sent_segment(rig, 0, &local).flags, RIG_RST);
	assert_int_equal(rig_count(rig, STAT_tcp_no_connection), 1);
	rig_destroy(rig);
}

static void test_an_error_about_a_segment_reaches_the_worker_that_sent_it(void **state)
{
	struct rig *rig = rig_create(2);
	struct packet error;

	(void)state;
	for (unsigned k = 0; k < 8; k++) {
		rig_forget_sent(rig);
		connect_from(rig, 1);
		packet_unreachable(&rig->sent[0], &error);
		rig_give_packet(rig, &error);
		rig_poll(rig);
	}
	assert_int_equal(stats_get(worker_stats(rig->workers[1]), STAT_tcp_connect_unreachable), 8);
	assert_int_equal(rig_count(rig, STAT_tcp_icmp_invalid), 0);
	rig_destroy(rig);
}

/* Who calls a listener is known to nobody beforehand: the flow hash keeps each call on one worker. */
static void test_all_segments_of_a_call_to_a_listener_meet_on_one_worker(void **state)
{
	struct rig *rig = rig_create(2);
	struct endpoint listener = endpoint_of(BALANCER);

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(tcp_listen(rig->workers[i]->tcp, &listener, 64, 0), 0);
	for (unsigned k = 0; k < 64; k++) {
		struct endpoint client = endpoint_of(CLIENT);
		struct endpoint local;
		struct rig_segment syn = {.seq = 100, .flags = RIG_SYN};
		struct rig_segment ack = {.seq = 101, .flags = RIG_ACK};

		client.port = (uint16_t)(7000 + k);
		rig_forget_sent(rig);
		rig_give_segment(rig, &client, &listener, &syn);
		rig_poll(rig);
		ack.ack = rig_sent_segment(rig, 0, &local).seq + 1;
		rig_give_segment(rig, &client, &listener, &ack);
		rig_poll(rig);
	}
	assert_int_equal(rig_count(rig, STAT_tcp_accepted), 64);
	assert_int_equal(rig_count(rig, STAT_tcp_no_connection), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_in_range(stats_get(worker_stats(rig->workers[i]), STAT_tcp_accepted), 16, 48);
	rig_destroy(rig);
}

static unsigned segments_sent(const struct rig *rig)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < rig->sent_count; i++)
		count += packet_read(&rig->sent[i]).kind == PACKET_TCP;
	return count;
}

static void test_the_loop_keeps_the_times_of_tcp(void **state)
{
	struct rig *rig = rig_create(1);

	(void)state;
	connect_from(rig, 0);
	assert_int_equal(segments_sent(rig), 1);
	/* RFC 6298 2.1: a second, then twice as long. */
	rig_wait(rig, 990 * RIG_MS);
	assert_int_equal(segments_sent(rig), 1);
	rig_wait(rig, 20 * RIG_MS);
	assert_int_equal(segments_sent(rig), 2);
	rig_wait(rig, 1970 * RIG_MS);
	assert_int_equal(segments_sent(rig), 2);
	rig_wait(rig, 40 * RIG_MS);
	assert_int_equal(segments_sent(rig), 3);
	rig_destroy(rig);
}

/* A segment that waits for a delayed acknowledgement or a retransmission bounds the nap. */
static void test_a_nap_ends_when_tcp_has_something_to_do(void **state)
{
	struct rig *rig = rig_create(1);

	(void)state;
	connect_from(rig, 0);
	rig_wait(rig, 995 * RIG_MS);
	assert_in_range(worker_next_ns(rig->workers[0]), rig->now_ns, rig->now_ns + 6 * RIG_MS);
	rig_destroy(rig);
}

static void test_a_peer_that_no_address_reaches_is_not_called(void **state)
{
	struct rig *rig = rig_create(1);
	struct endpoint far = endpoint_of("198.51.100.1:5060"); /* the port has no gateway */
	struct tcb *tcb;

	(void)state;
	assert_int_equal(tcp_connect(rig->workers[0]->tcp, &far, 0, rig->now_ns, &tcb), -ENETUNREACH);
	assert_int_equal(rig_count(rig, STAT_tcp_no_source), 1);
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_worker_connects_from_its_own_slice_of_the_ports),
		cmocka_unit_test(test_a_segment_on_the_wrong_worker_is_handed_over_and_never_reset),
		cmocka_unit_test(test_ports_are_chosen_so_that_the_device_brings_answers_home),
		cmocka_unit_test(test_without_the_slices_a_wrong_worker_would_reset_it),
		cmocka_unit_test(test_an_error_about_a_segment_reaches_the_worker_that_sent_it),
		cmocka_unit_test(test_all_segments_of_a_call_to_a_listener_meet_on_one_worker),
		cmocka_unit_test(test_the_loop_keeps_the_times_of_tcp),
		cmocka_unit_test(test_a_nap_ends_when_tcp_has_something_to_do),
		cmocka_unit_test(test_a_peer_that_no_address_reaches_is_not_called),
	};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
