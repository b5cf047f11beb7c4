/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text without format strings: compared with the C library, which takes longer and is right. */
#include "sip/write.h"

#include "base/rng.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static char buf[128];

static struct sip_writer fresh(void)
{
	return sip_writer_of(buf, sizeof(buf));
}

static void expect(const struct sip_writer *w, const char *wanted)
{
	assert_false(w->overflow);
	assert_int_equal(w->len, strlen(wanted));
	assert_memory_equal(w->buf, wanted, w->len);
}

static void test_numbers_are_written_as_the_c_library_writes_them(void **state)
{
	const uint32_t numbers[] = {0, 9, 10, 70, 255, 5060, 65535, 4294967295u};

	(void)state;
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct sip_writer w = fresh();
		char wanted[16];

		snprintf(wanted, sizeof(wanted), "%u", numbers[i]);
		sip_write_u32(&w, numbers[i]);
		expect(&w, wanted);
	}
}

static void expect_ip(const struct ip_addr *ip)
{
	struct sip_writer w = fresh();
	char wanted[IP_TEXT_MAX];

	ip_format(ip, wanted);
	sip_write_ip(&w, ip, false);
	expect(&w, wanted);
}

/*
 * RFC 5952 4.2. The C library writes the last 32 bits of ::a.b.c.d in dots, which 4.2 leaves aside, so the
 * first group is never zero together with the five that follow it.
 */
static void test_addresses_are_written_as_the_c_library_writes_them(void **state)
{
	struct rng rng;

	(void)state;
	rng_init(&rng, 11);
	for (unsigned round = 0; round < 100000; round++) {
		uint8_t bytes[16];
		struct ip_addr ip;

		for (unsigned i = 0; i < 16; i++)
			bytes[i] = rng_below(&rng, 3) ? 0 : (uint8_t)rng_below(&rng, 256);
		ip = ip_from_v4(bytes);
		expect_ip(&ip);
		if (memcmp(bytes, (const uint8_t[12]){0}, 10) == 0)
			bytes[0] = 0x20;
		ip = ip_from_v6(bytes);
		expect_ip(&ip);
	}
}

static void test_the_zero_run_stands_where_rfc_5952_puts_it(void **state)
{
	static const char *const texts[] = {"::", "::1", "1::", "2001:db8::1", "2001:db8:0:1:1:1:1:1",
		"2001:0:0:1::1", "2001:db8::1:0:0:1", "fe80::1:2:3:4"};

	(void)state;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sip_writer w = fresh();
		struct ip_addr ip;

		assert_int_equal(ip_parse(span_str(texts[i]), &ip), 0);
		sip_write_ip(&w, &ip, false);
		expect(&w, texts[i]);
	}
}

static void test_an_ipv6_host_stands_in_brackets(void **state)
{
	struct sip_writer w = fresh();
	struct endpoint ep;

	(void)state;
	assert_int_equal(endpoint_parse(span_str("[2001:db8::9]:5070"), 0, &ep), 0);
	sip_write_endpoint(&w, &ep);
	expect(&w, "[2001:db8::9]:5070");
}

static void test_hexadecimal_comes_back_as_it_went(void **state)
{
	const uint8_t bytes[4] = {0x00, 0x9a, 0xff, 0x10};
	struct sip_writer w = fresh();
	uint8_t back[4];

	(void)state;
	sip_write_hex(&w, bytes, sizeof(bytes));
	expect(&w, "009aff10");
	assert_int_equal(sip_read_hex(span_of(buf, w.len), back, sizeof(back)), 0);
	assert_memory_equal(back, bytes, sizeof(bytes));
}

/* Every byte in every place of a word and behind it. */
static void test_every_byte_is_a_digit_or_refused(void **state)
{
	(void)state;
	for (unsigned place = 0; place < 22; place++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			char text[23] = "0123456789abcdef987654";
			uint8_t back[11] = {0};
			const char *digits = "0123456789abcdef";
			const char *at = byte ? strchr(digits, (int)byte) : NULL;

			text[place] = (char)byte;
			assert_int_equal(sip_read_hex(span_of(text, 22), back, 11), at ? 0 : -EINVAL);
			if (at)
				assert_int_equal(place % 2 ? back[place / 2] & 0xf : back[place / 2] >> 4,
					at - digits);
		}
	}
}

static void test_hexadecimal_of_another_kind_is_refused(void **state)
{
	static const char *const texts[] = {"009AFF10", "009aff1", "009aff1000", "009aff1g", "009aff1 ", ""};
	uint8_t back[4];

	(void)state;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(sip_read_hex(span_str(texts[i]), back, sizeof(back)), -EINVAL);
}

static void test_what_does_not_fit_is_left_out_whole_and_so_is_the_rest(void **state)
{
	struct sip_writer w = sip_writer_of(buf, 5);

	(void)state;
	sip_write_lit(&w, "abc");
	sip_write_lit(&w, "def");
	assert_true(w.overflow);
	sip_write_lit(&w, "g");
	assert_int_equal(w.len, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_are_written_as_the_c_library_writes_them),
		cmocka_unit_test(test_addresses_are_written_as_the_c_library_writes_them),
		cmocka_unit_test(test_the_zero_run_stands_where_rfc_5952_puts_it),
		cmocka_unit_test(test_an_ipv6_host_stands_in_brackets),
		cmocka_unit_test(test_hexadecimal_comes_back_as_it_went),
		cmocka_unit_test(test_every_byte_is_a_digit_or_refused),
		cmocka_unit_test(test_hexadecimal_of_another_kind_is_refused),
		cmocka_unit_test(test_what_does_not_fit_is_left_out_whole_and_so_is_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
