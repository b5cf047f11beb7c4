/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where memory is: packet pools of DPDK, the workers' other fixed stores, and the heap by jemalloc's own
 * account. jemalloc names its figures by strings and keeps them as of the last "epoch".
 */
#include "control/handlers.h"

#include "worker/worker.h"

#include <jemalloc/jemalloc.h>
#include <rte_mempool.h>

static void pool_row(struct rte_mempool *pool, void *arg)
{
	uint64_t object_bytes = pool->header_size + pool->elt_size + pool->trailer_size;

	json_array_append_new(arg, json_pack("[s, s, I, I, n, I]", "mempool", pool->name,
					   (json_int_t)rte_mempool_in_use_count(pool), (json_int_t)pool->size,
					   (json_int_t)(object_bytes * pool->size)));
}

static void level_rows(const struct daemon *daemon, json_t *rows)
{
	struct worker_level levels[WORKER_LEVELS_MAX];

	for (unsigned i = 0; i < plane_worker_count(daemon->plane); i++) {
		unsigned count = worker_levels(plane_worker(daemon->plane, i), levels);
		for (unsigned k = 0; k < count; k++)
			json_array_append_new(rows,
				json_pack("[s, o, I, I, I, n]", "worker",
					json_sprintf("%u %s", i, levels[k].name), (json_int_t)levels[k].used,
					(json_int_t)levels[k].size, (json_int_t)levels[k].exhausted));
	}
}

/* A figure of jemalloc; 0 when it has none of that name (or another allocator stands in, under a sanitizer).
 */
static uint64_t heap_figure(const char *name)
{
	size_t value = 0;
	size_t size = sizeof(value);

	return mallctl(name, &value, &size, NULL, 0) == 0 ? value : 0;
}

static void heap_row(json_t *rows, const char *kind, json_t *name, uint64_t bytes)
{
	json_array_append_new(rows, json_pack("[s, o, n, n, n, I]", kind, name, (json_int_t)bytes));
}

/* Whose arena it is: "worker 1", or the number of one that several threads share. */
static json_t *arena_name(const struct daemon *daemon, unsigned arena)
{
	for (unsigned i = 0; i < plane_worker_count(daemon->plane); i++)
		if (arena > 0 && plane_arena(daemon->plane, i) == arena)
			return json_sprintf("worker %u", i);
	return json_sprintf("common %u", arena);
}

/* All arenas but those that hold nothing; a worker's is shown in any case, since nothing is what is hoped
 * for. */
static void arena_rows(const struct daemon *daemon, json_t *rows)
{
	unsigned arenas = 0;
	size_t size = sizeof(arenas);
	char key[64];

	mallctl("arenas.narenas", &arenas, &size, NULL, 0);
	for (unsigned i = 0; i < arenas; i++) {
		json_t *name = arena_name(daemon, i);
		uint64_t bytes;
		snprintf(key, sizeof(key), "stats.arenas.%u.small.allocated", i);
		bytes = heap_figure(key);
		snprintf(key, sizeof(key), "stats.arenas.%u.large.allocated", i);
		bytes += heap_figure(key);
		if (bytes > 0 || json_string_value(name)[0] == 'w')
			heap_row(rows, "arena", name, bytes);
		else
			json_decref(name);
	}
}

static void heap_rows(json_t *rows)
{
	static const char *const names[] = {
		"allocated", "active", "metadata", "resident", "mapped", "retained"};
	uint64_t epoch = 1;
	char key[64];

	mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(key, sizeof(key), "stats.%s", names[i]);
		heap_row(rows, "heap", json_string(names[i]), heap_figure(key));
	}
}

void show_memory(struct daemon *daemon, struct call *call)
{
	json_t *rows = json_array();

	rte_mempool_walk(pool_row, rows);
	level_rows(daemon, rows);
	heap_rows(rows);
	arena_rows(daemon, rows);
	call_rows(call, cursor_of_rows(rows));
}
