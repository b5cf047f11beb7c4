/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Streams to messages: the same in every division, and nothing of what a peer can write goes unnamed. */
#include "stream_log.h"

#include "limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                 \
	"Via: SIP/2.0/TCP c.example.com;branch=z9hG4bK1\r\n" \
	"From: <sip:a@example.com>;tag=1\r\n"                \
	"To: <sip:b@example.com>\r\n"                        \
	"Call-ID: 7@c.example.com\r\n"
#define REQUEST_LINE "MESSAGE sip:b@example.com SIP/2.0\r\n"
#define REQUEST_HEAD REQUEST_LINE HEAD "CSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\n"
#define REQUEST      REQUEST_HEAD "Content-Length: 5\r\n\r\nhello"
#define RESPONSE     "SIP/2.0 200 OK\r\n" HEAD "CSeq: 1 MESSAGE\r\nl: 0\r\n\r\n"
#define BODY_OF_ENDS REQUEST_HEAD "Content-Length: 8\r\n\r\n\r\n\r\n\r\n\r\n"

static struct stream_log whole, parts;
static char long_text[2 * SIP_STREAM_MESSAGE_MAX];

static void run(const char *text)
{
	size_t len = strlen(text);

	stream_log_run(&whole, span_of(text, len), len);
}

/* The stream must break at once, and also when it comes byte by byte. */
static void expect_broken(const char *text, enum frame_fault fault, uint16_t status)
{
	run(text);
	stream_log_run(&parts, span_str(text), 1);
	assert_true(whole.broken && whole.count > 0);
	assert_int_equal(whole.events[whole.count - 1].result, FRAME_BROKEN);
	assert_int_equal(whole.events[whole.count - 1].fault, fault);
	assert_int_equal(whole.events[whole.count - 1].status, status);
	assert_true(stream_log_same(&whole, &parts));
}

static void test_a_message_in_one_piece_is_one_message(void **state)
{
	(void)state;
	run(REQUEST);
	assert_int_equal(whole.count, 1);
	assert_int_equal(whole.events[0].result, FRAME_MESSAGE);
	assert_int_equal(whole.events[0].len, strlen(REQUEST));
	assert_int_equal(whole.events[0].error, SIP_ERR_NONE);
}

static void test_messages_are_the_same_wherever_the_stream_is_cut_in_two(void **state)
{
	static const char stream[] = REQUEST RESPONSE "\r\n\r\n" BODY_OF_ENDS "\r\n" REQUEST;
	size_t len = sizeof(stream) - 1;

	(void)state;
	run(stream);
	assert_int_equal(whole.messages, 4);
	assert_int_equal(whole.pings, 1);
	for (size_t at = 1; at < len; at++) {
		stream_log_init(&parts);
		stream_log_arrive(&parts, span_of(stream, at));
		stream_log_arrive(&parts, span_of(stream, len));
		assert_true(stream_log_same(&whole, &parts));
	}
}

static void test_messages_are_the_same_in_pieces_of_every_size(void **state)
{
	static const char stream[] = REQUEST RESPONSE "\r\n\r\n" BODY_OF_ENDS "\r\n" REQUEST;

	(void)state;
	run(stream);
	for (size_t piece = 1; piece < sizeof(stream); piece++) {
		stream_log_run(&parts, span_of(stream, sizeof(stream) - 1), piece);
		assert_true(stream_log_same(&whole, &parts));
	}
}

static void test_a_whole_message_is_not_held_back_by_the_beginning_of_the_next(void **state)
{
	(void)state;
	run(REQUEST "MESS");
	assert_int_equal(whole.messages, 1);
	assert_false(whole.broken);
}

