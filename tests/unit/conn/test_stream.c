/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes in by a connection, what goes out, and how connections end. */
#include "fixture.h"

#include <errno.h>
#include <string.h>

static int send(conn_id conn, const char *text)
{
	int ret = conns_send(rig.conns, conn, span_str(text), rig.now_ns);

	rig_run(&rig);
	return ret;
}

static void test_a_message_comes_with_its_ends_and_its_connection(void **state)
{
	struct rig_peer *peer;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	rig_say(&rig, peer, REQUEST);
	assert_int_equal(rig.message_count, 1);
	assert_int_equal(rig.last.bytes.len, strlen(REQUEST));
	assert_memory_equal(rig.last_text, REQUEST, strlen(REQUEST));
	assert_int_equal(rig.last.local.port, 5060);
	assert_int_equal(rig.last.src.ip.bytes[3], 2);
	assert_int_equal(conn_id_worker(rig.last.conn), 3);
	assert_int_equal(rig_count(&rig, STAT_conn_messages), 1);
}

static void test_a_message_byte_by_byte_is_the_same_message(void **state)
{
	struct rig_peer *peer;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	for (const char *p = REQUEST; *p; p++) {
		assert_int_equal(rig.message_count, 0);
		rig_write(&rig, peer, p, 1);
		rig_run(&rig);
	}
	assert_int_equal(rig.message_count, 1);
	assert_memory_equal(rig.last_text, REQUEST, strlen(REQUEST));
}

static void test_messages_behind_a_straddling_one_are_read_where_they_lie(void **state)
{
	static const char first[] = REQUEST_LINE VIA;
	static const char second[] = REST "Content-Length: 5\r\n\r\nhello" REQUEST RESPONSE;
	struct conns_levels levels;
	struct rig_peer *peer;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	rig_say(&rig, peer, first);
	conns_levels(rig.conns, &levels);
	assert_int_equal(levels.buffers, 1);
	rig_say(&rig, peer, second);
	assert_int_equal(rig.message_count, 3);
	assert_memory_equal(rig.last_text, RESPONSE, strlen(RESPONSE));
	conns_levels(rig.conns, &levels);
	assert_int_equal(levels.buffers, 0);
}

static void test_an_answer_goes_back_on_the_connection_of_the_request(void **state)
{
	struct rig_peer *peer, *other;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	other = rig_open(&rig);
	rig_say(&rig, peer, REQUEST);
	assert_int_equal(send(rig.last.conn, RESPONSE), 0);
	assert_string_equal(peer->text, RESPONSE);
	assert_int_equal(other->len, 0);
}

static void test_a_keepalive_is_answered_by_one_line_end(void **state)
{
	struct rig_peer *peer;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	rig_say(&rig, peer, "\r\n");
	assert_int_equal(peer->len, 0);
	rig_say(&rig, peer, "\r\n");
	assert_string_equal(peer->text, "\r\n");
	assert_int_equal(rig_count(&rig, STAT_conn_pings), 1);
	rig_say(&rig, peer, REQUEST);
	assert_int_equal(rig.message_count, 1);
}

static void test_a_broken_stream_is_answered_and_closed(void **state)
{
	struct rig_peer *peer;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	rig_say(&rig, peer, NO_LENGTH "and more of it");
	assert_int_equal(rig.broken_count, 1);
	assert_int_equal(rig.last_error, SIP_ERR_bad_content_length);
	assert_int_equal(rig.ended_count, 1);
	assert_true(peer->peer_closed);
	assert_memory_equal(peer->text, "SIP/2.0 400", 11);
	assert_int_equal(rig_count(&rig, STAT_conn_no_length), 1);
}

static void test_garbage_resets_the_connection(void **state)
{
	struct rig_peer *peer;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	rig_say(&rig, peer, "\x16\x03\x01\x02");
	assert_int_equal(rig.broken_count, 0);
	assert_int_equal(rig.ended_count, 1);
	assert_int_equal(peer->why, TCP_WHY_RESET);
	assert_int_equal(rig_count(&rig, STAT_conn_garbage), 1);
}

