/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The generations of the running configuration: each change, numbered, with what takes it back. Taking back
 * is itself a change with a number of its own; what was taken back once is not taken back again.
 */
#ifndef CONTROL_JOURNAL_H
#define CONTROL_JOURNAL_H

#include "control/change.h"

enum { JOURNAL_MAX = 1000, JOURNAL_TEXT_MAX = 256 };

struct generation {
	uint64_t number;
	uint64_t wall_ms;
	double effective_ms; /* from the request to the last worker's use of it */
	bool undone;
	bool is_rollback;
	struct change_set set;
	char text[JOURNAL_TEXT_MAX];
};

struct journal {
	uint64_t number;                /* of the last generation; what the daemon started with is 1 */
	uint64_t first;                 /* number of the oldest one kept */
	struct generation *generations; /* ring of JOURNAL_MAX */
};

must_use int journal_init(struct journal *journal);
void journal_fini(struct journal *journal);

/* Takes the set. The oldest generation is forgotten when there are too many. */
struct generation *journal_add(struct journal *journal, struct change_set *set, const char *text);

/* NULL: not that number, or forgotten. */
struct generation *journal_at(const struct journal *journal, uint64_t number);

/*
 * What takes the last `count` changes back that are not taken back yet. 0; -ENOENT: so many are not kept;
 * -ENOMEM.
 */
must_use int journal_undo(const struct journal *journal, unsigned count, struct change_set *ret_set);
/* It was done, as generation journal->number. */
void journal_undone(struct journal *journal, unsigned count);

#endif
