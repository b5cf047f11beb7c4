/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One world at a time, made anew for each test, so that counters start at zero. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

enum { TEXT_SIZE = 16384 };

struct world world;

static void nodes_and_listeners(struct snapshot_fixture *fixture)
{
	world.listener4 = snapshot_fixture_listener(fixture, "front", LISTENER4);
	world.listener6 = snapshot_fixture_listener(fixture, "front6", LISTENER6);
	world.a = snapshot_fixture_node(fixture, NODE_A, "10.0.0.1");
	world.b = snapshot_fixture_node(fixture, NODE_B, "10.0.0.1");
	world.six = snapshot_fixture_node(fixture, NODE_SIX, "2001:db8:1::1");
}

static void policy(struct snapshot_fixture *fixture)
{
	snapshot_fixture_route(fixture, "com.example", ROUTE_EXACT, 0, world.a);
	snapshot_fixture_route(fixture, "com.example", ROUTE_EXACT, 0, world.b);
	snapshot_fixture_rank(fixture, 2, 1);
	snapshot_fixture_route(fixture, "com.six", ROUTE_EXACT, 0, world.six);
	snapshot_fixture_route(fixture, "com.blocked", ROUTE_EXACT, ROUTE_BLOCK, NULL);
	snapshot_fixture_route(fixture, "com.tree", ROUTE_SUBTREE, 0, world.b);
	snapshot_fixture_route(fixture, "com.tree.leaf", ROUTE_EXACT, ROUTE_LESS_SPECIFIC, world.a);
	snapshot_fixture_route(fixture, "com.tree.lone", ROUTE_EXACT, 0, world.a);
	snapshot_fixture_route(fixture, "com.remote", ROUTE_EXACT, 0, world.b);
	snapshot_fixture_route(fixture, "\\+1[0-9]+", ROUTE_USER, 0, world.b);
	snapshot_fixture_admit(fixture, "198.51.100.0/24");
	snapshot_fixture_admit(fixture, "2001:db8:9::/48");
	snapshot_fixture_domain(fixture, "example.com");
	snapshot_fixture_domain(fixture, "six.com");
	snapshot_fixture_domain(fixture, "blocked.com");
	snapshot_fixture_domain(fixture, "tree.com");
	snapshot_fixture_domain(fixture, "leaf.tree.com");
	snapshot_fixture_domain(fixture, "lone.tree.com");
	snapshot_fixture_domain(fixture, "routeless.com");
}

int world_setup(void **state)
{
	(void)state;
	memset(&world.stats, 0, sizeof(world.stats));
	memset(&world.proxy.refused, 0, sizeof(world.proxy.refused));
	world.given = 0;
	world.now_ns = 0;
	trace_init(&world.trace);
	snapshot_fixture_init(&world.fixture, 2);
	nodes_and_listeners(&world.fixture);
	policy(&world.fixture);
	snapshot_fixture_build(&world.fixture);
	world.proxy.worker_index = 1;
	world.proxy.stats = &world.stats;
	world.proxy.trace = &world.trace;
	return 0;
}

int world_teardown(void **state)
{
	(void)state;
	snapshot_fixture_fini(&world.fixture);
	return 0;
}

enum proxy_action give_by(conn_id conn, const char *src, const char *local, const char *message)
{
	const struct proxy_in in = {
		.bytes = span_str(message),
		.src = endpoint_of(src),
		.local = endpoint_of(local),
		.conn = conn,
		.now_ns = world.now_ns,
		.transport = conn == CONN_NONE ? TRANSPORT_UDP : TRANSPORT_TCP,
	};
	enum proxy_action action;

	world.given++;
	world.out.buf = world.text;
	world.out.buf_size = SIP_DATAGRAM_MAX;
	action = proxy_input(&world.proxy, &world.fixture.snap, &in, &world.out);
	if (action != PROXY_TAKEN)
		world.text[action == PROXY_DROP ? 0 : world.out.len] = '\0';
	return action;
}

enum proxy_action give(const char *src, const char *local, const char *message)
{
	return give_by(CONN_NONE, src, local, message);
}

enum proxy_action give_from_client(const char *message)
{
	return give(CLIENT, LISTENER4, message);
}

enum proxy_action give_from_node(const char *message)
{
	return give(NODE_A, LISTENER4, message);
}

uint64_t counted(enum stat stat)
{
	return stats_get(&world.stats, stat);
}

void node_is(const struct node *node, enum node_health health, enum node_admin admin)
{
	snapshot_fixture_word(&world.fixture, node, node_word_make(health, admin, 0));
}

