/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lists of the model: entries in the operator's order, found by key in O(1). Inserting is O(1); taking
 * out and replacing search the order, which is one pass over an array of pointers.
 */
#ifndef CONFIG_LIST_H
#define CONFIG_LIST_H

#include "base/ensure.h"
#include "config/model.h"

/* What an index finds entries by. */
enum list_by {
	LIST_BY_KEY,      /* name; acl: prefix; routes: type, scope and pattern, which several may share */
	LIST_BY_ENDPOINT, /* nodes only */
};

/* The first entry with the same key as `like`, which need not be in the list; NULL when there is none. */
struct config_head *list_find(const struct config_list *list, enum config_list_id id, enum list_by by,
	const struct config_head *like);

/* All routes that share the pattern of `like`. Returns how many. */
unsigned list_group(const struct config_list *list, const struct config_head *like,
	struct config_head *ret_group[static CONFIG_ROUTES_PER_PATTERN_MAX]);

/*
 * Puts the entry before the one at `at`, or last when `at` is the count. On success the list owns the
 * caller's reference. An entry without a key is kept but not found. 0 or -ENOMEM.
 */
must_use int list_insert(
	struct config_list *list, enum config_list_id id, struct config_head *entry, uint32_t at);

/* `entry` takes the place of `old`, whose reference goes to the caller. 0 or -ENOMEM (nothing changed). */
must_use int list_replace(
	struct config_list *list, enum config_list_id id, struct config_head *old, struct config_head *entry);

/* Takes `entry`, which must be in the list, out; its reference goes to the caller. Returns where it was. */
uint32_t list_remove(struct config_list *list, enum config_list_id id, struct config_head *entry);

/* Shares every entry. `to` holds nothing yet. 0 or -ENOMEM (then nothing is owned). */
must_use int list_copy(const struct config_list *from, struct config_list *to, enum config_list_id id);
void list_fini(struct config_list *list, enum config_list_id id);

#endif
