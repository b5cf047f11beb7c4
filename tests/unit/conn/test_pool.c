/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections toward nodes: there before they are needed, and soon there again. */
#include "fixture.h"

#include <errno.h>
#include <string.h>

static int send_text(const char *text, size_t len, conn_id *conn)
{
	int ret = conns_send_node(rig.conns, &rig.node, span_of(text, len), rig.now_ns, conn);

	rig_run(&rig);
	return ret;
}

static int send(conn_id *conn)
{
	return send_text(REQUEST, strlen(REQUEST), conn);
}

static unsigned events(enum conn_node_event event)
{
	unsigned count = 0;

	for (unsigned i = 0; i < rig.node_event_count; i++)
		count += rig.node_events[i] == event;
	return count;
}

static void test_a_pool_is_opened_before_anything_is_sent(void **state)
{
	(void)state;
	rig_start(&rig);
	rig_node(&rig, true);
	assert_int_equal(rig_node_up(&rig), 2);
	assert_int_equal(events(CONN_NODE_CONNECTED), 2);
	assert_int_equal(rig_count(&rig, STAT_conn_node_connected), 2);
}

static void test_its_connections_are_used_in_turn(void **state)
{
	conn_id a, b, c;

	(void)state;
	rig_start(&rig);
	rig_node(&rig, true);
	assert_int_equal(send(&a), 0);
	assert_int_equal(send(&b), 0);
	assert_int_equal(send(&c), 0);
	assert_true(a != b && a == c);
	assert_string_equal(rig.peers[0].text, REQUEST REQUEST);
	assert_string_equal(rig.peers[1].text, REQUEST);
}

static void test_what_the_node_sends_on_them_is_read(void **state)
{
	(void)state;
	rig_start(&rig);
	rig_node(&rig, true);
	rig_say(&rig, &rig.peers[0], RESPONSE REQUEST);
	assert_int_equal(rig.message_count, 2);
	assert_int_equal(rig.last.src.port, 5060);
}

static void test_a_killed_node_refuses_three_times_within_100_ms(void **state)
{
	uint64_t killed_ns;
	unsigned failures = 0;
	conn_id conn;

	(void)state;
	rig_start(&rig);
	rig_node(&rig, true);
	rig_wait(&rig, 5000 * RIG_MS);
	rig_unlisten(&rig);
	rig_kill(&rig);
	killed_ns = rig.now_ns;
	rig_wait(&rig, 100 * RIG_MS);
	for (unsigned i = 0; i < rig.node_event_count; i++)
		failures += rig.node_event_ns[i] >= killed_ns && rig.node_events[i] == CONN_NODE_REFUSED;
	assert_int_equal(events(CONN_NODE_RESET), 2);
	assert_true(failures >= 3);
	assert_int_equal(rig.ended_count, 2 + events(CONN_NODE_REFUSED));
	assert_int_equal(send(&conn), -ENOTCONN);
	assert_int_equal(rig_count(&rig, STAT_conn_node_not_connected), 1);
}

static void test_pauses_between_attempts_double_up_to_their_limit(void **state)
{
	uint64_t last_ns = 0, longest_ns = 0;

	(void)state;
	rig_start(&rig);
	rig_node(&rig, false);
	rig_wait(&rig, 60000 * RIG_MS);
	for (unsigned i = 0; i < rig.node_event_count; i++) {
		uint64_t pause_ns = rig.node_event_ns[i] - last_ns;
		assert_int_equal(rig.node_events[i], CONN_NODE_REFUSED);
		if (last_ns && pause_ns > longest_ns)
			longest_ns = pause_ns;
		last_ns = rig.node_event_ns[i];
	}
	assert_in_range(rig.node_event_count, 30, 42);
	assert_in_range(longest_ns, 2000 * RIG_MS, 2510 * RIG_MS);
}

static void test_a_node_that_returns_is_connected_again(void **state)
{
	(void)state;
	rig_start(&rig);
	rig_node(&rig, false);
	rig_wait(&rig, 10000 * RIG_MS);
	rig_listen(&rig);
	rig_wait(&rig, 2600 * RIG_MS);
	assert_int_equal(rig_node_up(&rig), 2);
}

