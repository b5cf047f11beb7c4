/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory for pools that are not part of their owner. Called when a worker is made, on control's thread. */
#include "base/pool.h"

#include <errno.h>
#include <stdlib.h>

int pool_create(struct pool *pool, size_t object_bytes, uint32_t object_count)
{
	void *memory = calloc(object_count, object_bytes);
	uint32_t *next = calloc(object_count, sizeof(*next));

	if (!memory || !next) {
		free(memory);
		free(next);
		*pool = (struct pool){.memory = NULL};
		return -ENOMEM;
	}
	pool_init(pool, memory, next, object_bytes, object_count);
	return 0;
}

void pool_destroy(struct pool *pool)
{
	free(pool->memory);
	free(pool->next);
	*pool = (struct pool){.memory = NULL};
}