static void test_only_the_missing_part_of_a_body_is_wanted(void **state)
{
	static const char begin[] = REQUEST_HEAD "Content-Length: 5000\r\n\r\nhello";
	struct frame frame = {0};
	struct frame_found found;

	(void)state;
	assert_int_equal(frame_next(&frame, span_str(begin), &whole.msg, &found), FRAME_MORE);
	assert_int_equal(frame_wants(&frame, sizeof(begin) - 1), 4995);
	memset(&frame, 0, sizeof(frame));
	assert_int_equal(frame_next(&frame, span_str(REQUEST_LINE), &whole.msg, &found), FRAME_MORE);
	assert_int_equal(frame_wants(&frame, sizeof(REQUEST_LINE) - 1), 1);
}

static void test_two_line_ends_between_messages_are_a_ping(void **state)
{
	(void)state;
	run("\r\n\r\n");
	assert_int_equal(whole.pings, 1);
	run(REQUEST "\r\n\r\n\r\n\r\n" REQUEST);
	assert_int_equal(whole.pings, 2);
	assert_int_equal(whole.messages, 2);
}

static void test_a_single_line_end_is_passed_over(void **state)
{
	(void)state;
	run("\r\n" REQUEST "\r\n" REQUEST "\r\n");
	assert_int_equal(whole.pings, 0);
	assert_int_equal(whole.messages, 2);
	assert_false(whole.broken);
}

static void test_line_ends_in_the_wrong_order_are_no_ping(void **state)
{
	(void)state;
	run("\n\r\n\n\r\r\n\n\r" REQUEST);
	assert_int_equal(whole.pings, 0);
	assert_int_equal(whole.messages, 1);
}

static void test_line_ends_inside_of_a_body_are_no_ping(void **state)
{
	(void)state;
	run(BODY_OF_ENDS);
	assert_int_equal(whole.pings, 0);
	assert_int_equal(whole.messages, 1);
	assert_int_equal(whole.begin, strlen(BODY_OF_ENDS));
}

static void test_a_message_without_content_length_breaks_the_stream(void **state)
{
	(void)state;
	expect_broken(REQUEST_HEAD "\r\n" REQUEST, FRAME_NO_LENGTH, 400);
	expect_broken("SIP/2.0 200 OK\r\n" HEAD "CSeq: 1 MESSAGE\r\n\r\n", FRAME_NO_LENGTH, 0);
}

static void test_two_lengths_that_differ_break_the_stream(void **state)
{
	(void)state;
	expect_broken(REQUEST_HEAD "Content-Length: 5\r\nl: 6\r\n\r\nhello!", FRAME_BAD_LENGTH, 400);
}

static void test_two_lengths_that_agree_are_one(void **state)
{
	(void)state;
	run(REQUEST_HEAD "Content-Length: 5\r\nl: 5\r\n\r\nhello" REQUEST);
	assert_int_equal(whole.messages, 2);
}

static void test_a_negative_length_breaks_the_stream(void **state)
{
	(void)state;
	expect_broken(REQUEST_HEAD "Content-Length: -5\r\n\r\nhello", FRAME_BAD_LENGTH, 400);
	expect_broken(REQUEST_HEAD "Content-Length: 5 5\r\n\r\nhello", FRAME_BAD_LENGTH, 400);
	expect_broken(REQUEST_HEAD "Content-Length:\r\n\r\n", FRAME_BAD_LENGTH, 400);
}

static void test_a_length_beyond_every_number_breaks_the_stream(void **state)
{
	(void)state;
	expect_broken(REQUEST_HEAD "Content-Length: 4294967301\r\n\r\nhello", FRAME_BAD_LENGTH, 400);
	expect_broken(
		REQUEST_HEAD "Content-Length: 99999999999999999999\r\n\r\nhello", FRAME_BAD_LENGTH, 400);
}

static void test_a_body_longer_than_is_supported_is_answered_413(void **state)
{
	(void)state;
	expect_broken(REQUEST_HEAD "Content-Length: 2147483647\r\n\r\n", FRAME_BODY_TOO_LONG, 413);
	snprintf(long_text, sizeof(long_text), "%sContent-Length: %d\r\n\r\n", REQUEST_HEAD,
		SIP_STREAM_MESSAGE_MAX);
	expect_broken(long_text, FRAME_BODY_TOO_LONG, 413);
}

