/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Responses of our own and the topmost Via: RFC 3261 8.2.6, 18.2, and RFC 3581 4. */
#include "sip/build.h"

#include "support/endpoint.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static char out[4096];
static struct sip_msg msg;

static void expect_via(const char *received, const char *source, const char *kept)
{
	struct sip_writer w = sip_writer_of(out, sizeof(out));
	struct endpoint src = endpoint_of(source);
	struct endpoint told;
	struct sip_via via, read;
	struct span old;

	assert_int_equal(sip_via_parse(span_str(received), &via), 0);
	if (sip_via_is_from(&via, &src)) {
		assert_string_equal(received, kept);
		return;
	}
	old = sip_via_unreceived(&via);
	sip_write(&w, span_from(received, old.p));
	sip_write_via_received(&w, &via, old, &src);
	sip_write(&w, span_str(span_end(old)));
	assert_false(w.overflow);
	out[w.len] = '\0';
	assert_string_equal(out, kept);
	/* Who reads it finds where it came from. */
	assert_int_equal(sip_via_parse(span_of(out, w.len), &read), 0);
	assert_int_equal(sip_via_source(&read, &told), 0);
	src.port = via.has_rport ? src.port : 0;
	assert_true(endpoint_equal(&told, &src));
	assert_true(span_eq(via.host, read.host) && via.port == read.port);
	assert_true(span_eq(via.branch, read.branch) && span_eq(via.maddr, read.maddr));
}

static void test_a_via_that_tells_the_truth_is_kept_as_it_is(void **state)
{
	(void)state;
	expect_via("SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1", "192.0.2.7:5060",
		"SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1");
	expect_via("SIP/2.0/UDP [2001:DB8:0::7] ;branch=z9hG4bK1", "[2001:db8::7]:5060",
		"SIP/2.0/UDP [2001:DB8:0::7] ;branch=z9hG4bK1");
}

static void test_a_name_or_another_address_in_sent_by_gets_received(void **state)
{
	(void)state;
	expect_via("SIP/2.0/UDP a.example.com;branch=z9hG4bK1", "192.0.2.7:5060",
		"SIP/2.0/UDP a.example.com;branch=z9hG4bK1;received=192.0.2.7");
	expect_via("SIP/2.0/UDP 10.0.0.1", "[2001:db8::7]:5060", "SIP/2.0/UDP 10.0.0.1;received=2001:db8::7");
}

/* RFC 3581 4: "it MUST insert a received parameter ... even if it is identical to the value of sent-by". */
static void test_rport_is_filled_and_brings_received_with_it(void **state)
{
	(void)state;
	expect_via("SIP/2.0/UDP 192.0.2.7:5060;rport;branch=z9hG4bK1", "192.0.2.7:40000",
		"SIP/2.0/UDP 192.0.2.7:5060;rport=40000;received=192.0.2.7;branch=z9hG4bK1");
	expect_via("SIP/2.0/UDP 192.0.2.7 ; branch=z9hG4bK1 ; RPort", "192.0.2.7:40000",
		"SIP/2.0/UDP 192.0.2.7 ; branch=z9hG4bK1 ;rport=40000;received=192.0.2.7");
}

/* A peer that could set them would choose whom we send its responses to. */
static void test_received_and_rport_from_the_peer_are_not_believed(void **state)
{
	(void)state;
	expect_via("SIP/2.0/UDP 192.0.2.7;received=198.51.100.1;rport=9;branch=z9hG4bK1", "192.0.2.7:40000",
		"SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1;rport=40000;received=192.0.2.7");
	expect_via("SIP/2.0/UDP 192.0.2.7;received=198.51.100.1;branch=z9hG4bK1", "192.0.2.7:5060",
		"SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1;received=192.0.2.7");
}

static void test_a_quoted_semicolon_ends_no_parameter(void **state)
{
	(void)state;
	expect_via("SIP/2.0/UDP a.example.com;x=\"a;received=1.2.3.4;\\\"b\";branch=z9hG4bK1",
		"192.0.2.7:5060",
		"SIP/2.0/UDP "
		"a.example.com;x=\"a;received=1.2.3.4;\\\"b\";branch=z9hG4bK1;received=192.0.2.7");
}

static int target_of(const struct sip_via *via, struct endpoint *ret_target)
{
	struct endpoint source;
	int ret = sip_via_source(via, &source);

	return ret != 0 ? ret : sip_via_target(via, &source, ret_target);
}

static void expect_target(const char *text, const char *target)
{
	struct endpoint ep;
	struct endpoint wanted;
	struct sip_via via;

	assert_int_equal(sip_via_parse(span_str(text), &via), 0);
	if (!target) {
		assert_int_equal(target_of(&via, &ep), -EINVAL);
		return;
	}
	wanted = endpoint_of(target);
	assert_int_equal(target_of(&via, &ep), 0);
	assert_true(endpoint_equal(&ep, &wanted));
}

/* RFC 3261 18.2.2, RFC 3581 4 */
static void test_a_response_goes_where_the_via_says(void **state)
{
	(void)state;
	expect_target("SIP/2.0/UDP 192.0.2.7", "192.0.2.7:5060");
	expect_target("SIP/2.0/UDP [2001:db8::7]:5070", "[2001:db8::7]:5070");
	expect_target("SIP/2.0/UDP a.example.com:5070;received=192.0.2.8", "192.0.2.8:5070");
	expect_target("SIP/2.0/UDP 10.0.0.1:5070;received=192.0.2.8;rport=40000", "192.0.2.8:40000");
	expect_target("SIP/2.0/UDP a.example.com;received=2001:db8::8;rport=40000", "[2001:db8::8]:40000");
	expect_target("SIP/2.0/UDP 192.0.2.7:5070;maddr=192.0.2.9;received=192.0.2.8", "192.0.2.9:5070");
}