static void test_a_line_feed_alone_among_the_headers_ends_the_connection(void **state)
{
	struct rig_peer *peer;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	rig_say(&rig, peer,
		"OPTIONS sip:a@b.example SIP/2.0\r\nTo: <sip:a@b.example>\nFrom: <sip:c@d.example>\r\n");
	assert_int_equal(rig.message_count, 0);
	assert_int_equal(rig.ended_count, 1);
	assert_int_equal(rig_count(&rig, STAT_conn_line_end), 1);
}

static void test_a_name_of_an_ended_connection_is_known_to_nobody(void **state)
{
	struct rig_peer *peer;
	conn_id old;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	rig_say(&rig, peer, REQUEST);
	old = rig.last.conn;
	tcp_abort(peer->tcb, rig.now_ns);
	rig_run(&rig);
	assert_int_equal(rig.ended_count, 1);
	assert_true(rig.ended[0].conn == old);
	/* The next one takes its place, not its name. */
	peer = rig_open(&rig);
	rig_say(&rig, peer, REQUEST);
	assert_int_equal(conn_id_index(rig.last.conn), conn_id_index(old));
	assert_true(rig.last.conn != old);
	assert_int_equal(send(old, RESPONSE), -ENOENT);
	assert_int_equal(peer->len, 0);
	assert_int_equal(rig_count(&rig, STAT_conn_send_gone), 1);
}

static void test_a_name_of_another_worker_is_known_to_nobody(void **state)
{
	struct rig_peer *peer;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	rig_say(&rig, peer, REQUEST);
	assert_int_equal(send(rig.last.conn ^ 1ULL << 56, RESPONSE), -ENOENT);
	assert_int_equal(send(CONN_NONE, RESPONSE), -ENOENT);
	assert_int_equal(send(rig.last.conn | 0xffffffff, RESPONSE), -ENOENT);
}

static void test_who_has_closed_its_half_is_still_answered_for_a_while(void **state)
{
	struct rig_peer *peer;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	rig_write(&rig, peer, REQUEST, strlen(REQUEST));
	tcp_shutdown(peer->tcb, rig.now_ns);
	rig_run(&rig);
	assert_int_equal(rig.message_count, 1);
	assert_int_equal(rig.ended_count, 0);
	assert_int_equal(send(rig.last.conn, RESPONSE), 0);
	assert_string_equal(peer->text, RESPONSE);
	rig_wait(&rig, 4000 * RIG_MS);
	assert_int_equal(rig.ended_count, 1);
	assert_true(peer->ended);
	assert_int_equal(peer->why, TCP_WHY_CLOSED);
}

static void test_a_message_cut_short_by_its_sender_is_counted(void **state)
{
	struct rig_peer *peer;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	rig_write(&rig, peer, REQUEST, strlen(REQUEST) - 1);
	tcp_shutdown(peer->tcb, rig.now_ns);
	rig_run(&rig);
	assert_int_equal(rig.message_count, 0);
	assert_int_equal(rig_count(&rig, STAT_conn_cut_short), 1);
}

static void close_it(struct rig *r, const struct conn_message *message)
{
	conns_close(r->conns, message->conn, r->now_ns);
	/* The bytes are still there: whoever reads them has not come back yet. */
	assert_memory_equal(message->bytes.p, REQUEST, strlen(REQUEST));
	assert_int_equal(conns_send(r->conns, message->conn, span_str(RESPONSE), r->now_ns), -EPIPE);
}

static void test_a_connection_may_be_closed_while_it_is_read(void **state)
{
	struct rig_peer *peer;

	(void)state;
	rig_start(&rig);
	rig.on_message = close_it;
	peer = rig_open(&rig);
	rig_say(&rig, peer, REQUEST REQUEST);
	assert_int_equal(rig.message_count, 1);
	assert_int_equal(rig.ended_count, 1);
	assert_true(peer->ended || peer->peer_closed);
}

static void test_one_loop_reads_a_bounded_number_of_messages_of_each(void **state)
{
	struct rig_peer *peer;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	for (unsigned i = 0; i < 40; i++)
		rig_write(&rig, peer, RESPONSE, strlen(RESPONSE));
	while (rig.message_count == 0) {
		assert_true(rig.queued > 0);
		rig_run(&rig);
	}
	/* rig_run() ends only when nothing is left: all of them came, in turns. */
	assert_int_equal(rig.message_count, 40);
}

