/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DPDK for a process that may know nothing of it: started at the first instance, kept until the process ends.
 * A process that has started it already keeps its own.
 */
#include "stack_priv.h"

#include <rte_eal.h>
#include <rte_errno.h>

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MEGABYTES_DEFAULT = 512, ARGUMENTS_MAX = 16 };

static unsigned long megabytes(void)
{
	const char *text = getenv("STACK_EAL_MEGABYTES");
	unsigned long wanted = text ? strtoul(text, NULL, 10) : 0;

	return wanted > 0 && wanted <= 65536 ? wanted : MEGABYTES_DEFAULT;
}

/* rte_eal_init() wants writable strings, and keeps pointers into them. The memory is touched only by use. */
static int init(void)
{
	static char fixed[][24] = {
		"stack", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "--log-level=error", "-m"};
	static char memory[24];
	static char lcores[24];
	static char prefix[48];
	char *arguments[ARGUMENTS_MAX];
	int count = 0;

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		arguments[count++] = fixed[i];
	snprintf(memory, sizeof(memory), "%lu", megabytes());
	snprintf(lcores, sizeof(lcores), "--lcores=0@%d", sched_getcpu());
	snprintf(prefix, sizeof(prefix), "--file-prefix=stack-%d", (int)getpid());
	arguments[count++] = memory;
	arguments[count++] = lcores;
	arguments[count++] = prefix;
	return rte_eal_init(count, arguments);
}

/* The EAL binds the thread to its core; the caller's thread is not ours to bind. */
int stack_eal_start(void)
{
	static bool started;
	cpu_set_t cpus;
	bool bound = sched_getaffinity(0, sizeof(cpus), &cpus) == 0;

	if (started)
		return 0;
	if (init() < 0 && rte_errno != EALREADY)
		return -ENODEV;
	started = true;
	if (bound)
		(void)sched_setaffinity(0, sizeof(cpus), &cpus);
	return 0;
}
