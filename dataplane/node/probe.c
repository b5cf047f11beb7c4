/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One timer per node serves both what is next: the next probe and the failure of the oldest one. Called by
 * the worker that owns the node only; pure apart from what its owner does in the two callbacks.
 */
#include "node/probe.h"

#include <string.h>

static const uint64_t ns_per_ms = 1000000;

static uint64_t timeout_ns(const struct probe *probe)
{
	return probe->node->probe.timeout_ms * ns_per_ms;
}

static uint64_t interval_ns(const struct probe *probe)
{
	return probe->node->probe.interval_ms * ns_per_ms;
}

static uint64_t least_distance_ns(const struct probe *probe)
{
	return timeout_ns(probe) / 16;
}

static bool has_fallen(const struct probe *probe)
{
	return probe->fails >= probe->node->probe.fall;
}

static bool in_maintenance(const struct probe *probe)
{
	return node_word_admin(node_word(probe->node)) == NODE_MAINT;
}

static void rearm(struct probe *probe)
{
	uint64_t deadline_ns = probe->next_send_ns;

	if (probe->outstanding_count > 0) {
		uint64_t fails_ns = probe->outstanding[0].sent_ns + timeout_ns(probe);
		if (fails_ns < deadline_ns)
			deadline_ns = fails_ns;
	}
	/* An earlier deadline must take effect, and so must a later one: arming covers both. */
	timer_arm(probe->set->wheel, &probe->timer, deadline_ns);
}

/* The interval, or less when an answer is overdue and the verdict is still open. */
static void plan_next(struct probe *probe)
{
	uint64_t wait_ns = interval_ns(probe);

	if (probe->outstanding_count > 0 && !has_fallen(probe) && timeout_ns(probe) / 4 < wait_ns)
		wait_ns = timeout_ns(probe) / 4;
	probe->next_send_ns = probe->last_sent_ns + wait_ns;
}

static void hasten(struct probe *probe, uint64_t now_ns)
{
	uint64_t soonest_ns = probe->last_sent_ns + least_distance_ns(probe);

	if (soonest_ns < now_ns)
		soonest_ns = now_ns;
	if (soonest_ns < probe->next_send_ns)
		probe->next_send_ns = soonest_ns;
}

/*
 * Keeps a report that found no room. Streaks are what counts (fall, rise), so equal reports are counted, and
 * of the runs only the last two are kept: what lay before them no longer changes a streak.
 */
static void backlog_add(struct probe *probe, const struct probe_report *report)
{
	if (probe->run_count > 0) {
		struct probe_run *last = &probe->runs[probe->run_count - 1];
		if (last->report.event == report->event) {
			last->report = *report;
			if (last->count < UINT16_MAX)
				last->count++;
			return;
		}
	} else {
		probe->set->backlogged++;
	}
	if (probe->run_count == PROBE_BACKLOG_RUNS)
		memmove(probe->runs, probe->runs + 1, sizeof(probe->runs[0]) * (PROBE_BACKLOG_RUNS - 1));
	else
		probe->run_count++;
	probe->runs[probe->run_count - 1] = (struct probe_run){.report = *report, .count = 1};
}

/* True when nothing is left. */
static bool backlog_offer(struct probe *probe, uint64_t now_ns)
{
	struct probe_owner *owner = &probe->set->owner;

	while (probe->run_count > 0) {
		struct probe_run *first = &probe->runs[0];
		while (first->count > 0) {
			if (!owner->report(owner->ctx, &first->report, now_ns))
				return false;
			first->count--;
		}
		probe->run_count--;
		memmove(probe->runs, probe->runs + 1, sizeof(probe->runs[0]) * probe->run_count);
		if (probe->run_count == 0)
			probe->set->backlogged--;
	}
	return true;
}

static void report(struct probe *probe, struct probe_report report, uint64_t now_ns)
{
	struct probe_owner *owner = &probe->set->owner;

	report.node = probe->node;
	if (!backlog_offer(probe, now_ns) || !owner->report(owner->ctx, &report, now_ns))
		backlog_add(probe, &report);
}

static void fail_oldest(struct probe *probe, uint64_t now_ns)
{
	ensure(probe->outstanding_count > 0);
	bool excused = probe->outstanding[0].excused;
	probe->outstanding_count--;
	memmove(probe->outstanding, probe->outstanding + 1,
		sizeof(probe->outstanding[0]) * probe->outstanding_count);
	if (excused)
		return;
	probe->fails++;
	report(probe, (struct probe_report){.event = HEALTH_PROBE_TIMEOUT}, now_ns);
}

/* Not by silence, but told. */
static void fail_now(struct probe *probe, uint64_t now_ns)
{
	probe->fails++;
	report(probe, (struct probe_report){.event = HEALTH_UNREACHABLE}, now_ns);
}

static void send_probe(struct probe *probe, uint64_t now_ns)
{
	struct probe_owner *owner = &probe->set->owner;

	/* Only a timeout longer than the interval fills the table; the oldest would fail first anyway. */
	if (probe->outstanding_count == PROBE_OUTSTANDING_MAX)
		fail_oldest(probe, now_ns);
	probe->seq++;
	probe->in_doubt = false;
	probe->last_sent_ns = now_ns;
	probe->outstanding[probe->outstanding_count++] =
		(struct probe_sent){.seq = probe->seq, .sent_ns = now_ns};
	if (owner->send(owner->ctx, probe->node, probe->seq, now_ns))
		return;
	probe->outstanding_count--;
	fail_now(probe, now_ns);
}

