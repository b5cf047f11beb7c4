/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections by the address behind them: the remote end, and the port a peer said it can be reached at by
 * "alias" in its Via (RFC 5923). The newest comes first: a peer that reconnects without closing is found by
 * what it opened last. An alias is believed only for the very address the connection comes from.
 *
 * Many may have one address: clients behind a NAT all name the same port. So a bucket holds an entry for each
 * address, its newest, and the older ones stand behind that in the order of their age: each is added, found
 * and removed without a walk. Those that cannot be sent to any more are not here.
 *
 * The newest of an address is also told to the other workers, if its peer opened it. Not those of nodes: each
 * worker has its own. Not what we opened, either: while it is not known whether anybody answers there, it
 * must not stand in the place of a connection that lives.
 */
#include "conn/conn_priv.h"

#include "conn/directory.h"
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

static struct peer_place *entry_place(const struct conns *conns, uint32_t entry)
{
	return &entry_conn(conns, entry)->places[entry % CONN_KEYS];
}

static struct endpoint entry_address(const struct conns *conns, uint32_t entry)
{
	const struct conn *conn = entry_conn(conns, entry);
	uint16_t port = entry % CONN_KEYS == CONN_BY_ALIAS ? conn->alias_port : conn->remote.port;

	return (struct endpoint){conn->remote.ip, port};
}

void peers_init(struct conns *conns)
{
	for (uint32_t i = 0; i <= conns->heads_mask; i++)
		conns->heads[i] = POOL_NONE;
}

/* The newest entry of that address. */
static uint32_t find_newest(const struct conns *conns, const struct endpoint *address)
{
	uint32_t entry = *head_of(conns, &address->ip, address->port);

	while (entry != POOL_NONE) {
		struct endpoint at = entry_address(conns, entry);
		if (endpoint_equal(&at, address))
			break;
		entry = entry_place(conns, entry)->next;
	}
	return entry;
}

/* `entry`, or nothing, stands in the bucket where the one of `place` stood. */
static void put_in_place_of(
	struct conns *conns, uint32_t *head, const struct peer_place *place, uint32_t entry)
{
	uint32_t after = entry == POOL_NONE ? place->next : entry;
	uint32_t before = entry == POOL_NONE ? place->prev : entry;

	if (place->prev == POOL_NONE)
		*head = after;
	else
		entry_place(conns, place->prev)->next = after;
	if (place->next != POOL_NONE)
		entry_place(conns, place->next)->prev = before;
	if (entry != POOL_NONE) {
		entry_place(conns, entry)->prev = place->prev;
		entry_place(conns, entry)->next = place->next;
	}
}

/* The name under which other workers may find that entry; CONN_NONE: they may not. */
static conn_id shared_name(const struct conns *conns, uint32_t entry)
{
	const struct conn *conn = entry == POOL_NONE ? NULL : entry_conn(conns, entry);

	return conn && conn->kind == CONN_ACCEPTED ? conn_id_of(conns, conn) : CONN_NONE;
}

static void share(struct conns *conns, const struct endpoint *address, uint32_t entry)
{
	conn_id name = shared_name(conns, entry);

	if (conns->config.directory && name != CONN_NONE)
		directory_put(conns->config.directory, address, name);
}

/* The one that is newest then is not younger than what other workers may have added. */
static void unshare(struct conns *conns, const struct endpoint *address, uint32_t entry, uint32_t older)
{
	conn_id name = shared_name(conns, entry);

	if (conns->config.directory && name != CONN_NONE)
		directory_replace(conns->config.directory, address, name, shared_name(conns, older));
}

/* What another one with that address took with it when it ended, or a full line pushed out. */
static void share_again(struct conns *conns, struct conn *conn, enum conn_key key)
{
	uint32_t entry = pool_index(&conns->pool, conn) * CONN_KEYS + key;
	struct endpoint address = entry_address(conns, entry);

	if (directory_find(conns->config.directory, &address) == CONN_NONE)
		share(conns, &address, find_newest(conns, &address));
}

void peers_heard(struct conns *conns, struct conn *conn)
{
	uint32_t second = (uint32_t)(conns->now_ns / 1000000000);

	if (!conns->config.directory || !conn->listed || conn->shared_s == second)
		return;
	conn->shared_s = second;
	share_again(conns, conn, CONN_BY_REMOTE);
	if (conn->alias_port != 0)
		share_again(conns, conn, CONN_BY_ALIAS);
}

static void add_entry(struct conns *conns, struct conn *conn, enum conn_key key)
{
	uint32_t entry = pool_index(&conns->pool, conn) * CONN_KEYS + key;
	struct endpoint address = entry_address(conns, entry);
	uint32_t *head = head_of(conns, &address.ip, address.port);
	uint32_t older = find_newest(conns, &address);
	struct peer_place *place = &conn->places[key];

	share(conns, &address, entry);
	*place = (struct peer_place){.newer = POOL_NONE, .older = older, .prev = POOL_NONE, .next = *head};
	if (older != POOL_NONE) {
		entry_place(conns, older)->newer = entry;
		put_in_place_of(conns, head, entry_place(conns, older), entry);
		return;
	}
	if (*head != POOL_NONE)
		entry_place(conns, *head)->prev = entry;
	*head = entry;
}

static void remove_entry(struct conns *conns, struct conn *conn, enum conn_key key)
{
	uint32_t entry = pool_index(&conns->pool, conn) * CONN_KEYS + key;
	const struct peer_place *place = &conn->places[key];
	struct endpoint address = entry_address(conns, entry);

	if (place->older != POOL_NONE)
		entry_place(conns, place->older)->newer = place->newer;
	if (place->newer != POOL_NONE)
		entry_place(conns, place->newer)->older = place->older;
	else
		put_in_place_of(conns, head_of(conns, &address.ip, address.port), place, place->older);
	unshare(conns, &address, entry, place->older);
}

void peers_add(struct conns *conns, struct conn *conn)
{
	ensure(!conn->listed && conn->alias_port == 0);
	conn->listed = true;
	add_entry(conns, conn, CONN_BY_REMOTE);
}

void peers_remove(struct conns *conns, struct conn *conn)
{
	if (!conn->listed)
		return;
	conn->listed = false;
	remove_entry(conns, conn, CONN_BY_REMOTE);
	if (conn->alias_port != 0)
		remove_entry(conns, conn, CONN_BY_ALIAS);
}

bool peers_leads_to(const struct conn *conn, const struct endpoint *remote)
{
	return ip_equal(&conn->remote.ip, &remote->ip) &&
	       (conn->remote.port == remote->port ||
		       (conn->alias_port != 0 && conn->alias_port == remote->port));
}

struct conn *peers_find(const struct conns *conns, const struct endpoint *remote)
{
	uint32_t entry = find_newest(conns, remote);

	return entry == POOL_NONE ? NULL : entry_conn(conns, entry);
}

void peers_alias(struct conns *conns, struct conn *conn, const struct sip_msg *msg)
{
	struct span ignored;

	if (!conn->listed || !msg->is_request || msg->error != SIP_ERR_NONE ||
		!sip_param_find(msg->via.params, "alias", &ignored))
		return;
	conn->alias_port = msg->via.port ? msg->via.port : transport_default_port(TRANSPORT_TCP);
	add_entry(conns, conn, CONN_BY_ALIAS);
	conn_count(conns, STAT_conn_aliases);
}
