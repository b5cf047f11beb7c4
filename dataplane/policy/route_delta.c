/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The changed domains of a table: small lists that a derived table mostly shares with the one before it. */
#include "policy/route_priv.h"

#include <errno.h>
#include <stdlib.h>

static_assert(offsetof(struct route_delta, entry) % ENTRY_ALIGN == 0, "an entry begins aligned");

int route_delta_init(struct route_delta_list *list, size_t capacity)
{
	list->count = 0;
	list->items = calloc(capacity + 1, sizeof(list->items[0])); /* never empty: no special case */
	return list->items ? 0 : -ENOMEM;
}

void route_delta_fini(struct route_delta_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		ensure(list->items[i]->refs > 0);
		if (--list->items[i]->refs == 0)
			free(list->items[i]);
	}
	free(list->items);
	*list = (struct route_delta_list){0};
}

int route_delta_append(struct route_delta_list *list, const struct route_group *group, uint64_t sequence)
{
	struct route_delta *delta = malloc(offsetof(struct route_delta, entry) + entry_bytes(group));

	if (!delta)
		return -ENOMEM;
	delta->refs = 1;
	delta->sequence = sequence;
	(void)entry_place(&delta->entry, group);
	list->items[list->count++] = delta;
	return 0;
}

void route_delta_share(struct route_delta_list *list, struct route_delta *delta)
{
	delta->refs++;
	list->items[list->count++] = delta;
}
