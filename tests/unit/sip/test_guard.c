/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of the bytes: nothing behind it is read, and a message is not taken before its own. */
#include "fixture.h"

#include "sip/msg.h"
#include "support/sip_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct sip_msg msg;
static struct guard guard;

static void check_prefixes(const struct fixture *fixture, void *data)
{
	struct span bytes = span_of(fixture->bytes, fixture->len);
	enum parse_result all = sip_parse(bytes, false, &msg);
	size_t total = msg.total_len;

	(void)data;
	for (size_t len = 0; len < fixture->len; len++) {
		enum parse_result part = sip_parse(guard_put(&guard, span_of(bytes.p, len)), false, &msg);

		if (all == PARSE_OK && len < total)
			assert_int_equal(part, PARSE_MORE);
		else if (all == PARSE_OK)
			assert_int_equal(part, PARSE_OK);
		else
			assert_int_not_equal(part, PARSE_OK);
		/* Once the headers are there, it is said how many bytes are wanted. */
		if (part == PARSE_MORE && msg.header_end != 0)
			assert_int_equal(msg.total_len, total);
	}
}

static void test_a_stream_waits_for_every_byte_of_a_message(void **state)
{
	(void)state;
	fixture_each(check_prefixes, NULL);
}

static void check_datagrams(const struct fixture *fixture, void *data)
{
	(void)data;
	for (size_t len = 0; len <= fixture->len; len++) {
		struct span cut = guard_put(&guard, span_of(fixture->bytes, len));
		enum parse_result result = sip_parse(cut, true, &msg);

		assert_int_not_equal(result, PARSE_MORE);
		/* Without Content-Length a datagram's end is the message's. */
		if (result == PARSE_OK && msg.has_content_length)
			assert_true(msg.total_len <= len);
		if (len < 3 || msg.header_end == 0)
			assert_int_equal(result, PARSE_BAD);
	}
}

static void test_a_datagram_cut_anywhere_in_its_headers_is_refused(void **state)
{
	(void)state;
	fixture_each(check_datagrams, NULL);
}

/* The field readers at the wall, on every tail of every header section: odd beginnings, and no byte behind.
 */
static void check_fields(const struct fixture *fixture, void *data)
{
	(void)data;
	for (size_t len = 1; len <= fixture->len && len < 400; len++) {
		struct span rest = guard_put(&guard, span_of(fixture->bytes + fixture->len - len, len));
		struct span element, value;
		struct sip_name_addr name_addr;
		struct sip_uri uri;
		struct sip_via via;
		char buf[512];

		(void)!sip_uri_parse(rest, &uri);
		(void)!sip_via_parse(rest, &via);
		(void)!sip_name_addr_parse(rest, &name_addr);
		assert_true(sip_unescape(rest, buf, sizeof(buf)) <= (int)len);
		sip_param_find(rest, "tag", &value);
		while (sip_list_next(&rest, &element))
			assert_true(span_end(element) <= guard.wall);
	}
}

static void test_no_field_reader_looks_behind_its_text(void **state)
{
	(void)state;
	fixture_each(check_fields, NULL);
}

static void check_promises(const struct fixture *fixture, void *data)
{
	(void)data;
	for (size_t len = 0; len <= fixture->len; len += len < 200 ? 1 : 1 + len % 7) {
		sip_check_all(guard_put(&guard, span_of(fixture->bytes, len)));
		sip_check_all(guard_put_low(&guard, span_of(fixture->bytes, len)));
	}
}

static void test_every_promise_holds_at_the_wall_and_at_the_floor(void **state)
{
	(void)state;
	fixture_each(check_promises, NULL);
}

static int set_up(void **state)
{
	(void)state;
	guard_init(&guard);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	guard_fini(&guard);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_stream_waits_for_every_byte_of_a_message),
		cmocka_unit_test(test_a_datagram_cut_anywhere_in_its_headers_is_refused),
		cmocka_unit_test(test_no_field_reader_looks_behind_its_text),
		cmocka_unit_test(test_every_promise_holds_at_the_wall_and_at_the_floor),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
