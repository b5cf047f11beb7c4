/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of requests that were given to another worker when the directory was wrong, the connection
 * ends or refuses, or there is no room on the way.
 */
#include "handover_world.h"

#include "conn/directory.h"
#include "support/eal.h"
#include "support/endpoint.h"
#include "worker/worker_priv.h"

#include <string.h>

/* The client listens where the directory names somebody who is gone. */
static void check_that_a_connection_is_opened(void)
{
	const struct endpoint at = client_endpoint(5071);
	unsigned ends = world.host->count;
	uint64_t opened = counted(THERE, STAT_conn_opened);

	stream_host_listen(world.host, 5071);
	mislead(&at);
	stream_host_say(world.host, world.node, request_to(5071));
	assert_int_equal(counted(THERE, STAT_worker_given_stale), 1);
	assert_int_equal(counted(THERE, STAT_conn_send_gone), 0);
	assert_int_equal(world.host->count, ends + 1);
	answer(&world.host->ends[ends]);
	assert_node_heard("SIP/2.0 200 OK");
	/* The connection is HERE's, and stands in nobody's place. */
	assert_int_equal(counted(THERE, STAT_conn_opened), opened);
	assert_int_equal(conn_id_worker(found(&at)), THERE);
}

static void test_what_comes_back_leaves_by_a_connection_of_its_own_worker(void **state)
{
	(void)state;
	world_begin();
	check_that_a_connection_is_opened();
	assert_int_equal(answered(), 1);
	assert_int_equal(counted(HERE, STAT_sip_txn_send_failed), 0);
	world_end();
}

static void test_what_comes_back_without_a_transaction_leaves_as_well(void **state)
{
	(void)state;
	world_begin_stateless();
	check_that_a_connection_is_opened();
	world_end();
}

/* Its peer has come back meanwhile, and what it was given for has ended. */
static void test_what_comes_back_goes_to_a_connection_that_is_newer(void **state)
{
	const struct endpoint at = client_endpoint(5070);
	struct stream_end *client;
	conn_id newer;

	(void)state;
	world_begin();
	client = client_with_alias(THERE, 5070);
	newer = found(&at);
	mislead(&at);
	say_to_here(request_to(5070));
	directory_put(world.rig->directory, &at, newer);
	stream_host_run(world.host);
	assert_int_equal(counted(THERE, STAT_worker_given_stale), 1);
	assert_true(is_message(client));
	answer(client);
	assert_node_heard("SIP/2.0 200 OK");
	assert_int_equal(answered(), 1);
	world_end();
}

/* A response has nobody to go to but an address behind which nobody listens: that is not where its client is.
 */
static void test_an_attempt_to_connect_does_not_hide_a_client(void **state)
{
	const struct endpoint at = client_endpoint(5070);
	struct stream_end *client;
	conn_id opened;

	(void)state;
	world_begin();
	client = client_with_alias(THERE, 5070);
	assert_int_equal(conns_send_peer(world.rig->workers[HERE]->conns, &at, span_str("x"),
				 world.rig->now_ns, &opened),
		0);
	stream_host_say(world.host, world.node, request_to(5070));
	assert_true(is_message(client));
	stream_host_run(world.host);
	assert_true(found(&at) != CONN_NONE);
	world_end();
}

/* Another one behind the same NAT asked for the same alias, and left. */
static void test_a_client_is_found_again_once_it_is_heard(void **state)
{
	const struct endpoint at = client_endpoint(5070);
	struct stream_end *client;
	struct stream_end *other;

	(void)state;
	world_begin();
	client = client_with_alias(THERE, 5070);
	other = client_with_alias(HERE, 5070);
	assert_int_equal(conn_id_worker(found(&at)), HERE);
	tcp_abort(other->tcb, world.rig->now_ns);
	stream_host_run(world.host);
	assert_true(found(&at) == CONN_NONE);
	stream_host_wait(world.host, 1000);
	stream_host_say(world.host, client, "\r\n\r\n");
	assert_int_equal(conn_id_worker(found(&at)), THERE);
	world_end();
}

static void test_a_transaction_is_told_when_nobody_answers_by_the_connection_opened_instead(void **state)
{
	const struct endpoint at = client_endpoint(5071);

	(void)state;
	world_begin();
	mislead(&at);
	stream_host_say(world.host, world.node, request_to(5071));
	/* Its port is closed. */
	assert_node_heard("SIP/2.0 503 ");
	assert_int_equal(counted(THERE, STAT_worker_given_stale), 1);
	world_end();
}

