/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/acl.h"

#include "base/rng.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct ip_prefix all = {.addr = {.family = IP_NONE}};

static struct ip_prefix prefix(const char *text)
{
	struct ip_prefix result;

	assert_int_equal(ip_prefix_parse(span_str(text), &result), 0);
	return result;
}

static struct ip_addr addr(const char *text)
{
	struct ip_addr result;

	assert_int_equal(ip_parse(span_str(text), &result), 0);
	return result;
}

static struct acl *acl_make(const struct ip_prefix *entries, size_t count)
{
	struct acl *acl = NULL;

	assert_int_equal(acl_create(entries, count, &acl), 0);
	return acl;
}

static int verdict(const struct acl *acl, const char *source)
{
	struct ip_addr ip = addr(source);

	return acl_match(acl, &ip);
}

/* R-ACL-1, R-ACL-2 */
static void test_only_listed_addresses_and_prefixes_are_admitted(void **state)
{
	const struct ip_prefix entries[] = {prefix("192.0.2.7"), prefix("198.51.100.0/24"),
		prefix("2001:db8:1::/48"), prefix("2001:db8::7")};
	struct acl *acl = acl_make(entries, COUNT(entries));

	(void)state;
	assert_int_equal(verdict(acl, "192.0.2.7"), 0);
	assert_int_equal(verdict(acl, "192.0.2.6"), ACL_REFUSED);
	assert_int_equal(verdict(acl, "192.0.2.8"), ACL_REFUSED);
	assert_int_equal(verdict(acl, "198.51.99.255"), ACL_REFUSED);
	assert_int_equal(verdict(acl, "198.51.100.0"), 1);
	assert_int_equal(verdict(acl, "198.51.100.255"), 1);
	assert_int_equal(verdict(acl, "198.51.101.0"), ACL_REFUSED);
	assert_int_equal(verdict(acl, "2001:db8:1::"), 2);
	assert_int_equal(verdict(acl, "2001:db8:1:ffff:ffff:ffff:ffff:ffff"), 2);
	assert_int_equal(verdict(acl, "2001:db8:2::"), ACL_REFUSED);
	assert_int_equal(verdict(acl, "2001:db8::7"), 3);
	assert_int_equal(verdict(acl, "2001:db8::8"), ACL_REFUSED);
	assert_int_equal(verdict(acl, "::"), ACL_REFUSED);
	assert_int_equal(verdict(acl, "0.0.0.0"), ACL_REFUSED);
	assert_int_equal(verdict(acl, "255.255.255.255"), ACL_REFUSED);
	acl_destroy(acl);
}

