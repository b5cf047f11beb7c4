/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Failover of a request that is under way (R-LB-2, R-RT-5): the routing decision is taken again on the kept
 * request, without the nodes it was sent to already. Called when a next hop is dead, busy, or silent for
 * failover_timeout_ms. A request inside a dialog leaves its node only when that is dead.
 */
#include "proxy/txn_stages_priv.h"

static bool may_try(const struct server_txn *server, enum txn_why why)
{
	if (machine_is_final(&server->machine) || server->cancelled || server->attempts >= TXN_ATTEMPTS_MAX)
		return false;
	return why == TXN_DEAD || !server->dialog_bound;
}

/* A dead node has no load that retries could multiply; a living one has. */
static bool affordable(struct txns *txns, enum txn_why why)
{
	if (why == TXN_DEAD || retry_budget_take(&txns->retries, txns->now_ns))
		return true;
	stats_inc(txns->proxy->stats, STAT_sip_txn_retries_limited);
	return false;
}

/* The next candidate's target; false when there is none. */
static bool find_next(
	struct server_txn *server, struct passage *passage, struct route_set *set, struct forward *forward)
{
	struct target *target = forward->target;

	if (!passage->listener || route_set_read(set, passage->msg, passage->snap) != 0)
		return false;
	request_hash(passage->msg, set, forward->hash);
	*target = request_target(passage, set, forward->hash, &server->tried);
	/* What a node sends into a dialog may be for another node, which no pattern could replace. */
	return target->kind == TARGET_NODE && !node_was_tried(&server->tried, target->node->id);
}

bool server_next(struct server_txn *server, enum txn_why why)
{
	struct txns *txns = server->txns;
	struct request_hash hash;
	struct target target;
	struct route_set set;
	struct proxy_out out;
	struct proxy_in in;
	struct passage passage;
	struct forward forward = {.set = &set, .target = &target, .hash = &hash};

	while (may_try(server, why)) {
		if (server_passage(server, &in, &out, &passage) != 0 ||
			!find_next(server, &passage, &set, &forward) || !affordable(txns, why))
			return false;
		switch (client_attempt(server, &passage, &forward)) {
		case ATTEMPT_SENT:
			stats_inc(txns->proxy->stats, STAT_sip_txn_failovers);
			return true;
		case ATTEMPT_UNSENT:
			why = TXN_DEAD;
			continue;
		case ATTEMPT_REFUSED:
		case ATTEMPT_NO_ROOM:
			return false;
		}
	}
	return false;
}
