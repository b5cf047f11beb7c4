/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of a worker's connections: all of it or none. */
#include "conn/conn.h"
#include "support/failing_heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void ignore_message(void *ctx, const struct conn_message *message)
{
	(void)ctx;
	(void)message;
}

static void ignore_ended(void *ctx, const struct conn_info *info, enum tcp_reason why)
{
	(void)ctx;
	(void)info;
	(void)why;
}

static void ignore_node(void *ctx, const struct conn_info *info, enum conn_node_event event)
{
	(void)ctx;
	(void)info;
	(void)event;
}

/* What is borrowed is not looked at before there is a connection. */
static int create_and_destroy(void)
{
	static char borrowed;
	struct conns_config config = {
		.tcp = (struct tcp *)&borrowed,
		.pool = (struct rte_mempool *)&borrowed,
		.stats = (struct stats *)&borrowed,
		.rng = (struct rng *)&borrowed,
		.limits = {.connections_max = 128, .buffers_max = 4},
		.message = ignore_message,
		.broken = ignore_message,
		.ended = ignore_ended,
		.node_event = ignore_node,
	};
	struct conns *conns;
	int ret = conns_create(&config, 1, &conns);

	if (ret == 0)
		conns_destroy(conns);
	return ret;
}

static void test_each_allocation_of_the_start_may_fail(void **state)
{
	(void)state;
	failing_heap_each(create_and_destroy, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation_of_the_start_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
