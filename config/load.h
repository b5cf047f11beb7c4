/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between text and model: load, check, save and diff. Pure but for reading and writing the files named.
 */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "base/ensure.h"
#include "base/span.h"
#include "config/model.h"
#include "config/report.h"

#include <stdio.h>

/*
 * Reads YAML, checks it, and gives the model. On failure (-EINVAL: the report says why; -ENOMEM; -errno of
 * the file, also reported) *ret_config is untouched. Warnings do not fail. The caller destroys the config.
 */
must_use int config_load_text(struct span text, struct config_report *report, struct config **ret_config);
must_use int config_load_file(const char *path, struct config_report *report, struct config **ret_config);

/* The checks that look at more than one key; load has already run them. 0 or -EINVAL. */
must_use int config_check(const struct config *config, struct config_report *report);

/* What `sluice --check FILE` does: prints every finding and a verdict. Returns the exit code, 0 or 1. */
int config_check_file(const char *path, FILE *out);

/* Writes YAML that loads to the same model. 0, or -errno when the stream or the disk fails. */
must_use int config_save(const struct config *config, FILE *out);

/* The same into a file, which is replaced at once or not at all: written beside it, synced, renamed. */
must_use int config_save_file(const struct config *config, const char *path);

enum config_change_kind { CONFIG_ADDED, CONFIG_REMOVED, CONFIG_CHANGED };

/* One difference. Sections change key by key; entries come, go, or change as a whole. */
struct config_change {
	enum config_change_kind kind;
	const char *where;                /* "probe", "routes", ... */
	const char *key;                  /* section: the key; list: NULL */
	const struct config_head *before; /* section or entry; NULL when added */
	const struct config_head *after;  /* section or entry; NULL when removed */
};

/* A non-zero answer ends the walk. */
typedef int (*config_change_fn)(const struct config_change *change, void *arg);

/* Calls fn for each difference in what the two mean; order in lists and spelled-out defaults make none. */
int config_diff(const struct config *before, const struct config *after, config_change_fn fn, void *arg);

/* "+ routes pattern=.com.a.* next_hop=n1", "~ probe interval_ms=500 -> 300". Returns what snprintf would. */
int config_change_format(const struct config_change *change, char *buf, size_t size);

/* The config reference, in Markdown, from the schema table. */
void config_reference_write(FILE *out);

#endif
