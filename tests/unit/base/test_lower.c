/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lower case of names, at each byte value, length and place in a word. */
#include "base/lower.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_capitals_become_small_and_every_other_byte_stays(void **state)
{
	(void)state;
	for (unsigned place = 0; place < 17; place++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			char text[17];
			char out[17];
			char expected = (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
			memset(text, 0xff, sizeof(text));
			text[place] = (char)byte;
			span_lower(span_of(text, sizeof(text)), out);
			assert_int_equal(out[place], expected);
			text[place] = expected;
			assert_memory_equal(out, text, sizeof(out));
		}
	}
}

/* Exact copies, so that the address sanitizer sees a byte too many. */
static void test_no_byte_behind_the_text_is_read_or_written(void **state)
{
	(void)state;
	for (size_t len = 1; len < 40; len++) {
		char *text = malloc(len);
		char *out = malloc(len);

		assert_true(text && out);
		memset(text, 'X', len);
		struct span lower = span_lower(span_of(text, len), out);
		assert_ptr_equal(lower.p, out);
		assert_int_equal(lower.len, len);
		for (size_t i = 0; i < len; i++)
			assert_int_equal(out[i], 'x');
		free(text);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capitals_become_small_and_every_other_byte_stays),
		cmocka_unit_test(test_no_byte_behind_the_text_is_read_or_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
