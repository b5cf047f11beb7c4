/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chooses the node for new work. Called by workers for each request outside a dialog, and by control to
 * explain. The last node is never taken away by a hold, a busy signal or the lack of a first answer: those
 * only lower its tier. Within equals, weighted rendezvous hashing: Thaler and Ravishankar, "Using
 * Name-Based Mappings to Increase Hit Rates" (1998), with the weights of Schindelhauer and Schomaker (2005):
 * when a node goes, only its own share moves.
 */
#include "node/pick.h"

#include "base/hash.h"

#include <errno.h>

enum tier { TIER_ELIGIBLE, TIER_HELD, TIER_DOUBTFUL, TIER_UNUSABLE };

/* The best candidate so far. Lower rank first; then the larger score. */
struct best {
	int index;
	uint64_t rank;
	uint16_t weight;
	uint64_t hash;
	uint64_t cost; /* -log2(hash / 2^64), Q20; 0 = not computed yet */
};

/* Something is said of the node besides that it lives. */
static enum tier classify_marked(uint32_t word, enum node_verdict *ret_verdict)
{
	*ret_verdict = NODE_IN_MAINT;
	if (node_word_admin(word) == NODE_MAINT)
		return TIER_UNUSABLE;
	*ret_verdict = NODE_IS_DRAINING;
	if (node_word_admin(word) == NODE_DRAIN)
		return TIER_UNUSABLE;
	*ret_verdict = NODE_IS_DOWN;
	if (node_word_health(word) == NODE_DOWN)
		return TIER_UNUSABLE;
	*ret_verdict = NODE_IS_UNKNOWN;
	if (node_word_health(word) == NODE_UNKNOWN)
		return TIER_DOUBTFUL;
	*ret_verdict = NODE_IS_BUSY;
	if (word & NODE_WORD_BUSY)
		return TIER_DOUBTFUL;
	ensure(word & NODE_WORD_HELD);
	*ret_verdict = NODE_IS_HELD;
	return TIER_HELD;
}

static inline bool is_eligible(uint32_t word)
{
	return word == node_word_make(NODE_UP, NODE_READY, 0) ||
	       word == node_word_make(NODE_SUSPECT, NODE_READY, 0);
}

static enum tier classify(const struct node *node, enum node_verdict *ret_verdict)
{
	uint32_t word;

	*ret_verdict = NODE_MISSING;
	if (!node)
		return TIER_UNUSABLE;
	word = node_word(node);
	*ret_verdict = NODE_NOT_NEEDED;
	if (likely_true(is_eligible(word)))
		return TIER_ELIGIBLE;
	return classify_marked(word, ret_verdict);
}

/*
 * -log2(hash / 2^64) in Q20, at least 1: binary digits of the logarithm by repeated squaring. Integers, so
 * that every instance of a cluster chooses alike whatever its compiler.
 */
static uint64_t rendezvous_cost(uint64_t hash)
{
	uint64_t cost;
	unsigned zeros;
	uint64_t x;
	uint32_t fraction = 0;

	hash |= 1;
	zeros = (unsigned)__builtin_clzll(hash);
	x = (hash << zeros) >> 32; /* Q31, in [1, 2) */
	for (int bit = 0; bit < 20; bit++) {
		x = (x * x) >> 31;
		fraction = fraction << 1 | (uint32_t)(x >> 32);
		x >>= x >> 32;
	}
	cost = ((uint64_t)(zeros + 1) << 20) - fraction;
	return cost;
}

/* Is the candidate ahead of the best of the same rank? Equal weights need no logarithm: it is monotone. */
static bool is_ahead(struct best *best, struct best *candidate)
{
	uint64_t mine;
	uint64_t theirs;

	if (candidate->weight == best->weight)
		return candidate->hash > best->hash;
	if (best->cost == 0)
		best->cost = rendezvous_cost(best->hash);
	candidate->cost = rendezvous_cost(candidate->hash);
	mine = candidate->weight * best->cost;
	theirs = best->weight * candidate->cost;
	return mine > theirs || (mine == theirs && candidate->hash > best->hash);
}

static inline uint64_t rendezvous_hash(uint64_t key, const struct node *node)
{
	return hash_mix(key ^ hash_mix(node->id));
}

