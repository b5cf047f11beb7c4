/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Thousands of damaged messages from a seeded generator: the promises hold, and the build with vector
 * instructions gives the same answer as the one without.
 */
#include "fixture.h"

#include "base/rng.h"
#include "sip/msg.h"
#include "support/sip_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ROUNDS = 1000, PLAIN_ROUNDS = 40000 };

enum parse_result scalar_parse(struct span bytes, bool whole, struct sip_msg *ret_msg);

struct bench {
	struct guard guard;
	struct rng rng;
	struct sip_msg vector, scalar;
	char text[FIXTURE_MAX];
	size_t len;
	unsigned taken; /* messages that parsed although they were damaged */
};

static void change_byte(struct bench *b)
{
	static const char telling[] = "\r\n :;,<>\"\\@?[]()=%/\t\0\x7f\xff"
				      "09AZaz";

	b->text[rng_below(&b->rng, (uint32_t)b->len)] = telling[rng_below(&b->rng, sizeof(telling))];
}

static void drop_bytes(struct bench *b)
{
	size_t at = rng_below(&b->rng, (uint32_t)b->len);
	size_t count = 1 + rng_below(&b->rng, 40);

	if (count > b->len - at)
		count = b->len - at;
	memmove(b->text + at, b->text + at + count, b->len - at - count);
	b->len -= count;
}

/* Puts a piece of the message somewhere else in it: a header twice, a line inside a quoted string. */
static void repeat_bytes(struct bench *b)
{
	size_t from = rng_below(&b->rng, (uint32_t)b->len);
	size_t to = rng_below(&b->rng, (uint32_t)b->len);
	size_t count = 1 + rng_below(&b->rng, 80);
	char piece[80];

	if (count > b->len - from)
		count = b->len - from;
	if (b->len + count > sizeof(b->text))
		return;
	memcpy(piece, b->text + from, count);
	memmove(b->text + to + count, b->text + to, b->len - to);
	memcpy(b->text + to, piece, count);
	b->len += count;
}

static void damage(struct bench *b)
{
	unsigned count = 1 + rng_below(&b->rng, 3);

	for (unsigned i = 0; i < count && b->len > 0; i++) {
		unsigned how = rng_below(&b->rng, 4);

		if (how < 2)
			change_byte(b);
		else if (how == 2)
			drop_bytes(b);
		else
			repeat_bytes(b);
	}
}

static void compare(struct bench *b, struct span bytes, bool whole)
{
	enum parse_result result = sip_parse(bytes, whole, &b->vector);

	assert_int_equal(scalar_parse(bytes, whole, &b->scalar), result);
	if (!sip_check_same(&b->vector, &b->scalar))
		fail_msg("vector and scalar differ:\n%.*s", SPAN_ARG(bytes));
	b->taken += result == PARSE_OK;
}

static void damage_and_check(const struct fixture *fixture, void *data)
{
	struct bench *b = data;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct span bytes;

		memcpy(b->text, fixture->bytes, fixture->len);
		b->len = fixture->len;
		damage(b);
		bytes = guard_put(&b->guard, span_of(b->text, b->len));
		sip_check_all(bytes);
		compare(b, bytes, true);
		compare(b, bytes, false);
	}
}

static void test_damaged_messages_break_no_promise(void **state)
{
	static struct bench b;

	(void)state;
	guard_init(&b.guard);
	rng_init(&b.rng, 20260101);
	fixture_each(damage_and_check, &b);
	/* The damage is small enough that both outcomes are met. */
	assert_in_range(b.taken, 1000, 52 * ROUNDS * 2 - 1000);
	guard_fini(&b.guard);
}

/* Of the shapes that the short ways of the vector build take, or nearly take; the scalar build has none. */
static const char *const plain_messages[] = {
	("INVITE sip:bob@domaina.com SIP/2.0\r\n"
	 "Via: SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bK74bf9a1c3d;rport\r\n"
	 "From: \"Alice Example\" <sip:alice@example.com>;tag=9fxced76sl\r\n"
	 "To: \"Bob\" <sip:bob@domaina.com>\r\nCall-ID: 3848276298220188511@client.example.com\r\n"
	 "CSeq: 1 INVITE\r\nMax-Forwards: 69\r\nAllow: INVITE, ACK\r\nContent-Length: 4\r\n\r\nv=0\n"),

	("sUBSCRIBE sip:+15551234567@10.20.30.40:5061;user=phone;a=b SIP/2.0\r\n"
	 "v: SIP/2.0/TCP 10.0.0.1;rport=4;received=1.2.3.4;branch=z9hG4bK+5a0=b:7/x*[~]`;alias;"
	 "a-parameter-so-long-that-a-second-look-is-needed=0123456789012345678901234567890123456789, "
	 "SIP/2.0/UDP b;branch=1\r\n"
	 "f: Alice <sip:+15551234567@sbc.example.com;user=phone;transport=udp>;x;tag=a6c85cf-1928301774\r\n"
	 "t: <sip:a;b?c=d@e>;tag=\r\ni: a@b\r\nCSeq: 2147483647 sUBSCRIBE\r\nl: 0\r\n\r\n"),

	("OPTIONS sip:10.0.0.9:65535 SIP/2.0\r\nTo: \"a \xc3\xa4 <b>, ;c\"<sip:b>;tag=1\r\n"
	 "From: sip:b@c;tag=!%*_+`'~\r\nVia: SIP/2.0/UDP host_a.example\r\nCall-ID: 1\r\n"
	 "CSeq: 007 OPTIONS\r\nMax-Forwards: 0\r\n\r\n"),

	("SIP/2.0 200 OK\r\nVIA: sip/2.0/tls [2001:db8::1]:5061 ;maddr=10.0.0.1;ttl=\"1\"\r\n"
	 "To: b c <sip:b>\r\nFrom: <sip:c> ;tag=7\r\nCall-ID: \"(<)>\r\nCSeq: 1\tBYE\r\n\r\n"),
};

/* Damage small enough that most of the message stays of its shape. */
static void change_and_compare(struct bench *b, struct span plain)
{
	struct span bytes;

	memcpy(b->text, plain.p, plain.len);
	b->len = plain.len;
	if (rng_below(&b->rng, 2) == 0)
		change_byte(b);
	else
		damage(b);
	bytes = guard_put(&b->guard, span_of(b->text, b->len));
	compare(b, bytes, true);
	compare(b, guard_put_low(&b->guard, span_of(b->text, b->len)), false);
}

static void test_what_the_short_ways_read_is_what_the_long_ways_read(void **state)
{
	static struct bench b;

	(void)state;
	guard_init(&b.guard);
	rng_init(&b.rng, 20260707);
	for (size_t i = 0; i < sizeof(plain_messages) / sizeof(plain_messages[0]); i++) {
		struct span plain = span_str(plain_messages[i]);

		b.taken = 0;
		compare(&b, guard_put(&b.guard, plain), true);
		assert_int_equal(b.taken, 1);
		for (unsigned round = 0; round < PLAIN_ROUNDS; round++)
			change_and_compare(&b, plain);
		assert_in_range(b.taken, PLAIN_ROUNDS / 10, 2 * PLAIN_ROUNDS - PLAIN_ROUNDS / 10);
	}
	guard_fini(&b.guard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damaged_messages_break_no_promise),
		cmocka_unit_test(test_what_the_short_ways_read_is_what_the_long_ways_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
