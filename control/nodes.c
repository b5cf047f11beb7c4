/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots, users and live words (architecture: section 4). The words stand in one array that lives as long as
 * the daemon, so a worker with an old snapshot reads a stale word at worst, never a freed one.
 */
#include "control/nodes.h"

#include "control/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct nodes *nodes_create(void)
{
	struct nodes *nodes = aligned_alloc(64, (sizeof(*nodes) + 63) / 64 * 64);

	if (nodes)
		memset(nodes, 0, sizeof(*nodes));
	return nodes;
}

void nodes_destroy(struct nodes *nodes)
{
	free(nodes);
}

/* ---- by id ---- */

static void index_add(struct nodes *nodes, uint16_t slot)
{
	uint32_t i = nodes->records[slot].node.id % NODE_INDEX_SIZE;

	while (nodes->by_id[i] != 0)
		i = (i + 1) % NODE_INDEX_SIZE;
	nodes->by_id[i] = (uint16_t)(slot + 1);
}

/* Removal is rare and the index small: it is made anew. */
static void index_rebuild(struct nodes *nodes)
{
	memset(nodes->by_id, 0, sizeof(nodes->by_id));
	for (uint16_t slot = 0; slot < nodes->slot_count; slot++)
		if (nodes->records[slot].state != NODE_FREE)
			index_add(nodes, slot);
}

static struct node_record *find_by_id(struct nodes *nodes, uint32_t id)
{
	for (uint32_t i = id % NODE_INDEX_SIZE; nodes->by_id[i] != 0; i = (i + 1) % NODE_INDEX_SIZE) {
		struct node_record *record = &nodes->records[nodes->by_id[i] - 1];
		if (record->node.id == id)
			return record;
	}
	return NULL;
}

static bool is_at(const struct node_record *record, const struct endpoint *remote, enum transport transport)
{
	return record->node.transport == transport && endpoint_equal(&record->node.remote, remote);
}

struct node_record *nodes_by_endpoint(
	struct nodes *nodes, const struct endpoint *remote, enum transport transport)
{
	struct node_record *record = find_by_id(nodes, node_id(remote, transport));

	return record && record->state == NODE_USED && is_at(record, remote, transport) ? record : NULL;
}

/* ---- life ---- */

static int free_slot(const struct nodes *nodes)
{
	for (int slot = 0; slot < NODES_MAX; slot++)
		if (nodes->records[slot].state == NODE_FREE)
			return slot;
	return -ENOSPC;
}

static void record_init(
	struct nodes *nodes, uint16_t slot, const struct node_address *address, uint64_t now_ns)
{
	struct node_record *record = &nodes->records[slot];

	*record = (struct node_record){.state = NODE_USED, .since_ns = now_ns};
	record->node.id = node_id(&address->remote, address->transport);
	record->node.slot = slot;
	record->node.transport = (uint8_t)address->transport;
	record->node.remote = address->remote;
	record->node.live = &nodes->live[slot];
	snprintf(record->node.name, sizeof(record->node.name), "%s", address->name);
	record->settings = (struct health_settings){.fall = 1, .rise = 1, .failback_auto = true};
	health_init(&record->health, NODE_READY, now_ns);
	__atomic_store_n(&nodes->live[slot].word, health_word(&record->health), __ATOMIC_RELEASE);
	if (slot >= nodes->slot_count)
		nodes->slot_count = (uint16_t)(slot + 1);
	index_add(nodes, slot);
}

int nodes_use(struct nodes *nodes, const struct node_address *address, uint64_t now_ns, uint16_t *ret_slot)
{
	struct node_record *record = find_by_id(nodes, node_id(&address->remote, address->transport));
	int slot;

	if (record && !is_at(record, &address->remote, address->transport))
		return -EEXIST;
	if (!record) {
		slot = free_slot(nodes);
		if (slot < 0)
			return slot;
		record_init(nodes, (uint16_t)slot, address, now_ns);
		record = &nodes->records[slot];
	}
	/* One that is leaving stays: its slot and word are still its own, whatever snapshots named it since.
	 */
	record->state = NODE_USED;
	record->users++;
	*ret_slot = record->node.slot;
	return 0;
}

void nodes_unuse(struct nodes *nodes, uint16_t slot, uint64_t generation)
{
	struct node_record *record = nodes_at(nodes, slot);

	ensure(record && record->users > 0);
	if (--record->users > 0)
		return;
	record->state = NODE_LEAVING;
	record->leaves_generation = generation;
}

void nodes_unuse_all(struct nodes *nodes, uint64_t generation)
{
	for (uint16_t slot = 0; slot < nodes->slot_count; slot++) {
		struct node_record *record = nodes_at(nodes, slot);
		if (!record)
			continue;
		record->users = 1;
		nodes_unuse(nodes, slot, generation);
	}
}

void nodes_released(struct nodes *nodes, uint64_t generation)
{
	bool freed = false;

	for (uint16_t slot = 0; slot < nodes->slot_count; slot++) {
		struct node_record *record = &nodes->records[slot];
		if (record->state != NODE_LEAVING || record->leaves_generation > generation)
			continue;
		record->state = NODE_FREE;
		freed = true;
	}
	if (freed)
		index_rebuild(nodes);
}

struct node_record *nodes_at(struct nodes *nodes, unsigned slot)
{
	if (slot >= nodes->slot_count || nodes->records[slot].state != NODE_USED)
		return NULL;
	return &nodes->records[slot];
}

