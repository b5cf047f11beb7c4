/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients that ask and do not read the answers. Above high water they are not read, and what they have sent
 * stays where the text of all connections goes. As long as that has room they wait, until they read or TCP
 * gives them up. When it is short, so that nobody is offered a window any more, the one that pins most has to
 * go, and the next, until there is room again. Those that pin less than a connection does on average are not
 * the reason, nor are those that have taken all answers and wait for memory that others hold.
 */
#include "conn/conn_priv.h"

void choked_set(struct conns *conns, struct conn *conn, bool choked)
{
	conn->choked = choked;
	if (!choked)
		list_remove(&conn->choking);
	else if (conn->kind == CONN_ACCEPTED && !list_in(&conn->choking))
		list_append(&conns->choked, &conn->choking);
}

/* Those looked at go to the end, so that of more than can be looked at each has its turn. */
static struct conn *worst(struct conns *conns)
{
	uint32_t most_bytes = tcp_receive_average_bytes(conns->config.tcp);
	struct list *last = conns->choked.prev;
	struct conn *found = NULL;

	for (unsigned i = 0; i < CONN_CHOKED_LOOKS && !list_empty(&conns->choked); i++) {
		struct list *first = conns->choked.next;
		struct conn *conn = list_owner(first, struct conn, choking);
		struct tcp_info info;

		tcp_info(conn->tcb, &info);
		if (info.send_queued_bytes > 0 && info.receive_pinned_bytes > 0 &&
			info.receive_pinned_bytes >= most_bytes) {
			most_bytes = info.receive_pinned_bytes;
			found = conn;
		}
		list_remove(first);
		list_append(&conns->choked, first);
		if (first == last)
			break;
	}
	return found;
}

unsigned choked_evict(struct conns *conns)
{
	unsigned work = 0;

	while (work < CONN_CHOKED_PER_LOOP && tcp_receive_is_short(conns->config.tcp)) {
		struct conn *conn = worst(conns);
		if (!conn)
			break;
		conn_count(conns, STAT_conn_unread_evicted);
		conn_end(conns, conn, TCP_WHY_ABORTED);
		work++;
	}
	return work;
}
