/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Called by transactions for each message they keep. A block is untouched until it is used: a store of
 * the size that an operator can ask for costs only what the traffic needs.
 */
#include "proxy/text_store.h"

#include "limits.h"

enum { CLASS_SHIFT = 28, LEN_BYTES = sizeof(uint32_t) };

static_assert(TEXT_CLASSES < 1 << (32 - CLASS_SHIFT), "a reference has room for the class");

uint64_t text_store_bytes(const uint32_t counts[static TEXT_CLASSES])
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < TEXT_CLASSES; i++)
		bytes += (uint64_t)counts[i] * text_block_bytes[i];
	return bytes;
}

/*
 * A transaction over UDP holds the request as it came, the request as it went, and the response; once it is
 * complete, only the last. Measured messages of these deployments are 500 to 1,400 bytes, few are larger.
 */
void text_store_counts(uint32_t transactions, uint32_t ret_counts[static TEXT_CLASSES])
{
	ret_counts[0] = transactions / 2 + 8;
	ret_counts[1] = transactions + 8;
	ret_counts[2] = transactions / 2 + 8;
	ret_counts[3] = transactions / 32 + 4;
	ret_counts[4] = transactions / 1024 + 4;
}

void text_store_counts_within(uint64_t bytes, uint32_t ret_counts[static TEXT_CLASSES])
{
	const uint32_t sample = 1 << 16;
	uint32_t counts[TEXT_CLASSES];
	uint64_t fixed;
	uint64_t each; /* bytes of `sample` transactions beyond what none need */

	text_store_counts(0, counts);
	fixed = text_store_bytes(counts);
	text_store_counts(sample, counts);
	each = text_store_bytes(counts) - fixed;
	ensure(bytes > fixed);
	text_store_counts((uint32_t)((bytes - fixed) * sample / each), ret_counts);
}

uint32_t text_store_blocks(const uint32_t counts[static TEXT_CLASSES])
{
	uint32_t blocks = 0;

	for (unsigned i = 0; i < TEXT_CLASSES; i++)
		blocks += counts[i];
	return blocks;
}

void text_store_init(
	struct text_store *store, void *memory, uint32_t *next, const uint32_t counts[static TEXT_CLASSES])
{
	char *block = memory;

	*store = (struct text_store){0};
	for (unsigned i = 0; i < TEXT_CLASSES; i++) {
		ensure(counts[i] > 0 && counts[i] < 1U << CLASS_SHIFT);
		pool_init(&store->pools[i], block, next, text_block_bytes[i], counts[i]);
		block += (uint64_t)counts[i] * text_block_bytes[i];
		next += counts[i];
	}
}

text_ref text_keep(struct text_store *store, struct span text)
{
	uint32_t len = (uint32_t)text.len;

	ensure(text.len > 0 && text.len <= SIP_DATAGRAM_MAX);
	for (unsigned i = 0; i < TEXT_CLASSES; i++) {
		char *block;

		/* A full pool is not asked: a text that finds room elsewhere lacked nothing. */
		if (text_block_bytes[i] < LEN_BYTES + len || store->pools[i].first_free == POOL_NONE)
			continue;
		block = pool_take(&store->pools[i]);
		memcpy(block, &len, LEN_BYTES);
		memcpy(block + LEN_BYTES, text.p, len);
		return i << CLASS_SHIFT | (pool_index(&store->pools[i], block) + 1);
	}
	__atomic_store_n(&store->exhausted, store->exhausted + 1, __ATOMIC_RELAXED);
	return 0;
}

static char *block_of(const struct text_store *store, text_ref ref)
{
	ensure(ref != 0 && ref >> CLASS_SHIFT < TEXT_CLASSES);
	return pool_at(&store->pools[ref >> CLASS_SHIFT], (ref & ((1U << CLASS_SHIFT) - 1)) - 1);
}

char *text_at(const struct text_store *store, text_ref ref, size_t *ret_len)
{
	char *block = block_of(store, ref);
	uint32_t len;

	memcpy(&len, block, LEN_BYTES);
	*ret_len = len;
	return block + LEN_BYTES;
}

struct span text_read(const struct text_store *store, text_ref ref)
{
	size_t len;
	const char *bytes = text_at(store, ref, &len);

	return span_of(bytes, len);
}

void text_release(struct text_store *store, text_ref *ref)
{
	if (*ref == 0)
		return;
	pool_give(&store->pools[*ref >> CLASS_SHIFT], block_of(store, *ref));
	*ref = 0;
}
