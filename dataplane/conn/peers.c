/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections by the address behind them: the remote end, and the port a peer said it can be reached at by
 * "alias" in its Via (RFC 5923). The newest comes first: a peer that reconnects without closing is found by
 * what it opened last. An alias is believed only for the very address the connection comes from.
 */
#include "conn/conn_priv.h"

#include "sip/field.h"

static uint32_t *head_of(const struct conns *conns, const struct ip_addr *ip, uint16_t port)
{
	struct siphash hash;

	siphash_init(&hash, &conns->config.secret);
	siphash_add(&hash, ip->bytes, sizeof(ip->bytes));
	siphash_add(&hash, &port, sizeof(port));
	return &conns->heads[siphash_final(&hash) & conns->heads_mask];
}

/* An entry names a connection and one of its two keys. */
static struct conn *entry_conn(const struct conns *conns, uint32_t entry)
{
	return pool_at(&conns->pool, entry / CONN_KEYS);
}

static uint16_t entry_port(const struct conn *conn, uint32_t entry)
{
	return entry % CONN_KEYS == CONN_BY_ALIAS ? conn->alias_port : conn->remote.port;
}

void peers_init(struct conns *conns)
{
	for (uint32_t i = 0; i <= conns->heads_mask; i++)
		conns->heads[i] = POOL_NONE;
}

void peers_add(struct conns *conns, struct conn *conn, enum conn_key key)
{
	uint32_t entry = pool_index(&conns->pool, conn) * CONN_KEYS + key;
	uint32_t *head = head_of(conns, &conn->remote.ip, entry_port(conn, entry));

	conn->next[key] = *head;
	*head = entry;
}

static void remove_entry(struct conns *conns, struct conn *conn, enum conn_key key)
{
	uint32_t entry = pool_index(&conns->pool, conn) * CONN_KEYS + key;
	uint32_t *at = head_of(conns, &conn->remote.ip, entry_port(conn, entry));

	while (*at != entry) {
		ensure(*at != POOL_NONE);
		at = &entry_conn(conns, *at)->next[*at % CONN_KEYS];
	}
	*at = conn->next[key];
}

void peers_remove(struct conns *conns, struct conn *conn)
{
	remove_entry(conns, conn, CONN_BY_REMOTE);
	if (conn->alias_port != 0)
		remove_entry(conns, conn, CONN_BY_ALIAS);
}

struct conn *peers_find(const struct conns *conns, const struct endpoint *remote)
{
	uint32_t entry = *head_of(conns, &remote->ip, remote->port);

	while (entry != POOL_NONE) {
		struct conn *conn = entry_conn(conns, entry);
		if (entry_port(conn, entry) == remote->port && ip_equal(&conn->remote.ip, &remote->ip) &&
			!conn->peer_closed && !conn->doomed)
			return conn;
		entry = conn->next[entry % CONN_KEYS];
	}
	return NULL;
}

void peers_alias(struct conns *conns, struct conn *conn, const struct sip_msg *msg)
{
	struct span ignored;

	if (!msg->is_request || msg->error != SIP_ERR_NONE ||
		!sip_param_find(msg->via.params, "alias", &ignored))
		return;
	conn->alias_port = msg->via.port ? msg->via.port : transport_default_port(TRANSPORT_TCP);
	peers_add(conns, conn, CONN_BY_ALIAS);
	conn_count(conns, STAT_conn_aliases);
}
