/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a worker learns about nodes: answers to probes, ICMP errors, and how long requests take. It draws no
 * conclusion: reports go to control, which decides and writes the node's word.
 */
#include "worker/exchange.h"
#include "worker/probe_message.h"
#include "worker/worker_priv.h"

#include <errno.h>

/*
 * Over a stream the answer comes back on the connection; sent-by is where a new one would find us (RFC 3261
 * 18.2.2), if we listen there at all.
 */
static struct endpoint probe_local(const struct worker *worker, const struct node *node)
{
	const struct snapshot *snap = worker->snap;
	const struct listener *listener =
		snapshot_listener_of_family(snap, node->local.family, (enum transport)node->transport);

	if (node->transport != TRANSPORT_UDP && listener)
		return listener->local;
	return (struct endpoint){
		.ip = node->local, .port = (uint16_t)(snap->source_port_base + worker->config.index)};
}

/* False when no connection is up: above high water it is only late. */
static bool probe_stream(struct worker *worker, const struct node *node, struct span bytes)
{
	conn_id ignored;

	return conns_send_node(worker->conns, node, bytes, worker->now_ns, &ignored) != -ENOTCONN;
}

static bool probe_send(void *ctx, const struct node *node, uint32_t seq, uint64_t now_ns)
{
	struct worker *worker = worker_of(ctx);
	char text[PROBE_MESSAGE_MAX];
	struct probe_request request = {
		.ident = {.epoch = worker->config.epoch, .node_id = node->id, .seq = seq},
		.transport = node->transport,
		.local = probe_local(worker, node),
		.remote = node->remote,
	};
	size_t len = probe_message_write(&request, &worker->config.probe_key, text);

	(void)now_ns;
	stats_inc(&worker->stats, STAT_worker_probe_sent);
	figure_add(&worker->nodes[node->slot].probes, 1);
	if (node->transport == TRANSPORT_TCP)
		return probe_stream(worker, node, span_of(text, len));
	/* What is lost is found by the silence that follows; an unreachable neighbour is told on its own. */
	if (worker_send(worker, &request.local, &request.remote, span_of(text, len)) != 0)
		return true;
	return true;
}

static void count_report(struct node_figures *figures, const struct probe_report *report)
{
	if (report->event == HEALTH_PROBE_TIMEOUT) {
		figure_add(&figures->probe_timeouts, 1);
	} else if (report->event == HEALTH_UNREACHABLE) {
		figure_add(&figures->unreachable, 1);
	} else {
		figure_add(&figures->probe_answers, 1);
		hist_record(&figures->probe_rtt, report->rtt_ns);
	}
}

static bool probe_report(void *ctx, const struct probe_report *report, uint64_t now_ns)
{
	struct worker *worker = worker_of(ctx);
	struct mail mail = {
		.kind = MAIL_NODE_EVENT,
		.from = (uint8_t)worker->config.index,
		.node = {.id = report->node->id,
			.slot = report->node->slot,
			.event = (uint8_t)report->event,
			.retry_after_s = report->retry_after_s,
			.rtt_ns = report->rtt_ns,
			.at_ns = now_ns},
	};

	if (!mailbox_send(&worker->to_control, &mail)) {
		stats_inc(&worker->stats, STAT_worker_letters_refused);
		return false;
	}
	count_report(&worker->nodes[report->node->slot], report);
	return true;
}

void worker_nodes_init(struct worker *worker)
{
	struct probe_set_config config = {
		.owner = {.ctx = worker, .send = probe_send, .report = probe_report},
		.wheel = &worker->wheel,
		.rng = &worker->rng,
		.worker_index = worker->config.index,
		.worker_count = worker->config.count,
	};

	probe_set_init(&worker->probes, &config);
}

void worker_nodes_sync(struct worker *worker)
{
	const struct node_table *nodes = worker->snap->nodes;

	probe_set_sync(&worker->probes, nodes, worker->now_ns);
	for (unsigned slot = 0; slot < nodes->slot_count; slot++) {
		const struct node *node = node_by_slot(nodes, slot);
		struct node_figures *figures = &worker->nodes[slot];
		if (!node || figures->node_id == node->id)
			continue;
		/* The id comes last, so that a reader who sees it sees numbers of this node. */
		memset(figures, 0, sizeof(*figures));
		__atomic_store_n(&figures->node_id, node->id, __ATOMIC_RELEASE);
	}
}

