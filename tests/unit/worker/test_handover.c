/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests toward clients over TCP, where one worker has the request and another one the client's connection.
 */
#include "handover_world.h"

#include "support/eal.h"
#include "support/endpoint.h"
#include "worker/worker_priv.h"

#include <string.h>

static void test_a_request_leaves_by_the_connection_that_another_worker_has(void **state)
{
	struct stream_end *client;
	unsigned ends;

	(void)state;
	world_begin();
	client = stream_host_open_to(world.host, THERE);
	ends = world.host->count;
	stream_host_say(world.host, world.node, request_to(client->local.port));
	assert_int_equal(counted(HERE, STAT_worker_given_requests), 1);
	assert_int_equal(answered(), 0);
	answer(client);
	assert_node_heard("SIP/2.0 200 OK");
	assert_int_equal(answered(), 1);
	assert_int_equal(counted(THERE, STAT_worker_given_messages), 1);
	assert_int_equal(world.host->count, ends);
	world_end();
}

static void test_a_request_without_a_transaction_leaves_by_it_too(void **state)
{
	struct stream_end *client;
	unsigned ends;

	(void)state;
	world_begin_stateless();
	client = stream_host_open_to(world.host, THERE);
	ends = world.host->count;
	stream_host_say(world.host, world.node, request_to(client->local.port));
	answer(client);
	assert_node_heard("SIP/2.0 200 OK");
	assert_int_equal(world.host->count, ends);
	world_end();
}

static void test_an_alias_is_found_on_another_worker(void **state)
{
	struct stream_end *client;

	(void)state;
	world_begin();
	client = client_with_alias(THERE, 5070);
	stream_host_say(world.host, world.node, request_to(5070));
	answer(client);
	assert_node_heard("SIP/2.0 200 OK");
	world_end();
}

