/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIP over TCP through whole workers: which connection a message leaves by, whoever received it. */
#include "stream_host.h"

#include "support/eal.h"
#include "rcu.h"
#include "worker/worker_priv.h"

#include <stdio.h>
#include <string.h>

static struct rig *rig;
static struct stream_host *host;

static void begin_with(struct rig *made)
{
	rig = made;
	host = stream_host_create(rig);
	stream_host_wait(host, 200);
}

static void begin(unsigned workers)
{
	begin_with(rig_create_over(workers, TRANSPORT_TCP));
}

static void end(void)
{
	stream_host_destroy(host);
	rig_destroy(rig);
}

static const char *request(unsigned call)
{
	static char text[1024];

	snprintf(text, sizeof(text),
		"MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP "
		"192.0.2.100:5070;branch=z9hG4bKc%u\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:alice@a.example>;tag=1\r\nTo: <sip:bob@example.com>\r\n"
		"Call-ID: call%u@a\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n",
		call, call);
	return text;
}

/* The node's answer: the request's headers under another first line. */
static const char *answer_to(const char *received)
{
	static char text[2048];
	const char *message = strstr(received, "MESSAGE sip:");

	assert_non_null(message);
	snprintf(text, sizeof(text), "SIP/2.0 200 OK%s", strstr(message, "\r\n"));
	return text;
}

static unsigned owner_of(const struct stream_end *node_end)
{
	return worker_of_tcp_port(rig->workers[0], node_end->balancer.port);
}

static void test_each_worker_opens_its_pools_and_probes_run_on_them(void **state)
{
	unsigned by_worker[2] = {0, 0};

	(void)state;
	begin(2);
	for (unsigned i = 0; i < host->count; i++)
		by_worker[owner_of(&host->ends[i])]++;
	/* Two nodes, two connections each. */
	assert_int_equal(by_worker[0], 4);
	assert_int_equal(by_worker[1], 4);
	assert_non_null(stream_host_heard(
		host, "OPTIONS sip:192.0.2.11:5060;transport=tcp SIP/2.0\r\nVia: SIP/2.0/TCP"));
	end();
}

static void test_an_answered_probe_is_reported(void **state)
{
	struct mail mails[8];
	struct stream_end *node;
	char *probe;
	static char text[1024];

	(void)state;
	begin(1);
	node = stream_host_heard(host, "OPTIONS");
	assert_non_null(node);
	probe = strstr(node->text, "OPTIONS");
	snprintf(text, sizeof(text), "SIP/2.0 200 OK%s", strstr(probe, "\r\n"));
	stream_host_say(host, node, text);
	assert_int_equal(rig_count(rig, STAT_worker_probe_answers), 1);
	assert_true(worker_hear(rig->workers[0], mails, 8) >= 1);
	assert_int_equal(mails[0].node.event, HEALTH_PROBE_OK);
	end();
}

static void test_a_request_crosses_and_its_answer_comes_back_on_its_connection(void **state)
{
	struct stream_end *client, *other, *node;

	(void)state;
	begin(1);
	client = stream_host_open(host);
	other = stream_host_open(host);
	stream_host_say(host, client, request(1));
	node = stream_host_heard(host, "MESSAGE sip:bob");
	assert_non_null(node);
	assert_non_null(strstr(node->text, "Via: SIP/2.0/TCP 192.0.2.1"));
	stream_host_say(host, node, answer_to(node->text));
	assert_int_equal(strncmp(client->text, "SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 192.0.2.100", 44), 0);
	assert_int_equal(other->len, 0);
	assert_int_equal(rig_count(rig, STAT_sip_responses_forwarded), 1);
	end();
}

