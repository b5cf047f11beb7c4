/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who waits for which node and which connection: lists of the client transactions without a final response,
 * so that the death of either is acted on at once and costs nothing until then. Called once a loop; it sends
 * at most TXN_FAILOVERS requests anew and goes on in the next. A connection that ends moves all its requests
 * to those that are to be sent anew, by their first one: a step, however many there are and however many
 * connections end.
 */
#include "proxy/txn_stages_priv.h"

void pending_init(struct txns *txns)
{
	for (unsigned i = 0; i < NODES_MAX; i++)
		txns->node_heads[i] = POOL_NONE;
	for (unsigned i = 0; i < TXN_CONN_BUCKETS; i++)
		txns->conn_heads[i] = POOL_NONE;
	txns->lost_head = POOL_NONE;
}

static uint32_t *conn_head(struct txns *txns, conn_id conn)
{
	return &txns->conn_heads[hash_mix(conn) % TXN_CONN_BUCKETS];
}

static void push_by_node(struct txns *txns, struct client_txn *client, uint32_t index)
{
	uint32_t *head = &txns->node_heads[client->node_slot];
	struct client_txn *next = client_at(txns, *head);

	client->by_node = (struct pending_link){.prev = POOL_NONE, .next = *head};
	if (next)
		next->by_node.prev = index;
	*head = index;
	txns->nodes_in_flight[client->node_slot / 64] |= 1ULL << client->node_slot % 64;
}

/* The first request of that connection; NULL: it has none. */
static struct client_txn *first_on(struct txns *txns, conn_id conn)
{
	struct client_txn *client = client_at(txns, *conn_head(txns, conn));

	while (client && client->conn != conn)
		client = client_at(txns, client->conns.next);
	return client;
}

/* The list that the first request of a connection stands in. */
static uint32_t *conns_head(struct txns *txns, const struct client_txn *first)
{
	return first->conn_lost ? &txns->lost_head : conn_head(txns, first->conn);
}

static void push_first(struct txns *txns, struct client_txn *client)
{
	uint32_t *head = conns_head(txns, client);
	struct client_txn *next = client_at(txns, *head);
	uint32_t index = pool_index(&txns->clients, client);

	client->conns = (struct pending_link){.prev = POOL_NONE, .next = *head};
	if (next)
		next->conns.prev = index;
	*head = index;
}

static void pull_first(struct txns *txns, const struct client_txn *client)
{
	struct client_txn *prev = client_at(txns, client->conns.prev);
	struct client_txn *next = client_at(txns, client->conns.next);

	if (next)
		next->conns.prev = client->conns.prev;
	if (prev)
		prev->conns.next = client->conns.next;
	else
		*conns_head(txns, client) = client->conns.next;
}

/* Behind the first of its connection, or as that. */
static void push_by_conn(struct txns *txns, struct client_txn *client, uint32_t index)
{
	struct client_txn *first = first_on(txns, client->conn);
	struct client_txn *next;

	client->conn_lost = false;
	client->by_conn = (struct pending_link){POOL_NONE, POOL_NONE};
	if (!first) {
		push_first(txns, client);
		return;
	}
	next = client_at(txns, first->by_conn.next);
	client->by_conn = (struct pending_link){pool_index(&txns->clients, first), first->by_conn.next};
	if (next)
		next->by_conn.prev = index;
	first->by_conn.next = index;
}

void pending_add(struct client_txn *client)
{
	struct txns *txns = client->txns;
	uint32_t index = pool_index(&txns->clients, client);

	ensure(!client->in_flight);
	client->in_flight = true;
	if (client->node_id != 0)
		push_by_node(txns, client, index);
	if (client->conn != CONN_NONE)
		push_by_conn(txns, client, index);
}

static void pull_by_node(struct txns *txns, const struct client_txn *client)
{
	struct client_txn *prev = client_at(txns, client->by_node.prev);
	struct client_txn *next = client_at(txns, client->by_node.next);
	uint32_t *head = &txns->node_heads[client->node_slot];

	if (next)
		next->by_node.prev = client->by_node.prev;
	if (prev)
		prev->by_node.next = client->by_node.next;
	else
		*head = client->by_node.next;
	if (*head == POOL_NONE)
		txns->nodes_in_flight[client->node_slot / 64] &= ~(1ULL << client->node_slot % 64);
}

/* The one behind the first becomes the first. */
static void pull_by_conn(struct txns *txns, const struct client_txn *client)
{
	struct client_txn *prev = client_at(txns, client->by_conn.prev);
	struct client_txn *next = client_at(txns, client->by_conn.next);

	if (next)
		next->by_conn.prev = client->by_conn.prev;
	if (prev) {
		prev->by_conn.next = client->by_conn.next;
		return;
	}
	pull_first(txns, client);
	if (!next)
		return;
	next->conn_lost = client->conn_lost;
	next->conn_closed = client->conn_closed;
	push_first(txns, next);
}

void pending_remove(struct client_txn *client)
{
	if (!client->in_flight)
		return;
	client->in_flight = false;
	if (client->node_id != 0)
		pull_by_node(client->txns, client);
	if (client->conn != CONN_NONE)
		pull_by_conn(client->txns, client);
}

/* NULL: no longer configured; its slot may be another's by now. */
static const struct node *node_of(const struct txns *txns, const struct client_txn *client)
{
	const struct node *node = node_by_slot(txns->snap->nodes, client->node_slot);

	return node && node->id == client->node_id ? node : NULL;
}

/* A node that is down. One that is no longer configured may still answer. */
static bool is_dead(const struct txns *txns, const struct client_txn *client)
{
	const struct node *node = node_of(txns, client);

	return node && node_word_health(node_word(node)) == NODE_DOWN;
}

/* From the head: a request that is sent anew leaves the list. */
static unsigned leave_node(struct txns *txns, unsigned slot, unsigned budget)
{
	uint32_t next = txns->node_heads[slot];
	unsigned done = 0;

	while (next != POOL_NONE && done < budget) {
		struct client_txn *client = client_at(txns, next);

		if (!is_dead(txns, client))
			break;
		client_fail(client);
		done++;
		next = txns->node_heads[slot];
	}
	return done;
}

static unsigned leave_dead_nodes(struct txns *txns)
{
	unsigned done = 0;

	for (unsigned word = 0; word < NODES_MAX / 64; word++) {
		uint64_t bits = txns->nodes_in_flight[word];

		for (; bits != 0 && done < TXN_FAILOVERS; bits &= bits - 1)
			done += leave_node(
				txns, word * 64 + (unsigned)__builtin_ctzll(bits), TXN_FAILOVERS - done);
	}
	return done;
}

static unsigned leave_lost_conns(struct txns *txns)
{
	unsigned done = 0;

	/* What is sent anew leaves the list, and the next one of its connection comes to its head. */
	for (; txns->lost_head != POOL_NONE && done < TXN_FAILOVERS; done++) {
		struct client_txn *client = client_at(txns, txns->lost_head);

		client_lose_conn(client, node_of(txns, client), client->conn_closed);
	}
	return done;
}

unsigned pending_watch(struct txns *txns)
{
	unsigned done = leave_dead_nodes(txns);

	return done + leave_lost_conns(txns);
}

void pending_lose(struct txns *txns, conn_id conn, bool in_order)
{
	struct client_txn *first = first_on(txns, conn);

	if (!first)
		return;
	pull_first(txns, first);
	first->conn_lost = true;
	first->conn_closed = in_order;
	push_first(txns, first);
}
