/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What "auto" comes to: buffers for rings and connections, and memory that all of it fits. */
#include "control/size.h"

#include "config/model.h"
#include "limits.h"
#include "support/eal.h"
#include "tcp/tcp.h"

#include <rte_malloc.h>
#include <rte_mbuf.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct config *config;

static int make_config(void **state)
{
	(void)state;
	config = config_create();
	return config ? 0 : -1;
}

static int drop_config(void **state)
{
	(void)state;
	config_destroy(config);
	return 0;
}

static void test_connections_may_hold_half_of_what_the_rings_leave(void **state)
{
	(void)state;
	config->workers.mbufs = 10000;
	assert_int_equal(size_mbufs(config), 10000);
	assert_int_equal(size_tcp(config).memory_max_bytes, 5000ULL * PACKET_BUFFER_BYTES);
}

static void test_what_connections_may_hold_is_added_to_the_buffers(void **state)
{
	uint32_t before = size_mbufs(config);

	(void)state;
	config->tcp.memory_mb = 64;
	assert_int_equal(size_tcp(config).memory_max_bytes, 64ULL << 20);
	assert_int_equal(size_mbufs(config), before + (64U << 20) / PACKET_BUFFER_BYTES);
}

static void test_memory_grows_with_what_is_asked_for_unless_it_is_said(void **state)
{
	(void)state;
	assert_int_equal(size_memory_mb(config), 512);
	config->tcp.connections_max = 100000;
	config->tcp.memory_mb = 256;
	assert_in_range(size_memory_mb(config), 450, 1024);
	config->workers.count = 4;
	assert_true(size_memory_mb(config) > 4 * 300);
	config->memory.memory_mb = 777;
	assert_int_equal(size_memory_mb(config), 777);
}

static void test_limits_and_times_are_those_of_the_operator(void **state)
{
	struct tcp_config tcp;

	(void)state;
	config->tcp.connections_max = 16;
	config->tcp.port_first = 40000;
	config->tcp.port_last = 50000;
	config->tcp.idle_timeout_ms = 5000;
	config->tcp.keepalive_ms = 3000;
	config->tcp.node_connections = 4;
	config->tcp.open_timeout_ms = 300;
	config->tcp.message_timeout_ms = 400;
	config->tcp.messages_max = 20;
	assert_int_equal(size_streams(config).node_connections, 4);
	assert_int_equal(size_streams(config).connect_timeout_ms, 300);
	assert_int_equal(size_streams(config).message_timeout_ms, 400);
	assert_int_equal(size_streams(config).buffers_max, 20);
	tcp = size_tcp(config);
	assert_int_equal(tcp.connections_max, 16);
	assert_int_equal(tcp.pieces_max, 1024);
	assert_int_equal(tcp.port_first, 40000);
	assert_int_equal(tcp.port_last, 50000);
	assert_int_equal(tcp.idle_timeout_ms, 5000);
	assert_int_equal(tcp.keepalive_idle_ms, 3000);
}

static void no_output(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, struct rte_mbuf *mbuf)
{
	(void)ctx;
	(void)src;
	(void)dst;
	rte_pktmbuf_free(mbuf);
}

static void no_event(void *ctx, struct tcb *tcb, enum tcp_event event, enum tcp_reason why)
{
	(void)ctx;
	(void)tcb;
	(void)event;
	(void)why;
}

static uint64_t heap_used(void)
{
	struct rte_malloc_socket_stats stats;

	assert_int_equal(rte_malloc_get_socket_stats(0, &stats), 0);
	return stats.heap_allocsz_bytes;
}

static void test_tcp_takes_the_memory_that_was_reckoned(void **state)
{
	static struct stats stats;
	struct rng rng;
	struct tcp_config tcp_config = size_tcp(config);
	struct ip_addr source = ip_from_v4("\xc0\0\2\1");
	struct tcp *tcp;
	uint64_t before;

	(void)state;
	assert_int_equal(eal_start(), 0);
	rng_init(&rng, 1);
	tcp_config.pool = eal_pool("size", 63, RTE_MBUF_DEFAULT_BUF_SIZE);
	tcp_config.stats = &stats;
	tcp_config.rng = &rng;
	tcp_config.output = no_output;
	tcp_config.event = no_event;
	before = heap_used();
	assert_int_equal(tcp_create(&tcp_config, 0, &tcp), 0);
	assert_int_equal(tcp_add_source(tcp, &source), 0);
	/* The allocator's own headers come on top. */
	assert_in_range(
		heap_used() - before, tcp_memory_bytes(&tcp_config), tcp_memory_bytes(&tcp_config) + 65536);
	tcp_destroy(tcp);
	assert_int_equal(heap_used(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_connections_may_hold_half_of_what_the_rings_leave, make_config, drop_config),
		cmocka_unit_test_setup_teardown(
			test_what_connections_may_hold_is_added_to_the_buffers, make_config, drop_config),
		cmocka_unit_test_setup_teardown(
			test_memory_grows_with_what_is_asked_for_unless_it_is_said, make_config, drop_config),
		cmocka_unit_test_setup_teardown(
			test_limits_and_times_are_those_of_the_operator, make_config, drop_config),
		cmocka_unit_test_setup_teardown(
			test_tcp_takes_the_memory_that_was_reckoned, make_config, drop_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
