/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "failing_heap.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct {
	unsigned requests;
	unsigned fails_at; /* 0: none */
	int live;
} heap;

bool failing_heap_gives(void)
{
	heap.requests++;
	if (heap.requests == heap.fails_at)
		return false;
	heap.live++;
	return true;
}

void failing_heap_given_back(const void *memory)
{
	heap.live -= memory != NULL;
}

static int try_with(failing_heap_try *try_once, unsigned fails_at)
{
	int live = heap.live;
	int ret;

	heap.requests = 0;
	heap.fails_at = fails_at;
	ret = try_once();
	heap.fails_at = 0;
	assert_int_equal(heap.live, live);
	return ret;
}

void failing_heap_each(failing_heap_try *try_once, unsigned least)
{
	unsigned all;

	assert_int_equal(try_with(try_once, 0), 0);
	all = heap.requests;
	assert_true(all >= least);
	for (unsigned nth = 1; nth <= all; nth++)
		assert_int_equal(try_with(try_once, nth), -ENOMEM);
}
