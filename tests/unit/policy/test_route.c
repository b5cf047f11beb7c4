/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/route_build.h"

#include "base/rng.h"
#include "naive.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct route_table *table_make(const struct route *routes, size_t count)
{
	struct route_build build = {.routes = routes, .route_count = count, .worker_count = 2};
	struct route_table *table = NULL;
	struct policy_error error;

	assert_int_equal(route_table_create(&build, &table, &error), 0);
	return table;
}

static int refused(const struct route *routes, size_t count, struct policy_error *ret_error)
{
	struct route_build build = {.routes = routes, .route_count = count, .worker_count = 1};
	struct route_table *table = NULL;
	int rc = route_table_create(&build, &table, ret_error);

	assert_null(table);
	return rc;
}

static const char *found(const struct route_table *table, struct span host)
{
	struct route_result result;

	route_match(table, 0, host, &result);
	for (unsigned i = 0; i < result.count; i++)
		assert_int_equal(result.patterns[i]->hop_count, 1);
	return naive_ids(&result);
}

static struct route_table *documents_table(void)
{
	const struct route routes[] = {
		route_make("com.domaina", ROUTE_SUBTREE, 1),          /* .com.domaina.* */
		route_make("com.domaina.lyncserver", ROUTE_EXACT, 2), /* .com.domaina.lyncserver */
		route_make("com.remote", ROUTE_EXACT, 3),             /* com.remote */
		route_make("com.sip", ROUTE_EXACT, 4),                /* match_uri sip.com */
		route_make("com.child", ROUTE_CHILDREN, 5),           /* match_uri *.child.com */
		route_make("com.domaina.eu", ROUTE_SUBTREE, 6),
		route_make("local", ROUTE_SUBTREE, 7),
	};

	return table_make(routes, COUNT(routes));
}

/* R-RT-1, R-RT-2, R-RT-11 */
static void test_the_documents_shapes_match_what_they_say(void **state)
{
	static const struct {
		const char *host;
		const char *found;
	} rows[] = {
		{"domaina.com", "1"},
		{"lyncserver.domaina.com", "2 1"},
		{"other.domaina.com", "1"},
		{"deep.below.domaina.com", "1"},
		{"x.lyncserver.domaina.com", "1"},
		{"a.eu.domaina.com", "6 1"},
		{"eu.domaina.com", "6 1"},
		{"remote.com", "3"},
		{"x.remote.com", ""},
		{"sip.com", "4"},
		{"x.sip.com", ""},
		{"child.com", ""},
		{"x.child.com", "5"},
		{"x.y.child.com", "5"},
		{"local", "7"},
		{"pc1.local", "7"},
		{"nowhere.org", ""},
		{"com", ""},
	};
	struct route_table *table = documents_table();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(found(table, span_str(rows[i].host)), rows[i].found);
	route_table_destroy(table);
}

/* R-RT-2: on label boundaries only */
static void test_neighbours_in_spelling_never_match(void **state)
{
	static const char *const hosts[] = {"notdomaina.com", "domaina.com.evil.org", "domaina.comx",
		"domainax.com", "domain.com", "xremote.com", "remote.co", "remote.com.com", "acom.domaina",
		"com.domaina", "localx", "xlocal", "local.com", "a-child.com", "domaina-com", "domaina.c"};
	struct route_table *table = documents_table();

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++)
		assert_string_equal(found(table, span_str(hosts[i])), "");
	route_table_destroy(table);
}

/* R-RT-2 */
static void test_case_and_one_trailing_dot_do_not_matter(void **state)
{
	struct route_table *table = documents_table();

	(void)state;
	assert_string_equal(found(table, span_str("DOMAINA.COM")), "1");
	assert_string_equal(found(table, span_str("LyncServer.DomainA.Com.")), "2 1");
	assert_string_equal(found(table, span_str("domaina.com..")), "");
	route_table_destroy(table);
}