static void test_a_connection_that_ends_while_the_request_is_on_its_way_is_replaced(void **state)
{
	struct stream_end *client;
	unsigned ends;

	(void)state;
	world_begin();
	client = client_with_alias(THERE, 5070);
	stream_host_listen(world.host, 5070);
	ends = world.host->count;
	say_to_here(request_to(5070));
	assert_int_equal(counted(HERE, STAT_worker_given_messages), 1);
	conns_close(world.rig->workers[THERE]->conns, found(&client->local), world.rig->now_ns);
	stream_host_run(world.host);
	assert_int_equal(client->len, 0);
	assert_int_equal(world.host->count, ends + 1);
	answer(&world.host->ends[ends]);
	assert_node_heard("SIP/2.0 200 OK");
	assert_int_equal(answered(), 1);
	world_end();
}

static void test_a_connection_that_ends_with_the_request_is_told(void **state)
{
	struct stream_end *client;

	(void)state;
	world_begin();
	client = stream_host_open_to(world.host, THERE);
	stream_host_say(world.host, world.node, request_to(client->local.port));
	assert_true(is_message(client));
	assert_int_equal(answered(), 0);
	tcp_abort(client->tcb, world.rig->now_ns);
	stream_host_run(world.host);
	assert_node_heard("SIP/2.0 503 ");
	assert_int_equal(answered(), 1);
	world_end();
}

/* A few bits stand for an address in the directory: another one may have the same. */
static void test_a_request_does_not_leave_by_the_connection_of_somebody_else(void **state)
{
	const struct endpoint at = client_endpoint(5071);
	struct stream_end *client;
	unsigned ends;

	(void)state;
	world_begin();
	client = stream_host_open_to(world.host, THERE);
	stream_host_listen(world.host, 5071);
	ends = world.host->count;
	directory_put(world.rig->directory, &at, found(&client->local));
	stream_host_say(world.host, world.node, request_to(5071));
	assert_int_equal(client->len, 0);
	answer(&world.host->ends[ends]);
	assert_node_heard("SIP/2.0 200 OK");
	world_end();
}

static void test_a_request_that_finds_a_full_ring_leaves_by_a_connection_of_its_own_worker(void **state)
{
	struct stream_end *client;
	unsigned ends;

	(void)state;
	world_begin();
	client = client_with_alias(THERE, 5070);
	stream_host_listen(world.host, 5070);
	ends = world.host->count;
	fill_ring(HERE);
	assert_int_equal(counted(HERE, STAT_worker_given_messages_full), 1);
	say_to_here(request_to(5070));
	assert_int_equal(counted(HERE, STAT_worker_given_messages_full), 2);
	stream_host_run(world.host);
	assert_int_equal(client->len, 0);
	assert_int_equal(world.host->count, ends + 1);
	answer(&world.host->ends[ends]);
	assert_node_heard("SIP/2.0 200 OK");
	world_end();
}

static void test_a_transaction_is_told_that_the_other_worker_s_connection_is_full(void **state)
{
	struct stream_end *client;

	(void)state;
	world_begin();
	client = stream_host_open_to(world.host, THERE);
	choke(client);
	stream_host_write(world.host, world.node, request_to(client->local.port));
	rig_poll(world.rig);
	assert_int_equal(counted(THERE, STAT_conn_send_full), 2);
	assert_int_equal(counted(HERE, STAT_sip_txn_send_failed), 1);
	stream_host_forget(world.host);
	stream_host_run(world.host);
	assert_node_heard("SIP/2.0 503 ");
	world_end();
}

static void test_without_a_transaction_what_a_full_connection_refuses_is_lost(void **state)
{
	struct stream_end *client;

	(void)state;
	world_begin_stateless();
	client = stream_host_open_to(world.host, THERE);
	choke(client);
	stream_host_write(world.host, world.node, request_to(client->local.port));
	rig_poll(world.rig);
	assert_int_equal(counted(THERE, STAT_worker_given_lost), 1);
	stream_host_forget(world.host);
	world_end();
}

static void test_a_transaction_is_told_when_there_is_no_room_for_the_way_back(void **state)
{
	const struct endpoint at = client_endpoint(5071);

	(void)state;
	world_begin();
	mislead(&at);
	say_to_here(request_to(5071));
	fill_ring(THERE);
	worker_poll(world.rig->workers[THERE], world.rig->now_ns);
	assert_int_equal(counted(THERE, STAT_worker_given_messages_full), 2);
	stream_host_run(world.host);
	assert_int_equal(counted(HERE, STAT_sip_txn_send_failed), 1);
	assert_node_heard("SIP/2.0 503 ");
	world_end();
}

