/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The edit list: what is rendered is what was received with every change in its place, or nothing. */
#include "sip/edit.h"

#include "base/rng.h"
#include "fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const char text[] = "abcdefghij";

static struct sip_edits edits;

static void begin(void)
{
	sip_edits_init(&edits, span_of(text, 10));
}

static void expect(const char *rendered)
{
	char out[64];
	size_t len = 0;

	assert_int_equal(sip_edits_render(&edits, out, sizeof(out), &len), 0);
	assert_int_equal(len, strlen(rendered));
	assert_memory_equal(out, rendered, len);
}

static void test_no_edit_copies_the_message(void **state)
{
	(void)state;
	begin();
	expect("abcdefghij");
}

static void test_edits_added_in_any_order_are_rendered_by_place(void **state)
{
	(void)state;
	begin();
	sip_edit_delete(&edits, span_of(text + 8, 1));
	sip_edit_insert(&edits, text + 2, span_str("-"));
	sip_edit_replace(&edits, span_of(text + 4, 2), span_str("EF!"));
	expect("ab-cdEF!ghj");
}

static void test_edits_at_one_place_keep_their_order(void **state)
{
	(void)state;
	begin();
	sip_edit_insert(&edits, text + 3, span_str("1"));
	sip_edit_insert(&edits, text, span_str("0"));
	sip_edit_insert(&edits, text + 3, span_str("2"));
	sip_edit_delete(&edits, span_of(text + 3, 2));
	sip_edit_insert(&edits, text + 3, span_str("3"));
	expect("0abc123fghij");
}

static void test_text_goes_in_at_both_ends(void **state)
{
	(void)state;
	begin();
	sip_edit_insert(&edits, text + 10, span_str(">"));
	sip_edit_insert(&edits, text, span_str("<"));
	expect("<abcdefghij>");
}

static void test_everything_can_be_taken_out(void **state)
{
	(void)state;
	begin();
	sip_edit_delete(&edits, span_of(text, 10));
	expect("");
}

static void test_text_in_pieces_counts_as_one_edit(void **state)
{
	struct sip_writer w;

	(void)state;
	begin();
	sip_edit_insert(&edits, text + 1, span_str("x"));
	w = sip_edit_begin(&edits);
	sip_write_lit(&w, "12");
	sip_write_u32(&w, 34);
	sip_edit_end_replace(&edits, span_of(text + 1, 1), &w);
	assert_int_equal(edits.count, 2);
	expect("ax1234cdefghij");
}

static void test_a_buffer_one_byte_short_is_refused(void **state)
{
	char out[11];
	size_t len = 77;

	(void)state;
	begin();
	sip_edit_insert(&edits, text, span_str("xx"));
	assert_int_equal(sip_edits_render(&edits, out, 11, &len), -ENOBUFS);
	assert_int_equal(len, 77);
}

static void test_too_many_edits_refuse_to_render(void **state)
{
	char out[64];
	size_t len;

	(void)state;
	begin();
	for (unsigned i = 0; i < SIP_EDITS_MAX; i++)
		sip_edit_insert(&edits, text, span_str("x"));
	assert_false(edits.overflow);
	sip_edit_insert(&edits, text, span_str("x"));
	assert_true(edits.overflow);
	assert_int_equal(sip_edits_render(&edits, out, sizeof(out), &len), -E2BIG);
}

static void test_too_much_text_refuses_to_render(void **state)
{
	static char big[SIP_EDIT_TEXT_MAX];
	char out[64];
	size_t len;

	(void)state;
	begin();
	memset(big, 'x', sizeof(big));
	sip_edit_insert(&edits, text, span_of(big, sizeof(big)));
	assert_false(edits.overflow);
	sip_edit_insert(&edits, text, span_str("x"));
	assert_int_equal(sip_edits_render(&edits, out, sizeof(out), &len), -E2BIG);
}

enum { LONG = 300, INSERTED = 80, AWAY = 7 };

/* Copies go in blocks: none of them may read behind the message or write behind the buffer, nor lose what it
 * may. */
static void test_rendering_stays_within_the_message_and_the_buffer(void **state)
{
	struct guard in, out;
	char inserted[INSERTED];
	char message[LONG];
	struct span bytes;

	(void)state;
	guard_init(&in);
	guard_init(&out);
	for (unsigned i = 0; i < LONG; i++)
		message[i] = (char)i;
	memset(inserted, 'x', sizeof(inserted));
	bytes = guard_put(&in, span_of(message, LONG));
	for (unsigned at = 0; at + AWAY <= LONG; at++) {
		for (unsigned spare = 0; spare < 2 * SIP_PUT_SLACK; spare += AWAY) {
			char *buf = out.wall - spare - (LONG - AWAY + INSERTED);
			size_t len = 0;

			sip_edits_init(&edits, bytes);
			sip_edit_replace(
				&edits, span_of(bytes.p + at, AWAY), span_of(inserted, sizeof(inserted)));
			assert_int_equal(sip_edits_render(&edits, buf, (size_t)(out.wall - buf), &len), 0);
			assert_int_equal(len, LONG - AWAY + INSERTED);
			assert_memory_equal(buf, message, at);
			assert_memory_equal(buf + at, inserted, INSERTED);
			assert_memory_equal(buf + at + INSERTED, message + at + AWAY, LONG - AWAY - at);
		}
	}
	guard_fini(&in);
	guard_fini(&out);
}

/* Against the plain way: each byte with what stands before it, one by one. */
static void test_any_edits_render_as_the_plain_way_would(void **state)
{
	struct rng rng;

	(void)state;
	rng_init(&rng, 7);
	for (unsigned round = 0; round < 20000; round++) {
		char before[11][16] = {{0}};
		bool gone[10] = {false};
		char plain[256] = "";
		size_t len = 0;

		begin();
		for (unsigned i = rng_below(&rng, 8); i > 0; i--) {
			unsigned at = rng_below(&rng, 11);
			char mark[2] = {(char)('A' + i), '\0'};

			strncat(before[at], mark, 2);
			if (at < 10 && !gone[at] && rng_below(&rng, 2)) {
				gone[at] = true;
				sip_edit_replace(&edits, span_of(text + at, 1), span_str(mark));
			} else {
				sip_edit_insert(&edits, text + at, span_str(mark));
			}
		}
		for (unsigned at = 0; at < 11; at++) {
			memcpy(plain + len, before[at], strlen(before[at]));
			len += strlen(before[at]);
			if (at < 10 && !gone[at])
				plain[len++] = text[at];
		}
		plain[len] = '\0';
		expect(plain);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_edit_copies_the_message),
		cmocka_unit_test(test_edits_added_in_any_order_are_rendered_by_place),
		cmocka_unit_test(test_edits_at_one_place_keep_their_order),
		cmocka_unit_test(test_text_goes_in_at_both_ends),
		cmocka_unit_test(test_everything_can_be_taken_out),
		cmocka_unit_test(test_text_in_pieces_counts_as_one_edit),
		cmocka_unit_test(test_a_buffer_one_byte_short_is_refused),
		cmocka_unit_test(test_too_many_edits_refuse_to_render),
		cmocka_unit_test(test_too_much_text_refuses_to_render),
		cmocka_unit_test(test_rendering_stays_within_the_message_and_the_buffer),
		cmocka_unit_test(test_any_edits_render_as_the_plain_way_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
