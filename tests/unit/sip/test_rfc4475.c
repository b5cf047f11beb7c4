/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a stateless proxy makes of each torture message of RFC 4475, taken from that document's text. A row's
 * verdict is the parser's; what the proxy decides later about a message that parses (416, 420, 483, dropping
 * a response to a broadcast address) is said beside it. RFC 3261 16.3 item 1 draws the line: only what a
 * proxy acts on must be well formed, everything else is passed on as it is.
 */
#include "fixture.h"

#include "sip/msg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

struct verdict {
	const char *name;
	enum sip_error error; /* SIP_ERR_NONE: taken */
	unsigned status;      /* what a request is answered with; 0: taken, or dropped */
	uint16_t header_count;
	const char *append; /* what the stored copy lacks at its end, or NULL */
};

/* In the order of the sections. */
static const struct verdict verdicts[] = {
	/* 3.1.1.1: folds, blanks around separators, compact and odd-case names, an unknown header: all valid.
	 */
	{"wsinv", SIP_ERR_NONE, 0, 14, NULL},
	/* 3.1.1.2: every byte the grammar allows, an escaped NUL among them; a method nobody knows is
	   forwarded. */
	{"intmeth", SIP_ERR_NONE, 0, 8, NULL},
	/* 3.1.1.3: escapes in URIs are valid and not undone before comparing with reserved characters. */
	{"esc01", SIP_ERR_NONE, 0, 9, NULL},
	/* 3.1.1.4: %00 is a user like any other. */
	{"escnull", SIP_ERR_NONE, 0, 9, NULL},
	/* 3.1.1.5: % is no escape in a method, a header name, or a display name: RE%47IST%45R is not
	   REGISTER. */
	{"esc02", SIP_ERR_NONE, 0, 10, NULL},
	/* 3.1.1.6: no blank between display name and "<". */
	{"lwsdisp", SIP_ERR_NONE, 0, 7, NULL},
	/* 3.1.1.7: long values, 34 Vias in odd case. */
	{"longreq", SIP_ERR_NONE, 0, 43, NULL},
	/* 3.1.1.8: bytes behind the end in a datagram are ignored and must not be passed on. */
	{"dblreq", SIP_ERR_NONE, 0, 8, NULL},
	/* 3.1.1.9: a semicolon in the user part belongs to the user. */
	{"semiuri", SIP_ERR_NONE, 0, 8, NULL},
	/* 3.1.1.10: transports we do not have, in Vias that are not the topmost. */
	{"transports", SIP_ERR_NONE, 0, 12, NULL},
	/* 3.1.1.11: a binary body with NULs. */
	{"mpart01", SIP_ERR_NONE, 0, 14, NULL},
	/* 3.1.1.12: a reason phrase in UTF-8. */
	{"unreason", SIP_ERR_NONE, 0, 8, NULL},
	/* 3.1.1.13: an empty reason phrase behind its SP. */
	{"noreason", SIP_ERR_NONE, 0, 7, NULL},

	/* 3.1.2.1: empty parameters in the topmost Via, which we must read: 400. */
	{"badinv01", SIP_ERR_bad_via, 400, 9, NULL},
	/* 3.1.2.2: Content-Length beyond the datagram: 400. */
	{"clerr", SIP_ERR_short_body, 400, 9, NULL},
	/* 3.1.2.3: negative Content-Length: 400. */
	{"ncl", SIP_ERR_bad_content_length, 400, 9, NULL},
	/* 3.1.2.4: CSeq (and Max-Forwards) out of range: 400 for the CSeq. Expires and Contact are not ours
	   to check. */
	{"scalar02", SIP_ERR_bad_cseq, 400, 9, NULL},
	/* 3.1.2.5: a response with CSeq out of range is dropped. Retry-After is not ours to check. */
	{"scalarlg", SIP_ERR_bad_cseq, 0, 8, NULL},
	/* 3.1.2.6: an unterminated quote in To: 400; guessing where it ends may pick another address. */
	{"quotbal", SIP_ERR_bad_to, 400, 9, NULL},
	/* 3.1.2.7: Request-URI in angle brackets: 400. */
	{"ltgtruri", SIP_ERR_bad_uri, 400, 9, NULL},
	/* 3.1.2.8: a blank inside the Request-URI: 400. */
	{"lwsruri", SIP_ERR_bad_start_line, 400, 9, NULL},
	/* 3.1.2.9: two SP between the parts of the Request-Line: 400. */
	{"lwsstart", SIP_ERR_bad_start_line, 400, 9, NULL},
	/* 3.1.2.10: SP at the end of the Request-Line: 400. */
	{"trws", SIP_ERR_bad_start_line, 400, 8, NULL},
	/* 3.1.2.11: headers in the Request-URI: 400 (a proxy that took it would have to leave them out). */
	{"escruri", SIP_ERR_bad_uri, 400, 9, NULL},
	/* 3.1.2.12: a Date in another zone than GMT; who does not use Date may ignore it: forwarded. */
	{"baddate", SIP_ERR_NONE, 0, 10, NULL},
	/* 3.1.2.13: a Contact without the brackets it needs; the registrar's to refuse: forwarded. */
	{"regbadct", SIP_ERR_NONE, 0, 8, NULL},
	/* 3.1.2.14: blanks inside the brackets of To: 400, as an error must not be passed on. */
	{"badaspec", SIP_ERR_bad_to, 400, 8, NULL},
	/* 3.1.2.15: commas in an unquoted display name: 400, a proxy must not pass the error on. This copy
	 * lacks the empty line. */
	{"baddn", SIP_ERR_bad_from, 400, 8, "\r\n"},
	{"baddn", SIP_ERR_unfinished, 0, 0, NULL},
	/* 3.1.2.16: SIP/7.0: 505. */
	{"badvers", SIP_ERR_bad_version, 505, 7, NULL},
	/* 3.1.2.17: CSeq names another method than the Request-Line: 400. */
	{"mismatch01", SIP_ERR_cseq_method_mismatch, 400, 7, NULL},
	/* 3.1.2.18: the same with an unknown method: 400; 501 would be for an element that executes methods.
	 */
	{"mismatch02", SIP_ERR_cseq_method_mismatch, 400, 9, NULL},
	/* 3.1.2.19: a status code of ten digits: dropped. */
	{"bigcode", SIP_ERR_bad_status, 0, 7, NULL},

	/* 3.2.1: the branch is the cookie and nothing more: refused, or taken as one of RFC 2543. We hash the
	 * fields of RFC 2543 then: taken. */
	{"badbranch", SIP_ERR_NONE, 0, 8, NULL},

	/* 3.3.1: no Call-ID, From, To: 400. */
	{"insuf", SIP_ERR_missing_mandatory, 400, 4, NULL},
	/* 3.3.2 and 3.3.3: schemes nobody routes: taken here, 416 by the proxy. */
	{"unkscm", SIP_ERR_NONE, 0, 7, NULL},
	{"novelsc", SIP_ERR_NONE, 0, 7, NULL},
	/* 3.3.4: odd schemes in To, From and Contact: forwarded. */
	{"unksm2", SIP_ERR_NONE, 0, 8, NULL},
	/* 3.3.5: unknown Proxy-Require: taken here, 420 by the proxy. Require is not the proxy's. */
	{"bext01", SIP_ERR_NONE, 0, 9, NULL},
	/* 3.3.6: a body nobody knows: forwarded. */
	{"invut", SIP_ERR_NONE, 0, 9, NULL},
	/* 3.3.7: an unknown Authorization scheme: forwarded. */
	{"regaut01", SIP_ERR_NONE, 0, 8, NULL},
	/* 3.3.8: fields twice that may stand once, with other values: 400. */
	{"multi01", SIP_ERR_duplicate_mandatory, 400, 15, NULL},
	/* 3.3.9: two Content-Lengths that differ: 400. */
	{"mcl01", SIP_ERR_bad_content_length, 400, 9, NULL},
	/* 3.3.10: well formed; the next Via is a broadcast address, so the proxy drops it. */
	{"bcast", SIP_ERR_NONE, 0, 9, NULL},
	/* 3.3.11: Max-Forwards 0: taken here, 483 by the proxy. */
	{"zeromf", SIP_ERR_NONE, 0, 7, NULL},
	/* 3.3.12, 3.3.13, 3.3.14: parameters and escapes in a registration's Contact: forwarded. */
	{"cparam01", SIP_ERR_NONE, 0, 8, NULL},
	{"cparam02", SIP_ERR_NONE, 0, 8, NULL},
	{"regescrt", SIP_ERR_NONE, 0, 8, NULL},
	/* 3.3.15: Accept that no SDP answer can meet: forwarded. */
	{"sdp01", SIP_ERR_NONE, 0, 10, NULL},

	/* 3.4.1: RFC 2543: no branch, no Max-Forwards, no tag in From, no Content-Length: taken. */
	{"inv2543", SIP_ERR_NONE, 0, 7, NULL},

	/* Not in the RFC but in its archive: no version, a line without a colon: 400. */
	{"test", SIP_ERR_bad_start_line, 400, 11, NULL},

	/* Our own. */
	{"subscribe-partitioned", SIP_ERR_NONE, 0, 12, NULL},
};

