/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The presence domains in an open-addressing table, at most half full. Built by control; asked by workers for
 * each request with a host that a peer chose, so nothing here grows with its bytes beyond the limit of a
 * name. Source: R-DOM-1.
 */
#include "policy/domain.h"

#include "base/hash.h"
#include "base/lower.h"
#include "limits.h"

#include <errno.h>
#include <stdlib.h>

struct domain_slot {
	uint32_t hash;
	int32_t index; /* -1: empty */
};

struct domain_set {
	size_t count;
	size_t mask;               /* slots - 1 */
	struct domain_slot *slots; /* NULL without names */
	struct span *names;        /* in lower case, inside text */
	char *text;
};

static struct span without_trailing_dot(struct span name)
{
	if (name.len > 0 && name.p[name.len - 1] == '.')
		name.len--;
	return name;
}

/* The slot of a name in lower case, or the empty one where it would go. */
static struct domain_slot *slot_of(const struct domain_set *set, struct span name)
{
	uint32_t hash = (uint32_t)hash_bytes(name.p, name.len, 0);

	for (size_t i = hash & set->mask;; i = (i + 1) & set->mask) {
		struct domain_slot *slot = &set->slots[i];
		if (slot->index < 0 || (slot->hash == hash && span_eq(set->names[slot->index], name)))
			return slot;
	}
}

static int name_add(struct domain_set *set, struct span name)
{
	struct domain_slot *slot = slot_of(set, name);

	if (slot->index >= 0)
		return -EEXIST;
	set->names[set->count] = name;
	slot->hash = (uint32_t)hash_bytes(name.p, name.len, 0);
	slot->index = (int32_t)set->count++;
	return 0;
}

static int names_check(const struct span *names, size_t count, size_t *ret_bytes)
{
	size_t bytes = 0;

	if (count > INT32_MAX / 2)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		size_t len = without_trailing_dot(names[i]).len;
		if (len == 0 || len > HOST_NAME_MAX_BYTES)
			return -EINVAL;
		bytes += len;
	}
	*ret_bytes = bytes;
	return 0;
}

static int set_alloc(struct domain_set *set, size_t count, size_t bytes)
{
	size_t slots = 2;

	while (slots < 2 * count)
		slots *= 2;
	set->mask = slots - 1;
	set->slots = malloc(slots * sizeof(set->slots[0]));
	set->names = calloc(count, sizeof(set->names[0]));
	set->text = malloc(bytes);
	if (!set->slots || !set->names || !set->text)
		return -ENOMEM;
	for (size_t i = 0; i < slots; i++)
		set->slots[i] = (struct domain_slot){.index = -1};
	return 0;
}

int domain_set_create(const struct span *names, size_t count, struct domain_set **ret_set)
{
	struct domain_set *set;
	size_t bytes;
	char *at;
	int rc = names_check(names, count, &bytes);

	if (rc != 0)
		return rc;
	set = calloc(1, sizeof(*set));
	if (!set)
		return -ENOMEM;
	if (count > 0)
		rc = set_alloc(set, count, bytes);
	at = set->text;
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct span name = span_lower(without_trailing_dot(names[i]), at);
		at += name.len;
		rc = name_add(set, name);
	}
	if (rc != 0) {
		domain_set_destroy(set);
		return rc;
	}
	*ret_set = set;
	return 0;
}

void domain_set_destroy(struct domain_set *set)
{
	if (!set)
		return;
	free(set->slots);
	free(set->names);
	free(set->text);
	free(set);
}

int domain_find(const struct domain_set *set, struct span host)
{
	char buf[HOST_NAME_MAX_BYTES];

	if (set->count == 0)
		return DOMAIN_ANY;
	host = without_trailing_dot(host);
	if (host.len == 0 || host.len > sizeof(buf))
		return DOMAIN_UNKNOWN;
	static_assert(DOMAIN_UNKNOWN == -1, "an empty slot's index says unknown");
	return slot_of(set, span_lower(host, buf))->index;
}
