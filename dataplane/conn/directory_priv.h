/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directory's memory: directory_create.c takes it, directory.c uses it. */
#ifndef CONN_DIRECTORY_PRIV_H
#define CONN_DIRECTORY_PRIV_H

#include "conn/directory.h"

#include "limits.h"

struct directory_line {
	uint64_t words[DIRECTORY_WAYS]; /* atomic; 0: free */
};

static_assert(sizeof(struct directory_line) == 64, "a look costs one cache line");

struct directory {
	struct hash_key secret;
	uint64_t line_mask;
	struct directory_line *lines; /* owner: the directory */
};

#endif
