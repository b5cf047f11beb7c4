/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Streams and the stateless proxy: what RFC 3261 18 asks of Via, Record-Route and the way of responses. */
#include "world.h"

#include "proxy/branch.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define TCP_LISTENER "192.0.2.1:5060" /* the same address and port as over UDP */
#define TCP_NODE     "10.0.0.21:5060"

static const conn_id client_conn = 0x0100000700000009; /* worker 1, generation 7, index 9 */
static const conn_id node_conn = 0x0100000800000001;

static struct node *tcp_node;

static int setup(void **state)
{
	struct snapshot_fixture *fixture = &world.fixture;

	world_setup(state);
	snapshot_fixture_listener_over(fixture, "front-tcp", TCP_LISTENER, TRANSPORT_TCP);
	tcp_node = snapshot_fixture_node_over(fixture, TCP_NODE, "10.0.0.1", TRANSPORT_TCP);
	snapshot_fixture_route(fixture, "com.routeless", ROUTE_EXACT, 0, tcp_node);
	snapshot_fixture_build(fixture);
	return 0;
}

static const char *tcp_request(struct ask ask)
{
	ask.via = "Via: SIP/2.0/TCP 198.51.100.7:5060;branch=z9hG4bKclient1";
	return request(ask);
}

static enum proxy_action give_stream(const char *message)
{
	return give_by(client_conn, "198.51.100.7:40001", TCP_LISTENER, message);
}

static void test_a_request_by_tcp_goes_to_a_udp_node_and_its_response_back_on_the_connection(void **state)
{
	(void)state;
	assert_int_equal(give_stream(tcp_request((struct ask){.uri = "sip:bob@example.com"})), PROXY_FORWARD);
	expect_path("10.0.0.1:30001", NODE_A);
	assert_int_equal(world.out.transport, TRANSPORT_UDP);
	assert_int_equal(world.out.conn, CONN_NONE);
	expect_text("Via: SIP/2.0/UDP 10.0.0.1:30001;branch=z9hG4bK-sl2");

	assert_int_equal(give(NODE_A, "10.0.0.1:30001", response_to_last("200 OK")), PROXY_FORWARD);
	assert_int_equal(world.out.transport, TRANSPORT_TCP);
	assert_true(world.out.conn == client_conn);
	/* 18.2.2: where to go when the connection has ended; not the port it came from. */
	expect_path(TCP_LISTENER, CLIENT);
}

static void test_a_request_by_udp_goes_to_a_tcp_node(void **state)
{
	(void)state;
	assert_int_equal(
		give_from_client(request((struct ask){.uri = "sip:bob@routeless.com"})), PROXY_FORWARD);
	assert_int_equal(world.out.transport, TRANSPORT_TCP);
	expect_text("Via: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK-sl1");
	/* Each side is told how it reaches us (RFC 5658 5). */
	expect_text("Record-Route: <sip:192.0.2.1:5060;transport=tcp;lr;sl=");
	expect_text("Record-Route: <sip:192.0.2.1:5060;lr;sl=");

	assert_int_equal(
		give_by(node_conn, TCP_NODE, "10.0.0.1:50000", response_to_last("200 OK")), PROXY_FORWARD);
	assert_int_equal(world.out.transport, TRANSPORT_UDP);
	assert_int_equal(world.out.conn, CONN_NONE);
	expect_path(LISTENER4, CLIENT);
}

static void test_a_reply_of_ours_goes_back_on_the_connection(void **state)
{
	(void)state;
	expect_refusal(give_stream(tcp_request((struct ask){.uri = "sip:bob@nowhere.net"})), 404,
		STAT_sip_domain_unknown);
	assert_true(world.out.conn == client_conn);
	assert_int_equal(world.out.transport, TRANSPORT_TCP);
	expect_path(TCP_LISTENER, CLIENT);
}

static void test_a_node_speaks_to_the_client_of_its_dialog_over_the_client_s_transport(void **state)
{
	char route[KEPT_MAX];
	char headers[KEPT_MAX + 16];

	(void)state;
	give_stream(tcp_request((struct ask){.uri = "sip:bob@example.com"}));
	keep(route, last_header("Record-Route"));
	snprintf(headers, sizeof(headers), "Route: %s\r\n", route);
	assert_int_equal(give(NODE_A, LISTENER4,
				 request((struct ask){.method = "BYE",
					 .uri = "sip:alice@198.51.100.7",
					 .via = "Via: SIP/2.0/UDP 10.0.0.11:5060;branch=z9hG4bKnode1",
					 .from_tag = "callee",
					 .to_tag = "caller",
					 .headers = headers})),
		PROXY_FORWARD);
	assert_int_equal(world.out.transport, TRANSPORT_TCP);
	expect_path(TCP_LISTENER, CLIENT);
	expect_text("Via: SIP/2.0/TCP 192.0.2.1:5060;");
}

