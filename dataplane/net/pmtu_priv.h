/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Path MTU of IPv6 destinations (RFC 8201): routers do not fragment IPv6, they tell the sender. A small table
 * remembers who was told; a destination not in it is sent packets of the link's MTU. A forged message can
 * only make us fragment to MTU_MIN bytes, which every path carries.
 */
#ifndef NET_PMTU_PRIV_H
#define NET_PMTU_PRIV_H

#include "base/addr.h"

#include <stdint.h>

enum { PMTU_ENTRIES = 64 };
#define PMTU_LIFETIME_NS 600000000000ULL /* RFC 8201 4: ten minutes, then the path is tried again */

struct pmtu_table {
	struct {
		struct ip_addr dst;
		uint32_t mtu;
		uint64_t until_ns;
	} entries[PMTU_ENTRIES]; /* by keyed hash; a collision forgets the older one */
	uint64_t seed;
};

/* A router said that the path to dst carries no more than mtu bytes. */
void pmtu_lower(struct pmtu_table *table, const struct ip_addr *dst, uint32_t mtu, uint64_t now_ns);

/* The largest packet for dst, given the link's MTU. */
uint32_t pmtu_of(
	const struct pmtu_table *table, const struct ip_addr *dst, uint32_t link_mtu, uint64_t now_ns);

#endif
