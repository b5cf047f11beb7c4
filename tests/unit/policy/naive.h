/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of R-RT-2 said as plainly as possible, to compare the real matcher with: label by label, every
 * route tried against every host. And shorthands to write routes in tests.
 */
#ifndef TEST_POLICY_NAIVE_H
#define TEST_POLICY_NAIVE_H

#include "base/ensure.h"
#include "policy/route_build.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>

/* A route in service with one hop; the node's slot is the route's id. */
static inline struct route route_make(const char *domain, enum route_scope scope, uint32_t id)
{
	return (struct route){.text = span_str(domain),
		.scope = (uint8_t)scope,
		.flags = ROUTE_IN_SERVICE,
		.hop = {.route_id = id, .node_slot = (uint16_t)id, .priority = 1, .weight = 5}};
}

/* The routes that were found by their ids, best first, as text: "3 1"; until the next call. */
static inline const char *naive_ids(const struct route_result *result)
{
	static char text[PATTERNS_PER_HOST_MAX * 12];
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < result->count; i++) {
		ensure(result->patterns[i]->hop_count >= 1);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u", i > 0 ? " " : "",
			result->patterns[i]->hops[0].route_id);
	}
	return text;
}

/* "lyncserver.domaina.com." as "com.domaina.lyncserver", lower case; out has host.len + 1 bytes. */
static inline void naive_reverse(struct span host, char *out)
{
	if (host.len > 0 && host.p[host.len - 1] == '.')
		host.len--;
	while (host.len > 0) {
		const char *dot = memrchr(host.p, '.', host.len);
		struct span label = dot ? span_from(dot + 1, span_end(host)) : host;
		for (size_t i = 0; i < label.len; i++)
			*out++ = (char)tolower((unsigned char)label.p[i]);
		host.len -= label.len;
		if (dot) {
			*out++ = '.';
			host.len--;
		}
	}
	*out = '\0';
}

/* Does a pattern cover the host, given reversed? */
static inline bool naive_covers(struct span domain, enum route_scope scope, const char *reversed)
{
	bool is_prefix = strncmp(domain.p, reversed, domain.len) == 0;
	bool is_same = is_prefix && reversed[domain.len] == '\0';
	bool is_below = is_prefix && reversed[domain.len] == '.';

	switch (scope) {
	case ROUTE_EXACT:
		return is_same;
	case ROUTE_SUBTREE:
		return is_same || is_below;
	case ROUTE_CHILDREN:
		return is_below;
	default:
		return false;
	}
}

/* Is pattern a more specific than b? Longer domains are; of the same, the narrower scope. */
static inline bool naive_more_specific(const struct route *a, const struct route *b)
{
	static const int width[] = {[ROUTE_EXACT] = 0, [ROUTE_CHILDREN] = 1, [ROUTE_SUBTREE] = 2};

	if (a->text.len != b->text.len)
		return a->text.len > b->text.len;
	return width[a->scope] < width[b->scope];
}

/*
 * The covering routes, best first, at most max. One route stands for each pattern: the routes given must
 * have a pattern of their own each.
 */
static inline size_t naive_match(
	const struct route *routes, size_t count, struct span host, const struct route **ret_best, size_t max)
{
	char reversed[HOST_NAME_MAX_BYTES + 2];
	size_t found = 0;

	naive_reverse(host, reversed);
	for (size_t i = 0; i < count; i++) {
		size_t at = found;
		if (!(routes[i].flags & ROUTE_IN_SERVICE) ||
			!naive_covers(routes[i].text, (enum route_scope)routes[i].scope, reversed))
			continue;
		for (; at > 0 && naive_more_specific(&routes[i], ret_best[at - 1]); at--)
			if (at < max)
				ret_best[at] = ret_best[at - 1];
		if (at < max)
			ret_best[at] = &routes[i];
		if (found < max)
			found++;
	}
	return found;
}

#endif
