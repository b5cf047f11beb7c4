/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two files of the schema table share.
 */
#ifndef CONFIG_SCHEMA_PRIV_H
#define CONFIG_SCHEMA_PRIV_H

#include "config/schema.h"

/* Where a key's value lives. */
#define AT(type, member) \
	.offset = offsetof(struct type, member), .size = sizeof(((struct type *)NULL)->member)

#define KEYS(array) .keys = (array), .key_count = sizeof(array) / sizeof((array)[0])

extern const struct schema schema_probe;
extern const struct schema schema_lists[CONFIG_LISTS];

#endif
