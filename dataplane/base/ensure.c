/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one place where the process ends itself on purpose. A dump of a broken invariant is worth more
 * than a process that goes on with it.
 */
#include "base/ensure.h"

#include <stdio.h>
#include <stdlib.h>

void ensure_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, what);
	abort();
}
