/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DPDK's environment for a unit test: started once a process, without huge pages, devices, telemetry or files
 * that another test could see. Needs no privileges.
 */
#ifndef TESTS_SUPPORT_EAL_H
#define TESTS_SUPPORT_EAL_H

#include <stddef.h>
#include <stdint.h>

struct rte_mempool;

/* 0 when the EAL runs, now or since an earlier call; a negative number otherwise. */
int eal_start(void);
/* The same, with so much memory instead of 64 MB; what is not used is not taken from the machine. */
int eal_start_with(unsigned megabytes);

/* cmocka group fixtures: eal_start() and the EAL's end. */
int eal_setup(void **state);
int eal_teardown(void **state);

/* What DPDK's heaps have given out, in bytes. */
size_t eal_heap_bytes(void);

/* A pool without per-core cache, so that rte_mempool_avail_count() is exact. Aborts on failure. */
struct rte_mempool *eal_pool(const char *name, unsigned count, uint16_t data_room);

#endif
