/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Beginnings: connections that peers open, and those that we open. An eighth of all is kept for ours. When
 * peers have taken the rest, a new one takes the place of the one that has lingered longest, else of the one
 * that has been silent longest since it was opened: a flood of connections pushes out the flood. One that has
 * sent a message never makes room.
 */
#include "conn/conn_priv.h"

#include <errno.h>

static void wait_in(struct conns *conns, struct list *list, struct conn *conn)
{
	conn->since_ns = conns->now_ns;
	list_append(list, &conn->waiting);
}

void open_linger(struct conns *conns, struct conn *conn)
{
	list_remove(&conn->waiting);
	conn->state = CONN_LINGERING;
	wait_in(conns, &conns->lingering, conn);
}

static bool accepted_are_full(const struct conns *conns)
{
	uint32_t count = conns->pool.object_count;

	return conns->pool.used >= count - count / 8;
}

/* False when nobody can be asked to go. */
static bool make_room(struct conns *conns)
{
	struct list *list = !list_empty(&conns->lingering) ? &conns->lingering : &conns->silent;
	enum stat stat = list == &conns->silent ? STAT_conn_silent_evicted : STAT_conn_lingering_evicted;

	if (list_empty(list))
		return false;
	conn_count(conns, stat);
	conn_end(conns, list_owner(list->next, struct conn, waiting), TCP_WHY_ABORTED);
	return true;
}

static void take_ends(struct conn *conn)
{
	struct tcp_info info;

	tcp_info(conn->tcb, &info);
	conn->local = info.local;
	conn->remote = info.remote;
}

static void refuse(struct conns *conns, struct tcb *tcb)
{
	conn_count(conns, STAT_conn_accepted_full);
	tcp_set_cookie(tcb, CONN_NONE);
	tcp_abort(tcb, conns->now_ns);
}

void open_accepted(struct conns *conns, struct tcb *tcb)
{
	static const struct endpoint unknown = {.port = 0};
	struct conn *conn;

	if (accepted_are_full(conns) && !make_room(conns)) {
		refuse(conns, tcb);
		return;
	}
	conn = conn_begin(conns, CONN_ACCEPTED, &unknown);
	if (!conn) {
		refuse(conns, tcb);
		return;
	}
	conn->tcb = tcb;
	conn->state = CONN_UP;
	take_ends(conn);
	tcp_set_cookie(tcb, conn_id_of(conns, conn));
	peers_add(conns, conn);
	wait_in(conns, &conns->silent, conn);
	conn_count(conns, STAT_conn_accepted);
}

/* What has no connection yet must not have a name either: nobody is told of its end. */
static void unbegin(struct conns *conns, struct conn *conn)
{
	conn->magic = 0;
	pool_give(&conns->pool, conn);
}

int open_connection(
	struct conns *conns, enum conn_kind kind, const struct endpoint *remote, struct conn **ret_conn)
{
	struct conn *conn;
	int ret;

	if (kind == CONN_PEER && conns->peers_opening >= CONN_OPENING_MAX)
		return -EMFILE;
	conn = conn_begin(conns, kind, remote);
	if (!conn)
		return -EMFILE;
	ret = tcp_connect(conns->config.tcp, remote, conn_id_of(conns, conn), conns->now_ns, &conn->tcb);
	if (ret != 0) {
		unbegin(conns, conn);
		return ret == -ENOBUFS ? -EMFILE : ret;
	}
	conn->state = CONN_OPENING;
	conns->peers_opening += kind == CONN_PEER;
	take_ends(conn);
	peers_add(conns, conn);
	wait_in(conns, &conns->opening, conn);
	conn_count(conns, STAT_conn_opened);
	*ret_conn = conn;
	return 0;
}

static unsigned expire(struct conns *conns, struct list *list, uint32_t timeout_ms, enum tcp_reason why)
{
	unsigned work = 0;

	while (!list_empty(list) && work < CONN_TIMEOUTS_PER_LOOP) {
		struct conn *conn = list_owner(list->next, struct conn, waiting);
		if (conn->since_ns + timeout_ms * CONN_MS > conns->now_ns)
			break;
		conn_end(conns, conn, why);
		work++;
	}
	return work;
}

unsigned open_expire(struct conns *conns)
{
	unsigned work = expire(
		conns, &conns->opening, conns->config.limits.connect_timeout_ms, TCP_WHY_CONNECT_TIMEOUT);

	return work + expire(conns, &conns->lingering, conns->config.limits.linger_ms, TCP_WHY_CLOSED);
}