struct node_record *nodes_named(struct nodes *nodes, const char *name)
{
	for (uint16_t slot = 0; slot < nodes->slot_count; slot++) {
		struct node_record *record = nodes_at(nodes, slot);
		if (record && strcmp(record->node.name, name) == 0)
			return record;
	}
	return NULL;
}

/* ---- health ---- */

static const char *event_name(enum health_event event)
{
	static const char *const names[] = {
		[HEALTH_PROBE_OK] = "probe answered",
		[HEALTH_PROBE_BUSY] = "probe answered with 503",
		[HEALTH_PROBE_TIMEOUT] = "probe not answered",
		[HEALTH_UNREACHABLE] = "unreachable, refused or reset",
		[HEALTH_TICK] = "time is up",
		[HEALTH_RELEASE] = "released by the operator",
		[HEALTH_ADMIN_READY] = "set ready",
		[HEALTH_ADMIN_DRAIN] = "set to drain",
		[HEALTH_ADMIN_MAINT] = "set to maintenance",
	};

	return names[event];
}

static void history_add(struct nodes *nodes, const struct node_record *record, uint32_t from_word,
	const char *reason, uint64_t now_ns)
{
	struct node_event *event = &nodes->events[nodes->event_count % NODES_EVENTS_MAX];
	uint32_t to_word = node_word(&record->node);
	bool went_down = node_word_health(to_word) == NODE_DOWN && node_word_health(from_word) != NODE_DOWN;

	*event = (struct node_event){
		.wall_ms = log_wall_ms(), .at_ns = now_ns, .from_word = from_word, .to_word = to_word};
	if (went_down && record->last_ok_ns > 0)
		event->detect_ns = now_ns - record->last_ok_ns;
	snprintf(event->name, sizeof(event->name), "%s", record->node.name);
	snprintf(event->reason, sizeof(event->reason), "%s", reason);
	nodes->event_count++;
	if (nodes->changed)
		nodes->changed(nodes->ctx, event);
}

static void step(struct nodes *nodes, struct node_record *record, enum health_event event,
	uint32_t retry_after_s, uint64_t now_ns)
{
	uint32_t before = node_word(&record->node);

	if (!health_step(&record->health, &record->settings, event, retry_after_s, now_ns))
		return;
	/* Release pairs with nothing a worker does next: it is there so that a word is never seen before its
	 * node. */
	__atomic_store_n(&record->node.live->word, health_word(&record->health), __ATOMIC_RELEASE);
	history_add(nodes, record, before, event_name(event), now_ns);
}

void nodes_event(struct nodes *nodes, struct node_record *record, enum health_event event, uint64_t now_ns)
{
	step(nodes, record, event, 0, now_ns);
}

void nodes_set_admin(struct nodes *nodes, struct node_record *record, enum node_admin admin, uint64_t now_ns)
{
	static const enum health_event events[] = {
		[NODE_READY] = HEALTH_ADMIN_READY,
		[NODE_DRAIN] = HEALTH_ADMIN_DRAIN,
		[NODE_MAINT] = HEALTH_ADMIN_MAINT,
	};

	step(nodes, record, events[admin], 0, now_ns);
}

void nodes_report(struct nodes *nodes, const struct mail_node *mail, uint64_t now_ns)
{
	struct node_record *record = nodes_at(nodes, mail->slot);

	if (!record || record->node.id != mail->id)
		return;
	/* Only these are a worker's to say; the others are ours. */
	if (mail->event > HEALTH_UNREACHABLE)
		return;
	if (mail->event == HEALTH_PROBE_OK || mail->event == HEALTH_PROBE_BUSY)
		record->last_ok_ns = mail->at_ns;
	step(nodes, record, (enum health_event)mail->event, mail->retry_after_s, now_ns);
}

void nodes_tick(struct nodes *nodes, uint64_t now_ns)
{
	for (uint16_t slot = 0; slot < nodes->slot_count; slot++) {
		struct node_record *record = nodes_at(nodes, slot);
		if (record && health_deadline_ns(&record->health) <= now_ns)
			step(nodes, record, HEALTH_TICK, 0, now_ns);
	}
}

const struct node_event *nodes_event_at(const struct nodes *nodes, uint64_t i)
{
	uint64_t kept = nodes->event_count < NODES_EVENTS_MAX ? nodes->event_count : NODES_EVENTS_MAX;

	return i < kept ? &nodes->events[(nodes->event_count - kept + i) % NODES_EVENTS_MAX] : NULL;
}

void nodes_flags_format(uint32_t word, char *buf, size_t size)
{
	bool busy = word & NODE_WORD_BUSY;
	bool held = word & NODE_WORD_HELD;

	snprintf(buf, size, "%s%s%s", busy ? "busy" : "", busy && held ? "," : "", held ? "held" : "");
}

/* ---- for the snapshot ---- */

struct node_view {
	struct node_table table; /* first: the table is what is handed out and given back */
	struct node nodes[];
};

struct node_table *nodes_table_create(const struct nodes *nodes)
{
	struct node_view *view =
		calloc(1, sizeof(*view) + (size_t)nodes->slot_count * sizeof(view->nodes[0]));

	if (!view)
		return NULL;
	node_table_init(&view->table);
	for (uint16_t slot = 0; slot < nodes->slot_count; slot++) {
		if (nodes->records[slot].state != NODE_USED)
			continue;
		view->nodes[slot] = nodes->records[slot].node;
		ensure(node_table_add(&view->table, &view->nodes[slot]) == 0);
	}
	return &view->table;
}

void nodes_table_destroy(struct node_table *table)
{
	free(table);
}