static void fire(struct timer *timer, uint64_t now_ns)
{
	struct probe *probe = timer_owner(timer, struct probe, timer);

	if (in_maintenance(probe)) {
		probe->outstanding_count = 0;
		probe->fails = 0;
		probe->next_send_ns = now_ns + interval_ns(probe);
		rearm(probe);
		return;
	}
	while (probe->outstanding_count > 0 && now_ns >= probe->outstanding[0].sent_ns + timeout_ns(probe))
		fail_oldest(probe, now_ns);
	if (now_ns >= probe->next_send_ns)
		send_probe(probe, now_ns);
	plan_next(probe);
	rearm(probe);
}

static void start(struct probe_set *set, const struct node *node, uint64_t now_ns)
{
	struct probe *probe = pool_take(&set->pool);

	ensure(probe != NULL && node->probe.timeout_ms > 0 && node->probe.interval_ms > 0);
	*probe = (struct probe){.set = set, .node = node, .node_id = node->id, .last_sent_ns = now_ns};
	timer_init(&probe->timer, fire);
	/* Staggered, so that a thousand nodes are not probed in one loop; short, so that all are soon known.
	 */
	probe->next_send_ns = now_ns + rng_u64(set->rng) % (interval_ns(probe) / 4);
	set->by_slot[node->slot] = probe;
	rearm(probe);
}

static void end(struct probe_set *set, struct probe *probe, unsigned slot)
{
	timer_stop(set->wheel, &probe->timer);
	if (probe->run_count > 0)
		set->backlogged--;
	set->by_slot[slot] = NULL;
	pool_give(&set->pool, probe);
}

static bool is_mine(const struct probe_set *set, const struct node *node)
{
	return node && (node->transport == TRANSPORT_UDP || node->transport == TRANSPORT_TCP) &&
	       node->slot % set->worker_count == set->worker_index;
}

void probe_set_init(struct probe_set *set, const struct probe_set_config *config)
{
	ensure(config->worker_index < config->worker_count);
	memset(set->by_slot, 0, sizeof(set->by_slot));
	set->owner = config->owner;
	set->wheel = config->wheel;
	set->rng = config->rng;
	set->worker_index = config->worker_index;
	set->worker_count = config->worker_count;
	set->backlogged = 0;
	pool_init(&set->pool, set->probes, set->free_list, sizeof(set->probes[0]), NODES_MAX);
}

/* The node stays; its settings may have become shorter than what is planned. */
static void keep(struct probe *probe, const struct node *node, uint64_t now_ns)
{
	probe->node = node;
	for (unsigned i = 0; i < probe->run_count; i++)
		probe->runs[i].report.node = node;
	if (probe->next_send_ns > now_ns + interval_ns(probe))
		probe->next_send_ns = now_ns + interval_ns(probe);
	rearm(probe);
}

void probe_set_sync(struct probe_set *set, const struct node_table *nodes, uint64_t now_ns)
{
	for (unsigned slot = set->worker_index; slot < NODES_MAX; slot += set->worker_count) {
		const struct node *node = node_by_slot(nodes, slot);
		struct probe *probe = set->by_slot[slot];

		if (probe && (!is_mine(set, node) || probe->node_id != node->id)) {
			end(set, probe, slot);
			probe = NULL;
		}
		if (probe)
			keep(probe, node, now_ns);
		else if (is_mine(set, node))
			start(set, node, now_ns);
	}
}

static struct probe *find(struct probe_set *set, const struct node *node)
{
	struct probe *probe = set->by_slot[node->slot];

	return probe && probe->node_id == node->id ? probe : NULL;
}

bool probe_answered(
	struct probe_set *set, const struct node *node, const struct probe_answer *answer, uint64_t now_ns)
{
	struct probe *probe = find(set, node);
	unsigned i = 0;

	if (!probe)
		return false;
	while (i < probe->outstanding_count && probe->outstanding[i].seq != answer->seq)
		i++;
	if (i == probe->outstanding_count)
		return false;

	uint64_t rtt_ns = now_ns - probe->outstanding[i].sent_ns;
	/* Older probes are settled too: what they ask, this answers. */
	probe->outstanding_count -= i + 1;
	memmove(probe->outstanding, probe->outstanding + i + 1,
		sizeof(probe->outstanding[0]) * probe->outstanding_count);
	probe->fails = 0;
	report(probe,
		(struct probe_report){
			.event = answer->status == 503 ? HEALTH_PROBE_BUSY : HEALTH_PROBE_OK,
			.retry_after_s = answer->status == 503 ? answer->retry_after_s : 0,
			.rtt_ns = rtt_ns,
		},
		now_ns);
	plan_next(probe);
	rearm(probe);
	return true;
}

bool probe_suspect(struct probe_set *set, const struct node *node, uint64_t now_ns)
{
	struct probe *probe = find(set, node);

	if (!probe || probe->in_doubt || in_maintenance(probe))
		return false;
	probe->in_doubt = true;
	for (unsigned i = 0; i < probe->outstanding_count; i++)
		probe->outstanding[i].excused = true;
	fail_now(probe, now_ns);
	plan_next(probe);
	if (!has_fallen(probe))
		hasten(probe, now_ns);
	rearm(probe);
	return true;
}

bool probe_failed(struct probe_set *set, const struct node *node, uint64_t now_ns)
{
	struct probe *probe = find(set, node);

	if (!probe || in_maintenance(probe))
		return false;
	fail_now(probe, now_ns);
	return true;
}

bool probe_now(struct probe_set *set, const struct node *node, uint64_t now_ns)
{
	struct probe *probe = find(set, node);

	if (!probe)
		return false;
	hasten(probe, now_ns);
	rearm(probe);
	return true;
}

void probe_flush(struct probe_set *set, uint64_t now_ns)
{
	for (unsigned slot = set->worker_index; set->backlogged > 0 && slot < NODES_MAX;
		slot += set->worker_count) {
		if (set->by_slot[slot] && !backlog_offer(set->by_slot[slot], now_ns))
			return;
	}
}
