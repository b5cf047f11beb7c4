/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains that were asked for and are not served (R-DOM-1), summed over the workers; the most wanted first.
 */
#include "control/handlers.h"

#include "worker/worker.h"

#include <stdlib.h>

/* Adds to the sum of that name, or begins one. */
static void add(json_t *sums, const char *name, size_t len, uint64_t requests)
{
	json_t *sum = json_object_getn(sums, name, len);

	requests += sum ? (uint64_t)json_integer_value(sum) : 0;
	json_object_setn_new(sums, name, len, json_integer((json_int_t)requests));
}

/* Returns the requests for names that found no row. */
static uint64_t add_worker(json_t *sums, const struct refused_domains *refused)
{
	uint32_t count = refused_domains_count(refused);

	for (uint32_t i = 0; i < count; i++) {
		const struct refused_domain *row = &refused->rows[i];
		add(sums, row->name, row->len, __atomic_load_n(&row->requests, __ATOMIC_RELAXED));
	}
	return __atomic_load_n(&refused->others, __ATOMIC_RELAXED);
}

/* Rows are arrays of name and requests. */
static int row_compare(const void *left, const void *right)
{
	json_int_t a = json_integer_value(json_array_get(*(json_t *const *)left, 1));
	json_int_t b = json_integer_value(json_array_get(*(json_t *const *)right, 1));

	return a < b ? 1 : -(a > b);
}

static json_t *sorted_rows(json_t *sums)
{
	size_t count = json_object_size(sums);
	json_t **sorted = calloc(count + 1, sizeof(sorted[0]));
	json_t *rows = json_array();
	const char *name;
	json_t *sum;
	size_t i = 0;

	ensure(sorted);
	json_object_foreach(sums, name, sum) sorted[i++] = json_pack("[s, O]", name, sum);
	qsort(sorted, count, sizeof(sorted[0]), row_compare);
	for (i = 0; i < count; i++)
		json_array_append_new(rows, sorted[i]);
	free(sorted);
	return rows;
}

void show_domain_refused(struct daemon *daemon, struct call *call)
{
	json_t *sums = json_object();
	uint64_t others = 0;
	json_t *rows;

	for (unsigned i = 0; i < plane_worker_count(daemon->plane); i++)
		others += add_worker(sums, worker_refused_domains(plane_worker(daemon->plane, i)));
	rows = sorted_rows(sums);
	json_decref(sums);
	if (others > 0)
		json_array_append_new(rows, json_pack("[s, I]", "(others)", (json_int_t)others));
	call_rows(call, cursor_of_rows(rows));
}