/* Goes by everything that is known of each candidate. */
static __attribute__((noinline)) int pick_ranked(const struct node_table *nodes, const struct hop *hops,
	unsigned hop_count, uint64_t key, const struct node_tried *tried)
{
	struct best best = {.index = -ENOENT, .rank = UINT64_MAX};

	for (unsigned i = 0; i < hop_count; i++) {
		const struct node *node = node_by_slot(nodes, hops[i].node_slot);
		enum node_verdict verdict;
		enum tier tier = classify(node, &verdict);
		struct best candidate = {.index = (int)i, .weight = hops[i].weight};

		if (tier == TIER_UNUSABLE || node_was_tried(tried, node->id))
			continue;
		candidate.rank =
			(uint64_t)tier << 32 | (uint64_t)hops[i].priority << 1 | (hops[i].weight == 0);
		if (candidate.rank > best.rank)
			continue;
		candidate.hash = rendezvous_hash(key, node);
		if (candidate.rank < best.rank || is_ahead(&best, &candidate))
			best = candidate;
	}
	return best.index;
}

/*
 * The same where that is simple, as it mostly is: those of the best priority are all eligible and weigh the
 * same. -EAGAIN: it is not simple.
 */
static inline int pick_plain(
	const struct node_table *nodes, const struct hop *hops, unsigned hop_count, uint64_t key)
{
	const struct node *best = NULL;
	uint64_t best_hash = 0; /* valid once the best has met an equal */
	bool has_hash = false;
	unsigned at = 0;

	for (unsigned i = 0; i < hop_count; i++) {
		const struct node *node;
		uint64_t hash;

		if (best && hops[i].priority > hops[at].priority)
			continue;
		node = node_by_slot(nodes, hops[i].node_slot);
		if (!node || !is_eligible(node_word(node)) || hops[i].weight == 0)
			return -EAGAIN;
		if (!best || hops[i].priority < hops[at].priority) {
			best = node;
			has_hash = false;
			at = i;
			continue;
		}
		if (hops[i].weight != hops[at].weight)
			return -EAGAIN;
		if (!has_hash)
			best_hash = rendezvous_hash(key, best);
		has_hash = true;
		hash = rendezvous_hash(key, node);
		if (hash > best_hash) {
			best = node;
			best_hash = hash;
			at = i;
		}
	}
	return best ? (int)at : -EAGAIN;
}

int node_pick(const struct node_table *nodes, const struct hop *hops, unsigned hop_count, uint64_t key)
{
	return node_pick_untried(nodes, hops, hop_count, key, NULL);
}

int node_pick_untried(const struct node_table *nodes, const struct hop *hops, unsigned hop_count,
	uint64_t key, const struct node_tried *tried)
{
	int index = tried ? -EAGAIN : pick_plain(nodes, hops, hop_count, key);

	return likely_true(index >= 0) ? index : pick_ranked(nodes, hops, hop_count, key, tried);
}

int node_pick_explain(const struct node_table *nodes, const struct hop *hops, unsigned hop_count,
	uint64_t key, enum node_verdict *ret_verdicts)
{
	int chosen = node_pick(nodes, hops, hop_count, key);

	for (unsigned i = 0; i < hop_count; i++)
		(void)classify(node_by_slot(nodes, hops[i].node_slot), &ret_verdicts[i]);
	if (chosen >= 0)
		ret_verdicts[chosen] = NODE_CHOSEN;
	return chosen;
}

bool node_serves_dialogs(const struct node *node)
{
	uint32_t word = node_word(node);

	return node_word_health(word) != NODE_DOWN && node_word_admin(word) != NODE_MAINT;
}

const char *node_verdict_name(enum node_verdict verdict)
{
	static const char *const names[] = {
		[NODE_CHOSEN] = "chosen",
		[NODE_NOT_NEEDED] = "not needed",
		[NODE_IS_HELD] = "held",
		[NODE_IS_BUSY] = "busy",
		[NODE_IS_UNKNOWN] = "unknown",
		[NODE_IS_DOWN] = "down",
		[NODE_IS_DRAINING] = "draining",
		[NODE_IN_MAINT] = "maintenance",
		[NODE_MISSING] = "no such node",
	};

	ensure((unsigned)verdict < sizeof(names) / sizeof(names[0]));
	return names[verdict];
}
