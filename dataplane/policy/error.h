/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a table could not be built, in words for the operator: what, which entry, how to mend it. */
#ifndef POLICY_ERROR_H
#define POLICY_ERROR_H

#include <stdint.h>

enum { POLICY_ERROR_TEXT_MAX = 512 };

#define POLICY_ERROR_NO_ROUTE UINT32_MAX

struct policy_error {
	uint32_t route_id; /* the offending route, or POLICY_ERROR_NO_ROUTE */
	char text[POLICY_ERROR_TEXT_MAX];
};

/* Fills in the error and returns `code`, so that a failure is one statement. */
__attribute__((format(printf, 4, 5))) int policy_fail(
	struct policy_error *error, int code, uint32_t route_id, const char *format, ...);

#endif
