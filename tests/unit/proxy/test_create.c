/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of a worker's transactions: all of it or none. */
#include "proxy/proxy.h"
#include "proxy/transactions.h"
#include "support/failing_heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct proxy proxy;

static int create_and_destroy(void)
{
	const struct txns_config config = {.transactions_max = 64, .key = {1, 2}, .now_ns = 1};
	struct txns *txns;
	int ret = txns_create(&proxy, &config, &txns);

	if (ret != 0)
		assert_null(txns);
	txns_destroy(txns);
	return ret;
}

static void test_each_allocation_of_the_start_may_fail(void **state)
{
	(void)state;
	failing_heap_each(create_and_destroy, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation_of_the_start_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