static void expect_endpoint(const struct endpoint *ep, const char *wanted)
{
	struct endpoint normal = endpoint_of(wanted);
	char text[ENDPOINT_TEXT_MAX];
	char normal_text[ENDPOINT_TEXT_MAX];

	endpoint_format(ep, text);
	endpoint_format(&normal, normal_text);
	assert_string_equal(text, normal_text);
}

void expect_path(const char *src, const char *dst)
{
	expect_endpoint(&world.out.src, src);
	expect_endpoint(&world.out.dst, dst);
}

void expect_refusal(enum proxy_action action, unsigned status, enum stat reason)
{
	char line[16];

	assert_int_equal(action, PROXY_REPLY);
	assert_int_equal(world.out.status, status);
	snprintf(line, sizeof(line), "SIP/2.0 %u ", status);
	assert_memory_equal(world.text, line, strlen(line));
	assert_int_equal(counted(reason), 1);
	assert_int_equal(counted(STAT_sip_replies) + counted(STAT_sip_requests_forwarded), world.given);
}

void expect_text(const char *part)
{
	if (!strstr(world.text, part))
		print_error("not in the message: %s\n%s\n", part, world.text);
	assert_non_null(strstr(world.text, part));
}

void expect_no_text(const char *part)
{
	if (strstr(world.text, part))
		print_error("in the message: %s\n%s\n", part, world.text);
	assert_null(strstr(world.text, part));
}

static char *next_buffer(void)
{
	static char buffers[4][TEXT_SIZE];
	static unsigned at;

	return buffers[at++ % 4];
}

static const char *or_else(const char *text, const char *otherwise)
{
	return text ? text : otherwise;
}

const char *request(struct ask ask)
{
	char *text = next_buffer();
	const char *method = or_else(ask.method, "INVITE");
	const char *to_tag = or_else(ask.to_tag, "");
	int len = snprintf(text, TEXT_SIZE,
		"%s %s SIP/2.0\r\n"
		"%s\r\n"
		"From: <sip:alice@client.example.net>;tag=%s\r\n"
		"To: <sip:bob@example.com>%s%s\r\n"
		"Call-ID: %s\r\n"
		"CSeq: %s %s\r\n"
		"%s"
		"Content-Length: 0\r\n\r\n",
		method, or_else(ask.uri, "sip:bob@example.com"),
		or_else(ask.via, "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKclient1"),
		or_else(ask.from_tag, "caller"), *to_tag ? ";tag=" : "", to_tag,
		or_else(ask.call_id, "call1@client"), or_else(ask.cseq, "7"), method,
		or_else(ask.headers, ""));

	assert_true(len > 0 && len < TEXT_SIZE);
	return text;
}

/* Copies the lines of the last message that begin with one of the names. */
static size_t copy_lines(char *to, const char *name)
{
	size_t len = 0;

	for (const char *line = world.text; *line && *line != '\r';) {
		const char *end = strstr(line, "\r\n") + 2;

		if (strncmp(line, name, strlen(name)) == 0) {
			memcpy(to + len, line, (size_t)(end - line));
			len += (size_t)(end - line);
		}
		line = end;
	}
	return len;
}

const char *response_to_last(const char *status_line)
{
	static const char *const names[] = {
		"Via: ", "Record-Route: ", "From: ", "To: ", "Call-ID: ", "CSeq: "};
	char *text = next_buffer();
	size_t len = (size_t)snprintf(text, 128, "SIP/2.0 %s\r\n", status_line);

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		len += copy_lines(text + len, names[i]);
	memcpy(text + len, "Content-Length: 0\r\n\r\n", sizeof("Content-Length: 0\r\n\r\n"));
	return text;
}

const char *last_header(const char *name)
{
	char *text = next_buffer();
	char wanted[64];
	const char *begin;
	size_t len;

	snprintf(wanted, sizeof(wanted), "\r\n%s: ", name);
	begin = strstr(world.text, wanted);
	if (!begin)
		print_error("no %s in\n%s\n", name, world.text);
	assert_non_null(begin);
	begin += strlen(wanted);
	len = (size_t)(strstr(begin, "\r\n") - begin);
	memcpy(text, begin, len);
	text[len] = '\0';
	return text;
}

void keep(char to[static KEPT_MAX], const char *text)
{
	int len = snprintf(to, KEPT_MAX, "%s", text);

	assert_true(len >= 0 && len < KEPT_MAX);
}
