/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/via.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct sip_via via;

static void parse(const char *text)
{
	if (sip_via_parse(span_str(text), &via) != 0)
		fail_msg("%s is refused", text);
}

static void test_a_via_is_taken_apart(void **state)
{
	(void)state;
	parse("SIP/2.0/UDP erlang.bell-telephone.com:5060;branch=z9hG4bK87asdks7;ttl=16");
	assert_true(span_eq_str(via.transport, "UDP"));
	assert_true(span_eq_str(via.host, "erlang.bell-telephone.com"));
	assert_int_equal(via.port, 5060);
	assert_true(span_eq_str(via.branch, "z9hG4bK87asdks7"));
	assert_true(span_eq_str(via.params, "branch=z9hG4bK87asdks7;ttl=16"));
	assert_false(via.has_rport);

	/* RFC 3261 20.42: blanks around every separator. */
	parse("SIP / 2.0 / UDP first.example.com: 4000;ttl=16\r\n ;MAddr=224.2.0.1 ;Branch = "
	      "z9hG4bKa7c6a8dlze.1  ");
	assert_true(span_eq_str(via.host, "first.example.com"));
	assert_int_equal(via.port, 4000);
	assert_true(span_eq_str(via.maddr, "224.2.0.1"));
	assert_true(span_eq_str(via.branch, "z9hG4bKa7c6a8dlze.1"));

	parse("SIP/2.0/TLS [2001:db8::9:1];received=[2001:db8::9:255];branch=\"a;b,c\"");
	assert_true(span_eq_str(via.host, "[2001:db8::9:1]"));
	assert_true(span_eq_str(via.received, "[2001:db8::9:255]"));
	assert_true(span_eq_str(via.branch, "\"a;b,c\""));
	/* RFC 5118 4.5: an address without its brackets. */
	parse("SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3-111");
	assert_true(span_eq_str(via.received, "2001:db8::9:255"));
	parse("sip/2.0/udp h");
	assert_true(span_empty(via.branch));
}

static void test_rport_is_there_with_or_without_a_value(void **state)
{
	(void)state;
	parse("SIP/2.0/UDP h;rport;branch=z");
	assert_true(via.has_rport);
	assert_false(via.rport_filled);
	assert_int_equal(via.rport.len, 0);
	assert_memory_equal(via.rport.p, ";branch", 7);
	parse("SIP/2.0/UDP h;branch=z;RPort=5066");
	assert_true(via.has_rport);
	assert_true(via.rport_filled);
	assert_true(span_eq_str(via.rport, "5066"));
	parse("SIP/2.0/UDP h;rports;xrport=1");
	assert_false(via.has_rport);
}

static void test_a_comment_behind_a_via_is_passed_over(void **state)
{
	(void)state;
	parse("SIP/2.0/UDP h;branch=z (a (nested) one, with \\) and \\( in it)");
	assert_true(span_eq_str(via.branch, "z"));
	assert_true(span_eq_str(via.whole, "SIP/2.0/UDP h;branch=z"));
	parse("SIP/2.0/UDP h (old)");
	assert_true(span_eq_str(via.host, "h"));
}

static void test_elements_come_off_a_list_one_by_one(void **state)
{
	struct span rest =
		span_str("SIP/2.0/UDP h1;branch=\"a,b\" (c,d) , SIP/2.0/TCP h2 ,SIP/2.0/SCTP h3:1");

	(void)state;
	assert_int_equal(sip_via_next(&rest, &via), 0);
	assert_true(span_eq_str(via.host, "h1"));
	assert_int_equal(sip_via_next(&rest, &via), 0);
	assert_true(span_eq_str(via.host, "h2"));
	assert_true(span_eq_str(via.whole, "SIP/2.0/TCP h2"));
	assert_int_equal(sip_via_next(&rest, &via), 0);
	assert_true(span_eq_str(via.transport, "SCTP"));
	assert_true(span_empty(rest));
	assert_int_not_equal(sip_via_next(&rest, &via), 0);
}

static void test_what_is_no_via_is_refused_and_the_output_untouched(void **state)
{
	static const char *const texts[] = {"", " ", "SIP/2.0/UDP", "SIP/2.0/UDP ", "SIP/2.0 h", "SIP/2.0/ h",
		"/2.0/UDP h", "SIP/2.0/UDPh", "SIP/2.0/UDP h h", "SIP/2.0/UDP h:", "SIP/2.0/UDP h:0",
		"SIP/2.0/UDP h:65536", "SIP/2.0/UDP :5060", "SIP/2.0/UDP h:5060x", "SIP/2.0/UDP [::1",
		"SIP/2.0/UDP [x]", "SIP/2.0/UDP ::1", "SIP/2.0/UDP h;", "SIP/2.0/UDP h;;", "SIP/2.0/UDP h;=x",
		"SIP/2.0/UDP h;branch", "SIP/2.0/UDP h;branch=", "SIP/2.0/UDP h;branch=a;branch=b",
		"SIP/2.0/UDP h;rport;rport=1", "SIP/2.0/UDP h;received=1.2.3.4;received=1.2.3.4",
		"SIP/2.0/UDP h;x=\"a", "SIP/2.0/UDP h;x=a b", "SIP/2.0/UDP h (a", "SIP/2.0/UDP h (a) b",
		"SIP/2.0/UDP h (a\\", "SIP/2.0/UDP h,", "SIP/2.0/UDP h, SIP/2.0/UDP h", "SIP/2.0/UDP h@x",
		"SIP/2.0/UDP <h>", "SIP/2.0/UDP h\xff"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sip_via out = {.port = 4711};

		/* A list that ends in a comma is no single element, but its first one can be read. */
		if (sip_via_parse(span_str(texts[i]), &out) == 0 && texts[i][strlen(texts[i]) - 1] != ',')
			fail_msg("%s is taken", texts[i]);
		if (texts[i][0] != '\0' && texts[i][strlen(texts[i]) - 1] != ',')
			assert_int_equal(out.port, 4711);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_via_is_taken_apart),
		cmocka_unit_test(test_rport_is_there_with_or_without_a_value),
		cmocka_unit_test(test_a_comment_behind_a_via_is_passed_over),
		cmocka_unit_test(test_elements_come_off_a_list_one_by_one),
		cmocka_unit_test(test_what_is_no_via_is_refused_and_the_output_untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
