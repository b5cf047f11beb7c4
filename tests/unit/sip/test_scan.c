/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The byte classes against their definitions, and the vector scans against the scalar ones. */
#include "fixture.h"

#include "base/rng.h"
#include "sip/charset_priv.h"
#include "sip/scan_scalar.h"
#include "sip/scan_tail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ALPHANUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* Each class once more in the words of RFC 3261 25.1. */
static const struct {
	const char *name;
	const struct scan_class *class;
	const char *bytes;
} classes[] = {
	{"token", &class_token, ALPHANUM "-.!%*_+`'~"},
	{"display", &class_display, ALPHANUM "-.!%*_+`'~ \t\r\n"},
	{"host", &class_host, ALPHANUM "-._"},
	{"scheme", &class_scheme, ALPHANUM "+-."},
	{"telephone", &class_telephone, "0123456789abcdefABCDEF*#-.()+"},
	{"ipv6", &class_ipv6, "0123456789abcdefABCDEF:."},
	{"uri", &class_uri, ALPHANUM "-_.!~*'()%;/?:@&=+$,[]#"},
	{"userinfo", &class_userinfo, ALPHANUM "-_.!~*'()%;/?:&=+$,#"},
	{"addr_spec", &class_addr_spec, ALPHANUM "-_.!~*'()%/:@&=+$[]#"},
	{"uri_params", &class_uri_params, ALPHANUM "-_.!~*'()%;/:&=+$,[]#"},
	{"printable", &class_printable, ALPHANUM "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"},
	{"value", &class_value, ALPHANUM "!#$%&'*+-./:=?@[\\]^_`{|}~"},
	{"param_name", &class_param_name, ALPHANUM "!#$%&'*+-./:?@[\\]^_`{|}~"},
	{"digit", &class_digit, "0123456789"},
	{"space", &class_space, " "},
	{"quoted_stop", &class_quoted_stop, "\"\\"},
	{"list_stop", &class_list_stop, ",\"<"},
	{"param_stop", &class_param_stop, ";\""},
	{"comment_stop", &class_comment_stop, "()\\"},
	{"user_stop", &class_user_stop, "%:"},
};

enum { CLASSES = sizeof(classes) / sizeof(classes[0]) };

static void test_a_class_holds_what_the_grammar_says_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < CLASSES; i++) {
		for (int byte = 0; byte < 256; byte++) {
			bool wanted = byte != 0 && strchr(classes[i].bytes, byte) != NULL;

			if (scan_has(classes[i].class, (char)byte) != wanted)
				fail_msg("%s: byte %d", classes[i].name, byte);
		}
	}
}

/* Bytes that are mostly in the class, so that runs end at many places. */
static void fill(struct rng *rng, char *text, size_t len, const char *bytes)
{
	size_t kinds = strlen(bytes);
	uint32_t others = 1 + rng_below(rng, 40);

	for (size_t i = 0; i < len; i++) {
		text[i] = bytes[rng_below(rng, (uint32_t)kinds)];
		if (rng_below(rng, others + 1) == 0)
			text[i] = (char)rng_u64(rng);
	}
}

static void test_vector_runs_end_where_scalar_runs_do(void **state)
{
	struct guard guard;
	struct rng rng;

	(void)state;
	guard_init(&guard);
	rng_init(&rng, 7);
	for (unsigned round = 0; round < 200000; round++) {
		const struct scan_class *class = classes[round % CLASSES].class;
		size_t len = rng_below(&rng, 100);
		size_t field = rng_below(&rng, (uint32_t)len + 1);
		const char *end = guard.wall - len + field;
		char *text = guard.wall - len;

		fill(&rng, text, len, classes[round % CLASSES].bytes);
		assert_ptr_equal(scan_while(text, end, guard.wall, class),
			scan_while_scalar(text, end, guard.wall, class));
		assert_ptr_equal(scan_until(text, end, guard.wall, class),
			scan_until_scalar(text, end, guard.wall, class));
		/* The limit may also be the field's own end. */
		assert_ptr_equal(scan_while(text, end, end, class), scan_while_scalar(text, end, end, class));
	}
	guard_fini(&guard);
}

/* The marks of len bytes at p, one by one; what stands before them counts, too. */
static struct scan_marks marks_of(const char *p, size_t len)
{
	struct scan_marks marks = {0, 0};

	for (size_t i = 0; i < len; i++) {
		bool is_lf = p[i] == '\n';
		bool behind_cr = p[(ptrdiff_t)i - 1] == '\r';

		marks.lf |= (uint64_t)is_lf << i;
		marks.odd |= (uint64_t)(is_lf != behind_cr) << i;
	}
	return marks;
}

static void test_each_line_end_is_marked_and_each_odd_one_wherever_the_block_ends(void **state)
{
	struct guard guard;
	struct rng rng;

	(void)state;
	guard_init(&guard);
	rng_init(&rng, 8);
	for (unsigned round = 0; round < 200000; round++) {
		size_t len = rng_below(&rng, 65);
		size_t before = 1 + (rng_below(&rng, 3) == 0 ? 0 : rng_below(&rng, 130));
		char *begin = guard.wall - len - before;
		char *text = guard.wall - len;
		scan_odd odd = scan_odd_none();
		struct scan_marks wanted, marks;

		fill(&rng, begin, len + before, "\r\n:ab");
		wanted = marks_of(text, len);
		marks = scan_mark(text, len, begin);
		assert_true(marks.lf == wanted.lf && marks.odd == wanted.odd);
		if (len < 64)
			continue;
		marks = scan_mark64_scalar(text);
		assert_true(marks.lf == wanted.lf && marks.odd == wanted.odd);
		assert_true(scan_lines64(text, &odd) == wanted.lf);
		assert_int_equal(scan_odd_any(odd), wanted.odd != 0);
	}
	guard_fini(&guard);
}

static void test_vector_comparisons_are_the_scalar_ones(void **state)
{
	static const char alphabet[] = "abAB:-\x1a\r\x80";
	struct rng rng;

	(void)state;
	rng_init(&rng, 9);
	for (unsigned round = 0; round < 20000; round++) {
		char left[32], right[32];

		fill(&rng, left, sizeof(left), alphabet);
		fill(&rng, right, sizeof(right), alphabet);
		assert_int_equal(scan_equal(left, ':'), scan_equal_scalar(left, ':'));
		assert_int_equal(scan_unlike(left, right), scan_unlike_scalar(left, right));
	}
	for (unsigned round = 0; round < 20000; round++) {
		const struct scan_class *class = classes[round % CLASSES].class;
		char text[64];

		fill(&rng, text, sizeof(text), classes[round % CLASSES].bytes);
		assert_true(scan_outside64(text, class) == scan_outside64_scalar(text, class));
	}
	for (unsigned bit = 0; bit <= 32; bit++)
		assert_int_equal(scan_first((uint32_t)(5ULL << bit)), bit < 32 ? bit : 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_class_holds_what_the_grammar_says_and_nothing_else),
		cmocka_unit_test(test_vector_runs_end_where_scalar_runs_do),
		cmocka_unit_test(test_each_line_end_is_marked_and_each_odd_one_wherever_the_block_ends),
		cmocka_unit_test(test_vector_comparisons_are_the_scalar_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
