/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jemalloc's own interface; the process links to it, so malloc() is its. */
#include "plane/arena.h"

#include <jemalloc/jemalloc.h>
#include <stddef.h>

int arena_enter(unsigned *ret_arena)
{
	unsigned arena;
	size_t size = sizeof(arena);
	int error = mallctl("arenas.create", &arena, &size, NULL, 0);

	if (error == 0)
		error = mallctl("thread.arena", NULL, NULL, &arena, sizeof(arena));
	if (error != 0)
		return -error;
	*ret_arena = arena;
	return 0;
}
