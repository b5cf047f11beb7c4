/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/domain.h"

#include "limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct domain_set *set_make(const struct span *names, size_t count)
{
	struct domain_set *set = NULL;

	assert_int_equal(domain_set_create(names, count, &set), 0);
	return set;
}

/* R-DOM-1 */
static void test_a_domain_matches_exactly(void **state)
{
	static const struct span names[] = {
		SPAN_LIT("synergy.com"), SPAN_LIT("ABC.org"), SPAN_LIT("dot.net.")};
	struct domain_set *set = set_make(names, COUNT(names));

	(void)state;
	assert_int_equal(domain_find(set, span_str("synergy.com")), 0);
	assert_int_equal(domain_find(set, span_str("SYNERGY.com.")), 0);
	assert_int_equal(domain_find(set, span_str("abc.ORG")), 1);
	assert_int_equal(domain_find(set, span_str("dot.net")), 2);
	assert_int_equal(domain_find(set, span_str("abc.synergy.com")), DOMAIN_UNKNOWN);
	assert_int_equal(domain_find(set, span_str("ynergy.com")), DOMAIN_UNKNOWN);
	assert_int_equal(domain_find(set, span_str("synergy.com..")), DOMAIN_UNKNOWN);
	assert_int_equal(domain_find(set, span_str("")), DOMAIN_UNKNOWN);
	assert_int_equal(domain_find(set, span_str(".")), DOMAIN_UNKNOWN);
	domain_set_destroy(set);
}

static void test_no_domains_mean_that_every_one_is_accepted(void **state)
{
	struct domain_set *set = set_make(NULL, 0);

	(void)state;
	assert_int_equal(domain_find(set, span_str("any.where")), DOMAIN_ANY);
	assert_int_equal(domain_find(set, span_str("")), DOMAIN_ANY);
	domain_set_destroy(set);
	domain_set_destroy(NULL);
}

static void test_a_host_of_any_length_and_bytes_is_only_unknown(void **state)
{
	static const struct span names[] = {SPAN_LIT("synergy.com")};
	struct domain_set *set = set_make(names, COUNT(names));
	static char host[70000];

	(void)state;
	for (size_t i = 0; i < sizeof(host); i++)
		host[i] = (char)i;
	for (size_t len = 0; len < sizeof(host); len += len < 300 ? 1 : 997)
		assert_int_equal(domain_find(set, span_of(host, len)), DOMAIN_UNKNOWN);
	domain_set_destroy(set);
}

static void test_bad_and_repeated_names_are_refused(void **state)
{
	static char name[HOST_NAME_MAX_BYTES + 1];
	const struct span empty[] = {SPAN_LIT("a.com"), SPAN_LIT("")};
	const struct span twice[] = {SPAN_LIT("a.com"), SPAN_LIT("b.com"), SPAN_LIT("A.com.")};
	struct span longest = span_of(name, sizeof(name));
	struct domain_set *set = NULL;

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_int_equal(domain_set_create(empty, 2, &set), -EINVAL);
	assert_int_equal(domain_set_create(twice, 3, &set), -EEXIST);
	assert_int_equal(domain_set_create(&longest, 1, &set), -EINVAL);
	assert_null(set);
	longest.len--;
	set = set_make(&longest, 1);
	assert_int_equal(domain_find(set, longest), 0);
	domain_set_destroy(set);
}

static void test_ten_thousand_domains_are_all_found(void **state)
{
	enum { MANY = 10000 };
	static char texts[MANY][24];
	static struct span names[MANY];
	struct domain_set *set;

	(void)state;
	for (int i = 0; i < MANY; i++)
		names[i] = span_of(
			texts[i], (size_t)snprintf(texts[i], sizeof(texts[i]), "domain%d.example.com", i));
	set = set_make(names, MANY);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(domain_find(set, names[i]), i);
		texts[i][0] = 'x';
		assert_int_equal(domain_find(set, names[i]), DOMAIN_UNKNOWN);
	}
	domain_set_destroy(set);
}

/* These two have the same 32-bit hash. */
static void test_names_with_the_same_hash_are_told_apart(void **state)
{
	static const struct span names[] = {SPAN_LIT("d21818.com"), SPAN_LIT("d102882.com")};
	struct domain_set *set = set_make(names, 1);

	(void)state;
	assert_int_equal(domain_find(set, names[1]), DOMAIN_UNKNOWN);
	domain_set_destroy(set);
	set = set_make(names, 2);
	assert_int_equal(domain_find(set, names[0]), 0);
	assert_int_equal(domain_find(set, names[1]), 1);
	domain_set_destroy(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_domain_matches_exactly),
		cmocka_unit_test(test_no_domains_mean_that_every_one_is_accepted),
		cmocka_unit_test(test_a_host_of_any_length_and_bytes_is_only_unknown),
		cmocka_unit_test(test_bad_and_repeated_names_are_refused),
		cmocka_unit_test(test_ten_thousand_domains_are_all_found),
		cmocka_unit_test(test_names_with_the_same_hash_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