static void test_the_newest_connection_with_an_alias_is_found(void **state)
{
	const struct endpoint at = {{{192, 0, 2, 2}, IP_V4}, 5070};
	struct rig_peer *old, *new;
	conn_id conn;

	(void)state;
	rig_start(&rig);
	old = rig_open(&rig);
	rig_say(&rig, old, ALIAS_REQUEST);
	new = rig_open(&rig);
	rig_say(&rig, new, ALIAS_REQUEST);
	assert_int_equal(rig_count(&rig, STAT_conn_aliases), 2);
	assert_int_equal(conns_send_peer(rig.conns, &at, span_str(REQUEST), rig.now_ns, &conn), 0);
	rig_run(&rig);
	assert_string_equal(new->text, REQUEST);
	assert_int_equal(old->len, 0);
	/* When it goes, the one before it is there. */
	tcp_abort(new->tcb, rig.now_ns);
	rig_run(&rig);
	assert_int_equal(conns_send_peer(rig.conns, &at, span_str(REQUEST), rig.now_ns, &conn), 0);
	rig_run(&rig);
	assert_string_equal(old->text, REQUEST);
}

/* Clients behind one NAT, which all name the same port. */
static void test_of_many_connections_with_one_alias_the_newest_that_lives_is_found(void **state)
{
	enum { COUNT = 40 };
	const struct endpoint at = {{{192, 0, 2, 2}, IP_V4}, 5070};
	struct rig_peer *peers[COUNT];
	conn_id conns[COUNT], found;

	(void)state;
	rig_start(&rig);
	for (unsigned i = 0; i < COUNT; i++) {
		peers[i] = rig_open(&rig);
		rig_say(&rig, peers[i], ALIAS_REQUEST);
		conns[i] = rig.last.conn;
	}
	/* 7 and 40 have no common divisor: each goes once, from the midst of those that are left. */
	for (unsigned gone = 0, newest = COUNT - 1; gone < COUNT - 1; gone++) {
		unsigned which = gone * 7 % COUNT;
		/* One that has closed its half is not found either. */
		if (gone % 2)
			tcp_shutdown(peers[which]->tcb, rig.now_ns);
		else
			tcp_abort(peers[which]->tcb, rig.now_ns);
		peers[which] = NULL;
		rig_run(&rig);
		while (!peers[newest])
			newest--;
		assert_int_equal(conns_send_peer(rig.conns, &at, span_str(REQUEST), rig.now_ns, &found), 0);
		assert_true(found == conns[newest]);
	}
}

static void test_without_alias_a_connection_to_the_port_is_opened(void **state)
{
	const struct endpoint at = {{{192, 0, 2, 2}, IP_V4}, 5060};
	struct rig_peer *peer;
	conn_id first, second;

	(void)state;
	rig_start(&rig);
	rig_listen(&rig);
	peer = rig_open(&rig);
	rig_say(&rig, peer, REQUEST);
	assert_int_equal(conns_send_peer(rig.conns, &at, span_str(REQUEST), rig.now_ns, &first), 0);
	/* The second waits for the same connection, which is not there yet. */
	assert_int_equal(conns_send_peer(rig.conns, &at, span_str(RESPONSE), rig.now_ns, &second), 0);
	assert_true(first == second);
	rig_run(&rig);
	assert_int_equal(rig.peer_count, 2);
	assert_int_equal(peer->len, 0);
	assert_string_equal(rig.peers[1].text, REQUEST RESPONSE);
	assert_int_equal(rig_count(&rig, STAT_conn_opened), 1);
}

static void test_connections_on_their_way_are_bounded_and_one_more_is_counted(void **state)
{
	struct endpoint at = {{{192, 0, 2, 2}, IP_V4}, 6000};
	uint64_t begun = 0;
	conn_id conn;
	int ret;

	(void)state;
	rig_start(&rig);
	while ((ret = conns_send_peer(rig.conns, &at, span_str(REQUEST), rig.now_ns, &conn)) == 0) {
		at.port++;
		begun++;
	}
	assert_int_equal(ret, -EMFILE);
	assert_true(begun > 0 && begun <= rig.config.limits.connections_max);
	assert_int_equal(rig_count(&rig, STAT_conn_opened), begun);
	assert_int_equal(rig_count(&rig, STAT_conn_not_opened), 1);
	/* Nobody listens there: all are refused, and there is room again. */
	rig_run(&rig);
	assert_int_equal(conns_send_peer(rig.conns, &at, span_str(REQUEST), rig.now_ns, &conn), 0);
}

