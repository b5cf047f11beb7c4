/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From messages to bytes on a connection: a message is taken whole or not at all. TCP keeps at most its send
 * budget for one connection; from the half of it on, the connection is above high water.
 */
#include "conn/conn_priv.h"

#include <rte_mbuf.h>

#include <errno.h>

/* TCP keeps and copies the bytes; no headers stand before them, so the room for headers is used as well. */
static struct rte_mbuf *chain_of(struct conns *conns, struct span bytes)
{
	struct rte_mbuf *head = NULL;
	struct rte_mbuf **at = &head;

	while (bytes.len > 0) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(conns->config.pool);
		if (!mbuf) {
			rte_pktmbuf_free(head);
			return NULL;
		}
		mbuf->data_off = 0;
		mbuf->data_len = (uint16_t)(bytes.len < mbuf->buf_len ? bytes.len : mbuf->buf_len);
		memcpy(rte_pktmbuf_mtod(mbuf, char *), bytes.p, mbuf->data_len);
		bytes = span_of(bytes.p + mbuf->data_len, bytes.len - mbuf->data_len);
		*at = mbuf;
		at = &mbuf->next;
	}
	return head;
}

/* The connection is above high water until TCP_WRITABLE comes. */
static int refuse(struct conns *conns, struct conn *conn, int error)
{
	if (error != -EAGAIN && error != -ENOBUFS) {
		conn_count(conns, STAT_conn_send_gone);
		return -EPIPE;
	}
	choked_set(conns, conn, true);
	conn_count(conns, STAT_conn_send_full);
	return -EAGAIN;
}

int sender_send(struct conns *conns, struct conn *conn, struct span bytes)
{
	struct rte_mbuf *chain = chain_of(conns, bytes);
	int ret;

	ensure(bytes.len > 0 && bytes.len <= SIP_STREAM_MESSAGE_MAX);
	if (!chain) {
		conn_count(conns, STAT_conn_no_mbuf);
		return -ENOBUFS;
	}
	ret = conn->doomed ? -EPIPE : tcp_send(conn->tcb, chain, conns->now_ns);
	if (ret != 0) {
		rte_pktmbuf_free(chain);
		return refuse(conns, conn, ret);
	}
	choked_set(conns, conn, tcp_crowded(conn->tcb));
	return 0;
}

int conns_send(struct conns *conns, conn_id id, struct span bytes, uint64_t now_ns)
{
	struct conn *conn = conn_by_id(conns, id);

	conns->now_ns = now_ns;
	if (!conn) {
		conn_count(conns, STAT_conn_send_gone);
		return -ENOENT;
	}
	return sender_send(conns, conn, bytes);
}

int conns_send_given(struct conns *conns, const struct conn_given *given, struct span bytes, uint64_t now_ns)
{
	struct conn *conn = conn_by_id(conns, given->conn);
	int ret;

	conns->now_ns = now_ns;
	if (!conn || !peers_leads_to(conn, &given->remote))
		return -ENOENT;
	ret = sender_send(conns, conn, bytes);
	if (ret == 0)
		conn->givers |= 1u << given->giver;
	return ret;
}

int conns_send_peer(struct conns *conns, const struct endpoint *remote, struct span bytes, uint64_t now_ns,
	conn_id *ret_conn)
{
	struct conn *conn = peers_find(conns, remote);
	int ret;

	conns->now_ns = now_ns;
	if (!conn) {
		ret = open_connection(conns, CONN_PEER, remote, &conn);
		if (ret != 0) {
			conn_count(conns, STAT_conn_not_opened);
			return ret;
		}
	}
	ret = sender_send(conns, conn, bytes);
	if (ret == 0)
		*ret_conn = conn_id_of(conns, conn);
	return ret;
}