/* The answer comes on a connection of the other worker: it is handed over, whoever has the client's. */
static void test_an_answer_that_another_worker_received_is_handed_over(void **state)
{
	(void)state;
	begin(2);
	for (unsigned call = 0; call < 8; call++) {
		struct stream_end *client = stream_host_open(host);
		struct stream_end *node, *elsewhere = NULL;
		const char *answer;
		uint64_t given = rig_count(rig, STAT_worker_given_messages);

		stream_host_forget(host);
		stream_host_say(host, client, request(call));
		node = stream_host_heard(host, "MESSAGE sip:bob");
		assert_non_null(node);
		for (unsigned i = 0; i < host->count && !elsewhere; i++) {
			if (host->ends[i].accepted && owner_of(&host->ends[i]) != owner_of(node))
				elsewhere = &host->ends[i];
		}
		assert_non_null(elsewhere);
		answer = answer_to(node->text);
		stream_host_say(host, elsewhere, answer);
		assert_int_equal(strncmp(client->text, "SIP/2.0 200 OK", 14), 0);
		assert_int_equal(rig_count(rig, STAT_worker_given_messages), given + 1);
	}
	end();
}

static void test_an_answer_whose_connection_is_gone_goes_to_the_address_in_the_via(void **state)
{
	struct endpoint client_port = {.port = 5070};
	struct stream_end *client, *node;
	unsigned before;

	(void)state;
	begin(1);
	client_port.ip = rig->fixture.nodes[0].remote.ip;
	client_port.ip.bytes[3] = 100;
	assert_int_equal(tcp_listen(host->tcp, &client_port, 8, 0), 0);
	client = stream_host_open(host);
	stream_host_say(host, client, request(1));
	node = stream_host_heard(host, "MESSAGE sip:bob");
	tcp_abort(client->tcb, rig->now_ns);
	stream_host_run(host);
	before = host->count;
	stream_host_say(host, node, answer_to(node->text));
	assert_int_equal(host->count, before + 1);
	assert_int_equal(host->ends[before].local.port, 5070);
	assert_int_equal(strncmp(host->ends[before].text, "SIP/2.0 200 OK", 14), 0);
	end();
}

static void test_a_killed_node_is_reported_as_often_as_it_must_be_to_fall(void **state)
{
	struct mail mails[64];
	unsigned count, failures = 0;

	(void)state;
	begin(1);
	stream_host_wait(host, 300);
	while (worker_hear(rig->workers[0], mails, 64) > 0)
		;
	stream_host_kill_nodes(host);
	stream_host_wait(host, 40);
	count = worker_hear(rig->workers[0], mails, 64);
	for (unsigned i = 0; i < count; i++)
		failures += mails[i].node.slot == 0 && mails[i].node.event == HEALTH_UNREACHABLE;
	assert_true(failures >= 3);
	end();
}

static void test_the_other_worker_tells_of_a_reset_by_letter(void **state)
{
	struct mail mails[64];
	unsigned count = 0, told = 0;

	(void)state;
	begin(2);
	stream_host_wait(host, 300);
	while (worker_hear(rig->workers[0], mails, 64) > 0)
		;
	/* Only what worker 1 has toward the node that worker 0 probes. */
	for (unsigned i = 0; i < host->count; i++) {
		if (owner_of(&host->ends[i]) == 1 && host->ends[i].local.ip.bytes[3] == 11)
			tcp_abort(host->ends[i].tcb, rig->now_ns);
	}
	stream_host_run(host);
	count = worker_hear(rig->workers[0], mails, 64);
	for (unsigned i = 0; i < count; i++)
		told += mails[i].node.slot == 0 && mails[i].node.event == HEALTH_UNREACHABLE;
	assert_int_equal(told, 1);
	end();
}

static void test_without_a_connection_a_request_is_answered_503(void **state)
{
	struct stream_end *client;
	uint64_t before;

	(void)state;
	begin(1);
	stream_host_kill_nodes(host);
	stream_host_wait(host, 30);
	client = stream_host_open(host);
	before = rig_count(rig, STAT_conn_node_not_connected);
	stream_host_say(host, client, request(1));
	assert_int_equal(rig_count(rig, STAT_conn_node_not_connected), before + 1);
	assert_int_equal(strncmp(client->text, "SIP/2.0 503 ", 12), 0);
	assert_non_null(strstr(client->text, "\r\nRetry-After: "));
	assert_int_equal(rig_count(rig, STAT_sip_unsent), 1);
	end();
}

