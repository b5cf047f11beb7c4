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

enum { ROUNDS = 1000 };

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

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_damaged_messages_break_no_promise)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
