/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole messages: names, folds, repetition, limits, hostile bytes, bodies, streams. */
#include "fixture.h"

#include "sip/msg.h"
#include "sip/names_priv.h"
#include "support/sip_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#define VIA     "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa\r\n"
#define FROM    "From: <sip:a@example.com>;tag=1\r\n"
#define TO      "To: <sip:b@example.com>\r\n"
#define CALL_ID "Call-ID: c@example.com\r\n"
#define CSEQ    "CSeq: 1 INVITE\r\n"
#define LINE    "INVITE sip:b@example.com SIP/2.0\r\n"
#define REST    FROM TO CALL_ID CSEQ
#define OK_LINE "SIP/2.0 200 OK\r\n"

static struct sip_msg msg;
static char text[FIXTURE_MAX * 2];

static enum parse_result parse_bytes(const char *bytes, size_t len, bool whole)
{
	struct span span = span_of(bytes, len);
	enum parse_result result;

	sip_check_all(span);
	result = sip_parse(span, whole, &msg);
	return result;
}

static enum parse_result parse(const char *s)
{
	return parse_bytes(s, strlen(s), true);
}

static void assert_error(const char *s, enum sip_error error)
{
	assert_int_equal(parse(s), PARSE_BAD);
	assert_string_equal(sip_error_name(msg.error), sip_error_name(error));
}

static void assert_taken(const char *s)
{
	if (parse(s) != PARSE_OK)
		fail_msg("%s: %s", s, sip_error_name(msg.error));
}

static const char *joined(const char *a, const char *b, const char *c)
{
	snprintf(text, sizeof(text), "%s%s%s", a, b, c);
	return text;
}

static struct span value_of(enum sip_header_id id, unsigned n)
{
	const struct sip_header *header = sip_header_first(&msg, id);

	for (; header != NULL && n > 0; n--)
		header = sip_header_next(&msg, header);
	return header == NULL ? span_of(NULL, 0) : sip_header_value(&msg, header);
}

static void test_a_request_is_taken_apart(void **state)
{
	(void)state;
	assert_taken(LINE VIA "Max-Forwards: 70\r\n" REST "Content-Length: 2\r\n\r\nhi");
	assert_true(msg.is_request);
	assert_int_equal(msg.method_id, SIP_INVITE);
	assert_true(span_eq_str(msg.start_line, "INVITE sip:b@example.com SIP/2.0"));
	assert_true(span_eq_str(msg.uri.user, "b"));
	assert_true(span_eq_str(msg.via.host, "192.0.2.1"));
	assert_int_equal(msg.via.port, 5060);
	assert_true(span_eq_str(msg.via.branch, "z9hG4bKa"));
	assert_true(span_eq_str(msg.from_tag, "1"));
	assert_true(span_empty(msg.to_tag));
	assert_true(span_eq_str(msg.call_id, "c@example.com"));
	assert_int_equal(msg.cseq, 1);
	assert_int_equal(msg.max_forwards, 70);
	assert_true(span_eq_str(msg.body, "hi"));
	assert_int_equal(msg.header_count, 7);
}

static void test_a_response_has_the_method_of_its_cseq(void **state)
{
	(void)state;
	assert_taken(OK_LINE VIA REST "\r\n");
	assert_false(msg.is_request);
	assert_int_equal(msg.status, 200);
	assert_true(span_eq_str(msg.reason, "OK"));
	assert_true(span_eq_str(msg.method, "INVITE"));
	assert_int_equal(msg.method_id, SIP_INVITE);
	assert_int_equal(msg.max_forwards, -1);
	assert_taken("sip/2.0 699\r\n" VIA REST "\r\n");
	assert_true(span_empty(msg.reason));
}