static void test_without_a_connection_an_ack_is_dropped_and_counted(void **state)
{
	struct stream_end *client;

	(void)state;
	begin(1);
	stream_host_kill_nodes(host);
	stream_host_wait(host, 30);
	client = stream_host_open(host);
	stream_host_say(host, client,
		"ACK sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.100:5070;branch=z9hG4bKa\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@b>;tag=2\r\nCall-ID: c\r\n"
		"CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(client->len, 0);
	assert_int_equal(rig_count(rig, STAT_sip_unsent), 1);
	assert_int_equal(rig_count(rig, STAT_sip_ack_dropped), 1);
	end();
}

static void test_a_stream_that_cannot_be_read_is_answered_by_the_proxy(void **state)
{
	struct stream_end *client;

	(void)state;
	begin(1);
	client = stream_host_open(host);
	stream_host_say(host, client,
		"MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.100:5070;branch=z9hG4bKc\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: c\r\nCSeq: 1 "
		"MESSAGE\r\n"
		"Content-Length: 70000\r\n\r\n");
	assert_int_equal(strncmp(client->text, "SIP/2.0 413 ", 12), 0);
	assert_true(client->peer_closed);
	assert_int_equal(rig_count(rig, STAT_sip_body_too_long), 1);
	end();
}

static void test_control_is_told_the_connections_when_it_asks(void **state)
{
	struct mail ask = {.kind = MAIL_LIST, .list = {.serial = 9, .what = MAIL_LIST_CONNECTIONS}};
	struct mail mails[64];
	unsigned count, found = 0;

	(void)state;
	begin(1);
	stream_host_open(host);
	while (worker_hear(rig->workers[0], mails, 64) > 0)
		;
	assert_true(worker_tell(rig->workers[0], &ask));
	rig_poll(rig);
	count = worker_hear(rig->workers[0], mails, 64);
	for (unsigned i = 0; i < count; i++)
		found += mails[i].kind == MAIL_CONNECTION;
	assert_int_equal(found, 5);
	assert_int_equal(mails[count - 1].kind, MAIL_LIST);
	assert_int_equal(mails[count - 1].list.serial, 9);
	end();
}

static void test_a_listener_whose_address_is_taken_is_counted(void **state)
{
	const struct endpoint taken = {{{192, 0, 2, 1}, IP_V4}, 5099};
	struct snapshot next;

	(void)state;
	begin(1);
	assert_int_equal(tcp_listen(rig->workers[0]->tcp, &taken, 1, 0), 0);
	snapshot_fixture_listener_over(&rig->fixture, "taken", "192.0.2.1:5099", TRANSPORT_TCP);
	next = rig->fixture.snap;
	next.generation++;
	next.serial++;
	rcu_publish(rig->rcu, &next);
	rig_poll(rig);
	assert_int_equal(rig_count(rig, STAT_worker_no_stream_listener), 1);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_worker_opens_its_pools_and_probes_run_on_them),
		cmocka_unit_test(test_an_answered_probe_is_reported),
		cmocka_unit_test(test_a_request_crosses_and_its_answer_comes_back_on_its_connection),
		cmocka_unit_test(test_an_answer_that_another_worker_received_is_handed_over),
		cmocka_unit_test(test_an_answer_whose_connection_is_gone_goes_to_the_address_in_the_via),
		cmocka_unit_test(test_a_killed_node_is_reported_as_often_as_it_must_be_to_fall),
		cmocka_unit_test(test_the_other_worker_tells_of_a_reset_by_letter),
		cmocka_unit_test(test_without_a_connection_a_request_is_answered_503),
		cmocka_unit_test(test_without_a_connection_an_ack_is_dropped_and_counted),
		cmocka_unit_test(test_a_stream_that_cannot_be_read_is_answered_by_the_proxy),
		cmocka_unit_test(test_control_is_told_the_connections_when_it_asks),
		cmocka_unit_test(test_a_listener_whose_address_is_taken_is_counted),
	};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
