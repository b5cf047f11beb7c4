/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/field.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_parameters_are_found_by_name_in_any_case(void **state)
{
	struct span params =
		span_str("a=1; LR ;b = \"x;lr=no\\\"\" ;; c=;[2001:db8::1]; Tag\r\n = t;lr=second");
	struct span value;

	(void)state;
	assert_true(sip_param_find(params, "a", &value) && span_eq_str(value, "1"));
	assert_true(sip_param_find(params, "lr", &value) && span_empty(value));
	assert_true(sip_param_find(params, "b", &value) && span_eq_str(value, "\"x;lr=no\\\"\""));
	assert_true(sip_param_find(params, "c", &value) && span_empty(value));
	assert_true(sip_param_find(params, "tag", &value) && span_eq_str(value, "t"));
	assert_false(sip_param_find(params, "d", &value));
	assert_false(sip_param_find(params, "no\\\"\"", &value));
	assert_false(sip_param_find(span_of(NULL, 0), "a", &value));
}

static void test_a_parameter_behind_a_broken_one_is_still_found(void **state)
{
	struct span value;

	(void)state;
	assert_true(sip_param_find(span_str("a b;tag=1"), "tag", &value) && span_eq_str(value, "1"));
	assert_true(
		sip_param_find(span_str("a=(\"x;tag=2\");tag=1"), "tag", &value) && span_eq_str(value, "1"));
	assert_false(sip_param_find(span_str("a=\"x;tag=1"), "tag", &value));
	assert_false(sip_param_find(span_str("a b\";tag=1"), "tag", &value));
}

static void test_commas_in_quotes_and_brackets_do_not_split(void **state)
{
	struct span rest = span_str(" \"a, \\\"b\" <sip:x,y@h;p=,> ;q=1 ,, sip:c ,\r\n <sip:d> , ");
	struct span element;

	(void)state;
	assert_true(sip_list_next(&rest, &element));
	assert_true(span_eq_str(element, "\"a, \\\"b\" <sip:x,y@h;p=,> ;q=1"));
	assert_true(sip_list_next(&rest, &element));
	assert_true(span_eq_str(element, "sip:c"));
	assert_true(sip_list_next(&rest, &element));
	assert_true(span_eq_str(element, "<sip:d>"));
	assert_false(sip_list_next(&rest, &element));
	/* What never closes takes the rest along. */
	rest = span_str("\"a, b");
	assert_true(sip_list_next(&rest, &element) && span_eq_str(element, "\"a, b"));
	rest = span_str("<a, b");
	assert_true(sip_list_next(&rest, &element) && span_eq_str(element, "<a, b"));
	assert_false(sip_list_next(&rest, &element));
}

static void test_an_address_is_a_name_and_a_uri(void **state)
{
	struct sip_name_addr a;

	(void)state;
	assert_int_equal(
		sip_name_addr_parse(span_str("\"A. G. Bell\" <sip:agb@bell.com;lr> ;tag=a48s"), &a), 0);
	assert_true(span_eq_str(a.display, "\"A. G. Bell\""));
	assert_true(span_eq_str(a.uri, "sip:agb@bell.com;lr"));
	assert_true(span_eq_str(a.params, "tag=a48s"));
	/* Without brackets the parameters are the header's (RFC 3261 20.10). */
	assert_int_equal(sip_name_addr_parse(span_str("sip:+1212@server.com;tag=887s"), &a), 0);
	assert_true(span_empty(a.display));
	assert_true(span_eq_str(a.uri, "sip:+1212@server.com"));
	assert_true(span_eq_str(a.params, "tag=887s"));
	assert_int_equal(
		sip_name_addr_parse(span_str("Anonymous Caller<sip:c8oqz84zk7z@privacy.org>"), &a), 0);
	assert_true(span_eq_str(a.display, "Anonymous Caller"));
	assert_true(span_empty(a.params));
}

static void test_escapes_are_undone_and_others_left(void **state)
{
	char buf[16];

	(void)state;
	assert_int_equal(sip_unescape(span_str("a%20b%4a%4A"), buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "a bJJ", 5);
	assert_int_equal(sip_unescape(span_str("%00x"), buf, sizeof(buf)), 2);
	assert_memory_equal(buf, "\0x", 2);
	assert_int_equal(sip_unescape(span_str("%"), buf, sizeof(buf)), 1);
	assert_int_equal(sip_unescape(span_str("%4"), buf, sizeof(buf)), 2);
	assert_int_equal(sip_unescape(span_str("%zz%2525"), buf, sizeof(buf)), 6);
	assert_memory_equal(buf, "%zz%25", 6);
	assert_int_equal(sip_unescape(span_str("1234"), buf, 4), 4);
	assert_int_equal(sip_unescape(span_str("12345"), buf, 4), -EINVAL);
	assert_int_equal(sip_unescape(span_of(NULL, 0), buf, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parameters_are_found_by_name_in_any_case),
		cmocka_unit_test(test_a_parameter_behind_a_broken_one_is_still_found),
		cmocka_unit_test(test_commas_in_quotes_and_brackets_do_not_split),
		cmocka_unit_test(test_an_address_is_a_name_and_a_uri),
		cmocka_unit_test(test_escapes_are_undone_and_others_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
