/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of cache lines, each with a few words. An address belongs to one line, and in it to any word. Its
 * hash is keyed: nobody can choose addresses that push out somebody else's.
 *
 * Relaxed throughout: a word stands alone, and what follows from it goes through a ring, which orders. Two
 * workers that add the same address at the same time may leave two words; the second is as stale as any hint
 * may be, and goes with its connection.
 */
#include "conn/directory.h"

#include "conn/directory_priv.h"

/* A word, from its highest bit on: tag, worker, generation, index. A generation is never 0, nor is a word. */
enum { TAG_BITS = 15, WORKER_BITS = 5, GENERATION_BITS = 24, INDEX_BITS = 20 };

static_assert(TAG_BITS + WORKER_BITS + GENERATION_BITS + INDEX_BITS == 64, "they fill a word");
static_assert(WORKERS_MAX <= 1 << WORKER_BITS && TCP_CONNECTIONS_MAX <= 1 << INDEX_BITS, "names fit");

enum { TAG_SHIFT = 64 - TAG_BITS, WORKER_SHIFT = GENERATION_BITS + INDEX_BITS };

/* Where an address may stand, and what its word begins with. */
struct place {
	uint64_t *words;
	uint64_t tag;
	unsigned victim; /* goes when there is no room */
};

static struct place place_of(const struct directory *directory, const struct endpoint *address)
{
	struct siphash hash;
	uint64_t value;

	siphash_init(&hash, &directory->secret);
	siphash_add(&hash, &address->ip.family, sizeof(address->ip.family));
	siphash_add(&hash, address->ip.bytes, sizeof(address->ip.bytes));
	siphash_add(&hash, &address->port, sizeof(address->port));
	value = siphash_final(&hash);
	return (struct place){
		.words = directory->lines[value & directory->line_mask].words,
		.tag = value >> TAG_SHIFT,
		.victim = (value >> 40) % DIRECTORY_WAYS,
	};
}

static uint64_t word_of(const struct place *place, conn_id conn)
{
	return place->tag << TAG_SHIFT | (uint64_t)conn_id_worker(conn) << WORKER_SHIFT |
	       (uint64_t)conn_id_generation(conn) << INDEX_BITS | conn_id_index(conn);
}

static conn_id conn_of(uint64_t word)
{
	return conn_id_make((unsigned)(word >> WORKER_SHIFT) & ((1u << WORKER_BITS) - 1),
		(uint32_t)(word >> INDEX_BITS), (uint32_t)word & ((1u << INDEX_BITS) - 1));
}

static uint64_t read_word(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static bool exchange_word(uint64_t *word, uint64_t was, uint64_t next)
{
	return __atomic_compare_exchange_n(word, &was, next, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* Where the word of that address stands, and the word; DIRECTORY_WAYS and 0: there is none. */
static unsigned find_word(const struct place *place, uint64_t *ret_word)
{
	unsigned way = 0;

	for (; way < DIRECTORY_WAYS; way++) {
		*ret_word = read_word(&place->words[way]);
		if (*ret_word != 0 && *ret_word >> TAG_SHIFT == place->tag)
			return way;
	}
	*ret_word = 0;
	return way;
}

void directory_put(struct directory *directory, const struct endpoint *address, conn_id conn)
{
	struct place place = place_of(directory, address);
	uint64_t word = word_of(&place, conn);
	uint64_t before;
	unsigned way = find_word(&place, &before);

	ensure(conn_id_generation(conn) != 0);
	for (unsigned i = 0; i < DIRECTORY_WAYS && before == 0; i++) {
		if (exchange_word(&place.words[i], 0, word))
			return;
	}
	if (before == 0) {
		way = place.victim;
		before = read_word(&place.words[way]);
	}
	/* Somebody else's word that came there meanwhile stays. */
	exchange_word(&place.words[way], before, word);
}

void directory_replace(struct directory *directory, const struct endpoint *address, conn_id was, conn_id next)
{
	struct place place = place_of(directory, address);
	uint64_t word = word_of(&place, was);

	for (unsigned i = 0; i < DIRECTORY_WAYS; i++) {
		if (read_word(&place.words[i]) == word)
			exchange_word(&place.words[i], word, next == CONN_NONE ? 0 : word_of(&place, next));
	}
}

conn_id directory_find(const struct directory *directory, const struct endpoint *address)
{
	struct place place = place_of(directory, address);
	uint64_t word;

	/* Of no word, 0, that is CONN_NONE. */
	find_word(&place, &word);
	return conn_of(word);
}
