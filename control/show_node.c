/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes as the operator wants to see them: what the file says, what holds now, and how they answer. */
#include "control/handlers.h"

#include "worker/worker.h"

#include <stdlib.h>
#include <string.h>

/* The sum over all workers. */
struct node_total {
	uint64_t requests;
	uint64_t responses;
	struct hist latency;
};

static void add_worker(struct node_total *total, const struct node_figures *figures)
{
	total->requests += figure_get(&figures->requests);
	for (unsigned class = 1; class < 7; class ++)
		total->responses += figure_get(&figures->responses[class]);
	hist_merge(&total->latency, &figures->latency);
}

static void node_total(
	const struct daemon *daemon, const struct node_record *record, struct node_total *ret_total)
{
	memset(ret_total, 0, sizeof(*ret_total));
	for (unsigned i = 0; i < plane_worker_count(daemon->plane); i++) {
		const struct node_figures *figures =
			worker_node_figures(plane_worker(daemon->plane, i), record->node.slot);
		/* A slot's earlier node may still be in there. */
		if (__atomic_load_n(&figures->node_id, __ATOMIC_RELAXED) == record->node.id)
			add_worker(ret_total, figures);
	}
}

static json_t *quantile_us(const struct node_total *total, double quantile)
{
	if (total->latency.count == 0)
		return json_null();
	return json_integer((json_int_t)(hist_quantile_ns(&total->latency, quantile) / 1000));
}

static json_t *elapsed_ms(uint64_t since_ns, uint64_t now_ns)
{
	return since_ns == 0 ? json_null() : json_integer((json_int_t)((now_ns - since_ns) / 1000000));
}

/* The state that the file asks for; NULL when the file does not name the node. */
static json_t *configured(const struct daemon *daemon, const struct node_record *record)
{
	const struct config_node *node =
		config_node_at_endpoint(daemon->saved, &record->node.remote, record->node.transport);

	return node ? json_string(node_admin_name((enum node_admin)node->admin)) : json_null();
}

static json_t *node_row(const struct daemon *daemon, const struct node_record *record, uint64_t now_ns)
{
	uint32_t word = node_word(&record->node);
	struct node_total total;
	char address[IP_TEXT_MAX];
	char flags[32];

	node_total(daemon, record, &total);
	ip_format(&record->node.remote.ip, address);
	nodes_flags_format(word, flags, sizeof(flags));
	return json_pack("[s, s, i, s, o, s, s, s, o, o, I, I, I, o, o, o, o]", record->node.name, address,
		(int)record->node.remote.port, transport_name(record->node.transport),
		configured(daemon, record), node_admin_name(node_word_admin(word)),
		node_health_name(node_word_health(word)), flags,
		elapsed_ms(record->health.changed_ns, now_ns), elapsed_ms(record->last_ok_ns, now_ns),
		(json_int_t)record->health.flaps, (json_int_t)total.requests, (json_int_t)total.responses,
		quantile_us(&total, 0.5), quantile_us(&total, 0.9), quantile_us(&total, 0.99),
		quantile_us(&total, 0.999));
}

/* Over the slots, as they are when their turn comes: what is current is current, row by row. */
struct node_cursor {
	struct cursor cursor;
	struct daemon *daemon;
	char only[NODE_NAME_MAX]; /* "": all */
	unsigned slot;
};

static json_t *node_next(struct cursor *cursor)
{
	struct node_cursor *self = (struct node_cursor *)cursor;

	while (self->slot < self->daemon->nodes->slot_count) {
		const struct node_record *record = nodes_at(self->daemon->nodes, self->slot++);
		if (record && (self->only[0] == '\0' || strcmp(self->only, record->node.name) == 0))
			return node_row(self->daemon, record, reactor_now_ns());
	}
	return NULL;
}

static void node_finish(struct cursor *cursor)
{
	free(cursor);
}

static bool name_is_known(struct daemon *daemon, struct call *call)
{
	const char *name = call_value(call, "name");

	if (!name || nodes_named(daemon->nodes, name))
		return true;
	call_error(call, API_NOT_FOUND, "there is no node %s; `show node` lists them", name);
	return false;
}

void show_node(struct daemon *daemon, struct call *call)
{
	struct node_cursor *self;

	if (!name_is_known(daemon, call))
		return;
	self = calloc(1, sizeof(*self));
	ensure(self);
	*self = (struct node_cursor){.cursor = {node_next, node_finish}, .daemon = daemon};
	snprintf(self->only, sizeof(self->only), "%s", call_value(call, "name") ?: "");
	call_rows(call, &self->cursor);
}

/* "ready up held" */
static void word_format(uint32_t word, char *buf, size_t size)
{
	char flags[32];

	nodes_flags_format(word, flags, sizeof(flags));
	snprintf(buf, size, "%s %s%s%s", node_admin_name(node_word_admin(word)),
		node_health_name(node_word_health(word)), flags[0] ? " " : "", flags);
}

void show_node_history(struct daemon *daemon, struct call *call)
{
	const char *name = call_value(call, "name");
	const struct node_event *event;
	json_t *rows = json_array();
	char when[32];
	char from[64];
	char to[64];

	/* A node that is gone may still have a history: any name will do. */
	for (uint64_t i = 0; (event = nodes_event_at(daemon->nodes, i)) != NULL; i++) {
		if (name && strcmp(event->name, name) != 0)
			continue;
		log_format_time(event->wall_ms, when, sizeof(when));
		word_format(event->from_word, from, sizeof(from));
		word_format(event->to_word, to, sizeof(to));
		json_array_append_new(
			rows, json_pack("[s, s, s, s, s, o]", when, event->name, from, to, event->reason,
				      event->detect_ns > 0 ? json_real((double)event->detect_ns / 1e6)
							   : json_null()));
	}
	call_rows(call, cursor_of_rows(rows));
}
