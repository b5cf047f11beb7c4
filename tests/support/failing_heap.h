/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The C library's heap where one request may fail. The linker brings calloc, malloc and free of the code
 * under test here (--wrap, see the meson.build of whoever uses it).
 */
#ifndef TESTS_SUPPORT_FAILING_HEAP_H
#define TESTS_SUPPORT_FAILING_HEAP_H

/* Creates what is tested and destroys it again; returns 0, or the error of the creation. */
typedef int failing_heap_try(void);

/*
 * Lets each request for memory fail in turn: the try must say -ENOMEM, and in every case give all back. Fails
 * the test otherwise, or when there are fewer than `least` requests.
 */
void failing_heap_each(failing_heap_try *try_once, unsigned least);

#endif
