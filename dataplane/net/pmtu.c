/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of pmtu_priv.h. Written by icmp.c, read by ip_out.c for packets that exceed what every path
 * carries.
 */
#include "net/pmtu_priv.h"

#include "base/ensure.h"
#include "base/hash.h"

#include <string.h>

static uint32_t slot_of(const struct pmtu_table *table, const struct ip_addr *dst)
{
	uint64_t words[2];

	memcpy(words, dst->bytes, sizeof(words));
	return hash_mix(words[0] ^ hash_mix(words[1] ^ table->seed)) % PMTU_ENTRIES;
}

void pmtu_lower(struct pmtu_table *table, const struct ip_addr *dst, uint32_t mtu, uint64_t now_ns)
{
	uint32_t slot = slot_of(table, dst);
	bool known = ip_equal(&table->entries[slot].dst, dst) && now_ns < table->entries[slot].until_ns;

	ensure(dst->family == IP_V6);
	/* RFC 8201 4: such a message never raises the estimate. */
	if (known && table->entries[slot].mtu <= mtu)
		return;
	table->entries[slot].dst = *dst;
	table->entries[slot].mtu = mtu;
	table->entries[slot].until_ns = now_ns + PMTU_LIFETIME_NS;
}

uint32_t pmtu_of(
	const struct pmtu_table *table, const struct ip_addr *dst, uint32_t link_mtu, uint64_t now_ns)
{
	uint32_t slot = slot_of(table, dst);

	if (!ip_equal(&table->entries[slot].dst, dst) || now_ns >= table->entries[slot].until_ns)
		return link_mtu;
	return table->entries[slot].mtu < link_mtu ? table->entries[slot].mtu : link_mtu;
}