static void test_an_ip_literal_never_matches(void **state)
{
	static const char *const hosts[] = {"10.1.2.3", "1.2.3.4.", "[2001:db8::1]", "[::]", "999", "a.b.7",
		"domaina.com.0", "[domaina.com]"};
	struct route_table *table = documents_table();
	struct route_result result;

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		route_match(table, 0, span_str(hosts[i]), &result);
		assert_int_equal(result.host, ROUTE_HOST_IP);
		assert_int_equal(result.count, 0);
	}
	assert_string_equal(route_host_name(ROUTE_HOST_IP), "ip address");
	route_table_destroy(table);
}

static void test_what_is_no_host_name_matches_nothing(void **state)
{
	static const struct span hosts[] = {SPAN_LIT(""), SPAN_LIT("."), SPAN_LIT(".."),
		SPAN_LIT(".domaina.com"), SPAN_LIT("a..domaina.com"), SPAN_LIT("domaina.com.."),
		SPAN_LIT("domaina.c\xc3\xb6m"), SPAN_LIT("a b.domaina.com"), SPAN_LIT("^.domaina.com"),
		SPAN_LIT("x\0.domaina.com"), SPAN_LIT("*.domaina.com"), SPAN_LIT("a%2e.domaina.com"),
		SPAN_LIT("domaina.com:5060"), {NULL, 0}};
	struct route_table *table = documents_table();
	struct route_result result;

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		route_match(table, 0, hosts[i], &result);
		assert_int_equal(result.host, ROUTE_HOST_INVALID);
		assert_int_equal(result.count, 0);
	}
	route_table_destroy(table);
}

/* Only the 255 bytes of RFC 1035 2.3.4 are a name; the trailing dot is not counted. */
static void test_a_host_may_have_255_bytes_and_no_more(void **state)
{
	struct route_table *table = documents_table();
	char host[HOST_NAME_MAX_BYTES + 3];
	struct route_result result;

	(void)state;
	memset(host, 'a', sizeof(host));
	for (size_t i = 1; i < HOST_NAME_MAX_BYTES; i += 2)
		host[i] = '.';
	memcpy(host + HOST_NAME_MAX_BYTES - 11, "domaina.com", 11);
	host[HOST_NAME_MAX_BYTES] = '.';
	host[HOST_NAME_MAX_BYTES - 12] = '.';
	host[HOST_NAME_MAX_BYTES - 13] = 'a';
	assert_string_equal(found(table, span_of(host, HOST_NAME_MAX_BYTES)), "1");
	assert_string_equal(found(table, span_of(host, HOST_NAME_MAX_BYTES + 1)), "1");
	memcpy(host + HOST_NAME_MAX_BYTES - 10, "domaina.com.", 12);
	host[HOST_NAME_MAX_BYTES - 11] = '.';
	route_match(table, 0, span_of(host, HOST_NAME_MAX_BYTES + 1), &result);
	assert_int_equal(result.host, ROUTE_HOST_INVALID);
	route_table_destroy(table);
}

/* R-RT-5 */
static void test_the_routes_of_a_pattern_come_by_priority_then_as_written(void **state)
{
	struct route routes[] = {
		route_make("com.a", ROUTE_SUBTREE, 1),
		route_make("com.a", ROUTE_SUBTREE, 2),
		route_make("com.a", ROUTE_SUBTREE, 3),
		route_make("com.a", ROUTE_SUBTREE, 4),
	};
	struct route_table *table;
	struct route_result result;
	const struct hop *hops;

	(void)state;
	routes[0].hop.priority = 9;
	routes[1].hop.weight = 7;
	routes[2].flags |= ROUTE_LESS_SPECIFIC;
	table = table_make(routes, COUNT(routes));
	route_match(table, 1, span_str("x.a.com"), &result);
	assert_int_equal(result.count, 1);
	assert_int_equal(result.patterns[0]->hop_count, 4);
	hops = result.patterns[0]->hops;
	assert_int_equal(hops[0].route_id, 2);
	assert_int_equal(hops[0].weight, 7);
	assert_int_equal(hops[1].route_id, 3);
	assert_int_equal(hops[2].route_id, 4);
	assert_int_equal(hops[3].route_id, 1);
	assert_int_equal(hops[3].priority, 9);
	assert_int_equal(result.patterns[0]->hop_flags[0], ROUTE_IN_SERVICE);
	assert_int_equal(result.patterns[0]->hop_flags[1], ROUTE_IN_SERVICE | ROUTE_LESS_SPECIFIC);
	route_table_destroy(table);
}

