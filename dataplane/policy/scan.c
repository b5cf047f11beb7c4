/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compiles domains as literals, which costs a twentieth of compiling them as regular expressions at 100,000,
 * and makes scratch memory. Called when tables are built, on the control and compile threads. No flags are
 * given: hosts and patterns are in lower case already, and the sentinel lets a literal match at most once.
 */
#include "policy/scan_priv.h"

#include "policy/host_priv.h"

#include <errno.h>
#include <stdlib.h>

/* The arrays that hs_compile_lit_multi wants, in one block each. */
struct literals {
	const char **texts;
	size_t *lens;
	unsigned *ids;
	char *bytes;
};

static void literals_fini(struct literals *lit)
{
	free(lit->texts);
	free(lit->lens);
	free(lit->ids);
	free(lit->bytes);
}

static int literals_init(struct literals *lit, const struct route_entry *const *entries, size_t count)
{
	size_t total = 0;
	char *at;

	for (size_t i = 0; i < count; i++)
		total += entries[i]->text.len + 3;
	*lit = (struct literals){
		.texts = calloc(count, sizeof(lit->texts[0])),
		.lens = calloc(count, sizeof(lit->lens[0])),
		.ids = calloc(count, sizeof(lit->ids[0])),
		.bytes = malloc(total),
	};
	if (!lit->texts || !lit->lens || !lit->ids || !lit->bytes) {
		literals_fini(lit);
		return -ENOMEM;
	}
	at = lit->bytes;
	for (size_t i = 0; i < count; i++) {
		lit->texts[i] = at;
		lit->ids[i] = (unsigned)i;
		lit->lens[i] = host_literal(entries[i]->text, at);
		at += lit->lens[i];
	}
	return 0;
}

int scan_compile_domains(const struct route_entry *const *entries, size_t count,
	struct hs_database **ret_database, struct policy_error *ret_error)
{
	struct hs_database *database = NULL;
	hs_compile_error_t *refusal = NULL;
	struct literals lit;
	hs_error_t rc;
	int result = 0;

	if (count == 0) {
		*ret_database = NULL;
		return 0;
	}
	if (count > UINT32_MAX || literals_init(&lit, entries, count) != 0)
		return policy_fail(ret_error, -ENOMEM, POLICY_ERROR_NO_ROUTE,
			"no memory to compile %zu domain patterns", count);
	rc = hs_compile_lit_multi(lit.texts, NULL, lit.ids, lit.lens, (unsigned)count, HS_MODE_BLOCK, NULL,
		&database, &refusal);
	if (rc != HS_SUCCESS) {
		result = policy_fail(ret_error, rc == HS_NOMEM ? -ENOMEM : -EIO, POLICY_ERROR_NO_ROUTE,
			"cannot compile %zu domain patterns: %s", count,
			refusal && refusal->message ? refusal->message : "Hyperscan gave no reason");
		(void)hs_free_compile_error(refusal);
	} else {
		*ret_database = database;
	}
	literals_fini(&lit);
	return result;
}

static int scratch_fill(struct scan_scratch *scratch, const struct hs_database *const databases[2])
{
	hs_error_t rc = HS_SUCCESS;

	for (int i = 0; i < 2 && rc == HS_SUCCESS; i++)
		if (databases[i])
			rc = hs_alloc_scratch(databases[i], &scratch->each[0]);
	if (!scratch->each[0])
		return rc == HS_SUCCESS ? 0 : -ENOMEM;
	for (unsigned i = 1; i <= scratch->worker_count && rc == HS_SUCCESS; i++)
		rc = hs_clone_scratch(scratch->each[0], &scratch->each[i]);
	return rc == HS_SUCCESS ? 0 : -ENOMEM;
}

int scan_scratch_init(struct scan_scratch *scratch, unsigned worker_count,
	const struct hs_database *const databases[2], struct policy_error *ret_error)
{
	ensure(worker_count <= WORKERS_MAX);
	*scratch = (struct scan_scratch){.worker_count = worker_count};
	if (scratch_fill(scratch, databases) == 0)
		return 0;
	scan_scratch_fini(scratch);
	return policy_fail(ret_error, -ENOMEM, POLICY_ERROR_NO_ROUTE,
		"no memory for the pattern matcher of %u workers", worker_count);
}

void scan_scratch_fini(struct scan_scratch *scratch)
{
	for (unsigned i = 0; i <= scratch->worker_count; i++)
		(void)hs_free_scratch(scratch->each[i]);
	*scratch = (struct scan_scratch){0};
}

size_t scan_scratch_bytes(const struct scan_scratch *scratch)
{
	size_t total = 0;

	for (unsigned i = 0; i <= scratch->worker_count; i++) {
		size_t bytes = 0;
		if (scratch->each[i] && hs_scratch_size(scratch->each[i], &bytes) == HS_SUCCESS)
			total += bytes;
	}
	return total;
}

size_t scan_database_bytes(const struct hs_database *database)
{
	size_t bytes = 0;

	if (!database || hs_database_size(database, &bytes) != HS_SUCCESS)
		return 0;
	return bytes;
}
