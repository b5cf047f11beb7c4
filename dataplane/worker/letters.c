/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Letters to a worker. A letter names a node by slot and identity: by the time it is read, the slot may
 * belong to another node, and then the letter is void.
 */
#include "worker/exchange.h"
#include "net/neighbours.h"
#include "worker/worker_priv.h"

static const struct node *addressed_node(const struct worker *worker, const struct mail_node *mail)
{
	const struct node *node = node_by_slot(worker->snap->nodes, mail->slot);

	return node && node->id == mail->id ? node : NULL;
}

enum {
	LIST_PART = 32,         /* neighbours looked at for one letter: what a loop can spare */
	LIST_CONNECTIONS = 32,  /* connections told for one letter */
	LIST_CONN_LOOKS = 2048, /* ... and places looked at for them */
};

static void tell_control(struct worker *worker, const struct mail *mail)
{
	if (!mailbox_send(&worker->to_control, mail))
		stats_inc(&worker->stats, STAT_worker_letters_refused);
}

/* When a letter of the answer finds no room, control waits in vain and says so to the operator. */
static void list_neighbours(struct worker *worker, const struct mail_list *list)
{
	struct net_neighbour_info infos[LIST_PART];
	struct mail end = {.kind = MAIL_LIST, .from = (uint8_t)worker->config.index, .list = *list};
	unsigned count = net_neighbours(worker->net, worker->now_ns, &end.list.cursor, infos, LIST_PART);

	for (unsigned i = 0; i < count; i++) {
		struct mail mail = {.kind = MAIL_LISTED,
			.from = end.from,
			.listed = {.ip = infos[i].ip,
				.port = infos[i].port,
				.state = infos[i].state,
				.unused_ms = infos[i].unused_ms}};
		memcpy(mail.listed.mac, infos[i].mac, sizeof(mail.listed.mac));
		tell_control(worker, &mail);
	}
	tell_control(worker, &end);
}

static void list_connections(struct worker *worker, const struct mail_list *list)
{
	struct conn_info infos[LIST_CONNECTIONS];
	struct conns_walk walk = {.cursor = list->cursor, .looks = LIST_CONN_LOOKS};
	struct mail end = {.kind = MAIL_LIST, .from = (uint8_t)worker->config.index, .list = *list};
	unsigned count = conns_list(worker->conns, &walk, infos, LIST_CONNECTIONS);

	for (unsigned i = 0; i < count; i++) {
		struct mail mail = {.kind = MAIL_CONNECTION,
			.from = end.from,
			.connection = {.remote = infos[i].remote,
				.send_queued_bytes = infos[i].send_queued_bytes,
				.local_port = infos[i].local.port,
				.node_slot = infos[i].node_slot,
				.kind = infos[i].kind,
				.state = infos[i].state,
				.choked = infos[i].choked}};
		tell_control(worker, &mail);
	}
	end.list.cursor = walk.cursor;
	tell_control(worker, &end);
}

static void read_letter(struct worker *worker, const struct mail *mail)
{
	const struct node *node;

	switch ((enum mail_kind)mail->kind) {
	case MAIL_PROBE_NOW:
		node = addressed_node(worker, &mail->node);
		if (node)
			probe_now(&worker->probes, node, worker->now_ns);
		break;
	case MAIL_SUSPECT:
		node = addressed_node(worker, &mail->node);
		if (node)
			probe_suspect(&worker->probes, node, worker->now_ns);
		break;
	case MAIL_NEIGHBOUR: {
		struct net_neighbour neighbour = {.ip = mail->neighbour.ip,
			.port = mail->neighbour.port,
			.flags = mail->neighbour.flags};
		memcpy(neighbour.mac, mail->neighbour.mac, sizeof(neighbour.mac));
		net_neigh_learn(worker->net, &neighbour, worker->now_ns);
		break;
	}
	case MAIL_LIST:
		if (mail->list.what == MAIL_LIST_CONNECTIONS)
			list_connections(worker, &mail->list);
		else
			list_neighbours(worker, &mail->list);
		break;
	case MAIL_SEND_FAILED:
		proxy_send_failed(&worker->proxy, worker->snap, mail->unsent.token, worker->now_ns);
		break;
	case MAIL_CONN_ENDED:
		worker_conn_ended(worker, mail->ended.conn, mail->ended.in_order);
		break;
	case MAIL_NONE:
	case MAIL_NODE_EVENT:
	case MAIL_LISTED:
	case MAIL_CONNECTION:
		ensure(!"a worker is not the one who reads this");
	}
}

unsigned worker_letters(struct worker *worker)
{
	struct mail mails[WORKER_LETTERS];
	unsigned count = mailbox_receive(&worker->from_control, mails, WORKER_LETTERS);
	unsigned total = count;

	for (unsigned i = 0; i < count; i++)
		read_letter(worker, &mails[i]);
	if (!worker->config.exchange)
		return total;
	for (unsigned from = 0; from < worker->config.count; from++) {
		if (from == worker->config.index)
			continue;
		count = exchange_receive(
			worker->config.exchange, from, worker->config.index, mails, WORKER_LETTERS);
		for (unsigned i = 0; i < count; i++)
			read_letter(worker, &mails[i]);
		total += count;
	}
	return total;
}

void worker_neighbour_offer(void *ctx, const struct net_neighbour *neighbour)
{
	struct worker *worker = worker_of(ctx);
	struct mail mail = {.kind = MAIL_NEIGHBOUR,
		.from = (uint8_t)worker->config.index,
		.neighbour = {.ip = neighbour->ip, .port = neighbour->port, .flags = neighbour->flags}};

	memcpy(mail.neighbour.mac, neighbour->mac, sizeof(mail.neighbour.mac));
	for (unsigned to = 0; worker->config.exchange && to < worker->config.count; to++) {
		if (to == worker->config.index)
			continue;
		/* Whoever misses it will ask the neighbour again. */
		if (!exchange_send(worker->config.exchange, worker->config.index, to, &mail))
			stats_inc(&worker->stats, STAT_worker_letters_refused);
	}
}
