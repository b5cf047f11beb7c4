/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What routing costs, from 10 to 100,000 patterns: a match, compiling a table, adding one route to it with
 * all that is needed before it can be published, and memory. Patterns and hosts come from a fixed seed.
 * Usage: bench_route [PATTERNS...]
 */
#include "measure.h"

#include "base/rng.h"
#include "policy/route_build.h"

#include <stdlib.h>

enum { HOSTS = 4096, NAME_SIZE = 64, ADDS = 15, SIZES_MAX = 16, ROWS_MAX = 4, VALUES_MAX = 16 };

struct bench {
	struct measure_row rows[SIZES_MAX * ROWS_MAX];
	size_t row_count;
	struct measure_value values[SIZES_MAX * VALUES_MAX];
	size_t value_count;
	size_t count;
	char (*names)[NAME_SIZE];
	struct route *routes;
	char hosts[HOSTS][NAME_SIZE];
	struct span host_spans[HOSTS];
	struct route_table *table;
};

static void die(const char *what)
{
	fprintf(stderr, "bench_route: %s\n", what);
	exit(1);
}

/* Names as a federation has them: a few top-level domains, companies, some with departments below. */
static void patterns_make(struct bench *bench)
{
	static const char *const tops[] = {"com", "org", "net", "de", "co.uk"};
	struct rng rng;

	rng_init(&rng, 1);
	for (size_t i = 0; i < bench->count; i++) {
		const char *top = tops[rng_below(&rng, 5)];
		bool is_deep = i > 0 && rng_below(&rng, 4) == 0;
		unsigned below = (unsigned)rng_below(&rng, 1000);
		if (is_deep)
			snprintf(bench->names[i], NAME_SIZE, "com.company%zu.dept%u", i - 1, below);
		else
			snprintf(bench->names[i], NAME_SIZE, "%s.company%zu", top, i);
		bench->routes[i] = (struct route){.text = span_str(bench->names[i]),
			.scope = (uint8_t)(i % 4 == 0 ? ROUTE_EXACT : ROUTE_SUBTREE),
			.flags = ROUTE_IN_SERVICE,
			.hop = {.route_id = (uint32_t)i, .priority = 1, .weight = 5}};
	}
	for (size_t i = 0; i < HOSTS; i++) {
		int len = snprintf(bench->hosts[i], NAME_SIZE, "%s.company%zu.%s",
			rng_below(&rng, 2) ? "sip01.dept7" : "lyncserver",
			(size_t)rng_below(&rng, (uint32_t)bench->count * 5 / 4 + 1),
			tops[rng_below(&rng, 5)]);
		bench->host_spans[i] = span_of(bench->hosts[i], (size_t)len);
	}
}

static void match_body(void *context, uint64_t rounds)
{
	struct bench *bench = context;
	struct route_result result;
	uint64_t found = 0;

	for (uint64_t i = 0; i < rounds; i++) {
		route_match(bench->table, 0, bench->host_spans[i % HOSTS], &result);
		found += result.count;
	}
	measure_keep(&found);
}

static void value_add(struct bench *bench, const char *name, double value, const char *unit)
{
	ensure(bench->value_count < SIZES_MAX * VALUES_MAX);
	bench->values[bench->value_count++] =
		(struct measure_value){.name = name, .size = bench->count, .value = value, .unit = unit};
}

static double ms_since(double begin_ns)
{
	return (measure_now_ns() - begin_ns) / 1e6;
}

static void match_measure(struct bench *bench, const char *name)
{
	struct measure_row *row = &bench->rows[bench->row_count++];

	ensure(bench->row_count <= SIZES_MAX * ROWS_MAX);
	*row = (struct measure_row){.name = name, .size = bench->count};
	measure(match_body, bench, row);
}

static void compile_measure(struct bench *bench, const char *what, const struct route_table *like)
{
	struct route_build build = {
		.routes = bench->routes, .route_count = bench->count, .worker_count = 2, .like = like};
	struct route_table *table;
	struct policy_error error;
	double begin = measure_now_ns();

	if (route_table_create(&build, &table, &error) != 0)
		die(error.text);
	value_add(bench, what, ms_since(begin), "ms");
	route_table_destroy(bench->table);
	bench->table = table;
}

