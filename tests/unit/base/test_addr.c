/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/addr.h"

#include "base/rng.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_addresses_read_and_print_the_same(void **state)
{
	static const char *const texts[] = {"192.0.2.1", "0.0.0.0", "2001:db8::1", "::", "fe80::1"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ip_addr addr;
		char buf[IP_TEXT_MAX];
		assert_int_equal(ip_parse(span_str(texts[i]), &addr), 0);
		assert_int_equal(ip_format(&addr, buf), strlen(texts[i]));
		assert_string_equal(buf, texts[i]);
	}
}

static void test_what_is_no_address_is_refused(void **state)
{
	static const char *const texts[] = {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4x", ":::", "[::1",
		"fe80::1%eth0", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa", "a.b.c.d"};
	struct ip_addr addr;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_not_equal(ip_parse(span_str(texts[i]), &addr), 0);
	assert_int_not_equal(ip_parse(span_of("1.2.3.4\0", 8), &addr), 0);
}

/* Strings that are nearly addresses: the C library is asked what they are. */
static void test_ipv4_is_read_as_the_c_library_reads_it(void **state)
{
	static const char alphabet[] = "0123459.. ";
	struct rng rng;

	(void)state;
	rng_init(&rng, 3);
	for (unsigned round = 0; round < 300000; round++) {
		struct ip_addr addr;
		char text[18] = "";
		uint8_t bytes[4];
		size_t len = 6 + rng_below(&rng, 10);

		for (size_t i = 0; i < len; i++)
			text[i] = i % 3 == 1 ? '.' : alphabet[rng_below(&rng, sizeof(alphabet) - 1)];
		if (inet_pton(AF_INET, text, bytes) != 1) {
			assert_int_not_equal(ip_parse(span_str(text), &addr), 0);
			continue;
		}
		assert_int_equal(ip_parse(span_str(text), &addr), 0);
		assert_memory_equal(addr.bytes, bytes, 4);
		assert_int_equal(addr.family, IP_V4);
	}
}

static void test_an_endpoint_takes_the_default_port_only_without_its_own(void **state)
{
	struct endpoint ep;
	char buf[ENDPOINT_TEXT_MAX];

	(void)state;
	assert_int_equal(endpoint_parse(span_str("192.0.2.1"), 5060, &ep), 0);
	assert_int_equal(ep.port, 5060);
	assert_int_equal(endpoint_parse(span_str("[2001:db8::1]:5070"), 5060, &ep), 0);
	assert_int_equal(ep.port, 5070);
	endpoint_format(&ep, buf);
	assert_string_equal(buf, "[2001:db8::1]:5070");
	assert_int_equal(endpoint_parse(span_str("2001:db8::1"), 5060, &ep), 0);
	assert_int_equal(ep.port, 5060);
	assert_int_not_equal(endpoint_parse(span_str("192.0.2.1:0"), 5060, &ep), 0);
	assert_int_not_equal(endpoint_parse(span_str("192.0.2.1:65536"), 5060, &ep), 0);
	assert_int_not_equal(endpoint_parse(span_str("192.0.2.1:"), 5060, &ep), 0);
	assert_int_not_equal(endpoint_parse(span_str("[::1]x5"), 5060, &ep), 0);
}

static void test_a_prefix_holds_its_addresses_and_no_others(void **state)
{
	struct ip_prefix prefix;
	struct ip_addr in, out;

	(void)state;
	assert_int_equal(ip_prefix_parse(span_str("10.1.128.0/17"), &prefix), 0);
	assert_int_equal(ip_parse(span_str("10.1.200.7"), &in), 0);
	assert_int_equal(ip_parse(span_str("10.1.127.255"), &out), 0);
	assert_true(ip_prefix_contains(&prefix, &in));
	assert_false(ip_prefix_contains(&prefix, &out));
	assert_int_equal(ip_prefix_parse(span_str("0.0.0.0/0"), &prefix), 0);
	assert_true(ip_prefix_contains(&prefix, &out));
	assert_int_equal(ip_parse(span_str("::1"), &out), 0);
	assert_false(ip_prefix_contains(&prefix, &out));
	assert_int_not_equal(ip_prefix_parse(span_str("10.0.0.0/33"), &prefix), 0);
	assert_int_not_equal(ip_prefix_parse(span_str("10.0.0.0/"), &prefix), 0);
}

static void test_a_transport_is_read_in_any_case_and_nothing_else_is_one(void **state)
{
	static const char *const others[] = {
		"", "ud", "udpx", "sctp", "tlp", "UDS", "\225DP", "u\xc4p", "td0"};
	enum transport transport;

	(void)state;
	for (unsigned i = 0; i < TRANSPORT_COUNT; i++) {
		char name[4];

		memcpy(name, transport_name((enum transport)i), sizeof(name));
		for (unsigned letter = 0; letter < 3; letter++) {
			name[letter] ^= 0x20;
			transport = TRANSPORT_COUNT;
			assert_int_equal(transport_parse(span_str(name), &transport), 0);
			assert_int_equal(transport, i);
		}
	}
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_not_equal(transport_parse(span_str(others[i]), &transport), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_read_and_print_the_same),
		cmocka_unit_test(test_what_is_no_address_is_refused),
		cmocka_unit_test(test_ipv4_is_read_as_the_c_library_reads_it),
		cmocka_unit_test(test_an_endpoint_takes_the_default_port_only_without_its_own),
		cmocka_unit_test(test_a_prefix_holds_its_addresses_and_no_others),
		cmocka_unit_test(test_a_transport_is_read_in_any_case_and_nothing_else_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
