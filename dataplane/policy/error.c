/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fills in why a table could not be built; called by every builder of this room. */
#include "policy/error.h"

#include <stdarg.h>
#include <stdio.h>

int policy_fail(struct policy_error *error, int code, uint32_t route_id, const char *format, ...)
{
	va_list args;

	error->route_id = route_id;
	va_start(args, format);
	(void)vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return code;
}
