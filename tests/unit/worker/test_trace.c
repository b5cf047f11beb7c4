/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct trace *begin(uint32_t mask)
{
	struct trace *trace = aligned_alloc(64, sizeof(*trace));

	assert_non_null(trace);
	trace_init(trace);
	trace_set_mask(trace, mask);
	trace->now_ns = 1000;
	return trace;
}

static void test_a_category_that_is_off_leaves_nothing(void **state)
{
	struct trace *trace = begin(1u << TRACE_SERVER);
	struct trace_record record;

	(void)state;
	tracef(trace, TRACE_ROUTING, "Routing: dipping for %s", "cuplcs.net");
	assert_false(trace_take(trace, &record));
	tracef(trace, TRACE_SERVER, "hello");
	assert_true(trace_take(trace, &record));
	assert_int_equal(record.category, TRACE_SERVER);
	free(trace);
}

static void test_no_trace_at_all_is_fine(void **state)
{
	(void)state;
	tracef(NULL, TRACE_LOG, "nobody hears %d", 1);
	assert_false(trace_on(NULL, TRACE_LOG));
}

static void test_log_lines_need_no_switch(void **state)
{
	struct trace *trace = begin(0);
	struct trace_record record;

	(void)state;
	tracef(trace, TRACE_LOG, "ACL - upstream not trusted");
	assert_true(trace_take(trace, &record));
	assert_memory_equal(record.text, "ACL - upstream not trusted", record.len);
	free(trace);
}

static void test_bytes_that_steer_terminals_become_dots(void **state)
{
	struct trace *trace = begin(0);
	struct trace_record record;

	(void)state;
	tracef(trace, TRACE_LOG, "a\x1b[2Jb\nc");
	assert_true(trace_take(trace, &record));
	assert_int_equal(record.len, 8);
	assert_memory_equal(record.text, "a.[2Jb.c", 8);
	free(trace);
}

static void test_a_message_leaves_line_by_line(void **state)
{
	struct trace *trace = begin(1u << TRACE_SIP_UDP);
	struct trace_record record;

	(void)state;
	trace_bytes(trace, TRACE_SIP_UDP, span_str("OPTIONS sip:a SIP/2.0\r\nVia: x\r\n\r\n"));
	assert_true(trace_take(trace, &record));
	assert_memory_equal(record.text, "OPTIONS sip:a SIP/2.0", record.len);
	assert_true(trace_take(trace, &record));
	assert_memory_equal(record.text, "Via: x", record.len);
	assert_true(trace_take(trace, &record));
	assert_int_equal(record.len, 0);
	assert_false(trace_take(trace, &record));
	free(trace);
}

static void test_a_long_line_is_cut_and_says_so(void **state)
{
	struct trace *trace = begin(0);
	struct trace_record record;
	char text[2 * TRACE_TEXT_MAX_BYTES];

	(void)state;
	memset(text, 'x', sizeof(text));
	tracef(trace, TRACE_LOG, "%.*s", (int)sizeof(text), text);
	assert_true(trace_take(trace, &record));
	assert_true(record.cut);
	assert_int_equal(record.len, TRACE_TEXT_MAX_BYTES);
	free(trace);
}

static void test_a_full_ring_loses_lines_and_says_how_many(void **state)
{
	struct trace *trace = begin(0);
	struct trace_record record;
	unsigned taken = 0;

	(void)state;
	for (unsigned i = 0; i < TRACE_RECORDS + 10; i++)
		tracef(trace, TRACE_LOG, "line %u", i);
	while (trace_take(trace, &record))
		taken++;
	assert_int_equal(taken, TRACE_RECORDS);
	tracef(trace, TRACE_LOG, "after");
	assert_true(trace_take(trace, &record));
	assert_int_equal(record.suppressed, 10);
	assert_int_equal(trace->suppressed_total, 10);
	free(trace);
}

static void test_more_lines_than_the_rate_are_suppressed(void **state)
{
	struct trace *trace = begin(0);
	struct trace_record record;
	unsigned taken = 0;

	(void)state;
	for (unsigned i = 0; i < 3 * TRACE_PER_SECOND; i++) {
		tracef(trace, TRACE_LOG, "line %u", i);
		taken += trace_take(trace, &record);
	}
	assert_int_equal(taken, TRACE_PER_SECOND);
	trace->now_ns += 1000000000;
	tracef(trace, TRACE_LOG, "a second later");
	assert_true(trace_take(trace, &record));
	assert_int_equal(record.suppressed, 2 * TRACE_PER_SECOND);
	free(trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_category_that_is_off_leaves_nothing),
		cmocka_unit_test(test_no_trace_at_all_is_fine),
		cmocka_unit_test(test_log_lines_need_no_switch),
		cmocka_unit_test(test_bytes_that_steer_terminals_become_dots),
		cmocka_unit_test(test_a_message_leaves_line_by_line),
		cmocka_unit_test(test_a_long_line_is_cut_and_says_so),
		cmocka_unit_test(test_a_full_ring_loses_lines_and_says_how_many),
		cmocka_unit_test(test_more_lines_than_the_rate_are_suppressed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