static struct sip_msg msg;

static void check(const struct verdict *verdict, const struct fixture *fixture)
{
	static char text[FIXTURE_MAX + 8];
	struct span bytes = span_of(text, fixture->len);
	enum parse_result result;

	memcpy(text, fixture->bytes, fixture->len);
	if (verdict->append != NULL) {
		memcpy(text + bytes.len, verdict->append, strlen(verdict->append));
		bytes.len += strlen(verdict->append);
	}
	result = sip_parse(bytes, true, &msg);
	assert_int_equal(msg.error, verdict->error);
	assert_int_equal(result, verdict->error == SIP_ERR_NONE ? PARSE_OK : PARSE_BAD);
	assert_int_equal(msg.header_count, verdict->header_count);
	if (verdict->error != SIP_ERR_NONE && msg.is_request) {
		assert_int_equal(sip_error_status(msg.error), verdict->status);
		/* What is to be answered can be. */
		if (verdict->status != 0 && strcmp(verdict->name, "test") != 0)
			assert_true(msg.answerable);
	}
}

static void check_fixture(const struct fixture *fixture, void *data)
{
	unsigned *rows = data;
	unsigned before = *rows;

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		if (strcmp(verdicts[i].name, fixture->name) != 0)
			continue;
		check(&verdicts[i], fixture);
		(*rows)++;
	}
	if (*rows == before)
		fail_msg("%s has no verdict", fixture->name);
}

