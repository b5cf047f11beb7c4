/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tables share around Hyperscan: compiled literals, and scratch memory for each worker. */
#ifndef POLICY_SCAN_PRIV_H
#define POLICY_SCAN_PRIV_H

#include "policy/entry_priv.h"

#include <hs.h>

/*
 * One scratch for each worker and, last, one for the control thread. A scratch serves every database it was
 * made for, one scan at a time. Owner: the table, so that database and scratch change together.
 */
struct scan_scratch {
	unsigned worker_count;
	struct hs_scratch *each[WORKERS_MAX + 1];
};

/* Databases may be NULL. Returns 0 or -ENOMEM; *scratch is empty after a failure. */
must_use int scan_scratch_init(struct scan_scratch *scratch, unsigned worker_count,
	const struct hs_database *const databases[2], struct policy_error *ret_error);
void scan_scratch_fini(struct scan_scratch *scratch);
size_t scan_scratch_bytes(const struct scan_scratch *scratch);

static inline struct hs_scratch *scan_scratch_of(const struct scan_scratch *scratch, unsigned worker)
{
	ensure(worker <= scratch->worker_count);
	return scratch->each[worker];
}

/*
 * Compiles "^.domain." for each entry; the id of a match is the entry's index. No entries: NULL. Returns 0,
 * -ENOMEM or -EIO.
 */
must_use int scan_compile_domains(const struct route_entry *const *entries, size_t count,
	struct hs_database **ret_database, struct policy_error *ret_error);

size_t scan_database_bytes(const struct hs_database *database);

#endif
