/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ring of the last JOURNAL_MAX changes: what falls out of it can no longer be taken back, and that is all.
 * Called by commit.c once a change is published, and by `rollback`.
 */
#include "control/journal.h"

#include "control/log.h"

#include <errno.h>
#include <stdlib.h>

int journal_init(struct journal *journal)
{
	*journal = (struct journal){.number = 1, .first = 2};
	journal->generations = calloc(JOURNAL_MAX, sizeof(journal->generations[0]));
	return journal->generations ? 0 : -ENOMEM;
}

void journal_fini(struct journal *journal)
{
	for (unsigned i = 0; journal->generations && i < JOURNAL_MAX; i++)
		change_fini(&journal->generations[i].set);
	free(journal->generations);
	journal->generations = NULL;
}

struct generation *journal_at(const struct journal *journal, uint64_t number)
{
	if (number < journal->first || number > journal->number)
		return NULL;
	return &journal->generations[number % JOURNAL_MAX];
}

struct generation *journal_add(struct journal *journal, struct change_set *set, const char *text)
{
	struct generation *generation;

	journal->number++;
	generation = &journal->generations[journal->number % JOURNAL_MAX];
	if (journal->number - journal->first >= JOURNAL_MAX)
		journal->first++;
	change_fini(&generation->set);
	*generation = (struct generation){.number = journal->number, .wall_ms = log_wall_ms(), .set = *set};
	*set = (struct change_set){0};
	snprintf(generation->text, sizeof(generation->text), "%s", text);
	return generation;
}

/* The next generation below `number` that can be taken back. */
static struct generation *undoable_below(const struct journal *journal, uint64_t number)
{
	while (number > journal->first) {
		struct generation *generation = journal_at(journal, --number);
		if (generation && !generation->undone && !generation->is_rollback)
			return generation;
	}
	return NULL;
}

static int append(struct change_set *to, struct change_set *from)
{
	int ret = 0;

	for (size_t i = 0; i < from->count; i++) {
		struct change_item *item = &from->items[i];
		if (ret == 0 && item->list == CONFIG_LISTS)
			ret = change_add_key(
				to, item->section, item->key, item->value_before, item->value_after);
		else if (ret == 0)
			ret = change_add_entry(to, item->list,
				item->before ? config_entry_ref(item->before) : NULL,
				item->after ? config_entry_ref(item->after) : NULL);
	}
	change_fini(from);
	return ret;
}

int journal_undo(const struct journal *journal, unsigned count, struct change_set *ret_set)
{
	uint64_t number = journal->number + 1;
	struct change_set all = {0};
	int ret = 0;

	for (; ret == 0 && count > 0; count--) {
		const struct generation *generation = undoable_below(journal, number);
		struct change_set inverse = {0};
		ret = generation ? change_invert(&generation->set, &inverse) : -ENOENT;
		if (ret == 0)
			ret = append(&all, &inverse);
		number = generation ? generation->number : 0;
	}
	if (ret < 0) {
		change_fini(&all);
		return ret;
	}
	*ret_set = all;
	return 0;
}

void journal_undone(struct journal *journal, unsigned count)
{
	uint64_t number = journal->number;

	journal_at(journal, number)->is_rollback = true;
	for (; count > 0; count--) {
		struct generation *generation = undoable_below(journal, number);
		ensure(generation);
		generation->undone = true;
		number = generation->number;
	}
}