static void test_a_via_without_an_address_to_send_to_is_refused(void **state)
{
	(void)state;
	expect_target("SIP/2.0/UDP a.example.com", NULL);
	expect_target("SIP/2.0/UDP 192.0.2.7;maddr=224.0.1.75", NULL);
	expect_target("SIP/2.0/UDP 192.0.2.7;maddr=b.example.com", NULL);
	expect_target("SIP/2.0/UDP 0.0.0.0", NULL);
	expect_target("SIP/2.0/UDP 192.0.2.7;received=192.0.2.8;rport=0", NULL);
	expect_target("SIP/2.0/UDP 192.0.2.7;received=192.0.2.8;rport=65536", NULL);
}

static const char request[] = "INVITE sip:b@example.com SIP/2.0\r\n"
			      "v: SIP/2.0/UDP a.example.com;branch=z9hG4bKa, SIP/2.0/UDP c.example.com\r\n"
			      "Max-Forwards: 0\r\n"
			      "t: <sip:b@example.com>\r\n"
			      "From: \"A\"\r\n <sip:a@example.com>;tag=1\r\n"
			      "Via: SIP/2.0/TCP d.example.com;branch=z9hG4bKd\r\n"
			      "Call-ID: xyz\r\n"
			      "CSeq: 3 INVITE\r\n"
			      "\r\n";

static void reply(const char *text, const struct sip_reply *reply)
{
	struct sip_writer w = sip_writer_of(out, sizeof(out));
	struct endpoint src = endpoint_of("192.0.2.7:5060");

	assert_int_not_equal(sip_parse(span_str(text), true, &msg), PARSE_MORE);
	sip_build_response(&msg, &src, reply, &w);
	assert_false(w.overflow);
	out[w.len] = '\0';
}

/* RFC 3261 8.2.6.2: From, Call-ID, CSeq and the Vias in their order "MUST equal" those of the request. */
static void test_a_response_carries_back_what_the_request_brought(void **state)
{
	(void)state;
	reply(request, &(struct sip_reply){.status = 503,
			       .to_tag = 0xefcdab8967452301ULL,
			       .headers = SPAN_LIT("Retry-After: 5\r\n")});
	assert_string_equal(out, "SIP/2.0 503 Service Unavailable\r\n"
				 "Via: SIP/2.0/UDP a.example.com;branch=z9hG4bKa;received=192.0.2.7, "
				 "SIP/2.0/UDP c.example.com\r\n"
				 "Via: SIP/2.0/TCP d.example.com;branch=z9hG4bKd\r\n"
				 "From: \"A\"\r\n <sip:a@example.com>;tag=1\r\n"
				 "To: <sip:b@example.com>;tag=0123456789abcdef\r\n"
				 "Call-ID: xyz\r\n"
				 "CSeq: 3 INVITE\r\n"
				 "Retry-After: 5\r\n"
				 "Content-Length: 0\r\n"
				 "\r\n");
	assert_int_equal(sip_parse(span_str(out), true, &msg), PARSE_OK);
	assert_int_equal(msg.status, 503);
}

static void test_a_to_tag_that_is_there_stays(void **state)
{
	(void)state;
	reply("BYE sip:b@example.com SIP/2.0\r\n"
	      "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa\r\n"
	      "To: <sip:b@example.com>;tag=theirs\r\n"
	      "From: <sip:a@example.com>;tag=1\r\n"
	      "Call-ID: xyz\r\n"
	      "CSeq: 3 BYE\r\n"
	      "\r\n",
		&(struct sip_reply){.status = 404, .to_tag = 1});
	assert_non_null(strstr(out, "To: <sip:b@example.com>;tag=theirs\r\n"));
}

static void test_a_request_without_its_mandatory_headers_is_answered_with_what_it_has(void **state)
{
	(void)state;
	reply("OPTIONS sip:b@example.com SIP/2.0\r\n"
	      "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa\r\n"
	      "CSeq: 3 OPTIONS\r\n"
	      "\r\n",
		&(struct sip_reply){.status = 400, .to_tag = 1});
	assert_string_equal(out, "SIP/2.0 400 Bad Request\r\n"
				 "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa\r\n"
				 "CSeq: 3 OPTIONS\r\n"
				 "Content-Length: 0\r\n"
				 "\r\n");
}

static void test_a_response_that_does_not_fit_says_so(void **state)
{
	struct endpoint src = endpoint_of("192.0.2.7:5060");
	const struct sip_reply ok = {.status = 200};

	(void)state;
	assert_int_equal(sip_parse(span_str(request), true, &msg), PARSE_OK);
	for (size_t size = 0; size < 200; size++) {
		struct sip_writer w = sip_writer_of(out, size);

		sip_build_response(&msg, &src, &ok, &w);
		assert_true(w.overflow);
		assert_true(w.len <= size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_via_that_tells_the_truth_is_kept_as_it_is),
		cmocka_unit_test(test_a_name_or_another_address_in_sent_by_gets_received),
		cmocka_unit_test(test_rport_is_filled_and_brings_received_with_it),
		cmocka_unit_test(test_received_and_rport_from_the_peer_are_not_believed),
		cmocka_unit_test(test_a_quoted_semicolon_ends_no_parameter),
		cmocka_unit_test(test_a_response_goes_where_the_via_says),
		cmocka_unit_test(test_a_via_without_an_address_to_send_to_is_refused),
		cmocka_unit_test(test_a_response_carries_back_what_the_request_brought),
		cmocka_unit_test(test_a_to_tag_that_is_there_stays),
		cmocka_unit_test(test_a_request_without_its_mandatory_headers_is_answered_with_what_it_has),
		cmocka_unit_test(test_a_response_that_does_not_fit_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
