/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Called for requests that are answered 404 because of their domain, so a scan of a short table is quick
 * enough. A name has a row or has none for as long as the worker lives: figures can only grow.
 */
#include "proxy/refused.h"

#include "base/hash.h"
#include "base/lower.h"

static struct refused_domain *find(struct refused_domains *refused, struct span name, uint32_t hash)
{
	for (uint32_t i = 0; i < refused->count; i++) {
		struct refused_domain *row = &refused->rows[i];

		if (row->hash == hash && span_eq(span_of(row->name, row->len), name))
			return row;
	}
	return NULL;
}

static struct refused_domain *add(struct refused_domains *refused, struct span name, uint32_t hash)
{
	struct refused_domain *row;

	if (refused->count == REFUSED_DOMAINS_MAX)
		return NULL;
	row = &refused->rows[refused->count];
	row->hash = hash;
	row->len = (uint16_t)name.len;
	memcpy(row->name, name.p, name.len);
	/* Pairs with the acquire in refused_domains_count: the name is whole before it is seen. */
	__atomic_store_n(&refused->count, refused->count + 1, __ATOMIC_RELEASE);
	return row;
}

void refused_domains_note(struct refused_domains *refused, struct span host)
{
	char buf[HOST_NAME_MAX_BYTES];
	struct refused_domain *row = NULL;
	uint64_t *requests;

	if (host.len > 0 && host.p[host.len - 1] == '.')
		host.len--;
	if (host.len > 0 && host.len <= HOST_NAME_MAX_BYTES) {
		struct span name = span_lower(host, buf);
		uint32_t hash = (uint32_t)hash_bytes(name.p, name.len, 0);

		row = find(refused, name, hash);
		if (!row)
			row = add(refused, name, hash);
	}
	requests = row ? &row->requests : &refused->others;
	__atomic_store_n(requests, *requests + 1, __ATOMIC_RELAXED);
}

uint32_t refused_domains_count(const struct refused_domains *refused)
{
	/* Pairs with the release in add(). */
	return __atomic_load_n(&refused->count, __ATOMIC_ACQUIRE);
}
