/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sluicectl as a function, so that tests run it within their own process. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>

/* What the process ends with; documented in the CLI reference. */
enum cli_exit { CLI_DONE = 0, CLI_REFUSED = 1, CLI_USAGE = 2, CLI_NO_DAEMON = 3, CLI_BROKEN = 4 };

struct cli_streams {
	FILE *in;
	FILE *out;
	FILE *err;
	bool interactive; /* `in` is a person at a terminal */
};

enum cli_exit cli_run(int argc, const char *const argv[], const struct cli_streams *streams);

#endif
