/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which entry of a list is meant: by the same key as another entry, or by what an operator names.
 */
#ifndef CONFIG_IDENTITY_H
#define CONFIG_IDENTITY_H

#include "config/entry.h"
#include "config/place.h"

enum {
	ENTRY_VALUE_MAX = 1024, /* any value of one key on one line */
	ENTRY_TEXT_MAX = 2048,  /* any entry on one line */
};

/* The entry of `config` that is the counterpart of `like`: same key, for routes also the same next hop. */
struct config_head *identity_find(
	const struct config *config, enum config_list_id id, const struct config_head *like);

/* Whether a key is part of an entry's identity, so that naming it chooses and does not change. */
bool identity_has(enum config_list_id id, const struct schema_key *key);

/* Finds by the identity pairs among `pairs`. 0, -EINVAL or -ENOENT with the reason at the place, -ENOMEM. */
must_use int identity_of_pairs(const struct config *config, enum config_list_id id, struct config_pairs pairs,
	const struct place *place, struct config_head **ret_entry);

/* The key's value on one line: "[10.0.0.1/24, fd00::1/64]"; "" when there is none. As snprintf. */
int entry_value(const struct schema_key *key, const void *object, char *buf, size_t size);

/* Sets one pair on an entry or section. 0, -ENOMEM, or -EINVAL with the reason at the place. */
must_use int entry_set(
	const struct schema *schema, void *object, const struct config_pair *pair, const struct place *place);

#endif