/* What worker_give_out() takes, of a transaction that is none, for a connection that THERE does not have. */
static struct proxy_out stale_request(void)
{
	static char text[] = "MESSAGE sip:alice@192.0.2.100:5071 SIP/2.0\r\n\r\n";

	return (struct proxy_out){.buf = text,
		.len = sizeof(text) - 1,
		.dst = client_endpoint(5071),
		.conn = conn_id_make(THERE, 77, 5),
		.token = conn_id_make(HERE, 77, 5),
		.transport = TRANSPORT_TCP,
		.is_request = true};
}

static void test_what_comes_back_after_its_transaction_has_ended_is_dropped_and_counted(void **state)
{
	struct proxy_out out = stale_request();
	uint64_t opened;

	(void)state;
	world_begin();
	opened = rig_count(world.rig, STAT_conn_opened);
	assert_int_equal(worker_give_out(world.rig->workers[HERE], THERE, &out), 0);
	rig_poll(world.rig);
	assert_int_equal(counted(HERE, STAT_worker_given_lost), 1);
	assert_int_equal(rig_count(world.rig, STAT_conn_opened), opened);
	world_end();
}

static void test_what_comes_back_and_cannot_leave_is_counted(void **state)
{
	struct proxy_out out = stale_request();

	(void)state;
	world_begin_stateless();
	out.token = 0;
	out.dst.ip = (struct ip_addr){{0x20, 1, 0xd, 0xb8}, IP_V6}; /* we have no address there */
	assert_int_equal(worker_give_out(world.rig->workers[HERE], THERE, &out), 0);
	rig_poll(world.rig);
	assert_int_equal(counted(HERE, STAT_conn_not_opened), 1);
	assert_int_equal(counted(HERE, STAT_worker_given_lost), 1);
	world_end();
}

static void test_a_letter_that_finds_no_room_is_counted(void **state)
{
	struct proxy_out out = stale_request();

	(void)state;
	world_begin();
	fill_ring(THERE);
	for (unsigned i = 0; i < EXCHANGE_LETTERS; i++)
		assert_int_equal(worker_give_out(world.rig->workers[HERE], THERE, &out), 0);
	while (worker_poll(world.rig->workers[THERE], world.rig->now_ns) > 0)
		;
	/* The box holds one less than its size. */
	assert_int_equal(counted(THERE, STAT_worker_letters_refused), 1);
	rig_poll(world.rig);
	world_end();
}

static void test_responses_for_a_worker_that_does_not_run_are_dropped_and_counted(void **state)
{
	(void)state;
	world_begin();
	fill_ring(HERE);
	assert_int_equal(counted(HERE, STAT_worker_given_messages_full), 1);
	rig_poll(world.rig);
	/* No such connection, and no address to reach anybody by. */
	assert_int_equal(counted(THERE, STAT_conn_send_gone), counted(HERE, STAT_worker_given_messages));
	world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_comes_back_leaves_by_a_connection_of_its_own_worker),
		cmocka_unit_test(test_what_comes_back_without_a_transaction_leaves_as_well),
		cmocka_unit_test(test_what_comes_back_goes_to_a_connection_that_is_newer),
		cmocka_unit_test(test_an_attempt_to_connect_does_not_hide_a_client),
		cmocka_unit_test(test_a_client_is_found_again_once_it_is_heard),
		cmocka_unit_test(
			test_a_transaction_is_told_when_nobody_answers_by_the_connection_opened_instead),
		cmocka_unit_test(test_a_connection_that_ends_while_the_request_is_on_its_way_is_replaced),
		cmocka_unit_test(test_a_connection_that_ends_with_the_request_is_told),
		cmocka_unit_test(test_a_request_does_not_leave_by_the_connection_of_somebody_else),
		cmocka_unit_test(
			test_a_request_that_finds_a_full_ring_leaves_by_a_connection_of_its_own_worker),
		cmocka_unit_test(test_a_transaction_is_told_that_the_other_worker_s_connection_is_full),
		cmocka_unit_test(test_without_a_transaction_what_a_full_connection_refuses_is_lost),
		cmocka_unit_test(test_a_transaction_is_told_when_there_is_no_room_for_the_way_back),
		cmocka_unit_test(test_what_comes_back_after_its_transaction_has_ended_is_dropped_and_counted),
		cmocka_unit_test(test_what_comes_back_and_cannot_leave_is_counted),
		cmocka_unit_test(test_a_letter_that_finds_no_room_is_counted),
		cmocka_unit_test(test_responses_for_a_worker_that_does_not_run_are_dropped_and_counted),
	};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
