/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What reaches transactions without a message: time, connections that end, sendings that fail. Called by the
 * worker through proxy.h.
 */
#include "proxy/txn_stages_priv.h"

/* NULL: it has its final response, or has ended. */
static struct client_txn *awaiting(const struct proxy *proxy, uint64_t token)
{
	struct client_txn *client = proxy->txns ? client_of_token(proxy->txns, token) : NULL;

	return client && !machine_is_final(&client->machine) ? client : NULL;
}

bool proxy_awaits(const struct proxy *proxy, uint64_t token)
{
	return awaiting(proxy, token) != NULL;
}

void proxy_sent_by(struct proxy *proxy, uint64_t token, conn_id conn)
{
	struct client_txn *client = awaiting(proxy, token);

	if (!client)
		return;
	/* The lists hold it by its connection. */
	pending_remove(client);
	client->conn = conn;
	pending_add(client);
}

void proxy_send_failed(struct proxy *proxy, const struct snapshot *snap, uint64_t token, uint64_t now_ns)
{
	struct client_txn *client = awaiting(proxy, token);

	if (!client)
		return;
	txns_enter(proxy->txns, snap, now_ns);
	stats_inc(proxy->stats, STAT_sip_txn_send_failed);
	client_fail(client);
}

void proxy_conn_lost(struct proxy *proxy, const struct snapshot *snap, conn_id conn, uint64_t now_ns)
{
	if (!proxy->txns || conn == CONN_NONE)
		return;
	txns_enter(proxy->txns, snap, now_ns);
	pending_lose(proxy->txns, conn, false);
}

void proxy_conn_closed(struct proxy *proxy, const struct snapshot *snap, conn_id conn, uint64_t now_ns)
{
	if (!proxy->txns || conn == CONN_NONE)
		return;
	txns_enter(proxy->txns, snap, now_ns);
	pending_lose(proxy->txns, conn, true);
}

unsigned proxy_tick(struct proxy *proxy, const struct snapshot *snap, uint64_t now_ns)
{
	unsigned done;

	if (!proxy->txns)
		return 0;
	txns_enter(proxy->txns, snap, now_ns);
	done = pending_watch(proxy->txns);
	return done + timer_wheel_run(&proxy->txns->wheel, now_ns, TXN_TIMER_STEPS);
}

uint64_t proxy_next_ns(const struct proxy *proxy)
{
	if (!proxy->txns)
		return UINT64_MAX;
	return proxy->txns->lost_head != POOL_NONE ? 0 : timer_wheel_next_ns(&proxy->txns->wheel);
}
