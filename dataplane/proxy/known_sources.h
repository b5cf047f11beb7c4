/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who sent requests lately: whether he is trusted, whether he is a node, and what his Via gets. One worker's
 * own, a direct-mapped table by address and port. As with known_hosts.h, an answer counts for the snapshot
 * that gave it alone.
 */
#ifndef PROXY_KNOWN_SOURCES_H
#define PROXY_KNOWN_SOURCES_H

#include "base/addr.h"
#include "snapshot.h"

#include <stdbool.h>

enum { KNOWN_SOURCES = 256, KNOWN_SOURCE_BYTES = 128, KNOWN_SOURCE_TEXT = KNOWN_SOURCE_BYTES - 39 };

struct known_source {
	uint64_t serial; /* of the snapshot */
	const struct node *node;
	struct endpoint at; /* family IP_NONE: free */
	bool admitted;
	uint8_t port_len;             /* of the text's beginning, which only a Via with rport gets */
	uint8_t text_len;             /* 0: not composed yet */
	char text[KNOWN_SOURCE_TEXT]; /* "=5060;received=198.51.100.7", to be copied with sip_put() */
};

/* All zero is an empty one. */
struct known_sources {
	struct known_source places[KNOWN_SOURCES];
};

/* Not for others: asks the snapshot, and writes the text. */
void known_source_learn(
	struct known_source *known, const struct snapshot *snap, const struct endpoint *source);
void known_source_compose(struct known_source *known);

static inline struct known_source *known_source_place(
	struct known_sources *sources, const struct endpoint *source)
{
	uint64_t half[2];

	memcpy(half, source->ip.bytes, sizeof(half));
	half[0] ^= half[1] * 0xbf58476d1ce4e5b9ULL ^ (uint64_t)source->port << 40;
	return &sources->places[half[0] * 0x9e3779b97f4a7c15ULL >> 56];
}

/* Valid until the next source is asked for. */
static inline struct known_source *known_source_of(
	struct known_sources *sources, const struct snapshot *snap, const struct endpoint *source)
{
	struct known_source *known = known_source_place(sources, source);

	if (unlikely_true(known->serial != snap->serial || !endpoint_equal(&known->at, source)))
		known_source_learn(known, snap, source);
	return known;
}

#endif
