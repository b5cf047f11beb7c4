/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chooses one hop among the candidates of a pattern: a pure function of the hops, the nodes' words and a key,
 * so that a retransmission finds the same node as long as that node can serve (RFC 3261 16.11).
 */
#ifndef NODE_PICK_H
#define NODE_PICK_H

#include "base/hop.h"
#include "limits.h"
#include "node/node.h"

/* The nodes that one request was sent to already: they are not asked again. */
struct node_tried {
	uint32_t count;
	uint32_t ids[NODE_TRIED_MAX];
};

/* NULL is nobody. */
static inline bool node_was_tried(const struct node_tried *tried, uint32_t id)
{
	for (unsigned i = 0; tried && i < tried->count; i++) {
		if (tried->ids[i] == id)
			return true;
	}
	return false;
}

static inline void node_tried_add(struct node_tried *tried, uint32_t id)
{
	ensure(tried->count < NODE_TRIED_MAX);
	tried->ids[tried->count++] = id;
}

/* Why a candidate was or was not chosen; for `test route`. */
enum node_verdict {
	NODE_CHOSEN,
	NODE_NOT_NEEDED, /* usable, but a better one was there or the key chose another */
	NODE_IS_HELD,
	NODE_IS_BUSY,
	NODE_IS_UNKNOWN,
	NODE_IS_DOWN,
	NODE_IS_DRAINING,
	NODE_IN_MAINT,
	NODE_MISSING, /* the hop names a slot without a node */
};

/*
 * Tiers, best first: eligible (up or suspect, ready), held, busy or unknown. Within a tier the lowest
 * priority number wins; within a priority weighted rendezvous hashing by `key` decides. Returns the index
 * into hops, or -ENOENT when no node can take new work.
 */
must_use int node_pick(
	const struct node_table *nodes, const struct hop *hops, unsigned hop_count, uint64_t key);

/* The same among those that were not tried; `tried` may be NULL. */
must_use int node_pick_untried(const struct node_table *nodes, const struct hop *hops, unsigned hop_count,
	uint64_t key, const struct node_tried *tried);

/* The same decision with a reason for each candidate; verdicts has hop_count places. */
int node_pick_explain(const struct node_table *nodes, const struct hop *hops, unsigned hop_count,
	uint64_t key, enum node_verdict *ret_verdicts);

/* May a request of a dialog that lives on this node still go there? Drain says yes, down and maint say no. */
bool node_serves_dialogs(const struct node *node);

const char *node_verdict_name(enum node_verdict verdict);

#endif
