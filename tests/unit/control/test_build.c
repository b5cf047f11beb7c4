/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From configuration to tables: the example files, and how long a change of one route among 100,000 takes.
 * The time is the control thread's processor time, so that a busy machine does not fail the test; it is
 * printed.
 */
#include "control/build.h"

#include "model.h"

#include "policy/acl.h"
#include "policy/domain.h"
#include "snapshot.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

struct world {
	struct config *config;
	struct nodes *nodes;
	struct routes *routes;
	struct build build;
};

/* What daemon and update.c do at start, without a data plane. */
static void world_init(struct world *world, struct config *config)
{
	*world = (struct world){.config = config, .nodes = nodes_create()};
	world->routes = routes_create(world->nodes);
	for (uint32_t i = 0; i < config_count(config, CONFIG_ROUTES); i++)
		assert_int_equal(
			routes_put(world->routes, config, NULL, config->lists[CONFIG_ROUTES].items[i], 1), 0);
	world->build.wants = BUILD_ROUTES | BUILD_USERS | BUILD_ACL | BUILD_DOMAINS | BUILD_NODES;
	world->build.worker_count = 1;
	assert_int_equal(build_gather(&world->build, config, world->routes, world->nodes), 0);
	build_run(&world->build);
	if (world->build.ret < 0)
		print_error("%s\n", world->build.error.text);
	assert_int_equal(world->build.ret, 0);
	routes_settled(world->routes);
}

static void world_fini(struct world *world)
{
	build_fini(&world->build);
	routes_destroy(world->routes);
	nodes_destroy(world->nodes);
	config_destroy(world->config);
}

static void expect_match(const struct route_table *table, const char *host, unsigned patterns)
{
	struct route_result result;

	route_match(table, 1, span_str(host), &result);
	assert_int_equal(result.count, patterns);
}

static void test_the_example_files_compile(void **state)
{
	static const char *const files[] = {"demo", "lync-front", "ocs-front"};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct config_report report;
		struct config *config = NULL;
		struct world world;
		char path[512];
		snprintf(path, sizeof(path), "%s/config/example/%s.yaml", SOURCE_ROOT, files[i]);
		config_report_init(&report, path);
		assert_int_equal(config_load_file(path, &report, &config), 0);
		config_report_fini(&report);
		world_init(&world, config);
		assert_non_null(world.build.parts.routes);
		assert_non_null(world.build.parts.acl);
		assert_non_null(world.build.parts.domains);
		world_fini(&world);
	}
}

static void test_the_demo_routes_where_it_says(void **state)
{
	struct config_report report;
	struct config *config = NULL;
	struct world world;
	struct ip_addr inside;
	struct ip_addr outside;

	(void)state;
	config_report_init(&report, NULL);
	assert_int_equal(config_load_file(SOURCE_ROOT "/config/example/demo.yaml", &report, &config), 0);
	config_report_fini(&report);
	world_init(&world, config);
	expect_match(world.build.parts.routes, "domaina.com", 1);
	expect_match(world.build.parts.routes, "lync.DomainA.com.", 1);
	expect_match(world.build.parts.routes, "notdomaina.com", 0);
	assert_int_equal(ip_parse(span_str("10.99.0.20"), &inside), 0);
	assert_int_equal(ip_parse(span_str("10.98.0.20"), &outside), 0);
	assert_true(acl_match(world.build.parts.acl, &inside) >= 0);
	assert_int_equal(acl_match(world.build.parts.acl, &outside), ACL_REFUSED);
	assert_true(domain_find(world.build.parts.domains, span_str("domaina.com")) >= 0);
	world_fini(&world);
}

/* Two ports of one address whose listeners have the same id: among so many there are some. */
static void find_twins(uint16_t ret_ports[2])
{
	static uint16_t port_by_id[UINT16_MAX + 1];
	struct endpoint local = {.port = 1024};

	assert_int_equal(ip_parse(span_str("10.0.0.1"), &local.ip), 0);
	for (; local.port < 32768; local.port++) {
		uint16_t *port = &port_by_id[listener_id(&local, TRANSPORT_UDP)];
		if (*port != 0) {
			ret_ports[0] = *port;
			ret_ports[1] = local.port;
			return;
		}
		*port = local.port;
	}
	fail();
}