static void test_all_admits_both_families_and_gives_way_to_the_more_specific(void **state)
{
	const struct ip_prefix entries[] = {all, prefix("10.0.0.0/8")};
	struct acl *acl = acl_make(entries, COUNT(entries));

	(void)state;
	assert_int_equal(verdict(acl, "192.0.2.1"), 0);
	assert_int_equal(verdict(acl, "2001:db8::1"), 0);
	assert_int_equal(verdict(acl, "10.255.0.1"), 1);
	assert_int_equal(verdict(acl, "11.0.0.0"), 0);
	assert_int_equal(verdict(acl, "255.255.255.255"), 0);
	assert_int_equal(verdict(acl, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 0);
	acl_destroy(acl);
}

static void test_a_default_prefix_admits_its_own_family_only(void **state)
{
	const struct ip_prefix v4 = prefix("0.0.0.0/0");
	const struct ip_prefix v6 = prefix("::/0");
	struct acl *acl = acl_make(&v4, 1);

	(void)state;
	assert_int_equal(verdict(acl, "203.0.113.1"), 0);
	assert_int_equal(verdict(acl, "::ffff:203.0.113.1"), ACL_REFUSED);
	acl_destroy(acl);
	acl = acl_make(&v6, 1);
	assert_int_equal(verdict(acl, "203.0.113.1"), ACL_REFUSED);
	assert_int_equal(verdict(acl, "::1"), 0);
	acl_destroy(acl);
}

static void test_nested_prefixes_report_the_longest(void **state)
{
	const struct ip_prefix entries[] = {prefix("10.1.2.3"), prefix("10.0.0.0/8"), prefix("10.1.0.0/16"),
		prefix("10.1.2.0/24"), prefix("10.255.255.255"), prefix("10.0.0.0")};
	struct acl *acl = acl_make(entries, COUNT(entries));

	(void)state;
	assert_int_equal(verdict(acl, "10.0.0.0"), 5);
	assert_int_equal(verdict(acl, "10.0.0.1"), 1);
	assert_int_equal(verdict(acl, "10.1.0.0"), 2);
	assert_int_equal(verdict(acl, "10.1.2.2"), 3);
	assert_int_equal(verdict(acl, "10.1.2.3"), 0);
	assert_int_equal(verdict(acl, "10.1.2.4"), 3);
	assert_int_equal(verdict(acl, "10.1.3.0"), 2);
	assert_int_equal(verdict(acl, "10.2.0.0"), 1);
	assert_int_equal(verdict(acl, "10.255.255.255"), 4);
	assert_int_equal(verdict(acl, "11.0.0.0"), ACL_REFUSED);
	acl_destroy(acl);
}

static void test_of_equal_prefixes_the_first_is_reported(void **state)
{
	const struct ip_prefix entries[] = {prefix("10.0.0.0/8"), prefix("10.9.9.9/8"), prefix("10.0.0.0/8")};
	struct acl *acl = acl_make(entries, COUNT(entries));

	(void)state;
	assert_int_equal(verdict(acl, "10.9.9.9"), 0);
	acl_destroy(acl);
}

static void test_an_empty_list_admits_nobody(void **state)
{
	struct acl *acl = acl_make(NULL, 0);

	(void)state;
	assert_int_equal(verdict(acl, "127.0.0.1"), ACL_REFUSED);
	assert_int_equal(verdict(acl, "::1"), ACL_REFUSED);
	acl_destroy(acl);
	acl_destroy(NULL);
}

static void test_a_prefix_that_cannot_be_is_refused(void **state)
{
	struct ip_prefix bad = prefix("10.0.0.0/8");
	struct acl *acl = NULL;

	(void)state;
	bad.len = 33;
	assert_int_equal(acl_create(&bad, 1, &acl), -EINVAL);
	bad = prefix("::/0");
	bad.len = 129;
	assert_int_equal(acl_create(&bad, 1, &acl), -EINVAL);
	bad.addr.family = 9;
	assert_int_equal(acl_create(&bad, 1, &acl), -EINVAL);
	assert_null(acl);
}

/* Addresses out of a few bits, so that random prefixes nest, touch and repeat. */
static struct ip_addr random_addr(struct rng *rng, uint8_t family)
{
	struct ip_addr ip = {.family = family};
	unsigned bytes = family == IP_V4 ? 4 : 16;

	for (unsigned i = 0; i < bytes; i++)
		ip.bytes[i] = (uint8_t[]){0, 1, 0x80, 0xff}[rng_below(rng, 4)];
	return ip;
}

static int naive_verdict(const struct ip_prefix *entries, size_t count, const struct ip_addr *ip)
{
	int best = ACL_REFUSED;
	int best_len = -1;

	for (size_t i = 0; i < count; i++) {
		int len = entries[i].addr.family == IP_NONE ? 0 : entries[i].len;
		bool admits = entries[i].addr.family == IP_NONE || ip_prefix_contains(&entries[i], ip);
		if (admits && len > best_len) {
			best = (int)i;
			best_len = len;
		}
	}
	return best;
}

static void test_random_lists_agree_with_trying_every_entry(void **state)
{
	struct rng rng;

	(void)state;
	rng_init(&rng, 7);
	for (int round = 0; round < 300; round++) {
		struct ip_prefix entries[40];
		size_t count = rng_below(&rng, COUNT(entries) + 1);
		struct acl *acl;

		for (size_t i = 0; i < count; i++) {
			uint8_t family = rng_below(&rng, 2) ? IP_V4 : IP_V6;
			entries[i] = (struct ip_prefix){.addr = random_addr(&rng, family),
				.len = (uint8_t)rng_below(&rng, family == IP_V4 ? 33 : 129)};
			if (rng_below(&rng, 100) == 0)
				entries[i] = all;
		}
		acl = acl_make(entries, count);
		for (int i = 0; i < 300; i++) {
			struct ip_addr ip = random_addr(&rng, rng_below(&rng, 2) ? IP_V4 : IP_V6);
			assert_int_equal(acl_match(acl, &ip), naive_verdict(entries, count, &ip));
		}
		acl_destroy(acl);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_listed_addresses_and_prefixes_are_admitted),
		cmocka_unit_test(test_all_admits_both_families_and_gives_way_to_the_more_specific),
		cmocka_unit_test(test_a_default_prefix_admits_its_own_family_only),
		cmocka_unit_test(test_nested_prefixes_report_the_longest),
		cmocka_unit_test(test_of_equal_prefixes_the_first_is_reported),
		cmocka_unit_test(test_an_empty_list_admits_nobody),
		cmocka_unit_test(test_a_prefix_that_cannot_be_is_refused),
		cmocka_unit_test(test_random_lists_agree_with_trying_every_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
