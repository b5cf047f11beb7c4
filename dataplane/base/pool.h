/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fixed number of objects of one size, in memory that the caller gives. Taking and giving back are a few
 * instructions; running out is an ordinary answer. One thread owns a pool; control may read its figures.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/ensure.h"

#include <stddef.h>
#include <stdint.h>

#define POOL_NONE UINT32_MAX

struct pool {
	char *memory;   /* owner: the caller of pool_init */
	uint32_t *next; /* free list by index; owner: the caller of pool_init */
	size_t object_bytes;
	uint32_t object_count;
	uint32_t first_free;
	uint32_t used;      /* writer: the owning thread; readers: control, relaxed */
	uint32_t used_max;  /* same */
	uint64_t exhausted; /* times there was none; same */
};

/* memory holds object_count * object_bytes bytes, next object_count entries. Objects keep their bytes. */
static inline void pool_init(
	struct pool *pool, void *memory, uint32_t *next, size_t object_bytes, uint32_t object_count)
{
	ensure(object_count < POOL_NONE && object_bytes > 0);
	*pool = (struct pool){.memory = memory,
		.next = next,
		.object_bytes = object_bytes,
		.object_count = object_count,
		.first_free = object_count ? 0 : POOL_NONE};
	for (uint32_t i = 0; i < object_count; i++)
		next[i] = i + 1 < object_count ? i + 1 : POOL_NONE;
}

/*
 * The same with memory of its own from the heap, at start: pages are touched when an object is first taken,
 * not before. Returns 0 or -ENOMEM; then, and when it is all zero, pool_destroy() does nothing.
 */
must_use int pool_create(struct pool *pool, size_t object_bytes, uint32_t object_count);
void pool_destroy(struct pool *pool);

static inline void *pool_at(const struct pool *pool, uint32_t index)
{
	ensure(index < pool->object_count);
	return pool->memory + index * pool->object_bytes;
}

static inline uint32_t pool_index(const struct pool *pool, const void *object)
{
	size_t offset = (size_t)((const char *)object - pool->memory);

	ensure(offset % pool->object_bytes == 0 && offset / pool->object_bytes < pool->object_count);
	return (uint32_t)(offset / pool->object_bytes);
}

/* NULL when all are in use; counted. The last one given back is the first to be taken: it is in the cache. */
static inline void *pool_take(struct pool *pool)
{
	uint32_t index = pool->first_free;

	if (index == POOL_NONE) {
		__atomic_store_n(&pool->exhausted, pool->exhausted + 1, __ATOMIC_RELAXED);
		return NULL;
	}
	pool->first_free = pool->next[index];
	__atomic_store_n(&pool->used, pool->used + 1, __ATOMIC_RELAXED);
	if (pool->used > pool->used_max)
		__atomic_store_n(&pool->used_max, pool->used, __ATOMIC_RELAXED);
	return pool_at(pool, index);
}

static inline void pool_give(struct pool *pool, void *object)
{
	uint32_t index = pool_index(pool, object);

	ensure(pool->used > 0);
	pool->next[index] = pool->first_free;
	pool->first_free = index;
	__atomic_store_n(&pool->used, pool->used - 1, __ATOMIC_RELAXED);
}

#endif
