/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a message lies whose end has not come. There are fewer buffers than connections, because whole
 * messages need none. When all are taken, the one that has waited longest for its end is given up, with its
 * connection: peers that send half messages for ever cost each other, and nobody else for long.
 */
#include "conn/conn_priv.h"

static struct conn *oldest(const struct conns *conns)
{
	return list_owner(conns->half.next, struct conn, half);
}

void buffer_take(struct conns *conns, struct conn *conn)
{
	ensure(conn->buffer == NULL && conns->buffers.object_count > 0);
	conn->buffer = pool_take(&conns->buffers);
	if (!conn->buffer) {
		conn_count(conns, STAT_conn_buffer_evicted);
		conn_end(conns, oldest(conns), TCP_WHY_ABORTED);
		conn->buffer = pool_take(&conns->buffers);
	}
	ensure(conn->buffer != NULL); /* who was given up held one, and was not being read */
	conn->buffer_len = 0;
	conn->buffered_ns = conns->now_ns;
	list_append(&conns->half, &conn->half);
}

void buffer_give(struct conns *conns, struct conn *conn)
{
	if (!conn->buffer)
		return;
	list_remove(&conn->half);
	pool_give(&conns->buffers, conn->buffer);
	conn->buffer = NULL;
	conn->buffer_len = 0;
}

uint64_t buffers_expire_ns(const struct conns *conns)
{
	if (list_empty(&conns->half))
		return UINT64_MAX;
	return oldest(conns)->buffered_ns + conns->config.limits.message_timeout_ms * CONN_MS;
}

unsigned buffers_expire(struct conns *conns)
{
	unsigned work = 0;

	while (work < CONN_TIMEOUTS_PER_LOOP && buffers_expire_ns(conns) <= conns->now_ns) {
		conn_count(conns, STAT_conn_message_timeout);
		conn_end(conns, oldest(conns), TCP_WHY_ABORTED);
		work++;
	}
	return work;
}