static void test_each_torture_message_gets_its_verdict(void **state)
{
	unsigned rows = 0;

	(void)state;
	fixture_each(check_fixture, &rows);
	assert_int_equal(rows, sizeof(verdicts) / sizeof(verdicts[0]));
}

static void parse_fixture(const char *name, struct fixture *fixture)
{
	char path[128];

	snprintf(path, sizeof(path), "rfc4475/%s.dat", name);
	fixture_read(path, fixture);
	assert_int_equal(sip_parse(span_of(fixture->bytes, fixture->len), true, &msg), PARSE_OK);
}

/* The n-th header with that id, from 0. */
static struct span nth_value(enum sip_header_id id, unsigned n)
{
	const struct sip_header *header = sip_header_first(&msg, id);

	for (; header != NULL && n > 0; n--)
		header = sip_header_next(&msg, header);
	return header == NULL ? span_of(NULL, 0) : sip_header_value(&msg, header);
}

static struct fixture fixture;

static void test_a_tortuous_invite_is_understood(void **state)
{
	struct span value;

	(void)state;
	parse_fixture("wsinv", &fixture);
	assert_true(span_eq_str(msg.method, "INVITE"));
	assert_int_equal(msg.cseq, 9);
	assert_int_equal(msg.max_forwards, 68);
	assert_true(span_eq_str(msg.from_tag, "98asjd8"));
	assert_true(span_eq_str(msg.to_tag, "1918181833n"));
	assert_true(span_eq_str(msg.via.transport, "UDP"));
	assert_true(span_eq_str(msg.via.host, "192.0.2.2"));
	assert_true(span_eq_str(msg.via.branch, "390skdjuw"));
	assert_int_equal(msg.body.len, 150);

	value = nth_value(SIP_HDR_VIA, 1);
	assert_int_equal(sip_via_next(&value, &msg.via), 0);
	assert_true(span_eq_str(msg.via.branch, "z9hG4bK9ikj8"));
	assert_int_equal(sip_via_next(&value, &msg.via), 0);
	assert_true(span_eq_str(msg.via.host, "192.168.255.111"));
	assert_true(span_eq_str(msg.via.branch, "z9hG4bK30239"));
	assert_true(span_empty(value));
}

static void test_a_user_part_of_odd_characters_ends_at_the_at_sign(void **state)
{
	(void)state;
	parse_fixture("intmeth", &fixture);
	assert_int_equal(msg.method_id, SIP_UNKNOWN);
	assert_true(span_eq_str(msg.uri.host, "example.com"));
	assert_true(span_eq_str(msg.uri.user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"));
	assert_true(span_eq_str(msg.uri.password, "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"));
	assert_true(span_eq_str(msg.from_tag, "_token~1'+`*%!-."));

	parse_fixture("semiuri", &fixture);
	assert_true(span_eq_str(msg.uri.user, "user;par=u%40example.net"));
	parse_fixture("esc01", &fixture);
	assert_true(span_eq_str(msg.uri.user, "sips%3Auser%40example.com"));
	assert_true(span_eq_str(msg.uri.host, "example.net"));
}

static void test_bytes_behind_the_message_are_not_part_of_it(void **state)
{
	(void)state;
	parse_fixture("dblreq", &fixture);
	assert_true(msg.total_len < fixture.len);
	assert_true(span_empty(msg.body));
	assert_true(span_eq_str(msg.call_id, "dblreq.0ha0isndaksdj99sdfafnl3lk233412"));
}

static void test_an_escaped_method_is_not_the_method_it_spells(void **state)
{
	(void)state;
	parse_fixture("esc02", &fixture);
	assert_int_equal(msg.method_id, SIP_UNKNOWN);
	assert_true(span_eq_str(msg.method, "RE%47IST%45R"));
	/* C%6Fntact is another header than Contact. */
	assert_false(span_empty(nth_value(SIP_HDR_CONTACT, 1)));
	assert_true(span_empty(nth_value(SIP_HDR_CONTACT, 2)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_torture_message_gets_its_verdict),
		cmocka_unit_test(test_a_tortuous_invite_is_understood),
		cmocka_unit_test(test_a_user_part_of_odd_characters_ends_at_the_at_sign),
		cmocka_unit_test(test_bytes_behind_the_message_are_not_part_of_it),
		cmocka_unit_test(test_an_escaped_method_is_not_the_method_it_spells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