static void test_the_longest_message_is_taken(void **state)
{
	size_t head = strlen(REQUEST_HEAD "Content-Length: 65000\r\n\r\n");
	int len;

	(void)state;
	len = snprintf(long_text, sizeof(long_text), "%sContent-Length: %zu\r\n\r\n", REQUEST_HEAD,
		SIP_STREAM_MESSAGE_MAX - head);
	memset(long_text + len, 'x', SIP_STREAM_MESSAGE_MAX - (size_t)len);
	stream_log_run(&whole, span_of(long_text, SIP_STREAM_MESSAGE_MAX), 1400);
	assert_int_equal(whole.messages, 1);
	assert_int_equal(whole.begin, SIP_STREAM_MESSAGE_MAX);
}

static void test_headers_without_end_break_the_stream_at_the_limit(void **state)
{
	size_t len = strlen(REQUEST_HEAD);

	(void)state;
	memcpy(long_text, REQUEST_HEAD, len);
	while (len <= SIP_STREAM_HEADERS_MAX)
		len += (size_t)snprintf(
			long_text + len, sizeof(long_text) - len, "X-Pad: yyyyyyyyyyyyyyyyyyyyyyy\r\n");
	stream_log_run(&whole, span_of(long_text, SIP_STREAM_HEADERS_MAX), 1400);
	assert_false(whole.broken);
	stream_log_run(&whole, span_of(long_text, len), 1400);
	assert_true(whole.broken);
	assert_int_equal(whole.events[0].fault, FRAME_HEADERS_TOO_LONG);
	memcpy(long_text + len, "\r\n", 3);
	expect_broken(long_text, FRAME_HEADERS_TOO_LONG, 0);
}

static void test_one_header_longer_than_is_supported_breaks_the_stream(void **state)
{
	static const char tail[] = "\r\nContent-Length: 0\r\n\r\n";
	size_t len = strlen(REQUEST_HEAD "X: ");

	(void)state;
	memcpy(long_text, REQUEST_HEAD "X: ", len);
	memset(long_text + len, 'y', SIP_HEADER_LINE_MAX);
	memcpy(long_text + len + SIP_HEADER_LINE_MAX, tail, sizeof(tail));
	expect_broken(long_text, FRAME_HEADERS_TOO_LONG, 0);
}

static void test_a_line_end_of_one_byte_breaks_the_stream_where_it_stands(void **state)
{
	(void)state;
	expect_broken("MESSAGE sip:b@example.com SIP/2.0\n", FRAME_LINE_END, 0);
	expect_broken("MESSAGE sip:b@example.com SIP/2.0\rVia", FRAME_LINE_END, 0);
	expect_broken(REQUEST_HEAD "Content-Length: 0\r\n\n", FRAME_LINE_END, 0);
	expect_broken(REQUEST REQUEST_HEAD "Subject: a\nb: c\r\n\r\n", FRAME_LINE_END, 0);
	expect_broken("a\r\nb\n", FRAME_LINE_END, 0);
	assert_int_equal(whole.messages, 0);
}

static void test_a_line_end_of_one_byte_in_a_body_breaks_nothing(void **state)
{
	(void)state;
	run(REQUEST_HEAD "Content-Length: 5\r\n\r\n\r\n\n\r." REQUEST);
	assert_int_equal(whole.messages, 2);
	assert_false(whole.broken);
}

static void test_binary_bytes_break_the_stream_at_the_first(void **state)
{
	static const char hello[] = {0x16, 0x03, 0x01, 0x02, 0x00}; /* a TLS ClientHello */
	static const char zero[] = {0, 0, 0, 0};

	(void)state;
	stream_log_run(&whole, span_of(hello, 1), 1);
	assert_true(whole.broken);
	assert_int_equal(whole.events[0].fault, FRAME_GARBAGE);
	stream_log_run(&whole, span_of(zero, sizeof(zero)), 4);
	assert_int_equal(whole.events[0].fault, FRAME_GARBAGE);
	expect_broken(REQUEST " " REQUEST, FRAME_GARBAGE, 0);
	expect_broken("\xc3\xa9t\xc3\xa9", FRAME_GARBAGE, 0);
}

