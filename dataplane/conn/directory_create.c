/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the directory begins and ends, on control's thread: all memory is taken here, and none later. */
#include "conn/config.h"
#include "conn/directory_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int directory_create(const struct hash_key *secret, unsigned workers, uint32_t connections_max,
	struct directory **ret_directory)
{
	struct directory *directory = calloc(1, sizeof(*directory));
	/* A connection may stand there twice, by its remote end and by its alias; then half of it is free. */
	uint64_t wanted =
		(uint64_t)workers * (connections_max ? connections_max : CONN_CONNECTIONS_DEFAULT) * 4;
	uint64_t lines = 1;

	if (!directory)
		return -ENOMEM;
	while (lines * DIRECTORY_WAYS < wanted && lines * DIRECTORY_WAYS < DIRECTORY_WORDS_MAX)
		lines *= 2;
	directory->secret = *secret;
	directory->line_mask = lines - 1;
	directory->lines =
		aligned_alloc(sizeof(struct directory_line), lines * sizeof(struct directory_line));
	if (!directory->lines) {
		free(directory);
		return -ENOMEM;
	}
	memset(directory->lines, 0, lines * sizeof(struct directory_line));
	*ret_directory = directory;
	return 0;
}

void directory_destroy(struct directory *directory)
{
	if (!directory)
		return;
	free(directory->lines);
	free(directory);
}
