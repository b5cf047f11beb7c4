/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trusted sources as disjoint ranges: for each family the sorted addresses at which the verdict changes, so a
 * lookup is one binary search without a branch to mispredict. Built by control; matched by workers for each
 * message. Prefixes either nest or are apart, so one pass with a stack of open prefixes makes the ranges.
 */
#include "policy/acl.h"

#include <errno.h>
#include <stdlib.h>

/* Both families are built as 128-bit numbers. */
typedef unsigned __int128 address_t;

struct range_entry {
	address_t first;
	address_t last;
	int owner;
};

struct acl {
	size_t v4_count;
	size_t v6_count;
	uint32_t *v4_starts; /* [0] is 0; ascending */
	address_t *v6_starts;
	int *v4_owners; /* of the addresses from the start of the same index on */
	int *v6_owners;
};

static address_t address_of(const struct ip_addr *ip)
{
	uint64_t high;
	uint64_t low;

	if (ip->family == IP_V4)
		return ip_v4_number(ip);
	memcpy(&high, ip->bytes, sizeof(high));
	memcpy(&low, ip->bytes + sizeof(high), sizeof(low));
	return (address_t)__builtin_bswap64(high) << 64 | __builtin_bswap64(low);
}

static address_t family_last(uint8_t family)
{
	return family == IP_V4 ? UINT32_MAX : ~(address_t)0;
}

/* "all" is the prefix of length 0 in either family. */
static struct range_entry range_of(const struct ip_prefix *prefix, uint8_t family, size_t index)
{
	unsigned bits = family == IP_V4 ? 32 : 128;
	unsigned len = prefix->addr.family == IP_NONE ? 0 : prefix->len;
	address_t host = len == 0 ? family_last(family) : ((address_t)1 << (bits - len)) - 1;
	address_t first = len == 0 ? 0 : address_of(&prefix->addr) & ~host;

	return (struct range_entry){.first = first, .last = first | host, .owner = (int)index};
}

/* Wider ones first, so that what is inside comes behind what it is inside of. */
static int range_compare(const void *left, const void *right)
{
	const struct range_entry *a = left;
	const struct range_entry *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last > b->last ? -1 : 1;
	return a->owner - b->owner;
}

/* The ranges of one family while they are made. */
struct ranges {
	address_t *starts;
	int *owners;
	size_t count;
	address_t last; /* the family's last address */
	const struct range_entry **open;
	size_t open_count;
};

static void range_begin(struct ranges *ranges, address_t start, int owner)
{
	if (ranges->count > 0 && ranges->starts[ranges->count - 1] == start)
		ranges->count--;
	if (ranges->count > 0 && ranges->owners[ranges->count - 1] == owner)
		return;
	ranges->starts[ranges->count] = start;
	ranges->owners[ranges->count++] = owner;
}

static void range_close(struct ranges *ranges)
{
	const struct range_entry *closed = ranges->open[--ranges->open_count];

	if (closed->last < ranges->last)
		range_begin(ranges, closed->last + 1,
			ranges->open_count > 0 ? ranges->open[ranges->open_count - 1]->owner : ACL_REFUSED);
}

static void ranges_sweep(struct ranges *ranges, const struct range_entry *entries, size_t count)
{
	range_begin(ranges, 0, ACL_REFUSED);
	for (size_t i = 0; i < count; i++) {
		const struct range_entry *entry = &entries[i];
		const struct range_entry *top;

		while (ranges->open_count > 0 && ranges->open[ranges->open_count - 1]->last < entry->first)
			range_close(ranges);
		top = ranges->open_count > 0 ? ranges->open[ranges->open_count - 1] : NULL;
		if (top && top->first == entry->first && top->last == entry->last)
			continue; /* twice the same: the first one is reported */
		ranges->open[ranges->open_count++] = entry;
		range_begin(ranges, entry->first, entry->owner);
	}
	while (ranges->open_count > 0)
		range_close(ranges);
}

