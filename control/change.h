/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one step changed in the model: entries and keys of sections, each as it was and as it is. A set can be
 * taken back, and applied to a model that is in the state it starts from.
 */
#ifndef CONTROL_CHANGE_H
#define CONTROL_CHANGE_H

#include "base/ensure.h"
#include "config/entry.h"
#include "config/load.h"

struct change_item {
	enum config_list_id list; /* CONFIG_LISTS: a key of a section */
	struct config_head *before,
		*after; /* entries, each a reference of this item; NULL: was, or is, not there */
	char *section, *key, *value_before, *value_after; /* owner: this item */
};

struct change_set {
	struct change_item *items;
	size_t count, capacity;
};

void change_fini(struct change_set *set);

/* Take the references, also on failure. 0 or -ENOMEM. */
must_use int change_add_entry(struct change_set *set, enum config_list_id list, struct config_head *before,
	struct config_head *after);
/* Copies the texts. */
must_use int change_add_key(struct change_set *set, const char *section, const char *key,
	const char *value_before, const char *value_after);

/* Adds what would take `set` back, last item first. 0 or -ENOMEM (then *ret_inverse is empty). */
must_use int change_invert(const struct change_set *set, struct change_set *ret_inverse);

/* Carries the set out on the model. 0, or -ENOMEM with the model as it was. Checks are the caller's. */
must_use int change_apply(const struct change_set *set, struct config *config);

/* Everything that makes `after` of `before`. 0 or -ENOMEM (then *ret_set is empty). */
must_use int change_between(
	const struct config *before, const struct config *after, struct change_set *ret_set);

/* Moves the items that `wanted` says yes to. */
void change_move_if(
	struct change_set *from, bool (*wanted)(const struct change_item *item), struct change_set *to);

/* "+ routes pattern=.com.a.* next_hop=n1". As snprintf. */
int change_item_format(const struct change_item *item, char *buf, size_t size);

#endif