static void test_a_message_with_a_fault_but_with_an_end_leaves_the_stream_readable(void **state)
{
	static const char no_from[] = REQUEST_LINE "Via: SIP/2.0/TCP c.example.com;branch=z9hG4bK1\r\n"
						   "To: <sip:b@example.com>\r\nCall-ID: 7\r\nCSeq: 1 "
						   "MESSAGE\r\nContent-Length: 5\r\n\r\nhello" REQUEST;

	(void)state;
	run(no_from);
	stream_log_run(&parts, span_str(no_from), 1);
	assert_int_equal(whole.messages, 2);
	assert_int_equal(whole.events[0].error, SIP_ERR_missing_mandatory);
	assert_int_equal(whole.events[1].error, SIP_ERR_NONE);
	assert_true(stream_log_same(&whole, &parts));
}

static void test_another_protocol_with_lengths_is_read_as_faulty_messages(void **state)
{
	(void)state;
	run("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" REQUEST);
	assert_int_equal(whole.messages, 2);
	assert_int_not_equal(whole.events[0].error, SIP_ERR_NONE);
	expect_broken("GET / HTTP/1.1\r\nHost: x\r\n\r\n", FRAME_NO_LENGTH, 0);
}

static void test_each_fault_has_a_counter_of_its_own(void **state)
{
	(void)state;
	for (unsigned a = 0; a < FRAME_FAULTS; a++) {
		for (unsigned b = 0; b < a; b++)
			assert_int_not_equal(frame_fault_stat(a), frame_fault_stat(b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_message_in_one_piece_is_one_message),
		cmocka_unit_test(test_messages_are_the_same_wherever_the_stream_is_cut_in_two),
		cmocka_unit_test(test_messages_are_the_same_in_pieces_of_every_size),
		cmocka_unit_test(test_a_whole_message_is_not_held_back_by_the_beginning_of_the_next),
		cmocka_unit_test(test_only_the_missing_part_of_a_body_is_wanted),
		cmocka_unit_test(test_two_line_ends_between_messages_are_a_ping),
		cmocka_unit_test(test_a_single_line_end_is_passed_over),
		cmocka_unit_test(test_line_ends_in_the_wrong_order_are_no_ping),
		cmocka_unit_test(test_line_ends_inside_of_a_body_are_no_ping),
		cmocka_unit_test(test_a_message_without_content_length_breaks_the_stream),
		cmocka_unit_test(test_two_lengths_that_differ_break_the_stream),
		cmocka_unit_test(test_two_lengths_that_agree_are_one),
		cmocka_unit_test(test_a_negative_length_breaks_the_stream),
		cmocka_unit_test(test_a_length_beyond_every_number_breaks_the_stream),
		cmocka_unit_test(test_a_body_longer_than_is_supported_is_answered_413),
		cmocka_unit_test(test_the_longest_message_is_taken),
		cmocka_unit_test(test_headers_without_end_break_the_stream_at_the_limit),
		cmocka_unit_test(test_one_header_longer_than_is_supported_breaks_the_stream),
		cmocka_unit_test(test_a_line_end_of_one_byte_breaks_the_stream_where_it_stands),
		cmocka_unit_test(test_a_line_end_of_one_byte_in_a_body_breaks_nothing),
		cmocka_unit_test(test_binary_bytes_break_the_stream_at_the_first),
		cmocka_unit_test(test_a_message_with_a_fault_but_with_an_end_leaves_the_stream_readable),
		cmocka_unit_test(test_another_protocol_with_lengths_is_read_as_faulty_messages),
		cmocka_unit_test(test_each_fault_has_a_counter_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
