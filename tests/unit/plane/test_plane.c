/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole ladder on a device that is not there: threads, idling, wakes, grace periods. Times here are real,
 * so what they prove is coarse.
 */
#include "plane/plane.h"

#include "rcu.h"
#include "support/eal.h"
#include "support/small_tcp.h"
#include "support/snapshot_fixture.h"
#include "worker/worker.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct snapshot_fixture fixture;

static struct plane *create(const char *device, unsigned workers, enum idle_policy idle)
{
	static struct ip_prefix address;
	struct plane *plane = NULL;
	char error[PLANE_ERROR_MAX] = "";

	assert_int_equal(ip_prefix_parse(span_str("192.0.2.1/24"), &address), 0);
	struct plane_port port = {
		.name = "inside", .device = device, .addresses = &address, .address_count = 1, .mtu = 1500};
	struct plane_config config = {.worker_count = workers,
		.idle = idle,
		.mbufs = 2047,
		.port_count = 1,
		.ports = &port,
		.first = &fixture.snap,
		.seed = 1,
		.tcp = small_tcp()};
	snapshot_fixture_init(&fixture, workers);
	snapshot_fixture_listener(&fixture, "in", "192.0.2.1:5060");
	snapshot_fixture_build(&fixture);
	int result = plane_create(&config, &plane, error);
	if (result != 0)
		print_error("%s\n", error);
	assert_int_equal(result, 0);
	return plane;
}

static void start(struct plane *plane)
{
	char error[PLANE_ERROR_MAX] = "";

	assert_int_equal(plane_start(plane, error), 0);
}

static void destroy(struct plane *plane)
{
	plane_destroy(plane);
	snapshot_fixture_fini(&fixture);
}

static void wait_ms(unsigned ms)
{
	struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	while (nanosleep(&time, &time) != 0)
		;
}

static uint64_t loops(const struct plane *plane, unsigned worker)
{
	return figure_get(&worker_loop_figures(plane_worker(plane, worker))->loops);
}

static void test_workers_run_stop_and_run_again(void **state)
{
	struct plane *plane = create("net_null0,no-rx=1", 2, IDLE_ADAPTIVE);

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		start(plane);
		wait_ms(50);
		plane_stop(plane);
		uint64_t stopped_at = loops(plane, 0);
		assert_true(stopped_at > 0 && loops(plane, 1) > 0);
		wait_ms(20);
		assert_int_equal(loops(plane, 0), stopped_at);
	}
	destroy(plane);
}

static void test_a_device_says_how_it_spreads_segments(void **state)
{
	struct plane *plane = create("net_null6,no-rx=1", 2, IDLE_ADAPTIVE);
	const struct net_rss *rss = port_rss(plane_port(plane, 0));
	uint8_t any = 0;

	(void)state;
	assert_int_equal(rss->reta_size, 0);
	start(plane);
	assert_int_equal(rss->reta_size, 128);
	for (unsigned i = 0; i < rss->reta_size; i++)
		assert_int_equal(rss->reta[i], i % 2);
	for (unsigned i = 0; i < RSS_KEY_MIN; i++)
		any |= rss->key[i];
	assert_int_not_equal(any, 0);
	destroy(plane);
}

static void test_a_device_with_one_queue_has_nothing_to_say(void **state)
{
	struct plane *plane = create("net_null7,no-rx=1", 1, IDLE_ADAPTIVE);

	(void)state;
	start(plane);
	assert_int_equal(port_rss(plane_port(plane, 0))->reta_size, 0);
	destroy(plane);
}

/* CPU time of the whole process. */
static uint64_t cpu_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void test_an_idle_adaptive_worker_does_not_burn_its_core(void **state)
{
	struct plane *plane = create("net_null1,no-rx=1", 1, IDLE_ADAPTIVE);
	const struct loop_figures *figures = worker_loop_figures(plane_worker(plane, 0));

	(void)state;
	start(plane);
	wait_ms(50);
	uint64_t before_ns = cpu_ns();
	wait_ms(500);
	uint64_t used_ns = cpu_ns() - before_ns;
	assert_true(used_ns < 150 * 1000000ULL);
	assert_true(figure_get(&figures->naps) > 10);
	assert_true(figure_get(&figures->napped_ns) > 300 * 1000000ULL);
	destroy(plane);
}

static void test_a_polling_worker_never_naps(void **state)
{
	struct plane *plane = create("net_null2,no-rx=1", 1, IDLE_POLL);

	(void)state;
	start(plane);
	wait_ms(50);
	assert_int_equal(figure_get(&worker_loop_figures(plane_worker(plane, 0))->naps), 0);
	assert_true(loops(plane, 0) > 1000);
	destroy(plane);
}

static void test_a_busy_worker_measures_itself(void **state)
{
	/* This device receives empty frames without end. */
	struct plane *plane = create("net_null3", 1, IDLE_ADAPTIVE);
	const struct loop_figures *figures = worker_loop_figures(plane_worker(plane, 0));

	(void)state;
	start(plane);
	wait_ms(100);
	plane_stop(plane);
	assert_true(figures->busy_loops > 100);
	assert_true(figures->busy_cycles > 0 && figures->busy_ns > 0 && figures->longest_ns > 0);
	assert_true(figures->now_ns > figures->started_ns);
	assert_int_equal(figures->naps, 0);
	const struct stats *stats = worker_stats(plane_worker(plane, 0));
	assert_true(stats_get(stats, STAT_rx_packets) > 1000);
	struct port_stats port;
	port_stats(plane_port(plane, 0), &port);
	assert_true(port.rx_packets > 1000);
	destroy(plane);
}

