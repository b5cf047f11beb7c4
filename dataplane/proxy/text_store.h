/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where transactions keep message texts: blocks of a few sizes, all taken at start. A text gets the smallest
 * block that holds it, or the next larger one when those are gone; each text is one piece, to be parsed again
 * where it lies. One worker's own; control reads the pools' figures.
 */
#ifndef PROXY_TEXT_STORE_H
#define PROXY_TEXT_STORE_H

#include "base/pool.h"
#include "base/span.h"

#include <stdint.h>

enum { TEXT_CLASSES = 5 };

/* Bytes of a block: a text and four for its length. The largest holds any datagram. */
static const uint32_t text_block_bytes[TEXT_CLASSES] = {512, 1024, 2048, 8192, 65544};

/* Names a kept text: its class above, its block below. 0 is none. */
typedef uint32_t text_ref;

struct text_store {
	struct pool pools[TEXT_CLASSES];
	uint64_t exhausted; /* texts that found no block; writer: the worker; readers: control, relaxed */
};

/* The memory is the caller's: text_store_bytes() bytes, and an entry of `next` for each block. */
void text_store_init(
	struct text_store *store, void *memory, uint32_t *next, const uint32_t counts[static TEXT_CLASSES]);

/* How many blocks of each class serve so many transactions, and how many bytes that is. */
void text_store_counts(uint32_t transactions, uint32_t ret_counts[static TEXT_CLASSES]);
/* The same proportions in at most so many bytes, from 1 MiB on. */
void text_store_counts_within(uint64_t bytes, uint32_t ret_counts[static TEXT_CLASSES]);
uint64_t text_store_bytes(const uint32_t counts[static TEXT_CLASSES]);
uint32_t text_store_blocks(const uint32_t counts[static TEXT_CLASSES]);

/* Copies the text. 0 when no block is left for it; counted. */
text_ref text_keep(struct text_store *store, struct span text);
/* The bytes, until they are dropped. */
struct span text_read(const struct text_store *store, text_ref ref);
/* The same to be sent from: a message's way out takes bytes that it could write to, and does not. */
char *text_at(const struct text_store *store, text_ref ref, size_t *ret_len);
/* Gives the block back; *ref is 0 then. One that is 0 already is fine. */
void text_release(struct text_store *store, text_ref *ref);

#endif
