/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers that take all they can get: each costs itself and others of its kind. */
#include "fixture.h"

#include <rte_mbuf.h>

#include <errno.h>
#include <string.h>

static void test_half_a_message_for_ever_is_reset_in_time(void **state)
{
	struct rig_peer *peer;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	/* A byte now and then does not buy more time. */
	for (unsigned i = 0; i < 9; i++) {
		rig_write(&rig, peer, &REQUEST[i], 1);
		rig_wait(&rig, 1100 * RIG_MS);
	}
	assert_int_equal(rig.ended_count, 0);
	rig_wait(&rig, 1000 * RIG_MS);
	assert_int_equal(rig.ended_count, 1);
	assert_int_equal(peer->why, TCP_WHY_RESET);
	assert_int_equal(rig_count(&rig, STAT_conn_message_timeout), 1);
}

static void test_a_connection_without_a_message_begun_may_be_idle(void **state)
{
	struct rig_peer *peer;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	rig_say(&rig, peer, REQUEST "\r\n");
	rig_wait(&rig, 600000 * RIG_MS);
	rig_say(&rig, peer, REQUEST);
	assert_int_equal(rig.message_count, 2);
}

static void test_when_buffers_run_out_the_oldest_half_message_gives_way(void **state)
{
	struct rig_peer *peers[3];
	struct conns_levels levels;

	(void)state;
	rig.config.limits.buffers_max = 2;
	rig_start(&rig);
	for (unsigned i = 0; i < 3; i++) {
		peers[i] = rig_open(&rig);
		rig_say(&rig, peers[i], REQUEST_LINE);
		rig_wait(&rig, RIG_MS);
	}
	assert_int_equal(rig_count(&rig, STAT_conn_buffer_evicted), 1);
	assert_true(peers[0]->ended && !peers[1]->ended && !peers[2]->ended);
	/* The others are not harmed. */
	rig_say(&rig, peers[2], VIA REST "Content-Length: 0\r\n\r\n");
	assert_int_equal(rig.message_count, 1);
	conns_levels(rig.conns, &levels);
	assert_int_equal(levels.buffers, 1);
	assert_int_equal(levels.buffers_exhausted, 1);
}

static void test_a_flood_of_silent_connections_pushes_out_itself(void **state)
{
	struct rig_peer *honest, *late;

	(void)state;
	rig.config.limits.connections_max = 16; /* of which 14 for peers */
	rig_start(&rig);
	honest = rig_open(&rig);
	rig_say(&rig, honest, REQUEST);
	for (unsigned i = 0; i < 60; i++)
		rig_open(&rig);
	assert_int_equal(rig_count(&rig, STAT_conn_silent_evicted), 61 - 14);
	assert_false(honest->ended);
	late = rig_open(&rig);
	rig_say(&rig, late, REQUEST);
	assert_int_equal(rig.message_count, 2);
	rig_say(&rig, honest, REQUEST);
	assert_int_equal(rig.message_count, 3);
}

static void test_when_all_have_spoken_a_new_connection_is_refused(void **state)
{
	struct rig_peer *peer;

	(void)state;
	rig.config.limits.connections_max = 16;
	rig_start(&rig);
	for (unsigned i = 0; i < 14; i++)
		rig_say(&rig, rig_open(&rig), REQUEST);
	peer = rig_open(&rig);
	assert_true(peer->ended);
	assert_int_equal(rig_count(&rig, STAT_conn_accepted_full), 1);
	/* Ours are kept apart: a node is reached all the same. */
	rig_node(&rig, true);
	assert_int_equal(rig_node_up(&rig), 2);
}

static void test_who_has_closed_makes_room_before_who_is_silent(void **state)
{
	struct rig_peer *closed, *silent;

	(void)state;
	rig.config.limits.connections_max = 16;
	rig_start(&rig);
	silent = rig_open(&rig);
	closed = rig_open(&rig);
	rig_say(&rig, closed, REQUEST);
	tcp_shutdown(closed->tcb, rig.now_ns);
	rig_run(&rig);
	for (unsigned i = 0; i < 13; i++)
		rig_say(&rig, rig_open(&rig), REQUEST);
	assert_int_equal(rig_count(&rig, STAT_conn_lingering_evicted), 1);
	assert_true(closed->ended);
	assert_false(silent->ended);
}

/* Answers each request with 4,000 bytes. */
static void answer(struct rig *r, const struct conn_message *message)
{
	static char text[4000];
	int ret;

	memset(text, 'x', sizeof(text));
	ret = conns_send(r->conns, message->conn, span_of(text, sizeof(text)), r->now_ns);
	assert_true(ret == 0 || ret == -EAGAIN);
}

static void test_a_client_that_does_not_read_its_answers_is_not_read(void **state)
{
	struct rig_peer *deaf, *other;
	unsigned before;

	(void)state;
	rig_start(&rig);
	rig.on_message = answer;
	deaf = rig_open(&rig);
	deaf->deaf = true;
	for (unsigned i = 0; i < 200; i++)
		rig_say(&rig, deaf, REQUEST);
	/* The window takes 64 KiB, half of the budget 128: then it is over. No answer was thrown away. */
	assert_in_range(rig.message_count, 16, 60);
	assert_int_equal(rig_count(&rig, STAT_conn_send_full), 0);
	/* Others do not notice. */
	before = rig.message_count;
	other = rig_open(&rig);
	rig_say(&rig, other, REQUEST);
	assert_int_equal(rig.message_count, before + 1);
	assert_int_equal(other->len, 4000);
	/* It reads: it is read. */
	deaf->deaf = false;
	while (rig.message_count < 201) {
		struct span span;
		before = rig.message_count;
		while (deaf->tcb && tcp_receive(deaf->tcb, &span, 1) == 1)
			tcp_consume(deaf->tcb, (uint32_t)span.len, rig.now_ns);
		rig_wait(&rig, 1000 * RIG_MS);
		assert_true(rig.message_count > before);
	}
	assert_int_equal(rig_count(&rig, STAT_conn_send_full), 0);
}

