/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the CLI reference; the build keeps it as docs/CLI.md. */
#include "control/api.h"

int main(void)
{
	api_reference_write(stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}
