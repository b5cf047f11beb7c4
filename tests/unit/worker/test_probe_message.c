/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "worker/probe_message.h"

#include "sip/msg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct hash_key key = {11, 22};
static const struct probe_ident ident = {.epoch = 0xdeadbeef, .node_id = 0x00c0ffee, .seq = 7};
static struct sip_msg msg;

static size_t write(const char *remote, char *buf)
{
	struct probe_request request = {.ident = ident};

	assert_int_equal(endpoint_parse(span_str("192.0.2.1:30000"), 5060, &request.local), 0);
	assert_int_equal(endpoint_parse(span_str(remote), 5060, &request.remote), 0);
	return probe_message_write(&request, &key, buf);
}

/* The node's answer: another first line, and what `extra` adds. */
static struct span answer(const char *status_line, const char *extra)
{
	static char text[2 * PROBE_MESSAGE_MAX];
	char request[PROBE_MESSAGE_MAX];
	size_t len = write("192.0.2.11:5060", request);
	const char *rest = memchr(request, '\r', len);
	int n = snprintf(text, sizeof(text), "%s\r\n%s%.*s", status_line, extra,
		(int)(request + len - rest) - 2, rest + 2);

	return span_of(text, (size_t)n);
}

static enum probe_reading read_answer(struct span bytes, struct probe_response *ret)
{
	return probe_message_read(bytes, &key, &msg, ret);
}

static void test_a_probe_is_a_request_that_any_parser_takes(void **state)
{
	static const char *const remotes[] = {"192.0.2.11:5060", "[2001:db8::11]:5062"};
	char buf[PROBE_MESSAGE_MAX];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		size_t len = write(remotes[i], buf);
		assert_int_equal(sip_parse(span_of(buf, len), true, &msg), PARSE_OK);
		assert_int_equal(msg.method_id, SIP_OPTIONS);
		assert_int_equal(msg.max_forwards, 1);
		assert_true(msg.via.has_rport);
	}
}

static void test_its_answer_names_what_was_asked(void **state)
{
	struct probe_response response;

	(void)state;
	assert_int_equal(read_answer(answer("SIP/2.0 404 Not Found", ""), &response), PROBE_FINAL);
	assert_int_equal(response.status, 404);
	assert_memory_equal(&response.ident, &ident, sizeof(ident));
	assert_int_equal(response.retry_after_s, 0);
}

static void test_headers_before_the_via_do_not_matter(void **state)
{
	struct probe_response response;

	(void)state;
	assert_int_equal(
		read_answer(answer("SIP/2.0 200 OK", "Server: x\r\nVary: y\r\n"), &response), PROBE_FINAL);
}

static void test_retry_after_is_read_and_may_be_nonsense(void **state)
{
	struct probe_response response;

	(void)state;
	assert_int_equal(
		read_answer(answer("SIP/2.0 503 Busy", "Retry-After: 120;duration=5\r\n"), &response),
		PROBE_FINAL);
	assert_int_equal(response.retry_after_s, 120);
	assert_int_equal(
		read_answer(answer("SIP/2.0 503 Busy", "Retry-After: soon\r\n"), &response), PROBE_FINAL);
	assert_int_equal(response.retry_after_s, 0);
	assert_int_equal(
		read_answer(answer("SIP/2.0 503 Busy", "Retry-After: 99999999999999\r\n"), &response),
		PROBE_FINAL);
	assert_int_equal(response.retry_after_s, 0);
}

static void test_a_provisional_response_is_not_yet_the_answer(void **state)
{
	struct probe_response response;

	(void)state;
	assert_int_equal(read_answer(answer("SIP/2.0 100 Trying", ""), &response), PROBE_INTERIM);
}

static void test_what_is_no_answer_to_a_probe_is_the_proxys(void **state)
{
	static const char *const texts[] = {
		"",
		"SIP/2.0 200 OK",
		"SIP/2.0 200 OK\r\n\r\n",
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKother\r\n\r\n",
		"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK-slprobe-0\r\n\r\n",
	};
	struct probe_response response;

	(void)state;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(read_answer(span_str(texts[i]), &response), PROBE_FOREIGN);
}

static void test_every_changed_digit_is_noticed(void **state)
{
	struct probe_response response;
	static char text[2 * PROBE_MESSAGE_MAX];
	struct span good = answer("SIP/2.0 200 OK", "");

	(void)state;
	memcpy(text, good.p, good.len);
	char *digits = (char *)memmem(text, good.len, "-slprobe-", 9) + 9;
	for (unsigned i = 0; i < 40; i++) {
		char was = digits[i];
		digits[i] = was == '0' ? '1' : '0';
		assert_int_equal(read_answer(span_of(text, good.len), &response), PROBE_FORGED);
		digits[i] = 'x';
		assert_int_equal(read_answer(span_of(text, good.len), &response), PROBE_FORGED);
		digits[i] = was;
	}
	assert_int_equal(read_answer(span_of(text, good.len), &response), PROBE_FINAL);
}

static void test_a_cut_answer_is_never_a_final_one(void **state)
{
	struct probe_response response;
	struct span good = answer("SIP/2.0 200 OK", "");

	(void)state;
	for (size_t len = 0; len < good.len; len++)
		assert_int_not_equal(read_answer(span_of(good.p, len), &response), PROBE_FINAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_probe_is_a_request_that_any_parser_takes),
		cmocka_unit_test(test_its_answer_names_what_was_asked),
		cmocka_unit_test(test_headers_before_the_via_do_not_matter),
		cmocka_unit_test(test_retry_after_is_read_and_may_be_nonsense),
		cmocka_unit_test(test_a_provisional_response_is_not_yet_the_answer),
		cmocka_unit_test(test_what_is_no_answer_to_a_probe_is_the_proxys),
		cmocka_unit_test(test_every_changed_digit_is_noticed),
		cmocka_unit_test(test_a_cut_answer_is_never_a_final_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
