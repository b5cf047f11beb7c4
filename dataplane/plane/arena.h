/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An arena of the allocator for one thread, so that what libraries allocate on a worker's core stays there
 * and shows as that worker's in `show memory`. The packet path itself allocates nothing.
 */
#ifndef ARENA_H
#define ARENA_H

#include "base/ensure.h"

/* The calling thread allocates from a new arena from now on. 0 and the arena's number, or -errno. */
must_use int arena_enter(unsigned *ret_arena);

#endif
