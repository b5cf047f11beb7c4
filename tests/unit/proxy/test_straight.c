/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A request is written straight into a buffer with room to spare, and by a list of edits into one that is
 * just as long as it: whatever it looks like, both are the same bytes.
 */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MESSAGE_MAX = 4096 };

static size_t forward_into(char *buf, size_t size, const char *src, const char *message)
{
	const struct proxy_in in = {
		.bytes = span_str(message), .src = endpoint_of(src), .local = endpoint_of(LISTENER4)};

	world.out.buf = buf;
	world.out.buf_size = size;
	assert_int_equal(proxy_input(&world.proxy, &world.fixture.snap, &in, &world.out), PROXY_FORWARD);
	return world.out.len;
}

static void expect_both_ways_alike(const char *src, const char *message)
{
	static char roomy[SIP_DATAGRAM_MAX];
	static char tight[SIP_DATAGRAM_MAX];
	size_t len = forward_into(roomy, sizeof(roomy), src, message);
	size_t room = len + 1024;

	assert_int_equal(forward_into(tight, len, src, message), len);
	assert_memory_equal(tight, roomy, len);
	/* Nothing behind the room that was given is touched, however little of it is left. */
	for (; room > len; room -= 64) {
		memset(tight, '#', room + 256);
		assert_int_equal(forward_into(tight, room, src, message), len);
		assert_memory_equal(tight, roomy, len);
		for (size_t i = room; i < room + 256; i++)
			assert_int_equal(tight[i], '#');
	}
}

static const char *const vias[] = {
	"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKclient1\r\n",
	"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKclient1;rport\r\n",
	"Via: SIP/2.0/UDP 198.51.100.7:5060;rport;branch=z9hG4bKclient1\r\n",
	"v:SIP/2.0/UDP phone.example.net;branch=z9hG4bKclient1 \r\n",
	"Via: SIP/2.0/UDP phone.example.net;branch=z9hG4bKclient1;rport=7;received=192.0.2.99\r\n",
	"Via: SIP/2.0/UDP phone.example.net;branch=z9hG4bKclient1;RPORT , SIP/2.0/UDP 10.9.8.7;branch=z\r\n",
	("Via: SIP/2.0/UDP a.example.net;branch=z9hG4bK1;rport\r\n"
	 "Via: SIP/2.0/UDP b.example.net;branch=z9hG4bK2\r\n"),
};

static const char *const hops[] = {
	"Max-Forwards: 70\r\n",
	"Max-Forwards:1\r\n",
	"Max-Forwards :  \t101  \r\n",
	"Max-Forwards: 070\r\n",
	"Max-Forwards: 9\r\nMax-Forwards: 9\r\n",
	"",
};

static const char *const routes[] = {
	"",
	"Route: <sip:192.0.2.1:5060;lr>\r\n",
	"Route: <sip:192.0.2.1:5060;lr>, <sip:10.0.0.11:5060;lr>\r\n",
};

/* Enough, not enough, and no Content-Length behind what is changed last. */
static const char *const ends[] = {
	("User-Agent: a phone that has a name so long that more than two blocks of text stand behind its "
	 "hops\r\n"
	 "Content-Length: 4\r\n\r\nv=0\n"),
	"Content-Length: 0\r\n\r\n",
	"\r\n",
};

static void request_write(char *text, const char *const parts[4], bool via_first)
{
	int len = snprintf(text, MESSAGE_MAX,
		"INVITE sip:bob@example.com SIP/2.0\r\n"
		"From: <sip:alice@client.example.net>;tag=caller\r\n"
		"%s%s%s"
		"To: <sip:bob@example.com>\r\n"
		"Call-ID: call1@client\r\n"
		"CSeq: 7 INVITE\r\n"
		"%s",
		parts[!via_first], parts[via_first], parts[2], parts[3]);

	assert_true(len > 0 && len < MESSAGE_MAX);
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void test_each_form_is_the_same_in_either_way(void **state)
{
	static const char *const sources[] = {CLIENT, "198.51.100.7:5077", "198.51.100.201:65535"};
	char text[MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(vias) * COUNT(hops) * COUNT(routes) * COUNT(ends); i++) {
		const char *const parts[4] = {vias[i % COUNT(vias)], hops[i / COUNT(vias) % COUNT(hops)],
			routes[i / COUNT(vias) / COUNT(hops) % COUNT(routes)],
			ends[i / COUNT(vias) / COUNT(hops) / COUNT(routes)]};

		for (size_t source = 0; source < COUNT(sources); source++) {
			request_write(text, parts, i % 2 == 0);
			expect_both_ways_alike(sources[source], text);
		}
		request_write(text, parts, i % 2 != 0);
		expect_both_ways_alike(CLIENT, text);
	}
}

static void test_a_maddr_of_ours_is_taken_out_in_either_way(void **state)
{
	static const char message[] = "INVITE sip:bob@example.com:5060;maddr=192.0.2.1 SIP/2.0\r\n"
				      "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKclient1;rport\r\n"
				      "Max-Forwards: 70\r\n"
				      "From: <sip:alice@client.example.net>;tag=caller\r\n"
				      "To: <sip:bob@example.com>\r\n"
				      "Call-ID: call1@client\r\n"
				      "CSeq: 7 INVITE\r\n"
				      "Content-Length: 0\r\n\r\n";

	(void)state;
	expect_both_ways_alike(CLIENT, message);
	assert_null(memmem(world.out.buf, world.out.len, "maddr", 5));
}

/* The bytes may end where the memory does. */
static void test_nothing_is_read_behind_the_message(void **state)
{
	const char *const parts[4] = {vias[1], hops[0], routes[0], ends[0]};
	char text[MESSAGE_MAX];
	struct proxy_in in = {.src = endpoint_of(CLIENT), .local = endpoint_of(LISTENER4)};
	static char out[SIP_DATAGRAM_MAX];
	char *exact;

	(void)state;
	request_write(text, parts, true);
	exact = malloc(strlen(text));
	assert_non_null(exact);
	memcpy(exact, text, strlen(text));
	in.bytes = span_of(exact, strlen(text));
	world.out.buf = out;
	world.out.buf_size = sizeof(out);
	assert_int_equal(proxy_input(&world.proxy, &world.fixture.snap, &in, &world.out), PROXY_FORWARD);
	free(exact);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_each_form_is_the_same_in_either_way, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			test_a_maddr_of_ours_is_taken_out_in_either_way, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			test_nothing_is_read_behind_the_message, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
