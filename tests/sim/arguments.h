/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line that the simulators share: --seeds N --first S [--verbose] [--twice] [--sabotage NAME]. */
#ifndef SIM_ARGUMENTS_H
#define SIM_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

struct sim_arguments {
	uint64_t first; /* 1 */
	uint64_t seeds; /* 100 */
	bool verbose;
	bool twice;
	unsigned sabotage; /* index of its name; 0: none */
};

/* A simulator: its name, and the names of its sabotages with "none" first, NULL last. */
struct sim_program {
	const char *name;
	const char *const *sabotages;
};

/* Ends the process with status 2 and a word on the usage when they cannot be read. */
struct sim_arguments sim_arguments_read(int argc, char **argv, const struct sim_program *program);

#endif
