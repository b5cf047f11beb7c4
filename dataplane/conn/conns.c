/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection's life: where its memory comes from, what TCP says about it, and its end. Its name holds a
 * generation, so that a name outlives the connection without ever meaning another one; the same name is the
 * tcb's cookie, and a tcb that was given up has the cookie CONN_NONE.
 */
#include "conn/conn.h"

#include "conn/conn_priv.h"

void conn_count(struct conns *conns, enum stat stat)
{
	stats_inc(conns->config.stats, stat);
}

conn_id conn_id_of(const struct conns *conns, const struct conn *conn)
{
	return conn_id_make(conns->config.worker_index, conn->generation, pool_index(&conns->pool, conn));
}

struct conn *conn_by_id(const struct conns *conns, conn_id id)
{
	uint32_t index = conn_id_index(id);
	struct conn *conn;

	if (id == CONN_NONE || conn_id_worker(id) != conns->config.worker_index ||
		index >= conns->pool.object_count)
		return NULL;
	conn = pool_at(&conns->pool, index);
	return conn->magic == CONN_MAGIC && conn_id_of(conns, conn) == id ? conn : NULL;
}

void conn_info_of(const struct conns *conns, const struct conn *conn, struct conn_info *ret_info)
{
	*ret_info = (struct conn_info){
		.conn = conn_id_of(conns, conn),
		.remote = conn->remote,
		.local = conn->local,
		.kind = conn->kind,
		.state = conn->state,
		.choked = conn->choked,
		.node_slot = conn->node_slot,
		.node_id = conn->node_id,
		.givers = conn->givers,
	};
}

struct conn *conn_begin(struct conns *conns, enum conn_kind kind, const struct endpoint *remote)
{
	struct conn *conn = pool_take(&conns->pool);
	uint32_t generation;

	if (!conn)
		return NULL;
	ensure(conn->magic == 0);
	/* 0 would make a name of worker 0 look like none. */
	generation = (conn->generation + 1) & 0xffffff;
	*conn = (struct conn){
		.magic = CONN_MAGIC,
		.generation = generation ? generation : 1,
		.kind = (uint8_t)kind,
		.remote = *remote,
		.heard_ns = conns->now_ns,
		.since_ns = conns->now_ns,
	};
	return conn;
}

void conn_forget(struct conns *conns, struct conn *conn, enum tcp_reason why)
{
	struct conn_info info;

	ensure(conn->magic == CONN_MAGIC && !conn->reading);
	conn_info_of(conns, conn, &info);
	list_remove(&conn->ready);
	list_remove(&conn->waiting);
	list_remove(&conn->choking);
	buffer_give(conns, conn);
	peers_remove(conns, conn);
	if (conn->kind == CONN_PEER && conn->state == CONN_OPENING)
		conns->peers_opening--;
	if (conn->kind == CONN_NODE)
		pools_lost(conns, conn, why);
	conn->magic = 0;
	conn->tcb = NULL;
	pool_give(&conns->pool, conn);
	conns->config.ended(conns->config.ctx, &info, why);
}

void conn_end(struct conns *conns, struct conn *conn, enum tcp_reason why)
{
	struct tcb *tcb = conn->tcb;

	if (conn->reading) {
		conn->doom = conn->doomed ? conn->doom : (uint8_t)why;
		conn->doomed = true;
		peers_remove(conns, conn);
		return;
	}
	tcp_set_cookie(tcb, CONN_NONE);
	if (why == TCP_WHY_CLOSED)
		tcp_close(tcb, conns->now_ns);
	else
		tcp_abort(tcb, conns->now_ns);
	conn_forget(conns, conn, why);
}

static void connected(struct conns *conns, struct conn *conn)
{
	ensure(conn->state == CONN_OPENING);
	list_remove(&conn->waiting);
	conn->state = CONN_UP;
	conn->since_ns = conn->heard_ns = conns->now_ns;
	if (conn->kind == CONN_PEER)
		conns->peers_opening--;
	if (conn->kind == CONN_NODE)
		pools_connected(conns, conn);
}

void conns_tcp_event(
	struct conns *conns, struct tcb *tcb, enum tcp_event event, enum tcp_reason why, uint64_t now_ns)
{
	struct conn *conn;

	conns->now_ns = now_ns;
	if (event == TCP_ACCEPTED) {
		open_accepted(conns, tcb);
		return;
	}
	conn = conn_by_id(conns, tcp_cookie(tcb));
	if (!conn)
		return; /* given up here; TCP still had to close it */
	ensure(conn->tcb == tcb);
	switch (event) {
	case TCP_CONNECTED:
		connected(conns, conn);
		break;
	case TCP_PEER_CLOSED:
		conn->peer_closed = true;
		peers_remove(conns, conn);
		reader_wake(conns, conn);
		break;
	case TCP_READABLE:
		conn->heard_ns = now_ns;
		reader_wake(conns, conn);
		break;
	case TCP_WRITABLE:
		choked_set(conns, conn, false);
		reader_wake(conns, conn);
		break;
	case TCP_ENDED:
		conn_forget(conns, conn, why);
		break;
	case TCP_ACCEPTED:
	case TCP_EVENTS:
		ensure(!"not an event of a known connection");
	}
}

void conns_close(struct conns *conns, conn_id id, uint64_t now_ns)
{
	struct conn *conn = conn_by_id(conns, id);

	conns->now_ns = now_ns;
	if (conn)
		conn_end(conns, conn, TCP_WHY_CLOSED);
}

unsigned conns_tick(struct conns *conns, const struct node_table *nodes, uint64_t now_ns)
{
	unsigned work;

	conns->now_ns = now_ns;
	work = reader_run(conns);
	work += choked_evict(conns);
	work += buffers_expire(conns);
	work += open_expire(conns);
	if (now_ns >= conns->pools_due_ns)
		pools_run(conns, nodes);
	return work;
}

static uint64_t sooner(uint64_t a_ns, uint64_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

/* When the first of those that wait has waited long enough. */
static uint64_t expires_ns(const struct list *waiting, uint32_t timeout_ms)
{
	if (list_empty(waiting))
		return UINT64_MAX;
	return list_owner(waiting->next, struct conn, waiting)->since_ns + timeout_ms * CONN_MS;
}

uint64_t conns_next_ns(const struct conns *conns)
{
	uint64_t next_ns = conns->pools_due_ns;

	if (!list_empty(&conns->ready))
		return 0;
	next_ns = sooner(next_ns, buffers_expire_ns(conns));
	next_ns = sooner(next_ns, expires_ns(&conns->opening, conns->config.limits.connect_timeout_ms));
	return sooner(next_ns, expires_ns(&conns->lingering, conns->config.limits.linger_ms));
}
