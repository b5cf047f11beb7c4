/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A heap where one request may fail. It decides and counts; the linker brings the calls of the code under
 * test to whoever asks it (--wrap): failing_libc.c for the C library's, a test itself for others.
 */
#ifndef TESTS_SUPPORT_FAILING_HEAP_H
#define TESTS_SUPPORT_FAILING_HEAP_H

#include <stdbool.h>

/* For each request: may it be served? */
bool failing_heap_gives(void);
/* For each return; NULL is fine. */
void failing_heap_given_back(const void *memory);

/* Creates what is tested and destroys it again; returns 0, or the error of the creation. */
typedef int failing_heap_try(void);

/*
 * Lets each request for memory fail in turn: the try must say -ENOMEM, and in every case give all back. Fails
 * the test otherwise, or when there are fewer than `least` requests.
 */
void failing_heap_each(failing_heap_try *try_once, unsigned least);

#endif