static void test_an_alias_leads_nowhere_but_to_the_address_its_peer_has(void **state)
{
	const struct endpoint next_door = {{{192, 0, 2, 101}, IP_V4}, 5070};
	const struct endpoint at = client_endpoint(5070);
	struct stream_end *client;

	(void)state;
	world_begin();
	client = stream_host_open_to(world.host, THERE);
	stream_host_say(world.host, client,
		"OPTIONS sip:bob@nowhere.example SIP/2.0\r\n"
		"Via: SIP/2.0/TCP 192.0.2.101:5070;alias;branch=z9hG4bKv\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: v\r\n"
		"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
	assert_true(found(&next_door) == CONN_NONE);
	assert_true(found(&at) != CONN_NONE);
	world_end();
}

/* What belongs to the INVITE finds its connection by name. */
static void test_cancel_and_ack_go_the_way_of_their_invite(void **state)
{
	struct stream_end *client;
	char invite[2048];
	unsigned ends;

	(void)state;
	world_begin();
	client = stream_host_open_to(world.host, THERE);
	ends = world.host->count;
	stream_host_say(world.host, world.node, request_of("INVITE", client->local.port, 1));
	memcpy(invite, client->text, sizeof(invite));
	answer_with(client, "180 Ringing");
	assert_node_heard("SIP/2.0 180 ");
	stream_host_say(world.host, world.node, request_of("CANCEL", client->local.port, 1));
	assert_true(heard_first(client, "CANCEL "));
	answer_with(client, "200 OK");
	memcpy(client->text, invite, sizeof(invite));
	answer_with(client, "487 Request Terminated");
	assert_true(heard_first(client, "ACK "));
	assert_node_heard("SIP/2.0 487 ");
	assert_int_equal(world.host->count, ends);
	world_end();
}

static void test_cancel_that_finds_a_full_ring_leaves_by_another_connection(void **state)
{
	struct stream_end *client;
	unsigned ends;

	(void)state;
	world_begin();
	client = client_with_alias(THERE, 5070);
	stream_host_listen(world.host, 5070);
	ends = world.host->count;
	stream_host_say(world.host, world.node, request_of("INVITE", 5070, 1));
	answer_with(client, "180 Ringing");
	fill_ring(HERE);
	say_to_here(request_of("CANCEL", 5070, 1));
	stream_host_run(world.host);
	assert_int_equal(client->len, 0);
	assert_int_equal(world.host->count, ends + 1);
	assert_true(heard_first(&world.host->ends[ends], "CANCEL "));
	world_end();
}

static void test_of_two_workers_connections_the_newest_is_found(void **state)
{
	(void)state;
	world_begin();
	for (unsigned i = 0; i < 4; i++) {
		/* The older ones live on, and are not heard of. */
		struct stream_end *newest = stream_host_open_to(world.host, i % 2);
		ask_for_alias(newest, 5070);
		for (unsigned worker = HERE; worker <= THERE; worker++) {
			stream_host_forget(world.host);
			stream_host_say(
				world.host, stream_host_node_of(world.host, worker), request_to(5070));
			answer(newest);
		}
	}
	assert_int_equal(counted(HERE, STAT_sip_txn_answered), counted(HERE, STAT_sip_txn_begun));
	world_end();
}

static void test_what_ends_is_not_found_any_more(void **state)
{
	(void)state;
	world_begin();
	for (unsigned i = 0; i < 3; i++) {
		struct stream_end *client = stream_host_open_to(world.host, THERE);
		const struct endpoint at = client_endpoint(5070), remote = client->local;
		ask_for_alias(client, 5070);
		assert_true(found(&at) != CONN_NONE && found(&at) == found(&remote));
		if (i == 0)
			tcp_close(client->tcb, world.rig->now_ns);
		else if (i == 1)
			tcp_abort(client->tcb, world.rig->now_ns);
		else
			conns_close(world.rig->workers[THERE]->conns, found(&at), world.rig->now_ns);
		stream_host_run(world.host);
		assert_true(found(&at) == CONN_NONE && found(&remote) == CONN_NONE);
	}
	world_end();
}

static void test_when_the_newest_ends_the_one_before_it_is_found(void **state)
{
	const struct endpoint at = client_endpoint(5070);
	struct stream_end *before, *newest;

	(void)state;
	world_begin();
	before = client_with_alias(THERE, 5070);
	newest = client_with_alias(THERE, 5070);
	assert_true(found(&at) == found(&newest->local));
	tcp_abort(newest->tcb, world.rig->now_ns);
	stream_host_run(world.host);
	stream_host_say(world.host, world.node, request_to(5070));
	answer(before);
	assert_node_heard("SIP/2.0 200 OK");
	world_end();
}

static void test_what_ends_does_not_take_the_place_of_a_newer_one_away(void **state)
{
	const struct endpoint at = client_endpoint(5070);
	struct stream_end *older, *newest;

	(void)state;
	world_begin();
	older = client_with_alias(THERE, 5070);
	newest = client_with_alias(HERE, 5070);
	tcp_abort(older->tcb, world.rig->now_ns);
	stream_host_run(world.host);
	assert_true(found(&at) != CONN_NONE && found(&at) == found(&newest->local));
	world_end();
}

static void test_connections_of_nodes_are_not_shared(void **state)
{
	const struct endpoint at = endpoint_of(NODE);

	(void)state;
	world_begin();
	assert_true(found(&at) == CONN_NONE);
	world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_request_leaves_by_the_connection_that_another_worker_has),
		cmocka_unit_test(test_a_request_without_a_transaction_leaves_by_it_too),
		cmocka_unit_test(test_an_alias_is_found_on_another_worker),
		cmocka_unit_test(test_an_alias_leads_nowhere_but_to_the_address_its_peer_has),
		cmocka_unit_test(test_cancel_and_ack_go_the_way_of_their_invite),
		cmocka_unit_test(test_cancel_that_finds_a_full_ring_leaves_by_another_connection),
		cmocka_unit_test(test_of_two_workers_connections_the_newest_is_found),
		cmocka_unit_test(test_what_ends_is_not_found_any_more),
		cmocka_unit_test(test_when_the_newest_ends_the_one_before_it_is_found),
		cmocka_unit_test(test_what_ends_does_not_take_the_place_of_a_newer_one_away),
		cmocka_unit_test(test_connections_of_nodes_are_not_shared),
	};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