static void test_a_connection_that_the_node_closes_in_order_is_opened_anew_at_once(void **state)
{
	conn_id conn;

	(void)state;
	rig_start(&rig);
	rig_node(&rig, true);
	rig_wait(&rig, 5000 * RIG_MS);
	for (unsigned i = 0; i < 2; i++)
		tcp_close(rig.peers[i].tcb, rig.now_ns);
	rig_run(&rig);
	assert_int_equal(events(CONN_NODE_CLOSED), 2);
	assert_int_equal(rig_node_up(&rig), 2);
	assert_int_equal(send(&conn), 0);
}

static void test_a_node_that_accepts_and_closes_does_not_make_us_spin(void **state)
{
	(void)state;
	rig_start(&rig);
	rig_node(&rig, true);
	for (unsigned i = 0; i < 1000; i++) {
		for (unsigned p = 0; p < rig.peer_count; p++) {
			if (rig.peers[p].tcb)
				tcp_abort(rig.peers[p].tcb, rig.now_ns);
		}
		rig_wait(&rig, 10 * RIG_MS);
	}
	assert_true(rig_count(&rig, STAT_conn_opened) < 40);
}

static void test_a_node_that_reads_nothing_is_not_chosen_above_high_water(void **state)
{
	static char text[60000];
	unsigned sent = 0;
	conn_id conn;
	int ret;

	(void)state;
	memset(text, 'x', sizeof(text));
	rig_start(&rig);
	rig_node(&rig, true);
	for (unsigned i = 0; i < 2; i++)
		rig.peers[i].deaf = true;
	while ((ret = send_text(text, sizeof(text), &conn)) == 0)
		assert_true(++sent < 100);
	assert_int_equal(ret, -EAGAIN);
	assert_int_equal(rig_count(&rig, STAT_conn_node_choked), 1);
	/* Both hold what their window and half of their budget take, and no more. */
	assert_in_range(sent, 2 * 2, 2 * 6);
	/* It reads again: it is chosen again. */
	for (unsigned i = 0; i < 2; i++) {
		struct span span;
		rig.peers[i].deaf = false;
		while (tcp_receive(rig.peers[i].tcb, &span, 1) == 1)
			tcp_consume(rig.peers[i].tcb, (uint32_t)span.len, rig.now_ns);
	}
	rig_wait(&rig, 1000 * RIG_MS);
	assert_int_equal(send(&conn), 0);
}

static void test_the_other_connection_is_taken_while_one_is_choked(void **state)
{
	static char text[60000];
	conn_id conn = CONN_NONE;

	(void)state;
	memset(text, 'x', sizeof(text));
	rig_start(&rig);
	rig_node(&rig, true);
	rig.peers[0].deaf = true;
	for (unsigned i = 0; i < 60; i++)
		assert_int_equal(send_text(text, 10000, &conn), 0);
	assert_true(rig.peers[1].len >= 60 * 10000 / 2);
	assert_int_equal(rig_count(&rig, STAT_conn_send_full), 0);
}

static void test_a_silent_path_is_given_up_while_the_node_is_down(void **state)
{
	conn_id conn;

	(void)state;
	rig_start(&rig);
	rig_node(&rig, true);
	rig_wait(&rig, 5000 * RIG_MS);
	rig.cut[0] = rig.cut[1] = true;
	assert_int_equal(send(&conn), 0);
	assert_int_equal(send(&conn), 0);
	rig_wait(&rig, 800 * RIG_MS);
	assert_int_equal(rig_node_up(&rig), 2);
	rig.live.word = node_word_make(NODE_DOWN, NODE_READY, 0);
	rig_wait(&rig, 1200 * RIG_MS);
	assert_int_equal(events(CONN_NODE_TIMED_OUT), 2);
	/* The path is back: a SYN is through sooner than what TCP would have sent again. */
	rig_wait(&rig, 10000 * RIG_MS);
	rig.cut[0] = rig.cut[1] = false;
	rig_wait(&rig, 3000 * RIG_MS);
	assert_int_equal(rig_node_up(&rig), 2);
}