static void test_a_grace_period_ends_whether_workers_nap_or_not(void **state)
{
	struct plane *plane = create("net_null4,no-rx=1", 2, IDLE_ADAPTIVE);
	struct snapshot *next = &fixture.snap;

	(void)state;
	start(plane);
	for (unsigned round = 0; round < 20; round++) {
		static struct snapshot snaps[2];
		struct rcu_grace grace;
		snaps[round % 2] = *next;
		snaps[round % 2].generation = 100 + round;
		rcu_publish(plane_rcu(plane), &snaps[round % 2]);
		rcu_grace_begin(plane_rcu(plane), plane_now_ns(), &grace);
		for (unsigned i = 0; i < 2; i++)
			plane_wake(plane, i);
		unsigned waited = 0;
		for (; waited < 1000 && !rcu_grace_over(plane_rcu(plane), &grace, plane_now_ns()); waited++)
			wait_ms(1);
		assert_true(waited < 1000);
		assert_true(grace.took_ns > 0);
	}
	wait_ms(50);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t seen = figure_get(&worker_loop_figures(plane_worker(plane, i))->generation);
		assert_int_equal(seen, 119);
	}
	destroy(plane);
}

static void test_a_device_that_is_not_there_is_explained(void **state)
{
	static struct ip_prefix address;
	struct plane *plane = NULL;
	char error[PLANE_ERROR_MAX] = "";
	struct plane_port port = {
		.name = "inside", .device = "net_nothing0", .addresses = &address, .mtu = 1500};
	struct plane_config config = {
		.worker_count = 1, .mbufs = 1023, .port_count = 1, .ports = &port, .first = &fixture.snap};

	(void)state;
	assert_true(plane_create(&config, &plane, error) < 0);
	assert_null(plane);
	assert_non_null(strstr(error, "net_nothing0"));
}

static void test_more_buffers_than_memory_are_explained(void **state)
{
	struct plane *plane = NULL;
	char error[PLANE_ERROR_MAX] = "";
	struct plane_port port = {.name = "inside", .device = "net_null5", .mtu = 1500};
	struct plane_config config = {
		.worker_count = 1, .mbufs = 1000000, .port_count = 1, .ports = &port, .first = &fixture.snap};

	(void)state;
	assert_int_equal(plane_create(&config, &plane, error), -ENOMEM);
	assert_non_null(strstr(error, "workers.mbufs"));
}

static void test_a_source_address_follows_subnets_and_gateways(void **state)
{
	struct ip_prefix addresses[3];
	struct plane_port port = {.addresses = addresses, .address_count = 3};
	struct plane_config config = {.port_count = 1, .ports = &port};
	struct ip_addr dst, src, wanted;

	(void)state;
	assert_int_equal(ip_prefix_parse(span_str("192.0.2.1/24"), &addresses[0]), 0);
	assert_int_equal(ip_prefix_parse(span_str("10.0.0.1/8"), &addresses[1]), 0);
	assert_int_equal(ip_prefix_parse(span_str("2001:db8::1/64"), &addresses[2]), 0);
	assert_int_equal(ip_parse(span_str("10.9.9.9"), &dst), 0);
	assert_int_equal(plane_source_for(&config, &dst, &src), 0);
	assert_true(ip_equal(&src, &addresses[1].addr));
	assert_int_equal(ip_parse(span_str("198.51.100.1"), &dst), 0);
	assert_int_equal(plane_source_for(&config, &dst, &src), -ENETUNREACH);
	assert_int_equal(ip_parse(span_str("10.0.0.254"), &port.gateway_v4), 0);
	assert_int_equal(plane_source_for(&config, &dst, &src), 0);
	assert_int_equal(ip_parse(span_str("10.0.0.1"), &wanted), 0);
	assert_true(ip_equal(&src, &wanted));
	assert_int_equal(ip_parse(span_str("2001:db9::1"), &dst), 0);
	assert_int_equal(plane_source_for(&config, &dst, &src), -ENETUNREACH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_workers_run_stop_and_run_again),
		cmocka_unit_test(test_a_device_says_how_it_spreads_segments),
		cmocka_unit_test(test_a_device_with_one_queue_has_nothing_to_say),
		cmocka_unit_test(test_an_idle_adaptive_worker_does_not_burn_its_core),
		cmocka_unit_test(test_a_polling_worker_never_naps),
		cmocka_unit_test(test_a_busy_worker_measures_itself),
		cmocka_unit_test(test_a_grace_period_ends_whether_workers_nap_or_not),
		cmocka_unit_test(test_a_device_that_is_not_there_is_explained),
		cmocka_unit_test(test_more_buffers_than_memory_are_explained),
		cmocka_unit_test(test_a_source_address_follows_subnets_and_gateways),
	};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