/* R-RT-3: a route out of service is as if it were not there. */
static void test_a_route_out_of_service_is_left_out(void **state)
{
	struct route routes[] = {
		route_make("com.a", ROUTE_SUBTREE, 1),
		route_make("com.a.b", ROUTE_SUBTREE, 2),
		route_make("com.a.b", ROUTE_SUBTREE, 3),
		route_make("com.a.b.c", ROUTE_EXACT, 4),
	};
	struct route_table *table;

	(void)state;
	routes[2].flags = 0;
	routes[3].flags = ROUTE_BLOCK;
	table = table_make(routes, COUNT(routes));
	assert_string_equal(found(table, span_str("c.b.a.com")), "2 1");
	route_table_destroy(table);
}

/* R-RT-6 */
static void test_flags_of_any_route_are_flags_of_the_pattern(void **state)
{
	struct route routes[] = {
		route_make("com.a", ROUTE_SUBTREE, 1),
		route_make("com.a", ROUTE_SUBTREE, 2),
		route_make("com.b", ROUTE_EXACT, 3),
		route_make("com.b", ROUTE_EXACT, 4),
		route_make("com.c", ROUTE_EXACT, 5),
	};
	struct route_table *table;
	struct route_result result;

	(void)state;
	routes[1].flags |= ROUTE_LESS_SPECIFIC;
	routes[3].flags |= ROUTE_BLOCK;
	routes[4].flags |= ROUTE_BLOCK;
	table = table_make(routes, COUNT(routes));
	route_match(table, 0, span_str("a.com"), &result);
	assert_int_equal(result.patterns[0]->flags, ROUTE_LESS_SPECIFIC);
	route_match(table, 0, span_str("b.com"), &result);
	assert_int_equal(result.patterns[0]->flags, ROUTE_BLOCK);
	assert_int_equal(result.patterns[0]->block_route_id, 4);
	assert_int_equal(result.patterns[0]->hop_count, 1);
	route_match(table, 0, span_str("c.com"), &result);
	assert_int_equal(result.patterns[0]->flags, ROUTE_BLOCK);
	assert_int_equal(result.patterns[0]->hop_count, 0);
	route_table_destroy(table);
}

/* At the apex exact comes before subtree; below it, children before subtree. */
static void test_the_three_scopes_of_one_domain_are_told_apart(void **state)
{
	const struct route routes[] = {
		route_make("com.a", ROUTE_SUBTREE, 1),
		route_make("com.a", ROUTE_CHILDREN, 2),
		route_make("com.a", ROUTE_EXACT, 3),
	};
	struct route_table *table = table_make(routes, COUNT(routes));

	(void)state;
	assert_string_equal(found(table, span_str("a.com")), "3 1");
	assert_string_equal(found(table, span_str("x.a.com")), "2 1");
	route_table_destroy(table);
}

