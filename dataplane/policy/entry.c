/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes entries from routes: sorts, groups, counts, and lays a group out as patterns, hops, flags and text in
 * one block, so that a match touches few cache lines and a base of 100,000 entries is one allocation. Called
 * by the builders on the control and compile threads.
 */
#include "policy/entry_priv.h"

#include <errno.h>
#include <stdlib.h>

int entry_text_compare(struct span a, struct span b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common > 0 ? memcmp(a.p, b.p, common) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* The narrower the scope, the more specific the pattern (R-RT-2). */
static int scope_width(uint8_t scope)
{
	static const int widths[ROUTE_SCOPES] = {
		[ROUTE_EXACT] = 0, [ROUTE_CHILDREN] = 1, [ROUTE_SUBTREE] = 2, [ROUTE_USER] = 0};

	ensure(scope < ROUTE_SCOPES);
	return widths[scope];
}

static int route_compare(const void *left, const void *right)
{
	const struct route *a = *(const struct route *const *)left;
	const struct route *b = *(const struct route *const *)right;
	int order = entry_text_compare(a->text, b->text);

	if (order == 0)
		order = scope_width(a->scope) - scope_width(b->scope);
	if (order == 0)
		order = (int)a->hop.priority - (int)b->hop.priority;
	return order != 0 ? order : (a > b) - (a < b);
}

void entry_routes_sort(const struct route **routes, size_t count)
{
	qsort(routes, count, sizeof(routes[0]), route_compare);
}

bool entry_group_next(const struct route ***routes, size_t *count, struct route_group *ret_group)
{
	size_t n = 1;

	if (*count == 0)
		return false;
	while (n < *count && span_eq((*routes)[n]->text, (*routes)[0]->text))
		n++;
	*ret_group = (struct route_group){.text = (*routes)[0]->text, .routes = *routes, .count = n};
	*routes += n;
	*count -= n;
	return true;
}

/* How many routes from `begin` on share its scope: they are one pattern. */
static size_t pattern_length(const struct route_group *group, size_t begin)
{
	size_t end = begin + 1;

	while (end < group->count && group->routes[end]->scope == group->routes[begin]->scope)
		end++;
	return end - begin;
}

static size_t pattern_count(const struct route_group *group)
{
	size_t count = 0;

	for (size_t i = 0; i < group->count; i += pattern_length(group, i))
		count++;
	return count;
}

int entry_group_check(const struct route_group *group, struct policy_error *ret_error)
{
	for (size_t i = 0; i < group->count; i += pattern_length(group, i))
		if (pattern_length(group, i) > HOPS_PER_PATTERN_MAX)
			return policy_fail(ret_error, -EINVAL, group->routes[i]->hop.route_id,
				"\"%.*s\" (%s) has more than %d routes: remove some of them",
				SPAN_ARG(group->text),
				route_scope_name((enum route_scope)group->routes[i]->scope),
				HOPS_PER_PATTERN_MAX);
	return 0;
}

static size_t hop_count(const struct route_group *group)
{
	size_t count = 0;

	for (size_t i = 0; i < group->count; i++)
		count += (group->routes[i]->flags & ROUTE_BLOCK) == 0;
	return count;
}

size_t entry_bytes(const struct route_group *group)
{
	size_t hops = hop_count(group);
	size_t bytes = sizeof(struct route_entry) + pattern_count(group) * sizeof(struct route_pattern) +
		       hops * (sizeof(struct hop) + sizeof(uint8_t)) + group->text.len;

	return (bytes + ENTRY_ALIGN - 1) / ENTRY_ALIGN * ENTRY_ALIGN;
}

/* Where the next hop, hop flag and pattern of an entry go. */
struct layout {
	struct route_entry *entry;
	struct hop *hops;
	uint8_t *hop_flags;
};

static void pattern_place(struct layout *at, const struct route *const *routes, size_t count)
{
	struct route_pattern *pattern = &at->entry->patterns[at->entry->pattern_count++];

	*pattern = (struct route_pattern){.text = at->entry->text,
		.scope = routes[0]->scope,
		.hops = at->hops,
		.hop_flags = at->hop_flags};
	for (size_t i = 0; i < count; i++) {
		uint8_t flags = routes[i]->flags;
		if ((flags & ROUTE_BLOCK) && !(pattern->flags & ROUTE_BLOCK))
			pattern->block_route_id = routes[i]->hop.route_id;
		pattern->flags |= flags & (ROUTE_BLOCK | ROUTE_LESS_SPECIFIC);
		if (flags & ROUTE_BLOCK)
			continue;
		*at->hops++ = routes[i]->hop;
		*at->hop_flags++ = flags;
		pattern->hop_count++;
	}
}

struct route_entry *entry_place(void *memory, const struct route_group *group)
{
	struct route_entry *entry = memory;
	size_t patterns = pattern_count(group);
	struct layout at = {.entry = entry};
	char *text;

	at.hops = (struct hop *)(void *)&entry->patterns[patterns];
	at.hop_flags = (uint8_t *)(at.hops + hop_count(group));
	text = (char *)(at.hop_flags + hop_count(group));
	memcpy(text, group->text.p, group->text.len);
	*entry = (struct route_entry){
		.text = span_of(text, group->text.len), .bytes = (uint32_t)entry_bytes(group)};
	for (size_t i = 0; i < group->count; i += pattern_length(group, i))
		pattern_place(&at, group->routes + i, pattern_length(group, i));
	ensure(entry->pattern_count == patterns);
	ensure((char *)at.hop_flags == text);
	return entry;
}

/* A pointer into the block `from`, as the same place in the block `to`. */
static const void *moved(const void *pointer, const struct route_entry *from, const struct route_entry *to)
{
	size_t offset = (size_t)((const char *)pointer - (const char *)from);

	ensure(offset <= from->bytes);
	return (const char *)to + offset;
}

struct route_entry *entry_copy(void *memory, const struct route_entry *from)
{
	struct route_entry *entry = memory;

	memcpy(entry, from, from->bytes);
	entry->text.p = moved(from->text.p, from, entry);
	for (size_t i = 0; i < entry->pattern_count; i++) {
		struct route_pattern *pattern = &entry->patterns[i];
		pattern->text.p = entry->text.p;
		pattern->hops = moved(pattern->hops, from, entry);
		pattern->hop_flags = moved(pattern->hop_flags, from, entry);
	}
	return entry;
}
