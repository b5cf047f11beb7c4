/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pool of packet buffers that can be told to have none at the Nth request. It is DPDK's own pool with
 * another store below; one at a time.
 */
#ifndef TESTS_SUPPORT_FAILING_POOL_H
#define TESTS_SUPPORT_FAILING_POOL_H

#include <stdint.h>

struct rte_mempool;

/* Aborts when it cannot be made. Without per-core cache: each request comes to the store. */
struct rte_mempool *failing_pool_create(const char *name, unsigned count, uint16_t data_room);
/* The request number `nth` from now on (1: the next) fails, and no other; 0: none does. Counts from 0. */
void failing_pool_arm(uint64_t nth);
/* Requests since failing_pool_arm(). */
uint64_t failing_pool_requests(void);

#endif