static void test_of_too_many_nested_patterns_the_most_specific_are_kept(void **state)
{
	static char domains[100][256];
	struct route routes[100];
	struct route_table *table;
	struct route_result result;
	char host[HOST_NAME_MAX_BYTES + 1];

	(void)state;
	for (unsigned i = 0; i < COUNT(routes); i++) {
		for (unsigned k = 0; k <= i; k++)
			memcpy(domains[i] + 2 * (size_t)k, "x.", 2);
		domains[i][2 * i + 1] = '\0';
		routes[i] = route_make(domains[i], ROUTE_SUBTREE, i);
	}
	table = table_make(routes, COUNT(routes));
	memcpy(host, domains[99], sizeof(domains[99]));
	route_match(table, 0, span_str(host), &result);
	assert_int_equal(result.count, PATTERNS_PER_HOST_MAX);
	for (unsigned i = 0; i < result.count; i++)
		assert_int_equal(result.patterns[i]->hops[0].route_id, 99 - i);
	route_table_destroy(table);
}

static void test_a_table_without_routes_matches_nothing(void **state)
{
	struct route_table *table = table_make(NULL, 0);
	struct route_table_info info;

	(void)state;
	assert_string_equal(found(table, span_str("a.com")), "");
	route_table_info(table, &info);
	assert_int_equal(info.domains, 0);
	route_table_destroy(table);
	route_table_destroy(NULL);
}

static void test_every_worker_and_control_have_scratch_of_their_own(void **state)
{
	struct route_table *table = documents_table();
	struct route_result result;

	(void)state;
	for (unsigned worker = 0; worker <= 2; worker++) {
		route_match(table, worker, span_str("domaina.com"), &result);
		assert_int_equal(result.count, 1);
	}
	route_table_destroy(table);
}

static void test_a_pattern_that_cannot_be_is_refused_with_its_route(void **state)
{
	static const char *const domains[] = {"", ".com", "com.", "com..a", "COM.a", "com.a b",
		"com.\xc3\xb6", "com.*", "7.1.10", "^", "com/a"};
	struct policy_error error;

	(void)state;
	for (size_t i = 0; i < COUNT(domains); i++) {
		const struct route routes[] = {
			route_make("com.fine", ROUTE_EXACT, 1), route_make(domains[i], ROUTE_SUBTREE, 77)};
		assert_int_equal(refused(routes, 2, &error), -EINVAL);
		assert_int_equal(error.route_id, 77);
		assert_non_null(strstr(error.text, domains[i]));
	}
}

static void test_a_pattern_longer_than_a_host_name_is_refused(void **state)
{
	static char domain[HOST_NAME_MAX_BYTES + 2];
	struct policy_error error;
	struct route route;

	(void)state;
	memset(domain, 'a', HOST_NAME_MAX_BYTES + 1);
	route = route_make(domain, ROUTE_EXACT, 5);
	assert_int_equal(refused(&route, 1, &error), -EINVAL);
	route.text.len--;
	route_table_destroy(table_make(&route, 1));
}

static void test_a_pattern_with_too_many_routes_is_refused(void **state)
{
	struct route routes[HOPS_PER_PATTERN_MAX + 1];
	struct policy_error error;

	(void)state;
	for (unsigned i = 0; i < COUNT(routes); i++)
		routes[i] = route_make("com.a", ROUTE_EXACT, i);
	assert_int_equal(refused(routes, COUNT(routes), &error), -EINVAL);
	assert_non_null(strstr(error.text, "com.a"));
	route_table_destroy(table_make(routes, HOPS_PER_PATTERN_MAX));
}

static void test_a_route_of_type_user_has_no_place_here(void **state)
{
	const struct route route = route_make("com.a", ROUTE_USER, 3);
	struct policy_error error;

	(void)state;
	assert_int_equal(refused(&route, 1, &error), -EINVAL);
	assert_int_equal(error.route_id, 3);
}