/* One after the other, as an operator adds them: each is on top of the delta of those before it. */
static void add_measure(struct bench *bench, const char *mean_name, const char *worst_name)
{
	double worst = 0;
	double sum = 0;

	for (unsigned i = 0; i < ADDS; i++) {
		char name[NAME_SIZE];
		struct route route = bench->routes[0];
		struct route_change change = {.routes = &route, .route_count = 1};
		struct route_table *next;
		struct policy_error error;
		double begin;
		double ms;

		snprintf(name, sizeof(name), "com.added%u", i);
		route.text = change.domain = span_str(name);
		begin = measure_now_ns();
		if (route_table_with(bench->table, &change, 1, &next, &error) != 0)
			die(error.text);
		ms = ms_since(begin);
		sum += ms;
		worst = ms > worst ? ms : worst;
		route_table_destroy(bench->table);
		bench->table = next;
	}
	value_add(bench, mean_name, sum / ADDS, "ms");
	value_add(bench, worst_name, worst, "ms");
}

/* With the largest delta that is let grow before a merge begins. */
static void full_delta_measure(struct bench *bench)
{
	static char names[ROUTE_DELTA_MERGE][NAME_SIZE];
	static struct route routes[ROUTE_DELTA_MERGE];
	static struct route_change changes[ROUTE_DELTA_MERGE];
	struct route_table *next;
	struct policy_error error;
	double begin;

	for (unsigned i = 0; i < ROUTE_DELTA_MERGE; i++) {
		snprintf(names[i], NAME_SIZE, "com.more%u", i);
		routes[i] = bench->routes[0];
		routes[i].text = span_str(names[i]);
		changes[i] = (struct route_change){routes[i].text, &routes[i], 1};
	}
	begin = measure_now_ns();
	if (route_table_with(bench->table, changes, ROUTE_DELTA_MERGE, &next, &error) != 0)
		die(error.text);
	value_add(bench, "add_full_delta", ms_since(begin), "ms");
	route_table_destroy(bench->table);
	bench->table = next;
	add_measure(bench, "add_one_full_delta_mean", "add_one_full_delta_worst");
	match_measure(bench, "match_full_delta");
}

static void merge_measure(struct bench *bench)
{
	struct route_merge *merge;
	struct route_table *next;
	struct policy_error error;
	double begin = measure_now_ns();

	if (route_merge_begin(bench->table, &merge, &error) != 0)
		die(error.text);
	value_add(bench, "merge_begin", ms_since(begin), "ms");
	if (route_merge_run(merge, &error) != 0)
		die(error.text);
	begin = measure_now_ns();
	if (route_merge_finish(merge, bench->table, &next, &error) != 0)
		die(error.text);
	route_merge_destroy(merge);
	route_table_destroy(bench->table);
	bench->table = next;
	value_add(bench, "merge_finish", ms_since(begin), "ms");
}

static void memory_measure(struct bench *bench)
{
	struct route_table_info info;

	route_table_info(bench->table, &info);
	value_add(bench, "database", (double)info.database_bytes / 1024, "KiB");
	value_add(bench, "entries", (double)info.entry_bytes / 1024, "KiB");
	value_add(bench, "scratch_of_3", (double)info.scratch_bytes / 1024, "KiB");
}

static void size_measure(struct bench *bench, size_t count)
{
	bench->count = count;
	bench->table = NULL;
	bench->names = calloc(count, sizeof(bench->names[0]));
	bench->routes = calloc(count, sizeof(bench->routes[0]));
	if (!bench->names || !bench->routes)
		die("no memory");
	patterns_make(bench);
	compile_measure(bench, "compile", NULL);
	compile_measure(bench, "rebuild_same_domains", bench->table);
	match_measure(bench, "match");
	memory_measure(bench);
	add_measure(bench, "add_one_mean", "add_one_worst");
	match_measure(bench, "match_small_delta");
	full_delta_measure(bench);
	merge_measure(bench);
	route_table_destroy(bench->table);
	free(bench->names);
	free(bench->routes);
}

int main(int argc, char **argv)
{
	static const char *const usual[] = {"10", "100", "1000", "10000", "100000"};
	static struct bench bench;
	int count = argc > 1 ? argc - 1 : 5;

	if (count > SIZES_MAX)
		die("at most 16 sizes at once");
	for (int i = 0; i < count; i++) {
		long patterns = strtol(argc > 1 ? argv[i + 1] : usual[i], NULL, 10);
		if (patterns < 1 || patterns > 1000000)
			die("a number of patterns is 1 to 1000000");
		size_measure(&bench, (size_t)patterns);
	}
	measure_print(stdout, &(struct measure_report){.bench = "route",
				      .unit = "host",
				      .size_unit = "patterns",
				      .rows = bench.rows,
				      .count = bench.row_count,
				      .values = bench.values,
				      .value_count = bench.value_count});
	return 0;
}
