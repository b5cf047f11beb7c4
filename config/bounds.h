/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The largest of everything an operator can say. What the data path is built for comes from its own limits.
 */
#ifndef CONFIG_BOUNDS_H
#define CONFIG_BOUNDS_H

#include "limits.h"

enum {
	CONFIG_FILE_MAX_BYTES = 256 << 20,
	CONFIG_DEPTH_MAX = 16,   /* of nesting in a file, four times what the schema has */
	CONFIG_KEYS_MAX = 20,    /* keys of one section or entry */
	CONFIG_NAME_MAX = 63,    /* bytes of a name */
	CONFIG_TEXT_MAX = 255,   /* bytes of any other text */
	CONFIG_DOMAIN_MAX = 253, /* bytes of a domain name, RFC 1035 2.3.4 without the root's */
	CONFIG_WORKERS_MAX = WORKERS_MAX,
	CONFIG_PORTS_MAX = PORTS_MAX,
	CONFIG_PORT_ADDRESSES_MAX = ADDRESSES_PER_PORT_MAX,
	CONFIG_LISTENERS_MAX = LISTENERS_MAX,
	CONFIG_NODES_MAX = NODES_MAX / 2, /* declared ones and those that routes name by address, together */
	CONFIG_ROUTES_MAX = 1000000,
	CONFIG_ROUTES_PER_PATTERN_MAX = HOPS_PER_PATTERN_MAX,
	CONFIG_USER_PATTERNS_MAX = USER_PATTERNS_MAX, /* different regular expressions */
	CONFIG_ACL_MAX = 100000,
	CONFIG_DOMAINS_MAX = 10000,
	CONFIG_TCP_PORTS_MIN = 16, /* source ports of a worker */
};

#endif
