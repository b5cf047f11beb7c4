/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections toward nodes: opened ahead, so that a request never waits for a handshake; when lost,
 * opened anew, at once after a life of a quarter of a second, else after a pause that doubles with each
 * failure and is longer by up to a quarter, so that workers and instances do not come all together. After a
 * failure only one is tried at a time.
 */
#include "conn/conn_priv.h"

#include <errno.h>

enum {
	REOPEN_FIRST_MS = 5,
	REOPEN_DOUBLINGS_MAX = 16,
	SOUND_AFTER_MS = 250, /* a connection that has lived so long was no failure */
	LOOK_EVERY_MS = 250,  /* for connections that hang while their node is down */
	DEAF_AFTER_MS = 500,  /* nothing was heard on it for so long */
	DEAF_LOOKS = 3,       /* and at so many looks nothing had been acknowledged since the one before */
};

static uint64_t pause_ns(struct conns *conns, unsigned fails)
{
	unsigned doublings = fails - 1 < REOPEN_DOUBLINGS_MAX ? fails - 1 : REOPEN_DOUBLINGS_MAX;
	uint64_t pause_ms = (uint64_t)REOPEN_FIRST_MS << doublings;

	if (pause_ms > conns->config.limits.reopen_max_ms)
		pause_ms = conns->config.limits.reopen_max_ms;
	return pause_ms * CONN_MS + rng_below(conns->config.rng, (uint32_t)pause_ms / 4 * 1000 + 1) * 1000ULL;
}

static void due_at(struct conns *conns, uint64_t at_ns)
{
	if (at_ns < conns->pools_due_ns)
		conns->pools_due_ns = at_ns;
}

static void note_failure(struct conns *conns, struct node_pool *pool)
{
	if (pool->fails < UINT16_MAX)
		pool->fails++;
	pool->open_at_ns = conns->now_ns + pause_ns(conns, pool->fails);
	due_at(conns, pool->open_at_ns);
}

static void tell(struct conns *conns, const struct conn *conn, enum conn_node_event event)
{
	static const enum stat stats[] = {
		[CONN_NODE_CONNECTED] = STAT_conn_node_connected,
		[CONN_NODE_REFUSED] = STAT_conn_node_refused,
		[CONN_NODE_TIMED_OUT] = STAT_conn_node_timed_out,
		[CONN_NODE_RESET] = STAT_conn_node_reset,
		[CONN_NODE_CLOSED] = STAT_conn_node_closed,
	};
	struct conn_info info;

	conn_info_of(conns, conn, &info);
	conn_count(conns, stats[event]);
	conns->config.node_event(conns->config.ctx, &info, event);
}

static struct node_pool *pool_of(struct conns *conns, const struct conn *conn)
{
	struct node_pool *pool = &conns->pools[conn->node_slot];

	ensure(conn->kind == CONN_NODE && pool->node_id == conn->node_id && conn->node_id != 0);
	return pool;
}

void pools_connected(struct conns *conns, struct conn *conn)
{
	struct node_pool *pool = pool_of(conns, conn);

	/* The others may follow; whether the node is sound is seen when this one has lived. */
	pool->open_at_ns = conns->now_ns;
	due_at(conns, conns->now_ns);
	tell(conns, conn, CONN_NODE_CONNECTED);
}

static enum conn_node_event event_of(const struct conn *conn, enum tcp_reason why)
{
	switch (why) {
	case TCP_WHY_CONNECT_TIMEOUT:
	case TCP_WHY_USER_TIMEOUT:
	case TCP_WHY_KEEPALIVE:
		return CONN_NODE_TIMED_OUT;
	case TCP_WHY_REFUSED:
	case TCP_WHY_UNREACHABLE:
		return CONN_NODE_REFUSED;
	case TCP_WHY_RESET:
		return CONN_NODE_RESET;
	default:
		return conn->state == CONN_OPENING ? CONN_NODE_REFUSED : CONN_NODE_CLOSED;
	}
}

void pools_lost(struct conns *conns, struct conn *conn, enum tcp_reason why)
{
	struct node_pool *pool = pool_of(conns, conn);
	bool was_sound = conn->state == CONN_UP && conns->now_ns - conn->since_ns >= SOUND_AFTER_MS * CONN_MS;

	for (unsigned i = 0; i < CONN_POOL_MAX; i++) {
		if (pool->conns[i] == conn)
			pool->conns[i] = NULL;
	}
	if (was_sound) {
		pool->fails = 0;
		pool->open_at_ns = conns->now_ns;
		due_at(conns, conns->now_ns);
	} else {
		note_failure(conns, pool);
	}
	tell(conns, conn, event_of(conn, why));
}

static unsigned count_in(const struct node_pool *pool, enum conn_state state)
{
	unsigned count = 0;

	for (unsigned i = 0; i < CONN_POOL_MAX; i++)
		count += pool->conns[i] && pool->conns[i]->state == state;
	return count;
}

/* False: not now, or not yet another. */
static bool open_one(struct conns *conns, struct node_pool *pool, unsigned place)
{
	struct conn *conn;

	if (pool->conns[place] || conns->now_ns < pool->open_at_ns)
		return false;
	if (pool->fails > 0 && count_in(pool, CONN_OPENING) > 0)
		return false;
	if (open_connection(conns, CONN_NODE, &pool->remote, &conn) != 0) {
		conn_count(conns, STAT_conn_not_opened);
		note_failure(conns, pool);
		return false;
	}
	conn->node_id = pool->node_id;
	conn->node_slot = (uint16_t)(pool - conns->pools);
	pool->conns[place] = conn;
	return true;
}

