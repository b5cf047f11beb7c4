/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts DPDK for tests with the flags that work on any machine: no huge pages, no shared configuration, no
 * PCI.
 */
#include "support/eal.h"

#include "base/ensure.h"

#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

/* rte_eal_init() wants writable strings, and keeps pointers into them. */
static char *eal_argument(char *buf, size_t size, size_t *used, const char *text)
{
	char *start = buf + *used;
	int len = snprintf(start, size - *used, "%s", text);

	ensure(len >= 0 && (size_t)len < size - *used);
	*used += (size_t)len + 1;
	return start;
}

int eal_start_with(unsigned megabytes)
{
	static const char *const flags[] = {"test", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry",
		"-l", "0", "--log-level=error", "-m"};
	static bool started;
	static char text[256];
	char prefix[48];
	char memory[16];
	char *argv[16];
	size_t used = 0;
	int argc = 0;

	if (started)
		return 0;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		argv[argc++] = eal_argument(text, sizeof(text), &used, flags[i]);
	snprintf(memory, sizeof(memory), "%u", megabytes);
	argv[argc++] = eal_argument(text, sizeof(text), &used, memory);
	snprintf(prefix, sizeof(prefix), "--file-prefix=sluice-test-%d", (int)getpid());
	argv[argc++] = eal_argument(text, sizeof(text), &used, prefix);
	if (rte_eal_init(argc, argv) < 0)
		return -1;
	started = true;
	return 0;
}

int eal_start(void)
{
	return eal_start_with(64);
}

int eal_setup(void **state)
{
	(void)state;
	return eal_start();
}

int eal_teardown(void **state)
{
	(void)state;
	return rte_eal_cleanup();
}

size_t eal_heap_bytes(void)
{
	struct rte_malloc_socket_stats stats;
	size_t bytes = 0;

	for (int socket = 0; socket < RTE_MAX_NUMA_NODES; socket++) {
		if (rte_malloc_get_socket_stats(socket, &stats) == 0)
			bytes += stats.heap_allocsz_bytes;
	}
	return bytes;
}

struct rte_mempool *eal_pool(const char *name, unsigned count, uint16_t data_room)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create(name, count, 0, 0, data_room, SOCKET_ID_ANY);

	ensure(pool != NULL);
	return pool;
}