static void test_a_request_on_a_connection_that_we_opened_counts_as_its_listener_s(void **state)
{
	(void)state;
	assert_int_equal(give_by(node_conn, TCP_NODE, "10.0.0.1:50000",
				 request((struct ask){.uri = "sip:bob@example.com",
					 .via = "Via: SIP/2.0/TCP 10.0.0.21:5060;branch=z9hG4bKnode1"})),
		PROXY_FORWARD);
	assert_int_equal(counted(STAT_sip_no_listener), 0);
}

static void test_a_datagram_where_only_a_stream_listens_is_dropped(void **state)
{
	(void)state;
	snapshot_fixture_listener_over(&world.fixture, "only-tcp", "192.0.2.1:5070", TRANSPORT_TCP);
	assert_int_equal(give(CLIENT, "192.0.2.1:5070", request((struct ask){0})), PROXY_DROP);
	assert_int_equal(counted(STAT_sip_no_listener), 1);
}

static void test_the_owner_of_a_response_is_read_from_its_branch(void **state)
{
	const char *response;

	(void)state;
	give_stream(tcp_request((struct ask){.uri = "sip:bob@example.com"}));
	response = response_to_last("200 OK");
	assert_int_equal(proxy_owner_of(span_str(response)), 1);
	assert_int_equal(proxy_owner_of(span_str(world.text)), -ENOENT); /* a request */

	give_from_client(request((struct ask){0}));
	response = response_to_last("200 OK");
	assert_int_equal(proxy_owner_of(span_str(response)), -ENOENT); /* any worker knows as much */
	assert_int_equal(proxy_owner_of(span_str("SIP/2.0 200 OK\r\n")), -ENOENT);
}

/* The names in the long form are sealed too: another connection is a forgery. */
static void test_a_response_that_names_another_connection_is_dropped(void **state)
{
	char response[KEPT_MAX];
	char *names;

	(void)state;
	give_stream(tcp_request((struct ask){.uri = "sip:bob@example.com"}));
	keep(response, response_to_last("200 OK"));
	names = strstr(response, "z9hG4bK-sl2") + BRANCH_LEN;
	*names = *names == '0' ? '1' : '0';
	assert_int_equal(give(NODE_A, "10.0.0.1:30001", response), PROXY_DROP);
	assert_int_equal(counted(STAT_sip_response_forged), 1);
}

static enum proxy_action refuse_unsent(const struct proxy_in *in, const char *message)
{
	struct proxy_in again = *in;

	again.bytes = span_str(message);
	return proxy_refuse_unsent(&world.proxy, &world.fixture.snap, &again, &world.out);
}

static void test_a_request_that_no_connection_takes_is_answered_503(void **state)
{
	const char *message = tcp_request((struct ask){.uri = "sip:bob@routeless.com"});
	struct proxy_in in = {.src = endpoint_of("198.51.100.7:40001"),
		.local = endpoint_of(TCP_LISTENER),
		.conn = client_conn,
		.transport = TRANSPORT_TCP};

	(void)state;
	assert_int_equal(give_stream(message), PROXY_FORWARD);
	assert_int_equal(refuse_unsent(&in, message), PROXY_REPLY);
	assert_int_equal(world.out.status, 503);
	assert_true(world.out.conn == client_conn);
	assert_int_equal(world.out.node_slot, PROXY_NO_NODE);
	assert_false(world.out.is_request);
	assert_int_equal(strncmp(world.out.buf, "SIP/2.0 503 ", 12), 0);
	assert_int_equal(counted(STAT_sip_unsent), 1);
}

/* Its sender sends it again, and a response would be nobody's. */
static void test_what_came_and_went_as_a_datagram_or_is_a_response_is_not_answered(void **state)
{
	const char *message = request((struct ask){.uri = "sip:bob@example.com"});
	struct proxy_in in = {.src = endpoint_of(CLIENT), .local = endpoint_of(LISTENER4)};

	(void)state;
	assert_int_equal(give_from_client(message), PROXY_FORWARD);
	assert_int_equal(refuse_unsent(&in, message), PROXY_DROP);
	give_stream(tcp_request((struct ask){.uri = "sip:bob@example.com"}));
	message = response_to_last("200 OK");
	assert_int_equal(give(NODE_A, "10.0.0.1:30001", message), PROXY_FORWARD);
	in.src = endpoint_of(NODE_A);
	assert_int_equal(refuse_unsent(&in, message), PROXY_DROP);
	assert_int_equal(counted(STAT_sip_unsent), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
		TEST(test_a_request_by_tcp_goes_to_a_udp_node_and_its_response_back_on_the_connection),
		TEST(test_a_request_by_udp_goes_to_a_tcp_node),
		TEST(test_a_reply_of_ours_goes_back_on_the_connection),
		TEST(test_a_node_speaks_to_the_client_of_its_dialog_over_the_client_s_transport),
		TEST(test_a_request_on_a_connection_that_we_opened_counts_as_its_listener_s),
		TEST(test_a_datagram_where_only_a_stream_listens_is_dropped),
		TEST(test_the_owner_of_a_response_is_read_from_its_branch),
		TEST(test_a_response_that_names_another_connection_is_dropped),
		TEST(test_a_request_that_no_connection_takes_is_answered_503),
		TEST(test_what_came_and_went_as_a_datagram_or_is_a_response_is_not_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
