/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who waits for which node and which connection: lists of the client transactions without a final response,
 * so that the death of either is acted on at once and costs nothing until then. Called once a loop; it sends
 * at most TXN_FAILOVERS requests anew and goes on in the next.
 */
#include "proxy/txn_stages_priv.h"

void pending_init(struct txns *txns)
{
	for (unsigned i = 0; i < NODES_MAX; i++)
		txns->node_heads[i] = POOL_NONE;
	for (unsigned i = 0; i < TXN_CONN_BUCKETS; i++)
		txns->conn_heads[i] = POOL_NONE;
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

static void push_by_conn(struct txns *txns, struct client_txn *client, uint32_t index)
{
	uint32_t *head = conn_head(txns, client->conn);
	struct client_txn *next = client_at(txns, *head);

	client->by_conn = (struct pending_link){.prev = POOL_NONE, .next = *head};
	if (next)
		next->by_conn.prev = index;
	*head = index;
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

static void pull_by_conn(struct txns *txns, const struct client_txn *client)
{
	struct client_txn *prev = client_at(txns, client->by_conn.prev);
	struct client_txn *next = client_at(txns, client->by_conn.next);

	if (next)
		next->by_conn.prev = client->by_conn.prev;
	if (prev)
		prev->by_conn.next = client->by_conn.next;
	else
		*conn_head(txns, client->conn) = client->by_conn.next;
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

/*
 * A node that is down, or that the operator took out of service for good. One that is no longer configured
 * may still answer, and its slot may be another's by now.
 */
static bool is_dead(const struct txns *txns, const struct client_txn *client)
{
	const struct node *node = node_by_slot(txns->snap->nodes, client->node_slot);

	return node && node->id == client->node_id && node_word_health(node_word(node)) == NODE_DOWN;
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

/* Returns how many requests were on the connection, at most `budget`. */
static unsigned leave_conn(struct txns *txns, conn_id conn, unsigned budget)
{
	uint32_t next = *conn_head(txns, conn);
	unsigned done = 0;

	while (next != POOL_NONE && done < budget) {
		struct client_txn *client = client_at(txns, next);

		next = client->by_conn.next;
		if (client->conn != conn)
			continue;
		/* Others may come to the head of the list meanwhile, but none leaves it. */
		client_fail(client);
		done++;
	}
	return done;
}

static unsigned leave_lost_conns(struct txns *txns, unsigned budget)
{
	unsigned done = 0;

	while (txns->lost_count > 0 && done < budget) {
		unsigned count = leave_conn(txns, txns->lost[txns->lost_count - 1], budget - done);

		done += count;
		if (done < budget)
			txns->lost_count--;
	}
	return done;
}

unsigned pending_watch(struct txns *txns)
{
	unsigned done = leave_dead_nodes(txns);

	return done + leave_lost_conns(txns, TXN_FAILOVERS);
}

void pending_lose(struct txns *txns, conn_id conn)
{
	/* When more connections end at once than the list holds, this one's requests are looked after now. */
	if (txns->lost_count == TXN_LOST_MAX)
		leave_conn(txns, conn, UINT32_MAX);
	else
		txns->lost[txns->lost_count++] = conn;
}
