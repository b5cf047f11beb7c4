/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/neighbours.h"

#include "net/net_priv.h"

#include <string.h>

unsigned net_neighbours(const struct net *net, uint64_t now_ns, uint32_t *cursor,
	struct net_neighbour_info *ret_infos, unsigned max)
{
	const struct neigh_table *table = &net->neighbours;
	unsigned count = 0;

	for (unsigned look = 0; look < max && *cursor < table->used; look++) {
		const struct neigh *neigh = &table->entries[(*cursor)++];
		struct net_neighbour_info *info = &ret_infos[count];
		if (neigh->state == NEIGH_FREE)
			continue;
		*info = (struct net_neighbour_info){
			.ip = neigh->ip, .port = neigh->port, .state = neigh->state};
		memcpy(info->mac, neigh->mac, sizeof(info->mac));
		info->unused_ms =
			now_ns > neigh->used_ns ? (uint32_t)((now_ns - neigh->used_ns) / 1000000) : 0;
		count++;
	}
	if (*cursor >= table->used)
		*cursor = 0;
	return count;
}

const char *net_neighbour_state_name(uint8_t state)
{
	static const char *const names[] = {
		[NEIGH_FREE] = "free",
		[NEIGH_INCOMPLETE] = "incomplete",
		[NEIGH_REACHABLE] = "reachable",
		[NEIGH_STALE] = "stale",
		[NEIGH_PROBE] = "probe",
		[NEIGH_FAILED] = "failed",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}