static void test_two_listeners_with_one_identity_are_refused_by_name(void **state)
{
	struct build build = {.wants = BUILD_DOMAINS, .worker_count = 1};
	struct config *config;
	uint16_t ports[2] = {0};
	char yaml[512];

	(void)state;
	find_twins(ports);
	snprintf(yaml, sizeof(yaml),
		MODEL_PORT "  - {name: first, address: 10.0.0.1, port: %u}\n"
			   "  - {name: second, address: 10.0.0.1, port: %u}\n",
		ports[0], ports[1]);
	config = model_of(yaml);
	assert_int_equal(build_gather(&build, config, NULL, NULL), 0);
	build_run(&build);
	assert_int_equal(build.ret, -EEXIST);
	assert_string_equal(build.error.text,
		"listeners first and second have the same identity; give one of them another port");
	assert_null(build.parts.domains);
	build_fini(&build);
	config_destroy(config);
}

static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static struct config *model_with_routes(unsigned count)
{
	struct config *config;
	char *yaml = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&yaml, &size);

	fputs(MODEL_PORT "nodes:\n  - {name: a, address: 10.0.0.11}\nroutes:\n", out);
	for (unsigned i = 0; i < count; i++)
		fprintf(out, "  - {pattern: .com.customer%u.*, type: domain, next_hop: a}\n", i);
	fclose(out);
	config = model_of(yaml);
	free(yaml);
	return config;
}

/* One route into model, registries and table: all that happens on the control thread but the swap itself. */
static double add_one(struct world *world, unsigned n)
{
	char pattern[64];
	struct config_pair at[] = {
		{span_str("pattern"), {0}},
		{span_str("type"), span_str("domain")},
		{span_str("next_hop"), span_str("a")},
	};
	struct config_report report;
	struct config_head *entry = NULL;
	struct route_table *table = NULL;
	struct route_change *changes;
	struct policy_error error;
	size_t count;
	double begun = cpu_ms();

	snprintf(pattern, sizeof(pattern), ".com.new%u.*", n);
	at[0].value = span_str(pattern);
	config_report_init(&report, NULL);
	assert_int_equal(
		config_entry_add(world->config, CONFIG_ROUTES, (struct config_pairs){at, 3}, &report, &entry),
		0);
	config_report_fini(&report);
	assert_int_equal(routes_put(world->routes, world->config, NULL, entry, 2), 0);
	config_entry_unref(CONFIG_ROUTES, entry);
	changes = routes_changes(world->routes, &count);
	assert_int_equal(count, 1);
	assert_int_equal(route_table_with(world->build.parts.routes, changes, count, &table, &error), 0);
	free(changes);
	routes_settled(world->routes);
	double took = cpu_ms() - begun;
	route_table_destroy(world->build.parts.routes);
	world->build.parts.routes = table;
	return took;
}

static void test_one_route_more_among_100000_takes_under_50_ms(void **state)
{
	struct world world;
	double sum = 0;
	double longest = 0;
	double begun = cpu_ms();

	(void)state;
	world_init(&world, model_with_routes(100000));
	print_message("100,000 routes: loaded and compiled in %.0f ms\n", cpu_ms() - begun);
	for (unsigned n = 0; n < 20; n++) {
		double took = add_one(&world, n);
		sum += took;
		longest = took > longest ? took : longest;
	}
	print_message("one route more: %.1f ms, at most %.1f ms of the control thread\n", sum / 20, longest);
	expect_match(world.build.parts.routes, "new7.com", 1);
	expect_match(world.build.parts.routes, "a.customer99999.com", 1);
	assert_true(longest < 50 * TIME_FACTOR);
	world_fini(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_example_files_compile),
		cmocka_unit_test(test_the_demo_routes_where_it_says),
		cmocka_unit_test(test_two_listeners_with_one_identity_are_refused_by_name),
		cmocka_unit_test(test_one_route_more_among_100000_takes_under_50_ms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