static void test_a_connection_that_has_just_come_about_does_not_hang(void **state)
{
	conn_id conn;

	(void)state;
	rig_start(&rig);
	rig.cut[1] = true;
	rig_node(&rig, true);
	assert_int_equal(send(&conn), 0); /* waits for the connection */
	rig.live.word = node_word_make(NODE_DOWN, NODE_READY, 0);
	rig_wait(&rig, 900 * RIG_MS);
	rig.cut[1] = false;
	rig_wait(&rig, 10000 * RIG_MS);
	assert_int_equal(rig_node_up(&rig), 2);
	assert_int_equal(events(CONN_NODE_TIMED_OUT), 0);
	assert_int_equal(rig.peers[0].len + rig.peers[1].len, strlen(REQUEST));
}

static void test_a_node_whose_host_still_acknowledges_keeps_its_connections(void **state)
{
	conn_id conn;

	(void)state;
	rig_start(&rig);
	rig_node(&rig, true);
	rig.peers[0].deaf = rig.peers[1].deaf = true;
	rig.live.word = node_word_make(NODE_DOWN, NODE_READY, 0);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(send(&conn), 0);
		rig_wait(&rig, 500 * RIG_MS);
	}
	assert_int_equal(events(CONN_NODE_TIMED_OUT), 0);
}

static void test_a_removed_node_is_sent_nothing_new_and_its_connections_go(void **state)
{
	static struct node_table none;
	conn_id conn;

	(void)state;
	rig_start(&rig);
	rig_node(&rig, true);
	node_table_init(&none);
	conns_sync(rig.conns, &none, rig.now_ns);
	rig.nodes = none;
	assert_int_equal(send(&conn), -ENOTCONN);
	/* Answers to what was under way still come. */
	rig_say(&rig, &rig.peers[0], RESPONSE);
	assert_int_equal(rig.message_count, 1);
	rig_wait(&rig, 5000 * RIG_MS);
	assert_int_equal(rig.ended_count, 2);
	assert_true(rig.peers[0].peer_closed && rig.peers[1].peer_closed);
	assert_int_equal(events(CONN_NODE_CLOSED), 0);
}

static void test_a_removed_node_s_connections_that_are_being_opened_end_at_once(void **state)
{
	static struct node_table none;
	struct conns_levels levels;
	conn_id conn;

	(void)state;
	rig_start(&rig);
	rig.cut[1] = true; /* what is sent to the node is lost */
	rig_node(&rig, true);
	assert_int_equal(send(&conn), 0);
	node_table_init(&none);
	conns_sync(rig.conns, &none, rig.now_ns);
	rig.nodes = none;
	assert_int_equal(rig.ended_count, 2);
	assert_true(rig.ended[0].conn == conn || rig.ended[1].conn == conn);
	conns_levels(rig.conns, &levels);
	assert_int_equal(levels.connections, 0);
	rig.cut[1] = false;
	rig_wait(&rig, 10000 * RIG_MS);
	assert_int_equal(rig.peer_count, 0);
	assert_int_equal(rig.node_event_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_a_pool_is_opened_before_anything_is_sent),
		RIG_TEST(test_its_connections_are_used_in_turn),
		RIG_TEST(test_what_the_node_sends_on_them_is_read),
		RIG_TEST(test_a_killed_node_refuses_three_times_within_100_ms),
		RIG_TEST(test_pauses_between_attempts_double_up_to_their_limit),
		RIG_TEST(test_a_node_that_returns_is_connected_again),
		RIG_TEST(test_a_connection_that_the_node_closes_in_order_is_opened_anew_at_once),
		RIG_TEST(test_a_node_that_accepts_and_closes_does_not_make_us_spin),
		RIG_TEST(test_a_node_that_reads_nothing_is_not_chosen_above_high_water),
		RIG_TEST(test_the_other_connection_is_taken_while_one_is_choked),
		RIG_TEST(test_a_silent_path_is_given_up_while_the_node_is_down),
		RIG_TEST(test_a_connection_that_has_just_come_about_does_not_hang),
		RIG_TEST(test_a_node_whose_host_still_acknowledges_keeps_its_connections),
		RIG_TEST(test_a_removed_node_is_sent_nothing_new_and_its_connections_go),
		RIG_TEST(test_a_removed_node_s_connections_that_are_being_opened_end_at_once),
	};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
