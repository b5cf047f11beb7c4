/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a transaction begins and ends, and what time does to it. A place that is given back keeps its count of
 * uses, so that a token of its earlier life names nobody. Called by the other files of the transaction core.
 */
#include "proxy/txn_stages_priv.h"

enum { GENERATIONS = 0xffffff };

struct server_txn *server_at(struct txns *txns, uint32_t index)
{
	return index == POOL_NONE ? NULL : pool_at(&txns->servers, index);
}

struct client_txn *client_at(struct txns *txns, uint32_t index)
{
	return index == POOL_NONE ? NULL : pool_at(&txns->clients, index);
}

uint64_t client_token(const struct client_txn *client)
{
	const struct txns *txns = client->txns;
	uint32_t generation = (txns->first_generation + client->uses) % GENERATIONS + 1;

	return conn_id_make(txns->proxy->worker_index, generation, pool_index(&txns->clients, client));
}

struct client_txn *client_of_token(struct txns *txns, uint64_t token)
{
	struct client_txn *client;

	if (conn_id_worker(token) != txns->proxy->worker_index ||
		conn_id_index(token) >= txns->clients.object_count)
		return NULL;
	client = client_at(txns, conn_id_index(token));
	return client->txns && client_token(client) == token ? client : NULL;
}

/* A gauge, not a counter of what came less what went: each machine is in one state. */
static void state_count(struct txns *txns, const struct machine *machine, int change)
{
	uint32_t *gauge = &txns->states[machine->kind][machine->state];

	__atomic_store_n(gauge, (uint32_t)((int)*gauge + change), __ATOMIC_RELAXED);
}

void machine_begin(struct txns *txns, struct machine *machine, enum machine_kind kind, bool reliable)
{
	machine_start(machine, kind, reliable, txns->now_ns);
	state_count(txns, machine, 1);
}

static void tell_state(struct txns *txns, const struct machine *machine, uint8_t before)
{
	if (trace_on(txns->proxy->trace, TRACE_SIP_MESSAGE) && before != machine->state)
		tracef(txns->proxy->trace, TRACE_SIP_MESSAGE, "%s transaction: %s to %s",
			machine_kind_name((enum machine_kind)machine->kind),
			machine_state_name((enum machine_state)before),
			machine_state_name((enum machine_state)machine->state));
}

static void state_changed(struct txns *txns, struct machine *machine, uint8_t before)
{
	struct machine was = {.kind = machine->kind, .state = before};

	if (machine->state == before)
		return;
	state_count(txns, &was, -1);
	state_count(txns, machine, 1);
	tell_state(txns, machine, before);
}

unsigned machine_take(struct txns *txns, struct machine *machine, enum machine_event event)
{
	uint8_t before = machine->state;
	unsigned doing = machine_step(machine, event, txns->now_ns);

	state_changed(txns, machine, before);
	return doing;
}

void machine_end(struct txns *txns, struct machine *machine)
{
	uint8_t before = machine->state;

	machine->state = MACHINE_TERMINATED;
	state_changed(txns, machine, before);
}

static unsigned machine_wait(struct txns *txns, struct machine *machine)
{
	uint8_t before = machine->state;
	unsigned doing = machine_time(machine, txns->now_ns);

	state_changed(txns, machine, before);
	return doing;
}

static void server_due(struct server_txn *server)
{
	unsigned doing = machine_wait(server->txns, &server->machine);

	if (doing & MACHINE_DO_SEND)
		server_repeat(server);
	if (doing & MACHINE_DO_TRYING)
		server_reply(server, 100);
	if (doing & MACHINE_DO_TIMEOUT)
		stats_inc(server->txns->proxy->stats, STAT_sip_txn_ack_missing);
	server_settle(server);
}

static void client_due(struct client_txn *client)
{
	struct txns *txns = client->txns;
	struct server_txn *server = server_at(txns, client->server);
	unsigned doing = machine_wait(txns, &client->machine);

	if (doing & MACHINE_DO_SEND)
		client_repeat(client);
	if (doing & MACHINE_DO_DOUBT)
		client_doubt(client);
	if (doing & MACHINE_DO_CANCEL) {
		if (server && txns->now_ns >= server->ringing_until_ns)
			stats_inc(txns->proxy->stats, STAT_sip_txn_ringing_limit);
		client_cancel(client);
	}
	if (doing & MACHINE_DO_TIMEOUT)
		client_timed_out(client);
	client_settle(client);
	if (server)
		server_settle(server);
}