static __attribute__((noinline)) bool take_response(struct worker *worker, struct span bytes)
{
	struct probe_response response;
	enum probe_reading reading =
		probe_message_read(bytes, &worker->config.probe_key, &worker->proxy.msg, &response);

	if (reading == PROBE_FOREIGN)
		return false;
	if (reading == PROBE_INTERIM)
		return true;
	if (reading == PROBE_FORGED) {
		stats_inc(&worker->stats, STAT_worker_probe_forged);
		return true;
	}
	const struct node *node = node_by_id(worker->snap->nodes, response.ident.node_id);
	struct probe_answer answer = {response.ident.seq, response.status, response.retry_after_s};
	bool awaited = node && response.ident.epoch == worker->config.epoch &&
		       probe_answered(&worker->probes, node, &answer, worker->now_ns);
	stats_inc(&worker->stats, awaited ? STAT_worker_probe_answers : STAT_worker_probe_late);
	return true;
}

bool worker_probe_response(struct worker *worker, struct span bytes)
{
	return probe_message_is_response(bytes) && take_response(worker, bytes);
}

/* Does so itself, or tells the worker that probes the node. */
static void tell_prober(struct worker *worker, const struct node *node, enum mail_kind kind)
{
	unsigned owner = node->slot % worker->config.count;
	struct mail mail = {.kind = (uint8_t)kind,
		.from = (uint8_t)worker->config.index,
		.node = {.id = node->id, .slot = node->slot}};

	if (owner == worker->config.index) {
		if (kind == MAIL_SUSPECT)
			probe_suspect(&worker->probes, node, worker->now_ns);
		else
			probe_now(&worker->probes, node, worker->now_ns);
		return;
	}
	/* A lost one is no harm: the next packet brings the next error. */
	if (!exchange_send(worker->config.exchange, worker->config.index, owner, &mail))
		stats_inc(&worker->stats, STAT_worker_letters_refused);
}

void worker_suspect(struct worker *worker, const struct node *node)
{
	tell_prober(worker, node, MAIL_SUSPECT);
}

/*
 * Is it beyond doubt that the packet was ours? The neighbour's silence we have noticed ourselves; an ICMP
 * error proves it by quoting a probe of ours, whose branch nobody can make up.
 */
static bool is_proven(
	const struct worker *worker, const struct node *node, enum net_unreach why, struct span quoted)
{
	struct probe_ident ident;

	return why == NET_UNREACH_NEIGHBOUR ||
	       (probe_message_quoted(quoted, &worker->config.probe_key, &ident) &&
		       ident.epoch == worker->config.epoch && ident.node_id == node->id);
}

void worker_unreachable(void *ctx, const struct endpoint *local, const struct endpoint *remote,
	enum net_unreach why, struct span quoted)
{
	struct worker *worker = worker_of(ctx);
	const struct node *node = node_by_endpoint(worker->snap->nodes, remote);

	if (!node || node->transport != TRANSPORT_UDP)
		return;
	/* RFC 5927 4.1: who cannot see our traffic must at least guess a port that we send from. */
	if (!snapshot_is_local(worker->snap, local)) {
		stats_inc(&worker->stats, STAT_worker_unreachable_foreign);
		return;
	}
	stats_inc(&worker->stats, STAT_worker_node_unreachable);
	if (is_proven(worker, node, why, quoted)) {
		worker_suspect(worker, node);
		return;
	}
	/* Who knows a port may have made it up. If it is true, the error about the probe that it asks for
	 * says so. */
	stats_inc(&worker->stats, STAT_worker_unreachable_hint);
	tell_prober(worker, node, MAIL_PROBE_NOW);
}

void worker_request_sent(struct worker *worker, const struct proxy_out *out)
{
	const struct node *node = node_by_slot(worker->snap->nodes, out->node_slot);

	ensure(node != NULL);
	figure_add(&worker->nodes[out->node_slot].requests, 1);
	latency_begin(&worker->latency, out->request_key, node->id, worker->now_ns);
}

void worker_response_seen(struct worker *worker, const struct proxy_out *out)
{
	const struct node *node = node_by_slot(worker->snap->nodes, out->node_slot);
	struct node_figures *figures = &worker->nodes[out->node_slot];
	uint64_t took_ns;

	ensure(node != NULL && out->status >= 100 && out->status <= 699);
	figure_add(&figures->responses[out->status / 100], 1);
	if (latency_end(&worker->latency, out->request_key, node->id, worker->now_ns, &took_ns))
		hist_record(&figures->latency, took_ns);
}
