/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Remembers matches, called by route_match() around the scan: most requests are for few hosts, and for those
 * reversing the host and scanning it is most of what routing costs. What is found here is what the same table
 * answered before, so it needs no time to live and nobody has to empty it.
 */
#include "policy/recall_priv.h"

#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>

static_assert((RECALL_ENTRIES & (RECALL_ENTRIES - 1)) == 0, "places are masked");
static_assert(sizeof(struct recall_entry) == RECALL_ENTRY_BYTES, "two cache lines");
static_assert(RECALL_HOST_MAX <= UINT8_MAX, "lengths are bytes");

int recall_init(struct recall *recall, unsigned worker_count)
{
	struct recall_entry *entries = calloc(worker_count + 1, RECALL_ENTRIES * sizeof(entries[0]));

	if (!entries)
		return -ENOMEM;
	*recall = (struct recall){.worker_count = worker_count, .entries = entries};
	return 0;
}

void recall_fini(struct recall *recall)
{
	free(recall->entries);
	*recall = (struct recall){0};
}

size_t recall_bytes(const struct recall *recall)
{
	return (recall->worker_count + 1) * RECALL_ENTRIES * sizeof(recall->entries[0]);
}

struct recall_entry *recall_entry_of(const struct recall *recall, unsigned worker, struct span host)
{
	ensure(worker <= recall->worker_count);
	if (host.len == 0 || host.len > RECALL_HOST_MAX)
		return NULL;
	return &recall->entries[worker * RECALL_ENTRIES +
				(hash_bytes(host.p, host.len, 0) & (RECALL_ENTRIES - 1))];
}

bool recall_find(const struct recall_entry *entry, struct span host, struct route_result *ret_result)
{
	if (entry->host_len != host.len || memcmp(entry->host, host.p, host.len) != 0)
		return false;
	ret_result->host = (enum route_host)entry->kind;
	ret_result->count = entry->pattern_count;
	for (unsigned i = 0; i < RECALL_PATTERNS_MAX; i++)
		ret_result->patterns[i] = entry->patterns[i];
	return true;
}

void recall_keep(struct recall_entry *entry, struct span host, const struct route_result *result)
{
	if (result->count > RECALL_PATTERNS_MAX)
		return;
	ensure(host.len > 0 && host.len <= RECALL_HOST_MAX);
	entry->host_len = (uint8_t)host.len;
	entry->kind = (uint8_t)result->host;
	entry->pattern_count = (uint8_t)result->count;
	memcpy(entry->host, host.p, host.len);
	for (unsigned i = 0; i < result->count; i++)
		entry->patterns[i] = result->patterns[i];
}
