/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which function answers which method. */
#ifndef CONTROL_DISPATCH_H
#define CONTROL_DISPATCH_H

#include "control/handlers.h"

struct dispatch_entry {
	const char *method;
	handler handler;
};

extern const struct dispatch_entry dispatch_entries[];
extern const size_t dispatch_entry_count;

#endif
