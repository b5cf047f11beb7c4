/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct row {
	const char *text;
	enum sip_scheme scheme;
	const char *user, *password, *host;
	uint16_t port;
	const char *params, *headers;
};

static void check(const struct row *row)
{
	struct sip_uri uri;

	if (sip_uri_parse(span_str(row->text), &uri) != 0)
		fail_msg("%s is refused", row->text);
	assert_int_equal(uri.scheme, row->scheme);
	assert_true(span_eq_str(uri.whole, row->text));
	assert_true(span_eq_str(uri.user, row->user));
	assert_true(span_eq_str(uri.password, row->password));
	assert_true(span_eq_str(uri.host, row->host));
	assert_int_equal(uri.port, row->port);
	assert_true(span_eq_str(uri.params, row->params));
	assert_true(span_eq_str(uri.headers, row->headers));
}

static void test_uris_are_taken_apart(void **state)
{
	/* The first ones are those of RFC 3261 19.1.3. */
	static const struct row rows[] = {
		{"sip:alice@atlanta.com", SIP_SCHEME_SIP, "alice", "", "atlanta.com", 0, "", ""},
		{"sip:alice:secretword@atlanta.com;transport=tcp", SIP_SCHEME_SIP, "alice", "secretword",
			"atlanta.com", 0, "transport=tcp", ""},
		{"sips:alice@atlanta.com?subject=project%20x&priority=urgent", SIP_SCHEME_SIPS, "alice", "",
			"atlanta.com", 0, "", "subject=project%20x&priority=urgent"},
		{"sip:+1-212-555-1212:1234@gateway.com;user=phone", SIP_SCHEME_SIP, "+1-212-555-1212", "1234",
			"gateway.com", 0, "user=phone", ""},
		{"sips:1212@gateway.com", SIP_SCHEME_SIPS, "1212", "", "gateway.com", 0, "", ""},
		{"sip:alice@192.0.2.4", SIP_SCHEME_SIP, "alice", "", "192.0.2.4", 0, "", ""},
		{"sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com", SIP_SCHEME_SIP, "", "",
			"atlanta.com", 0, "method=REGISTER", "to=alice%40atlanta.com"},
		{"sip:alice;day=tuesday@atlanta.com", SIP_SCHEME_SIP, "alice;day=tuesday", "", "atlanta.com",
			0, "", ""},
		{"SIP:Bob@[2001:DB8::1]:65535;lr", SIP_SCHEME_SIP, "Bob", "", "[2001:DB8::1]", 65535, "lr",
			""},
		{"sip:[::1]", SIP_SCHEME_SIP, "", "", "[::1]", 0, "", ""},
		{"sip:[::ffff:192.0.2.1]:1", SIP_SCHEME_SIP, "", "", "[::ffff:192.0.2.1]", 1, "", ""},
		{"sip:a%20b%00@h_1.example.", SIP_SCHEME_SIP, "a%20b%00", "", "h_1.example.", 0, "", ""},
		{"sip:*11#@h", SIP_SCHEME_SIP, "*11#", "", "h", 0, "", ""},
		{"sip:a:@h:5060", SIP_SCHEME_SIP, "a", "", "h", 5060, "", ""},
		{"sip:a:b:c@h", SIP_SCHEME_SIP, "a", "b:c", "h", 0, "", ""},
		{"tel:+1-201-555-0123;phone-context=example.com", SIP_SCHEME_TEL, "+1-201-555-0123", "", "",
			0, "phone-context=example.com", ""},
		{"TEL:7042", SIP_SCHEME_TEL, "7042", "", "", 0, "", ""},
		{"urn:service:sos", SIP_SCHEME_OTHER, "", "", "", 0, "", ""},
		{"soap.beep://192.0.2.103:3002", SIP_SCHEME_OTHER, "", "", "", 0, "", ""},
		{"sip2:a@b", SIP_SCHEME_OTHER, "", "", "", 0, "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
}

static void test_what_is_no_uri_is_refused_and_the_output_untouched(void **state)
{
	static const char *const texts[] = {"", "sip", "sip:", ":a@b", "1sip:a@b", "alice@atlanta.com",
		"sip:@h", "sip::pw@h", "sip:a@", "sip:a@b@c", "sip:a@h:", "sip:a@h:0", "sip:a@h:65536",
		"sip:a@h:99999999999999999999", "sip:a@h:5060x", "sip:a@h x", "sip:a b@h", " sip:a@h",
		"sip:a@h ", "<sip:a@h>", "sip:a@h\t", "sip:a\"@h", "sip:a%2@h", "sip:a%zz@h", "sip:a%@h",
		"sip:a:%4@h", "sip:a@[::1", "sip:a@::1", "sip:a@[]", "sip:a@[1.2.3.4]",
		"sip:a@[fe80::1%25eth0]", "sip:a@[:::]", "sip:a@[::1]x", "sip:a@h;x=<y>", "sip:a@h;x=\"y\"",
		"sip:a@h?x?y\\", "sip:a@h,b", "sip:a@h/b", "sip:\xc3\xa9@h", "sip:a@h\xc3\xa9",
		"tel:", "tel:;x=y", "tel:1 2", "urn:", "urn:a b", "http://a b"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sip_uri uri = {.port = 4711};

		if (sip_uri_parse(span_str(texts[i]), &uri) == 0)
			fail_msg("%s is taken", texts[i]);
		assert_int_equal(uri.port, 4711);
	}
	assert_int_not_equal(sip_uri_parse(span_of("sip:a\0@h", 8), &(struct sip_uri){.port = 0}), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uris_are_taken_apart),
		cmocka_unit_test(test_what_is_no_uri_is_refused_and_the_output_untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