static void test_a_pattern_prints_as_an_operator_writes_it(void **state)
{
	static const struct {
		struct route_pattern pattern;
		const char *text;
	} rows[] = {
		{{.text = SPAN_LIT("com.domaina"), .scope = ROUTE_SUBTREE}, ".com.domaina.*"},
		{{.text = SPAN_LIT("com.domaina.lyncserver"), .scope = ROUTE_EXACT},
			".com.domaina.lyncserver"},
		{{.text = SPAN_LIT("com.sip.eu"), .scope = ROUTE_CHILDREN}, "*.eu.sip.com"},
		{{.text = SPAN_LIT("[0-9]+"), .scope = ROUTE_USER}, "user:[0-9]+"},
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(
			route_pattern_format(&rows[i].pattern, buf, sizeof(buf)), strlen(rows[i].text));
		assert_string_equal(buf, rows[i].text);
	}
	assert_int_equal(route_pattern_format(&rows[0].pattern, buf, 5), strlen(".com.domaina.*"));
	assert_string_equal(buf, ".com");
	assert_string_equal(route_scope_name(ROUTE_CHILDREN), "children");
}

/* A random name over few labels, so that names nest, share beginnings and nearly match each other. */
static size_t name_make(struct rng *rng, char *out, unsigned labels_max)
{
	static const char *const labels[] = {"a", "b", "ab", "ba", "aa", "com", "co", "x-1", "_sip"};
	unsigned count = 1 + rng_below(rng, labels_max);
	size_t len = 0;

	for (unsigned i = 0; i < count; i++) {
		const char *label = labels[rng_below(rng, COUNT(labels))];
		if (i > 0)
			out[len++] = '.';
		memcpy(out + len, label, strlen(label));
		len += strlen(label);
	}
	out[len] = '\0';
	return len;
}

enum { RANDOM_ROUTES = 60, RANDOM_HOSTS = 300, NAME_SIZE = 64 };

/* Patterns of their own each: the naive matcher wants one route a pattern. */
static size_t random_routes(struct rng *rng, char names[][NAME_SIZE], struct route *routes)
{
	size_t count = 0;

	while (count < RANDOM_ROUTES) {
		bool is_new = true;
		(void)name_make(rng, names[count], 4);
		routes[count] = route_make(names[count], rng_below(rng, 3), (uint32_t)count);
		routes[count].flags = rng_below(rng, 8) == 0 ? 0 : ROUTE_IN_SERVICE;
		for (size_t i = 0; i < count; i++)
			is_new &= routes[i].scope != routes[count].scope ||
				  !span_eq(routes[i].text, routes[count].text);
		count += is_new;
	}
	return count;
}

static void match_compare(
	const struct route_table *table, const struct route *routes, size_t count, struct span host)
{
	const struct route *expected[PATTERNS_PER_HOST_MAX];
	size_t n = naive_match(routes, count, host, expected, COUNT(expected));
	struct route_result result;

	route_match(table, 0, host, &result);
	assert_int_equal(result.host, ROUTE_HOST_DOMAIN);
	assert_int_equal(result.count, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(result.patterns[i]->hops[0].route_id, expected[i]->hop.route_id);
}

static void test_random_tables_agree_with_the_naive_matcher(void **state)
{
	static char names[RANDOM_ROUTES + 1][NAME_SIZE];
	static struct route routes[RANDOM_ROUTES + 1];

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct rng rng;
		struct route_table *table;
		size_t count;

		rng_init(&rng, seed);
		count = random_routes(&rng, names, routes);
		table = table_make(routes, count);
		for (int i = 0; i < RANDOM_HOSTS; i++) {
			char host[NAME_SIZE * 2];
			size_t len = name_make(&rng, host, 6);
			host[len] = '.';
			host[0] = (char)(rng_below(&rng, 2) && host[0] >= 'a' ? host[0] - 32 : host[0]);
			match_compare(table, routes, count, span_of(host, len + rng_below(&rng, 2)));
		}
		route_table_destroy(table);
	}
}

static bool naive_label_is_name(const char *label, size_t len)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	for (size_t i = 0; i < len; i++)
		if (label[i] == '\0' || !strchr(allowed, label[i]))
			return false;
	return len > 0;
}

