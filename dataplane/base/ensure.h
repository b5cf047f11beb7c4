/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Assertions that stay on in every build. They state what cannot happen; bytes from a peer and an
 * exhausted pool can happen, so neither may ever reach one.
 */
#ifndef BASE_ENSURE_H
#define BASE_ENSURE_H

#include <assert.h>

/* The result carries the only news of a failure: ignoring it is a bug. */
#define must_use __attribute__((warn_unused_result))

/*
 * Takes a must_use result that is no news: a counter has told of the failure where it happened, and what it
 * cost is mended as a loss on the wire would be. Each caller says by whom. (GCC lets no cast to void do
 * this.)
 */
static inline void already_counted(int result)
{
	(void)result;
}

#define likely_true(x)   __builtin_expect(!!(x), 1)
#define unlikely_true(x) __builtin_expect(!!(x), 0)

/* Prints what was expected and where, then aborts. */
_Noreturn void ensure_failed(const char *what, const char *file, int line);

#define ensure(cond) (likely_true(cond) ? (void)0 : ensure_failed(#cond, __FILE__, __LINE__))

#endif