/* A client that reads nothing and has so many bytes of requests on their way. */
static struct rig_peer *deaf_with(unsigned bytes)
{
	struct rig_peer *peer = rig_open(&rig);

	peer->deaf = true;
	for (unsigned sent = 0; sent < bytes; sent += sizeof(REQUEST) - 1)
		rig_write(&rig, peer, REQUEST, sizeof(REQUEST) - 1);
	rig_run(&rig);
	return peer;
}

static void begin_with_little_memory(void)
{
	rig.tcp_config[0].memory_max_bytes = 512 << 10; /* half of it for what is received */
	rig.tcp_config[0].send_max_bytes = 16 << 10;
	rig_start(&rig);
	rig.on_message = answer;
}

static void test_clients_that_read_nothing_give_way_when_memory_is_short(void **state)
{
	struct rig_peer *honest, *modest, *deaf[6];
	unsigned before, gone = 0;

	(void)state;
	begin_with_little_memory();
	honest = rig_open(&rig);
	modest = deaf_with(8000);
	for (unsigned i = 0; i < 6; i++)
		deaf[i] = deaf_with(60000);
	for (unsigned i = 0; i < 6; i++)
		gone += deaf[i]->ended;
	/* As many as must, and no more: the others may still read. */
	assert_in_range(gone, 1, 5);
	assert_int_equal(rig_count(&rig, STAT_conn_unread_evicted), gone);
	assert_false(modest->ended);
	before = rig.message_count;
	rig_say(&rig, honest, REQUEST);
	assert_int_equal(rig.message_count, before + 1);
	assert_int_equal(honest->len, 4000);
}

static void test_as_long_as_there_is_memory_a_client_need_not_read(void **state)
{
	struct rig_peer *deaf[2];

	(void)state;
	begin_with_little_memory();
	for (unsigned i = 0; i < 2; i++)
		deaf[i] = deaf_with(60000);
	rig_wait(&rig, 60000 * RIG_MS);
	assert_false(deaf[0]->ended || deaf[1]->ended);
	assert_int_equal(rig_count(&rig, STAT_conn_unread_evicted), 0);
}

static void test_a_flood_of_keepalives_is_answered_in_turns(void **state)
{
	static char ends[4000];
	struct rig_peer *peer;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	for (unsigned i = 0; i < sizeof(ends); i++)
		ends[i] = i % 2 ? '\n' : '\r';
	rig_write(&rig, peer, ends, sizeof(ends));
	rig_run(&rig);
	assert_int_equal(rig_count(&rig, STAT_conn_pings), 1000);
	assert_int_equal(peer->len, 2000);
}

static void test_a_peer_that_reconnects_for_ever_without_closing_stays_within_its_limit(void **state)
{
	struct conns_levels levels;

	(void)state;
	rig.config.limits.connections_max = 32;
	rig_start(&rig);
	for (unsigned i = 0; i < 90; i++) {
		rig_open(&rig);
		conns_levels(rig.conns, &levels);
		assert_true(levels.connections <= 28);
	}
}

static void test_without_packet_buffers_nothing_is_sent_and_it_is_counted(void **state)
{
	static struct rte_mbuf *taken[RIG_MBUFS];
	struct rig_peer *peer;
	unsigned count = 0;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	rig_say(&rig, peer, REQUEST);
	while ((taken[count] = rte_pktmbuf_alloc(rig.pool)) != NULL)
		count++;
	assert_int_equal(conns_send(rig.conns, rig.last.conn, span_str(RESPONSE), rig.now_ns), -ENOBUFS);
	assert_int_equal(rig_count(&rig, STAT_conn_no_mbuf), 1);
	rte_pktmbuf_free_bulk(taken, count);
}

static void test_impossible_limits_are_refused(void **state)
{
	struct conns *conns = NULL;

	(void)state;
	rig_start(&rig);
	rig.config.limits.node_connections = 9;
	assert_int_equal(conns_create(&rig.config, rig.now_ns, &conns), -EINVAL);
	rig.config.limits.node_connections = 1;
	rig.config.message = NULL;
	assert_int_equal(conns_create(&rig.config, rig.now_ns, &conns), -EINVAL);
	assert_null(conns);
	conns_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_half_a_message_for_ever_is_reset_in_time),
		RIG_TEST(test_a_connection_without_a_message_begun_may_be_idle),
		RIG_TEST(test_when_buffers_run_out_the_oldest_half_message_gives_way),
		RIG_TEST(test_a_flood_of_silent_connections_pushes_out_itself),
		RIG_TEST(test_when_all_have_spoken_a_new_connection_is_refused),
		RIG_TEST(test_who_has_closed_makes_room_before_who_is_silent),
		RIG_TEST(test_a_client_that_does_not_read_its_answers_is_not_read),
		RIG_TEST(test_clients_that_read_nothing_give_way_when_memory_is_short),
		RIG_TEST(test_as_long_as_there_is_memory_a_client_need_not_read),
		RIG_TEST(test_a_flood_of_keepalives_is_answered_in_turns),
		RIG_TEST(test_a_peer_that_reconnects_for_ever_without_closing_stays_within_its_limit),
		RIG_TEST(test_without_packet_buffers_nothing_is_sent_and_it_is_counted),
		RIG_TEST(test_impossible_limits_are_refused),
	};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