static void server_fire(struct timer *timer, uint64_t now_ns)
{
	(void)now_ns; /* the wheel is run with the time of this call */
	server_due(timer_owner(timer, struct server_txn, timer));
}

static void client_fire(struct timer *timer, uint64_t now_ns)
{
	(void)now_ns;
	client_due(timer_owner(timer, struct client_txn, timer));
}

struct server_txn *server_take(struct txns *txns, uint64_t key)
{
	struct server_txn *server = pool_take(&txns->servers);

	if (!server)
		return NULL;
	memset(server, 0, sizeof(*server));
	server->key = key;
	server->txns = txns;
	server->first_client = POOL_NONE;
	timer_init(&server->timer, server_fire);
	txn_table_add(&txns->table, key, pool_index(&txns->servers, server));
	return server;
}

struct client_txn *client_take(struct txns *txns, struct server_txn *server)
{
	struct client_txn *client = pool_take(&txns->clients);
	uint32_t uses;

	if (!client)
		return NULL;
	uses = client->uses + 1;
	memset(client, 0, sizeof(*client));
	client->uses = uses;
	client->txns = txns;
	client->server = server ? pool_index(&txns->servers, server) : POOL_NONE;
	client->sibling = server ? server->first_client : POOL_NONE;
	client->partner = POOL_NONE;
	timer_init(&client->timer, client_fire);
	if (server)
		server->first_client = pool_index(&txns->clients, client);
	return client;
}

static void client_unlink(struct client_txn *client)
{
	struct txns *txns = client->txns;
	struct server_txn *server = server_at(txns, client->server);
	struct client_txn *partner = client_at(txns, client->partner);
	uint32_t index = pool_index(&txns->clients, client);
	uint32_t *at;

	if (partner)
		partner->partner = POOL_NONE;
	if (!server)
		return;
	for (at = &server->first_client; *at != index; at = &client_at(txns, *at)->sibling)
		ensure(*at != POOL_NONE);
	*at = client->sibling;
}

void client_drop(struct client_txn *client)
{
	struct txns *txns = client->txns;

	timer_stop(&txns->wheel, &client->timer);
	pending_remove(client);
	client_unlink(client);
	text_release(&txns->texts, &client->text);
	client->txns = NULL; /* tokens of a free place name nobody */
	pool_give(&txns->clients, client);
}

void server_drop(struct server_txn *server)
{
	struct txns *txns = server->txns;

	for (uint32_t i = server->first_client; i != POOL_NONE;) {
		struct client_txn *client = client_at(txns, i);

		i = client->sibling;
		client->server = POOL_NONE;
		client->sibling = POOL_NONE;
	}
	timer_stop(&txns->wheel, &server->timer);
	txn_table_remove(&txns->table, server->key);
	text_release(&txns->texts, &server->request);
	text_release(&txns->texts, &server->response);
	text_release(&txns->texts, &server->best);
	pool_give(&txns->servers, server);
}

static void arm(struct txns *txns, struct timer *timer, const struct machine *machine)
{
	uint64_t next_ns = machine_next_ns(machine);

	if (next_ns == MACHINE_NEVER)
		timer_stop(&txns->wheel, timer);
	else
		timer_arm(&txns->wheel, timer, next_ns);
}

void server_settle(struct server_txn *server)
{
	struct txns *txns = server->txns;

	if (server->machine.state != MACHINE_TERMINATED) {
		arm(txns, &server->timer, &server->machine);
		return;
	}
	state_count(txns, &server->machine, -1);
	server_drop(server);
}

void client_settle(struct client_txn *client)
{
	struct txns *txns = client->txns;
	struct client_txn *partner;

	if (machine_is_final(&client->machine))
		pending_remove(client);
	if (client->machine.state != MACHINE_TERMINATED) {
		arm(txns, &client->timer, &client->machine);
		return;
	}
	/* A CANCEL is of no use any more when its INVITE has ended, and its answer could not be matched. */
	partner = client->is_cancel ? NULL : client_at(txns, client->partner);
	if (partner) {
		machine_end(txns, &partner->machine);
		client_settle(partner);
	}
	state_count(txns, &client->machine, -1);
	client_drop(client);
}