static void test_what_waited_for_a_refused_connection_is_told_to_be_lost(void **state)
{
	const struct endpoint at = {{{192, 0, 2, 2}, IP_V4}, 5060};
	conn_id conn;

	(void)state;
	rig_start(&rig);
	assert_int_equal(conns_send_peer(rig.conns, &at, span_str(REQUEST), rig.now_ns, &conn), 0);
	rig_run(&rig);
	assert_int_equal(rig.ended_count, 1);
	assert_true(rig.ended[0].conn == conn);
}

static void test_a_connection_that_does_not_come_about_is_given_up_in_time(void **state)
{
	const struct endpoint at = {{{192, 0, 2, 2}, IP_V4}, 5060};
	conn_id conn;

	(void)state;
	rig_start(&rig);
	rig.cut[1] = true;
	assert_int_equal(conns_send_peer(rig.conns, &at, span_str(REQUEST), rig.now_ns, &conn), 0);
	rig_wait(&rig, 1999 * RIG_MS);
	assert_int_equal(rig.ended_count, 0);
	rig_wait(&rig, 2 * RIG_MS);
	assert_int_equal(rig.ended_count, 1);
}

static void test_a_listener_that_goes_leaves_its_connections(void **state)
{
	struct rig_peer *peer;

	(void)state;
	rig_start(&rig);
	peer = rig_open(&rig);
	assert_int_equal(conns_listen(rig.conns, NULL, 0), 0);
	rig_say(&rig, peer, REQUEST);
	assert_int_equal(rig.message_count, 1);
	peer = rig_open(&rig);
	assert_int_equal(peer->why, TCP_WHY_REFUSED);
}

static void test_connections_are_listed_in_parts(void **state)
{
	struct conns_walk walk = {.cursor = 0, .looks = 1024};
	struct conn_info infos[3];

	(void)state;
	rig_start(&rig);
	for (unsigned i = 0; i < 5; i++)
		rig_open(&rig);
	assert_int_equal(conns_list(rig.conns, &walk, infos, 3), 3);
	assert_true(walk.cursor != 0);
	assert_int_equal(infos[0].kind, CONN_ACCEPTED);
	assert_int_equal(infos[0].state, CONN_UP);
	assert_int_equal(conns_list(rig.conns, &walk, infos, 3), 2);
	assert_int_equal(walk.cursor, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_a_message_comes_with_its_ends_and_its_connection),
		RIG_TEST(test_a_message_byte_by_byte_is_the_same_message),
		RIG_TEST(test_messages_behind_a_straddling_one_are_read_where_they_lie),
		RIG_TEST(test_an_answer_goes_back_on_the_connection_of_the_request),
		RIG_TEST(test_a_keepalive_is_answered_by_one_line_end),
		RIG_TEST(test_a_broken_stream_is_answered_and_closed),
		RIG_TEST(test_garbage_resets_the_connection),
		RIG_TEST(test_a_line_feed_alone_among_the_headers_ends_the_connection),
		RIG_TEST(test_a_name_of_an_ended_connection_is_known_to_nobody),
		RIG_TEST(test_a_name_of_another_worker_is_known_to_nobody),
		RIG_TEST(test_who_has_closed_its_half_is_still_answered_for_a_while),
		RIG_TEST(test_a_message_cut_short_by_its_sender_is_counted),
		RIG_TEST(test_a_connection_may_be_closed_while_it_is_read),
		RIG_TEST(test_one_loop_reads_a_bounded_number_of_messages_of_each),
		RIG_TEST(test_the_newest_connection_with_an_alias_is_found),
		RIG_TEST(test_of_many_connections_with_one_alias_the_newest_that_lives_is_found),
		RIG_TEST(test_without_alias_a_connection_to_the_port_is_opened),
		RIG_TEST(test_connections_on_their_way_are_bounded_and_one_more_is_counted),
		RIG_TEST(test_what_waited_for_a_refused_connection_is_told_to_be_lost),
		RIG_TEST(test_a_connection_that_does_not_come_about_is_given_up_in_time),
		RIG_TEST(test_a_listener_that_goes_leaves_its_connections),
		RIG_TEST(test_connections_are_listed_in_parts),
	};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
