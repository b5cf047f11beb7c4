/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The C library's heap, where failing_heap.c decides: linked with --wrap of these. */
#include "failing_heap.h"

#include <stddef.h>

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *memory);
void __wrap_free(void *memory);

void *__wrap_calloc(size_t count, size_t size)
{
	return failing_heap_gives() ? __real_calloc(count, size) : NULL;
}

void *__wrap_malloc(size_t size)
{
	return failing_heap_gives() ? __real_malloc(size) : NULL;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return failing_heap_gives() ? __real_aligned_alloc(alignment, size) : NULL;
}

void __wrap_free(void *memory)
{
	failing_heap_given_back(memory);
	__real_free(memory);
}