static void test_status_lines_out_of_range_are_refused(void **state)
{
	static const char *const lines[] = {"SIP/2.0 099 X\r\n", "SIP/2.0 700 X\r\n", "SIP/2.0 1000 X\r\n",
		"SIP/2.0 20 X\r\n", "SIP/2.0 18446744073709551816 X\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_error(joined(lines[i], VIA REST, "\r\n"), SIP_ERR_bad_status);
	assert_error("SIP/2.0 \r\n" VIA REST "\r\n", SIP_ERR_bad_start_line);
	assert_error("SIP/2.0 2x0 X\r\n" VIA REST "\r\n", SIP_ERR_bad_start_line);
	assert_error("SIP/3.0 200 OK\r\n" VIA REST "\r\n", SIP_ERR_bad_version);
}

static void test_request_lines_that_are_none_are_refused_and_answerable(void **state)
{
	static const char *const lines[] = {"INVITE\r\n", "INVITE \r\n", "INVITE sip:b@h\r\n",
		"INVITE sip:b@h \r\n", "INVITE sip:b@h SIP/2.0 \r\n", "INVITE sip:b@h SIP/2\r\n",
		"INVITE sip:b@h SIP/2.0x\r\n", "INVITE sip:b@h HTTP/1.1\r\n", "INVITE sip:b@h SIP/.0\r\n",
		"IN(VITE sip:b@h SIP/2.0\r\n", "INVITE\tsip:b@h SIP/2.0\r\n", "INVITE sip:b @h SIP/2.0\r\n",
		" INVITE sip:b@h SIP/2.0\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_error(joined(lines[i], VIA REST, "\r\n"), SIP_ERR_bad_start_line);
		assert_true(msg.answerable);
		assert_int_equal(sip_error_status(msg.error), 400);
	}
	assert_error(joined("INVITE sip:b@h SIP/2.1\r\n", VIA REST, "\r\n"), SIP_ERR_bad_version);
	assert_true(msg.answerable);
	assert_int_equal(sip_error_status(msg.error), 505);
	assert_error(joined("INVITE sip:b@h?x=y SIP/2.0\r\n", VIA REST, "\r\n"), SIP_ERR_bad_uri);
	assert_taken(joined("INVITE sip:b@h sip/2.0\r\n", VIA REST, "\r\n"));
	/* Bytes that only look like the right ones when their case is ignored. */
	assert_error("INVITE sip:b@h SIP/\x12.0\r\n" VIA REST "\r\n", SIP_ERR_bad_start_line);
	assert_error("INVITE sip:b@h SIP\x0f"
		     "2.0\r\n" VIA REST "\r\n",
		SIP_ERR_bad_start_line);
	assert_error("INVITE sip\x1a"
		     "b@h SIP/2.0\r\n" VIA REST "\r\n",
		SIP_ERR_bad_uri);
	assert_taken(LINE VIA TO CALL_ID CSEQ "From: <sip:a@h>;tag\x1dx\r\n\r\n");
	assert_true(span_empty(msg.from_tag));
}

static enum sip_header_id header_named(struct span name)
{
	return sip_header_lookup(name);
}

static enum sip_method method_named(const char *name)
{
	return sip_method_lookup(span_str(name), name + strlen(name));
}

static void test_every_header_is_known_by_its_name_in_any_case(void **state)
{
	struct guard guard;

	(void)state;
	guard_init(&guard);
#define SIP_HEADER(id, name, compact, first, second)                                                         \
	do {                                                                                                 \
		char copy[sizeof(name)];                                                                     \
		struct span here = guard_put(&guard, span_str(name));                                        \
		assert_int_equal(header_named(here), SIP_HDR_##id);                                          \
		for (size_t i = 0; i < sizeof(name); i++)                                                    \
			copy[i] = (name)[i] >= 'a' && (name)[i] <= 'z' ? (char)((name)[i] - 32) : (name)[i]; \
		here = guard_put(&guard, span_str(copy));                                                    \
		assert_int_equal(header_named(here), SIP_HDR_##id);                                          \
		here.len--;                                                                                  \
		assert_int_equal(here.len == 1 || header_named(here) != SIP_HDR_##id, 1);                    \
		copy[sizeof(name) - 2] = '!';                                                                \
		assert_int_equal(header_named(span_str(copy)), SIP_HDR_OTHER);                               \
	} while (0);
#include "sip/header.def"
#undef SIP_HEADER
	assert_int_equal(header_named(span_str("Fr\xefm")), SIP_HDR_OTHER);
	assert_int_equal(header_named(span_of("", 0)), SIP_HDR_OTHER);
	assert_int_equal(header_named(span_str("A-Header-Longer-Than-Any-That-Is-Known")), SIP_HDR_OTHER);
	guard_fini(&guard);
}

static void test_compact_forms_mean_their_header_and_other_letters_nothing(void **state)
{
	unsigned known = 0;
	unsigned found = 0;

	(void)state;
#define SIP_HEADER(id, name, compact, first, second)                                \
	if ((compact) != 0) {                                                       \
		char both[2] = {(compact), (char)((compact)-32)};                   \
		assert_int_equal(header_named(span_of(both, 1)), SIP_HDR_##id);     \
		assert_int_equal(header_named(span_of(both + 1, 1)), SIP_HDR_##id); \
		known++;                                                            \
	}
#include "sip/header.def"
#undef SIP_HEADER
	for (int c = 0; c < 256; c++) {
		char one = (char)c;

		found += header_named(span_of(&one, 1)) != SIP_HDR_OTHER;
	}
	assert_int_equal(found, 2 * known);
	assert_taken("INVITE sip:b@h SIP/2.0\r\nv: SIP/2.0/UDP h\r\nf: sip:a@h;tag=1\r\nt: sip:b@h\r\ni: "
		     "1\r\n" CSEQ "l: 0\r\n\r\n");
	assert_true(msg.has_content_length);
}

static void test_methods_are_told_apart_by_case(void **state)
{
	(void)state;
#define SIP_METHOD(name)                                   \
	assert_int_equal(method_named(#name), SIP_##name); \
	assert_string_equal(sip_method_name(SIP_##name), #name);
#include "sip/method.def"
#undef SIP_METHOD
	assert_int_equal(method_named("invite"), SIP_UNKNOWN);
	assert_int_equal(method_named("INVITES"), SIP_UNKNOWN);
	assert_int_equal(method_named("X"), SIP_UNKNOWN);
}

static void test_folded_lines_belong_to_their_header(void **state)
{
	(void)state;
	assert_taken(LINE "Via:\r\n SIP/2.0/UDP\r\n\t192.0.2.1\r\n ;branch\r\n =\r\n z9hG4bKf\r\n" REST
			  "Subject: one\r\n two\r\n\tthree\r\n\r\n");
	assert_true(span_eq_str(msg.via.branch, "z9hG4bKf"));
	assert_true(span_eq_str(value_of(SIP_HDR_SUBJECT, 0), "one\r\n two\r\n\tthree"));
	assert_int_equal(msg.header_count, 6);
	/* A line of blanks continues too; it is not the empty line. */
	assert_taken(LINE VIA REST "Subject: one\r\n \r\n\r\n");
	assert_true(span_eq_str(value_of(SIP_HDR_SUBJECT, 0), "one"));
	assert_error(LINE " Via: x\r\n" VIA REST "\r\n", SIP_ERR_bad_header);
	assert_error("INVITE sip:b@h\r\n SIP/2.0\r\n" VIA REST "\r\n", SIP_ERR_bad_start_line);
}

/* RFC 3261 25.1: HCOLON has blanks before the colon, no line end. Wherever in a 64-byte block that stands. */
static void test_a_name_is_never_folded_away_from_its_colon(void **state)
{
	(void)state;
	for (int pad = 1; pad <= 128; pad++) {
		char message[512];

		snprintf(message, sizeof(message), LINE VIA REST "X: %0*d\r\nSubject\r\n : one\r\n\r\n", pad,
			0);
		assert_error(message, SIP_ERR_bad_header);
	}
}

static void test_repeated_headers_are_chained_in_order(void **state)
{
	(void)state;
	assert_taken(LINE VIA "Route: <sip:1>\r\n" REST
			      "Route: <sip:2>\r\nv: SIP/2.0/TCP h2\r\nRoute: <sip:3>\r\n\r\n");
	assert_true(span_eq_str(value_of(SIP_HDR_ROUTE, 0), "<sip:1>"));
	assert_true(span_eq_str(value_of(SIP_HDR_ROUTE, 1), "<sip:2>"));
	assert_true(span_eq_str(value_of(SIP_HDR_ROUTE, 2), "<sip:3>"));
	assert_true(span_empty(value_of(SIP_HDR_ROUTE, 3)));
	assert_true(span_eq_str(value_of(SIP_HDR_VIA, 1), "SIP/2.0/TCP h2"));
}

static void test_a_missing_header_is_named_and_still_answered(void **state)
{
	(void)state;
	assert_error(LINE REST "\r\n", SIP_ERR_missing_via);
	assert_false(msg.answerable);
	assert_error(LINE VIA TO CALL_ID CSEQ "\r\n", SIP_ERR_missing_mandatory);
	assert_error(LINE VIA FROM CALL_ID CSEQ "\r\n", SIP_ERR_missing_mandatory);
	assert_error(LINE VIA FROM TO CSEQ "\r\n", SIP_ERR_missing_mandatory);
	assert_error(LINE VIA FROM TO CALL_ID "\r\n", SIP_ERR_missing_mandatory);
	assert_true(msg.answerable);
}

static void test_a_header_that_may_stand_once_may_only_be_repeated_word_for_word(void **state)
{
	(void)state;
	assert_taken(LINE VIA REST REST "Max-Forwards: 7\r\nMax-Forwards: 7\r\n\r\n");
	assert_error(LINE VIA REST "f: <sip:x@h>;tag=1\r\n\r\n", SIP_ERR_duplicate_mandatory);
	assert_error(LINE VIA REST "t: <sip:x@h>\r\n\r\n", SIP_ERR_duplicate_mandatory);
	assert_error(LINE VIA REST "i: other\r\n\r\n", SIP_ERR_duplicate_mandatory);
	assert_error(LINE VIA REST "CSeq: 2 INVITE\r\n\r\n", SIP_ERR_duplicate_mandatory);
	assert_error(LINE VIA REST "Max-Forwards: 7\r\nMax-Forwards: 8\r\n\r\n", SIP_ERR_duplicate_mandatory);
	assert_true(msg.answerable);
}

static void test_numbers_keep_to_their_range(void **state)
{
	static const char *const bad_cseq[] = {"2147483648 INVITE", "-1 INVITE", "1", "INVITE", "1INVITE", "",
		"1 INVITE x", "1 \"INVITE\"", "99999999999999999999999999 INVITE"};
	static const char *const bad_hops[] = {"256", "-1", "", "7x", "7 7", "0x7", "99999999999999999999"};

	(void)state;
	assert_taken(LINE VIA FROM TO CALL_ID "CSeq: 2147483647 \t INVITE\r\n\r\n");
	assert_int_equal(msg.cseq, 2147483647);
	for (size_t i = 0; i < sizeof(bad_cseq) / sizeof(bad_cseq[0]); i++)
		assert_error(
			joined(LINE VIA FROM TO CALL_ID "CSeq: ", bad_cseq[i], "\r\n\r\n"), SIP_ERR_bad_cseq);
	assert_error(LINE VIA FROM TO CALL_ID "CSeq: 1 ACK\r\n\r\n", SIP_ERR_cseq_method_mismatch);
	assert_error(LINE VIA FROM TO CALL_ID "CSeq: 1 invite\r\n\r\n", SIP_ERR_cseq_method_mismatch);
	assert_taken(LINE VIA REST "Max-Forwards: 255\r\n\r\n");
	assert_taken(LINE VIA REST "Max-Forwards: 0\r\n\r\n");
	assert_int_equal(msg.max_forwards, 0);
	for (size_t i = 0; i < sizeof(bad_hops) / sizeof(bad_hops[0]); i++)
		assert_error(joined(LINE VIA REST "Max-Forwards: ", bad_hops[i], "\r\n\r\n"),
			SIP_ERR_bad_max_forwards);
	/* A response has no use for it. */
	assert_taken(OK_LINE VIA REST "Max-Forwards: junk\r\n\r\n");
}

static void test_content_length_is_one_number(void **state)
{
	static const char *const bad[] = {"-1", "+2", "", "2 2", "2,2", "0x2", "2.0",
		"99999999999999999999999", "18446744073709551618", "4294967298"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_error(joined(LINE VIA REST "Content-Length: ", bad[i], "\r\n\r\nhi"),
			SIP_ERR_bad_content_length);
	assert_taken(LINE VIA REST "l: 2\r\nContent-Length: 2\r\nL:2\r\n\r\nhi");
	assert_error(LINE VIA REST "l: 2\r\nContent-Length: 1\r\n\r\nhi", SIP_ERR_bad_content_length);
	/* 02 is the same number but not the same value: somebody may read it otherwise. */
	assert_error(LINE VIA REST "l: 2\r\nContent-Length: 02\r\n\r\nhi", SIP_ERR_bad_content_length);
	assert_error(LINE VIA REST "l: 3\r\n\r\nhi", SIP_ERR_short_body);
	assert_taken(LINE VIA REST "l: 1\r\n\r\nhi");
	assert_int_equal(msg.body.len, 1);
	assert_taken(LINE VIA REST "\r\nhi");
	assert_int_equal(msg.body.len, 2);
	assert_false(msg.has_content_length);
}

static void test_call_ids_hold_no_blank_and_no_byte_beyond_ascii(void **state)
{
	static const char *const bad[] = {"", "a b", "a\r\n b", "caf\xc3\xa9", "a\x01", "a\x7f"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_error(
			joined(LINE VIA FROM TO CSEQ "Call-ID: ", bad[i], "\r\n\r\n"), SIP_ERR_bad_call_id);
	assert_taken(LINE VIA FROM TO CSEQ "Call-ID: $a=b,c;d#e|f^g&h\r\n\r\n");
}

static void test_addresses_must_be_unambiguous(void **state)
{
	static const char *const bad[] = {"\"a <sip:a@h>", "<sip:a@h", "sip:a@h>", "<>", "", "a, b <sip:a@h>",
		"\"a\" sip:a@h", "<sip:a b@h>", "<sip:a@h> x", "<sip:a@h>,<sip:b@h>", "\"a\\\" <sip:a@h>",
		"<<sip:a@h>>"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_error(joined(LINE VIA FROM CALL_ID CSEQ "To: ", bad[i], "\r\n\r\n"), SIP_ERR_bad_to);
		assert_error(joined(LINE VIA TO CALL_ID CSEQ "From: ", bad[i], "\r\n\r\n"), SIP_ERR_bad_from);
	}
	assert_taken(
		LINE VIA TO CALL_ID CSEQ "From: J\xc3\xb6rg M. <sip:a@h> ; x=\"tag=9;\" ;; TAG = t2\r\n\r\n");
	assert_true(span_eq_str(msg.from_tag, "t2"));
}

static void test_header_lines_need_a_name_and_a_colon(void **state)
{
	static const char *const bad[] = {"Foobar roobar", ": value", "Foo Bar: value", "F\xc3\xb6o: value",
		"Foo(): value", "\x01: value", "Foo;: value"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_error(
			joined(LINE "Subject: x\r\n", bad[i], "\r\n" VIA REST "\r\n"), SIP_ERR_bad_header);
		assert_true(msg.answerable);
	}
	assert_taken(LINE VIA REST "Empty:\r\nX-Empty: \r\nSubject \t :x\r\n\r\n");
	assert_true(span_eq_str(value_of(SIP_HDR_SUBJECT, 0), "x"));
	assert_true(span_empty(value_of(SIP_HDR_OTHER, 0)));
	assert_true(span_empty(value_of(SIP_HDR_OTHER, 1)));
}

static void test_hostile_bytes_pass_only_where_nobody_reads_them(void **state)
{
	static const char unread[] =
		LINE VIA REST "X-Blob: \x00\x01\x7f\xff\\\x00\r\nUser-Agent: \xff\xfe\x00\r\n\r\n\x00\xff";
	static const char in_method[] = "INV\0TE sip:b@h SIP/2.0\r\n" VIA REST "\r\n";
	static const char in_uri[] = "INVITE sip:b\0@h SIP/2.0\r\n" VIA REST "\r\n";
	static const char in_name[] = LINE VIA REST "X\0: y\r\n\r\n";
	static const char in_via[] = LINE "Via: SIP/2.0/UDP h\0;branch=z\r\n" REST "\r\n";
	static const char in_call_id[] = LINE VIA FROM TO CSEQ "Call-ID: a\0b\r\n\r\n";
	static const char in_to[] = LINE VIA FROM CALL_ID CSEQ "To: <sip:\0@h>\r\n\r\n";
	static const char in_number[] = LINE VIA REST "Max-Forwards: 7\0\r\n\r\n";

	(void)state;
	assert_int_equal(parse_bytes(unread, sizeof(unread) - 1, true), PARSE_OK);
	assert_int_equal(msg.body.len, 2);
	assert_int_equal(parse_bytes(in_method, sizeof(in_method) - 1, true), PARSE_BAD);
	assert_int_equal(msg.error, SIP_ERR_bad_start_line);
	assert_int_equal(parse_bytes(in_uri, sizeof(in_uri) - 1, true), PARSE_BAD);
	assert_int_equal(msg.error, SIP_ERR_bad_uri);
	assert_int_equal(parse_bytes(in_name, sizeof(in_name) - 1, true), PARSE_BAD);
	assert_int_equal(msg.error, SIP_ERR_bad_header);
	assert_int_equal(parse_bytes(in_via, sizeof(in_via) - 1, true), PARSE_BAD);
	assert_int_equal(msg.error, SIP_ERR_bad_via);
	assert_int_equal(parse_bytes(in_call_id, sizeof(in_call_id) - 1, true), PARSE_BAD);
	assert_int_equal(msg.error, SIP_ERR_bad_call_id);
	assert_int_equal(parse_bytes(in_to, sizeof(in_to) - 1, true), PARSE_BAD);
	assert_int_equal(msg.error, SIP_ERR_bad_to);
	assert_int_equal(parse_bytes(in_number, sizeof(in_number) - 1, true), PARSE_BAD);
	assert_int_equal(msg.error, SIP_ERR_bad_max_forwards);
}

static void test_a_cr_or_lf_alone_hides_no_header(void **state)
{
	static const char *const bad[] = {LINE VIA REST "X: y\nRoute: <sip:evil>\r\n\r\n",
		LINE VIA REST "X: y\rRoute: z\r\n\r\n", LINE VIA REST "X: y\r\r\n\r\n",
		LINE VIA REST "X:\n\r\n", LINE VIA REST "X: y\n\n",
		"INVITE sip:b@h SIP/2.0\n" VIA REST "\r\n", LINE VIA REST "\n\r\n",
		LINE VIA REST "\rX: y\r\n\r\n", LINE VIA REST "\r\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(bad[i]), PARSE_BAD);
		assert_int_equal(msg.header_count, 0);
		assert_false(msg.answerable);
	}
	assert_taken(LINE VIA REST "\r\na\nb\rc\n\r");
	assert_int_equal(msg.body.len, 7);
}

/* Lines are looked for in blocks of 64 bytes. */
static void test_a_line_may_end_anywhere_in_a_block(void **state)
{
	(void)state;
	for (int fill = 0; fill < 200; fill++) {
		int len = snprintf(
			text, sizeof(text), LINE VIA "X-Fill: %0*d\r\nSubject: a\r\n b\r\n", fill, 0);
		size_t rest = (size_t)snprintf(text + len, sizeof(text) - (size_t)len, REST "l: 1\r\n\r\nz");

		assert_int_equal(parse_bytes(text, (size_t)len + rest, true), PARSE_OK);
		assert_int_equal(msg.header_count, 8);
		assert_true(span_eq_str(value_of(SIP_HDR_SUBJECT, 0), "a\r\n b"));
		assert_true(span_eq_str(msg.body, "z"));
		for (unsigned lone = 0; lone < 2; lone++) {
			text[len - 1 - (int)lone] = 'x';
			assert_int_equal(parse_bytes(text, (size_t)len + rest, true), PARSE_BAD);
			assert_int_equal(msg.error, SIP_ERR_bad_header);
			text[len - 1 - (int)lone] = lone ? '\r' : '\n';
		}
	}
}

static size_t with_headers(unsigned count)
{
	size_t len = (size_t)snprintf(text, sizeof(text), LINE VIA REST);

	for (unsigned i = 5; i < count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "X-%u: %u\r\n", i, i);
	return len + (size_t)snprintf(text + len, sizeof(text) - len, "\r\n");
}

static void test_128_headers_are_taken_and_one_more_is_refused(void **state)
{
	(void)state;
	assert_int_equal(parse_bytes(text, with_headers(SIP_HEADERS_MAX), true), PARSE_OK);
	assert_int_equal(msg.header_count, SIP_HEADERS_MAX);
	assert_int_equal(parse_bytes(text, with_headers(SIP_HEADERS_MAX + 1), true), PARSE_BAD);
	assert_int_equal(msg.error, SIP_ERR_too_many_headers);
	assert_int_equal(msg.header_count, SIP_HEADERS_MAX);
	/* A Via may be among those left out, whatever else is wrong. */
	assert_false(msg.answerable);
	text[0] = '(';
	assert_int_equal(parse_bytes(text, strlen(text), true), PARSE_BAD);
	assert_int_equal(msg.error, SIP_ERR_too_many_headers);
	assert_false(msg.answerable);
}

/* before, `fill` bytes of 'a', after */
static size_t with_fill(const char *before, size_t fill, const char *after)
{
	size_t len = strlen(before);

	memcpy(text, before, len);
	memset(text + len, 'a', fill);
	len += fill;
	memcpy(text + len, after, strlen(after));
	return len + strlen(after);
}

static void test_lines_have_a_limit(void **state)
{
	size_t fill = SIP_START_LINE_MAX - strlen("INVITE sip:@h SIP/2.0\r");

	(void)state;
	assert_int_equal(
		parse_bytes(text, with_fill("INVITE sip:", fill, "@h SIP/2.0\r\n" VIA REST "\r\n"), true),
		PARSE_OK);
	fill++;
	assert_int_equal(
		parse_bytes(text, with_fill("INVITE sip:", fill, "@h SIP/2.0\r\n" VIA REST "\r\n"), true),
		PARSE_BAD);
	assert_int_equal(msg.error, SIP_ERR_header_too_long);
	fill = SIP_HEADER_LINE_MAX - strlen("X:\r\n");
	assert_int_equal(parse_bytes(text, with_fill(LINE VIA REST "X:", fill, "\r\n\r\n"), true), PARSE_OK);
	assert_int_equal(
		parse_bytes(text, with_fill(LINE VIA REST "X:", fill + 1, "\r\n\r\n"), true), PARSE_BAD);
	assert_int_equal(msg.error, SIP_ERR_header_too_long);
	/* A stream that never ends its line is not waited for. */
	assert_int_equal(
		parse_bytes(text, with_fill("INVITE sip:", SIP_START_LINE_MAX, ""), false), PARSE_BAD);
	assert_int_equal(
		parse_bytes(text, with_fill(LINE VIA "X:", SIP_HEADER_LINE_MAX, ""), false), PARSE_BAD);
}

static void test_line_ends_before_a_message_are_skipped(void **state)
{
	(void)state;
	assert_taken("\r\n\r\n" LINE VIA REST "\r\nhi");
	assert_true(span_eq_str(msg.method, "INVITE"));
	assert_int_equal(msg.total_len, strlen("\r\n\r\n" LINE VIA REST "\r\nhi"));
	assert_error("\r\n\r\n", SIP_ERR_empty);
	assert_int_equal(sip_error_status(SIP_ERR_empty), 0);
	assert_error("", SIP_ERR_empty);
	assert_int_equal(parse_bytes("\r\n\r\n", 4, false), PARSE_MORE);
	assert_int_equal(parse_bytes("", 0, false), PARSE_MORE);
}

static void test_messages_follow_each_other_in_a_stream(void **state)
{
	static const char first[] = LINE VIA REST "l: 2\r\n\r\nhi";
	static const char both[] = LINE VIA REST "l: 2\r\n\r\nhi" OK_LINE VIA REST "l: 0\r\n\r\n";

	(void)state;
	assert_int_equal(parse_bytes(both, sizeof(both) - 1, false), PARSE_OK);
	assert_int_equal(msg.total_len, sizeof(first) - 1);
	assert_int_equal(
		parse_bytes(both + msg.total_len, sizeof(both) - 1 - msg.total_len, false), PARSE_OK);
	assert_int_equal(msg.status, 200);
	/* Without Content-Length nobody knows where the next one begins (RFC 3261 18.3). */
	assert_int_equal(parse_bytes(LINE VIA REST "\r\n", strlen(LINE VIA REST "\r\n"), false), PARSE_BAD);
	assert_int_equal(msg.error, SIP_ERR_bad_content_length);
}

static void test_a_bad_message_of_known_length_can_be_stepped_over(void **state)
{
	static const char bytes[] = "INVITE <sip:b> SIP/2.0\r\n" VIA REST "l: 2\r\n\r\nhiX";
	static const char unknown[] = "INVITE <sip:b> SIP/2.0\r\n" VIA REST "l: x\r\n\r\nhiX";
	static const char differing[] = LINE VIA REST "l: 2\r\nl: 3\r\n\r\nhiX";

	(void)state;
	assert_int_equal(parse_bytes(bytes, sizeof(bytes) - 1, false), PARSE_BAD);
	assert_int_equal(msg.error, SIP_ERR_bad_uri);
	assert_int_equal(msg.total_len, sizeof(bytes) - 2);
	assert_true(msg.answerable);
	/* Not so when the length is what is bad, whatever else is. */
	assert_int_equal(parse_bytes(unknown, sizeof(unknown) - 1, false), PARSE_BAD);
	assert_int_equal(msg.error, SIP_ERR_bad_uri);
	assert_int_equal(msg.total_len, 0);
	assert_int_equal(parse_bytes(differing, sizeof(differing) - 1, false), PARSE_BAD);
	assert_int_equal(msg.error, SIP_ERR_bad_content_length);
	assert_int_equal(msg.total_len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_request_is_taken_apart),
		cmocka_unit_test(test_a_response_has_the_method_of_its_cseq),
		cmocka_unit_test(test_status_lines_out_of_range_are_refused),
		cmocka_unit_test(test_request_lines_that_are_none_are_refused_and_answerable),
		cmocka_unit_test(test_every_header_is_known_by_its_name_in_any_case),
		cmocka_unit_test(test_compact_forms_mean_their_header_and_other_letters_nothing),
		cmocka_unit_test(test_methods_are_told_apart_by_case),
		cmocka_unit_test(test_folded_lines_belong_to_their_header),
		cmocka_unit_test(test_a_name_is_never_folded_away_from_its_colon),
		cmocka_unit_test(test_repeated_headers_are_chained_in_order),
		cmocka_unit_test(test_a_missing_header_is_named_and_still_answered),
		cmocka_unit_test(test_a_header_that_may_stand_once_may_only_be_repeated_word_for_word),
		cmocka_unit_test(test_numbers_keep_to_their_range),
		cmocka_unit_test(test_content_length_is_one_number),
		cmocka_unit_test(test_call_ids_hold_no_blank_and_no_byte_beyond_ascii),
		cmocka_unit_test(test_addresses_must_be_unambiguous),
		cmocka_unit_test(test_header_lines_need_a_name_and_a_colon),
		cmocka_unit_test(test_hostile_bytes_pass_only_where_nobody_reads_them),
		cmocka_unit_test(test_a_cr_or_lf_alone_hides_no_header),
		cmocka_unit_test(test_128_headers_are_taken_and_one_more_is_refused),
		cmocka_unit_test(test_a_line_may_end_anywhere_in_a_block),
		cmocka_unit_test(test_lines_have_a_limit),
		cmocka_unit_test(test_line_ends_before_a_message_are_skipped),
		cmocka_unit_test(test_messages_follow_each_other_in_a_stream),
		cmocka_unit_test(test_a_bad_message_of_known_length_can_be_stepped_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