static enum route_host naive_kind(const char *host, size_t len)
{
	enum route_host kind = ROUTE_HOST_DOMAIN;
	size_t begin = 0;
	bool is_number = false;

	if (len > 0 && host[0] == '[')
		return ROUTE_HOST_IP;
	if (len > 0 && host[len - 1] == '.')
		len--;
	if (len == 0 || len > 255)
		return ROUTE_HOST_INVALID;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && host[i] != '.')
			continue;
		if (!naive_label_is_name(host + begin, i - begin))
			kind = ROUTE_HOST_INVALID;
		is_number = i > begin;
		for (size_t k = begin; k < i; k++)
			is_number &= host[k] >= '0' && host[k] <= '9';
		begin = i + 1;
	}
	return is_number ? ROUTE_HOST_IP : kind;
}

/* The copy is exactly as long as the host, so that the address sanitizer sees a byte read too many. */
static void kind_compare(const struct route_table *table, const char *bytes, size_t len)
{
	char *host = malloc(len > 0 ? len : 1);
	struct route_result result;

	assert_non_null(host);
	memcpy(host, bytes, len);
	route_match(table, 0, span_of(host, len), &result);
	assert_int_equal(result.host, naive_kind(host, len));
	assert_true(result.host == ROUTE_HOST_DOMAIN || result.count == 0);
	free(host);
}

static void test_random_bytes_are_told_apart_as_the_naive_reading_does(void **state)
{
	static const char alphabet[] = "aZ09-_.....[]^\0 \xff";
	struct route_table *table = documents_table();
	struct rng rng;

	(void)state;
	rng_init(&rng, 99);
	for (int round = 0; round < 100000; round++) {
		char bytes[300];
		size_t len = rng_below(&rng, rng_below(&rng, 10) == 0 ? sizeof(bytes) : 12);
		unsigned letters = rng_below(&rng, 2) ? 11 : sizeof(alphabet) - 1;

		for (size_t i = 0; i < len; i++)
			bytes[i] = rng_below(&rng, 3) ? (char)('0' + rng_below(&rng, 10))
						      : alphabet[rng_below(&rng, letters)];
		kind_compare(table, bytes, len);
	}
	route_table_destroy(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_documents_shapes_match_what_they_say),
		cmocka_unit_test(test_neighbours_in_spelling_never_match),
		cmocka_unit_test(test_case_and_one_trailing_dot_do_not_matter),
		cmocka_unit_test(test_an_ip_literal_never_matches),
		cmocka_unit_test(test_what_is_no_host_name_matches_nothing),
		cmocka_unit_test(test_a_host_may_have_255_bytes_and_no_more),
		cmocka_unit_test(test_the_routes_of_a_pattern_come_by_priority_then_as_written),
		cmocka_unit_test(test_a_route_out_of_service_is_left_out),
		cmocka_unit_test(test_flags_of_any_route_are_flags_of_the_pattern),
		cmocka_unit_test(test_the_three_scopes_of_one_domain_are_told_apart),
		cmocka_unit_test(test_of_too_many_nested_patterns_the_most_specific_are_kept),
		cmocka_unit_test(test_a_table_without_routes_matches_nothing),
		cmocka_unit_test(test_every_worker_and_control_have_scratch_of_their_own),
		cmocka_unit_test(test_a_pattern_that_cannot_be_is_refused_with_its_route),
		cmocka_unit_test(test_a_pattern_longer_than_a_host_name_is_refused),
		cmocka_unit_test(test_a_pattern_with_too_many_routes_is_refused),
		cmocka_unit_test(test_a_route_of_type_user_has_no_place_here),
		cmocka_unit_test(test_a_pattern_prints_as_an_operator_writes_it),
		cmocka_unit_test(test_random_tables_agree_with_the_naive_matcher),
		cmocka_unit_test(test_random_bytes_are_told_apart_as_the_naive_reading_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
