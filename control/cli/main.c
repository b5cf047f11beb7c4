/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests run cli_run() in their own process; here it gets the real streams. */
#include "control/cli/cli.h"

#include <unistd.h>

int main(int argc, char *argv[])
{
	struct cli_streams streams = {stdin, stdout, stderr, isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)};

	return (int)cli_run(argc, (const char *const *)argv, &streams);
}