/*
 * A path that went dead keeps TCP waiting ever longer; when the node is back, a new SYN is sooner through. It
 * is dead when look after look nothing of what we sent is acknowledged. A host whose process stands still
 * still acknowledges, and its connection may live on.
 */
static bool hangs(const struct conns *conns, struct conn *conn)
{
	struct tcp_info info;
	bool deaf = conns->now_ns - conn->heard_ns >= DEAF_AFTER_MS * CONN_MS;

	if (conn->state != CONN_UP)
		return false;
	tcp_info(conn->tcb, &info);
	conn->stuck = deaf && info.send_queued_bytes > 0 && info.send_queued_bytes >= conn->queued_bytes
			      ? conn->stuck + 1
			      : 0;
	conn->queued_bytes = info.send_queued_bytes;
	return conn->stuck >= DEAF_LOOKS;
}

static void drop_hanging(struct conns *conns, struct node_pool *pool)
{
	for (unsigned i = 0; i < CONN_POOL_MAX; i++) {
		if (pool->conns[i] && hangs(conns, pool->conns[i]))
			conn_end(conns, pool->conns[i], TCP_WHY_USER_TIMEOUT);
	}
}

static void run_pool(struct conns *conns, struct node_pool *pool, const struct node *node)
{
	bool lacks = false;

	if (node && node->id == pool->node_id && node_word_health(node_word(node)) == NODE_DOWN)
		drop_hanging(conns, pool);
	for (unsigned i = 0; i < conns->config.limits.node_connections; i++) {
		open_one(conns, pool, i);
		lacks = lacks || !pool->conns[i];
	}
	if (lacks && count_in(pool, CONN_OPENING) == 0)
		due_at(conns, pool->open_at_ns > conns->now_ns ? pool->open_at_ns : conns->now_ns);
}

void pools_run(struct conns *conns, const struct node_table *nodes)
{
	conns->pools_due_ns = UINT64_MAX;
	for (unsigned slot = 0; slot < NODES_MAX; slot++) {
		if (conns->pools[slot].node_id == 0)
			continue;
		due_at(conns, conns->now_ns + LOOK_EVERY_MS * CONN_MS);
		run_pool(conns, &conns->pools[slot], node_by_slot(nodes, slot));
	}
}

/*
 * Answers to what is on its way may still come by those that are up; nothing new is sent. One that is still
 * being opened has nothing on its way, and what waits in it is told at once.
 */
static void retire(struct conns *conns, struct node_pool *pool)
{
	for (unsigned i = 0; i < CONN_POOL_MAX; i++) {
		struct conn *conn = pool->conns[i];
		if (!conn)
			continue;
		pool->conns[i] = NULL;
		conn->kind = CONN_PEER;
		conn->node_id = 0;
		conns->peers_opening += conn->state == CONN_OPENING;
		if (conn->state == CONN_OPENING)
			conn_end(conns, conn, TCP_WHY_CLOSED);
		else if (conn->state == CONN_UP)
			open_linger(conns, conn);
	}
	*pool = (struct node_pool){.node_id = 0};
}

void conns_sync(struct conns *conns, const struct node_table *nodes, uint64_t now_ns)
{
	conns->now_ns = now_ns;
	for (unsigned slot = 0; slot < NODES_MAX; slot++) {
		const struct node *node = node_by_slot(nodes, slot);
		struct node_pool *pool = &conns->pools[slot];
		uint32_t id = node && node->transport == TRANSPORT_TCP ? node->id : 0;

		if (pool->node_id == id)
			continue;
		retire(conns, pool);
		if (id == 0)
			continue;
		pool->node_id = id;
		pool->remote = node->remote;
		due_at(conns, now_ns);
	}
}

/*
 * In turn, those that are up and not above high water. One that is being opened takes what is sent when there
 * is none and the last attempt did not fail: the node has closed its idle connections, say. NULL and
 * *ret_error.
 */
static struct conn *choose(const struct conns *conns, struct node_pool *pool, int *ret_error)
{
	struct conn *opening = NULL;

	*ret_error = -ENOTCONN;
	for (unsigned i = 0; i < conns->config.limits.node_connections; i++) {
		struct conn *conn = pool->conns[(pool->turn + i) % conns->config.limits.node_connections];
		if (!conn || conn->peer_closed || conn->doomed)
			continue;
		if (conn->choked)
			*ret_error = -EAGAIN;
		else if (conn->state == CONN_OPENING)
			opening = conn;
		else
			return conn;
	}
	return pool->fails == 0 && *ret_error == -ENOTCONN ? opening : NULL;
}

int conns_send_node(
	struct conns *conns, const struct node *node, struct span bytes, uint64_t now_ns, conn_id *ret_conn)
{
	struct node_pool *pool = &conns->pools[node->slot];
	struct conn *conn = NULL;
	int ret = -ENOTCONN;

	conns->now_ns = now_ns;
	if (pool->node_id == node->id)
		conn = choose(conns, pool, &ret);
	if (!conn) {
		conn_count(conns, ret == -EAGAIN ? STAT_conn_node_choked : STAT_conn_node_not_connected);
		return ret;
	}
	pool->turn++;
	ret = sender_send(conns, conn, bytes);
	if (ret == 0)
		*ret_conn = conn_id_of(conns, conn);
	return ret;
}
