/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting DPDK's environment with the options that this product needs: no telemetry socket, no shared
 * configuration, huge pages when they are there, and one EAL core that floats over all the process's CPUs.
 * Workers are threads of their own that register with the EAL.
 */
#ifndef EAL_H
#define EAL_H

#include "base/ensure.h"

#include <stdbool.h>
#include <stdint.h>

enum { EAL_ERROR_MAX = 256 };

struct eal_config {
	const char *program; /* argv[0] */
	bool huge_pages;     /* try them; without any free the EAL is started on ordinary pages */
	uint32_t memory_mb;  /* of ordinary pages; 0: 512 */
	const char *const
		*devices; /* of the ports: PCI addresses among them are allowed, vdevs are not named here */
	unsigned device_count;
	const char *log_level; /* "error", "warning", "info", "debug" */
};

struct eal_facts {
	bool huge_pages; /* what it came to */
};

/* Once per process. Returns 0 or -errno with a text. */
must_use int eal_boot(
	const struct eal_config *config, struct eal_facts *ret_facts, char ret_error[static EAL_ERROR_MAX]);
void eal_shutdown(void);

#endif
