/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The largest of everything an operator can say. Rooms that size arrays by them assert the relation.
 */
#ifndef CONFIG_LIMITS_H
#define CONFIG_LIMITS_H

enum {
	CONFIG_FILE_MAX_BYTES = 256 << 20,
	CONFIG_KEYS_MAX = 16,           /* keys of one section or entry */
	CONFIG_NAME_MAX = 63,           /* bytes of a name */
	CONFIG_TEXT_MAX = 255,          /* bytes of any other text; also the longest domain name */
	CONFIG_WORKERS_MAX = 64,        /* workers of an instance */
	CONFIG_PORTS_MAX = 16,          /* network ports */
	CONFIG_PORT_ADDRESSES_MAX = 16, /* addresses of one port */
	CONFIG_LISTENERS_MAX = 32,
	CONFIG_NODES_MAX = 1024, /* declared ones and those that routes name by address, together */
	CONFIG_ROUTES_MAX = 1000000,
	CONFIG_ROUTES_PER_PATTERN_MAX = 32,
	CONFIG_ACL_MAX = 100000,
	CONFIG_DOMAINS_MAX = 10000,
};

#endif
