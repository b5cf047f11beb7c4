/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The notations of R-RT-1 and R-RT-11, and the shapes of names, devices and paths.
 */
#include "fixture.h"

#include "config/text.h"

#include <string.h>

static void expect_pattern(const char *text, enum config_scope scope, const char *reversed)
{
	struct domain_pattern pattern;
	const char *complaint = text_read_pattern(span_str(text), &pattern);

	if (complaint)
		fail_msg("%s %s", text, complaint);
	assert_int_equal(pattern.scope, scope);
	assert_string_equal(pattern.reversed, reversed);
}

static void expect_match_uri(const char *text, enum config_scope scope, const char *reversed)
{
	struct domain_pattern pattern;
	const char *complaint = text_read_match_uri(span_str(text), &pattern);

	if (complaint)
		fail_msg("%s %s", text, complaint);
	assert_int_equal(pattern.scope, scope);
	assert_string_equal(pattern.reversed, reversed);
}

static void test_the_three_shapes_of_a_reversed_domain_are_read(void **state)
{
	(void)state;
	expect_pattern(".com.domaina.*", CONFIG_SCOPE_SUBTREE, "com.domaina");
	expect_pattern(".com.domaina.lyncserver", CONFIG_SCOPE_EXACT, "com.domaina.lyncserver");
	expect_pattern("com.remote", CONFIG_SCOPE_EXACT, "com.remote");
	expect_pattern(".COM.DomainA.*", CONFIG_SCOPE_SUBTREE, "com.domaina");
	expect_pattern("com", CONFIG_SCOPE_EXACT, "com");
}

static void test_lync_notation_is_turned_round(void **state)
{
	(void)state;
	expect_match_uri("sip.com", CONFIG_SCOPE_EXACT, "com.sip");
	expect_match_uri("*.sip.com", CONFIG_SCOPE_CHILDREN, "com.sip");
	expect_match_uri("A.b.Sip.com.", CONFIG_SCOPE_EXACT, "com.sip.b.a");
	expect_match_uri("localhost", CONFIG_SCOPE_EXACT, "localhost");
}

static void test_a_pattern_that_is_no_domain_is_refused(void **state)
{
	static const char *const bad[] = {"", ".", "..", "*", ".*", ".com..x", ".com.*.x", "com.", "com.a b",
		"com.\xc3\xa4", ".com.domaina*", "com/x", "a.*.*", ".10.99.*", "127", ".0.com"};
	struct domain_pattern pattern;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!text_read_pattern(span_str(bad[i]), &pattern))
			fail_msg("\"%s\" was taken", bad[i]);
	}
	assert_non_null(text_read_match_uri(span_str("*"), &pattern));
	assert_non_null(text_read_match_uri(span_str("10.99.0.1"), &pattern));
	assert_null(text_read_match_uri(span_str("10.99.0.1a"), &pattern));
	assert_non_null(text_read_match_uri(span_str("*."), &pattern));
	assert_non_null(text_read_match_uri(span_str("a.*.com"), &pattern));
	assert_non_null(text_read_match_uri(span_str(""), &pattern));
}

static void test_a_domain_has_at_most_253_bytes_and_labels_of_63(void **state)
{
	struct domain_pattern pattern;
	char text[300];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_null(text_read_pattern(span_of(text, 63), &pattern));
	assert_non_null(text_read_pattern(span_of(text, 64), &pattern));
	for (size_t i = 63; i < sizeof(text); i += 64)
		text[i] = '.';
	assert_null(text_read_pattern(span_of(text, 253), &pattern));
	assert_int_equal(strlen(pattern.reversed), 253);
	assert_non_null(text_read_pattern(span_of(text, 254), &pattern));
	assert_null(text_read_match_uri(span_of(text, 253), &pattern));
	assert_int_equal(strlen(pattern.reversed), 253);
}

static void test_domains_written_forward_are_suspected(void **state)
{
	(void)state;
	assert_true(text_looks_forward(span_str("domaina.com")));
	assert_true(text_looks_forward(span_str("lync.domaina.com")));
	assert_false(text_looks_forward(span_str("com.domaina")));
	assert_false(text_looks_forward(span_str(".com.domaina.*")));
	assert_false(text_looks_forward(span_str("com.net")));
	assert_true(text_looks_reversed(span_str(".com.domaina.*")));
	assert_false(text_looks_reversed(span_str("[0-9]+")));
	assert_false(text_looks_reversed(span_str("alice")));
}

static void test_devices_are_pci_addresses_or_vdevs(void **state)
{
	static const char *const good[] = {"0000:03:00.0", "03:00.1", "net_tap0,iface=slc0",
		"net_af_packet0,iface=eth0,qpairs=2", "net_ring0"};
	static const char *const bad[] = {
		"", "0000:03:00", "eth 0", "3:0.0", "net tap", ",iface=x", "0000-03-00.0"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_null(text_complain_device(span_str(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!text_complain_device(span_str(bad[i])))
			fail_msg("\"%s\" was taken", bad[i]);
	}
}

static void test_text_is_valid_utf8_without_controls(void **state)
{
	static const char *const bad[] = {"", "a\tb", "a\nb", "\x7f", "\xff", "\xc0\xaf", "\xed\xa0\x80",
		"\xe2\x82", "\xc2\x85", "\xe2\x80\xa8", "\xef\xbb\xbf", "\xf4\x90\x80\x80", "\xef\xbf\xbf"};

	(void)state;
	assert_null(text_complain_free(span_str("M\xc3\xbcnchen \xe2\x82\xac \xf0\x9f\x93\x9e")));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!text_complain_free(span_str(bad[i])))
			fail_msg("bad text %zu was taken", i);
	}
	assert_non_null(text_complain_free(span_of("a\0b", 3)));
}

static void test_quoting_cuts_and_cleans(void **state)
{
	char buf[TEXT_QUOTE_MAX], text[200];

	(void)state;
	assert_string_equal(text_quote(span_str("a\033[2J"), buf), "\"a?[2J\"");
	memset(text, 'x', sizeof(text));
	text_quote(span_of(text, sizeof(text)), buf);
	assert_int_equal(strlen(buf), TEXT_QUOTE_MAX - 1);
	assert_has(buf, "...\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_three_shapes_of_a_reversed_domain_are_read),
		cmocka_unit_test(test_lync_notation_is_turned_round),
		cmocka_unit_test(test_a_pattern_that_is_no_domain_is_refused),
		cmocka_unit_test(test_a_domain_has_at_most_253_bytes_and_labels_of_63),
		cmocka_unit_test(test_domains_written_forward_are_suspected),
		cmocka_unit_test(test_devices_are_pci_addresses_or_vdevs),
		cmocka_unit_test(test_text_is_valid_utf8_without_controls),
		cmocka_unit_test(test_quoting_cuts_and_cleans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
