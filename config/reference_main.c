/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config-reference [FILE]: writes the config reference to FILE, or to the standard output. The build calls
 * it.
 */
#include "config/load.h"

#include <errno.h>
#include <string.h>

int main(int argc, char **argv)
{
	FILE *out = argc > 1 ? fopen(argv[1], "we") : stdout;

	if (!out) {
		fprintf(stderr, "config-reference: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	config_reference_write(out);
	if (fclose(out)) {
		fprintf(stderr, "config-reference: cannot write: %s\n", strerror(errno));
		return 1;
	}
	return 0;
}
