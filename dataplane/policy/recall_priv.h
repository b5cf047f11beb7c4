/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hosts that a worker asked for lately matched: a small direct-mapped table for each worker, part of
 * the route table as its scratch memory is, so that an answer can never outlive the patterns it names. The
 * whole host is compared: whoever makes up hosts that share a place only makes himself slow.
 */
#ifndef POLICY_RECALL_PRIV_H
#define POLICY_RECALL_PRIV_H

#include "policy/route.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	RECALL_ENTRIES = 256,    /* of each worker; a power of two */
	RECALL_PATTERNS_MAX = 3, /* hosts with more nested patterns are seldom, and matched each time */
	RECALL_ENTRY_BYTES = 128,
	RECALL_HOST_MAX = RECALL_ENTRY_BYTES - RECALL_PATTERNS_MAX * 8 - 3,
};

/* A host that is not long lies in one cache line with its patterns. */
struct recall_entry {
	const struct route_pattern *patterns[RECALL_PATTERNS_MAX];
	uint8_t host_len; /* 0: free */
	uint8_t kind;     /* enum route_host */
	uint8_t pattern_count;
	char host[RECALL_HOST_MAX]; /* as it was asked: case and a trailing dot count here */
};

struct recall {
	unsigned worker_count;
	struct recall_entry *entries; /* RECALL_ENTRIES for each worker and, last, for the control thread */
};

/* Returns 0 or -ENOMEM. */
must_use int recall_init(struct recall *recall, unsigned worker_count);
void recall_fini(struct recall *recall);
size_t recall_bytes(const struct recall *recall);

/* Where an answer about the host is or would be; NULL when it is not one to remember. */
struct recall_entry *recall_entry_of(const struct recall *recall, unsigned worker, struct span host);

/* True when the entry answers for that host; *ret_result is then what recall_keep() was given. */
bool recall_find(const struct recall_entry *entry, struct span host, struct route_result *ret_result);

/* Writes the answer into the entry that recall_entry_of() gave for the host. */
void recall_keep(struct recall_entry *entry, struct span host, const struct route_result *result);

#endif