static int ranges_build(
	const struct ip_prefix *prefixes, size_t count, uint8_t family, struct ranges *ret_ranges)
{
	struct ranges ranges = {.last = family_last(family)};
	struct range_entry *entries = calloc(count + 1, sizeof(entries[0]));
	size_t n = 0;

	ranges.starts = calloc(2 * count + 1, sizeof(ranges.starts[0])); /* each one begins and ends once */
	ranges.owners = calloc(2 * count + 1, sizeof(ranges.owners[0]));
	ranges.open = calloc(count + 1, sizeof(ranges.open[0]));
	if (!entries || !ranges.starts || !ranges.owners || !ranges.open) {
		free(entries);
		free(ranges.starts);
		free(ranges.owners);
		free(ranges.open);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		if (prefixes[i].addr.family == family || prefixes[i].addr.family == IP_NONE)
			entries[n++] = range_of(&prefixes[i], family, i);
	qsort(entries, n, sizeof(entries[0]), range_compare);
	ranges_sweep(&ranges, entries, n);
	ensure(ranges.count >= 1 && ranges.count <= 2 * count + 1);
	free(entries);
	free(ranges.open);
	ranges.open = NULL;
	*ret_ranges = ranges;
	return 0;
}

static bool prefix_is_sound(const struct ip_prefix *prefix)
{
	switch (prefix->addr.family) {
	case IP_NONE:
		return true;
	case IP_V4:
		return prefix->len <= 32;
	case IP_V6:
		return prefix->len <= 128;
	default:
		return false;
	}
}

/* IPv4 starts take a quarter of the room, so that a lookup touches a quarter of the cache lines. */
static int v4_adopt(struct acl *acl, struct ranges *ranges)
{
	acl->v4_starts = calloc(ranges->count, sizeof(acl->v4_starts[0]));
	acl->v4_owners = ranges->owners;
	acl->v4_count = ranges->count;
	for (size_t i = 0; acl->v4_starts && i < ranges->count; i++)
		acl->v4_starts[i] = (uint32_t)ranges->starts[i];
	free(ranges->starts);
	return acl->v4_starts ? 0 : -ENOMEM;
}

int acl_create(const struct ip_prefix *entries, size_t entry_count, struct acl **ret_acl)
{
	struct acl *acl;
	struct ranges ranges;

	if (entry_count > INT32_MAX)
		return -EINVAL;
	for (size_t i = 0; i < entry_count; i++)
		if (!prefix_is_sound(&entries[i]))
			return -EINVAL;
	acl = calloc(1, sizeof(*acl));
	if (!acl)
		return -ENOMEM;
	if (ranges_build(entries, entry_count, IP_V4, &ranges) != 0 || v4_adopt(acl, &ranges) != 0)
		goto destroy_acl;
	if (ranges_build(entries, entry_count, IP_V6, &ranges) != 0)
		goto destroy_acl;
	acl->v6_starts = ranges.starts;
	acl->v6_owners = ranges.owners;
	acl->v6_count = ranges.count;
	*ret_acl = acl;
	return 0;

destroy_acl:
	acl_destroy(acl);
	return -ENOMEM;
}

void acl_destroy(struct acl *acl)
{
	if (!acl)
		return;
	free(acl->v4_starts);
	free(acl->v4_owners);
	free(acl->v6_starts);
	free(acl->v6_owners);
	free(acl);
}

/* The index of the last start that is not above the key; the first start is 0, so there is one. */
static size_t v4_search(const struct acl *acl, uint32_t key)
{
	const uint32_t *at = acl->v4_starts;

	for (size_t left = acl->v4_count; left > 1; left -= left / 2)
		at = at[left / 2] <= key ? at + left / 2 : at;
	return (size_t)(at - acl->v4_starts);
}

static size_t v6_search(const struct acl *acl, address_t key)
{
	const address_t *at = acl->v6_starts;

	for (size_t left = acl->v6_count; left > 1; left -= left / 2)
		at = at[left / 2] <= key ? at + left / 2 : at;
	return (size_t)(at - acl->v6_starts);
}

int acl_match(const struct acl *acl, const struct ip_addr *source)
{
	if (source->family == IP_V4)
		return acl->v4_owners[v4_search(acl, ip_v4_number(source))];
	ensure(source->family == IP_V6);
	return acl->v6_owners[v6_search(acl, address_of(source))];
}
