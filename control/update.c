/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a change of the model means for everything that follows from it: which nodes there are and how they
 * are probed, where routes lead, what is logged. Called with `running` already changed; commit.c undoes the
 * model and calls again with the inverse when something later fails.
 */
#include "control/daemon.h"

#include "config/load.h"
#include "worker/worker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static uint64_t next_generation(const struct daemon *daemon)
{
	return daemon->publisher.current ? daemon->journal.number + 1 : 1;
}

bool update_is_live(const struct change_item *item)
{
	if (item->list == CONFIG_LISTS)
		return strcmp(item->section, "probe") == 0 || strcmp(item->section, "log") == 0 ||
		       (strcmp(item->section, "transactions") == 0 &&
			       (strcmp(item->key, "failover_timeout_ms") == 0 ||
				       strcmp(item->key, "ringing_max_s") == 0));
	return item->list != CONFIG_PORTS;
}

unsigned update_wants(const struct change_set *set)
{
	unsigned wants = 0;

	for (size_t i = 0; i < set->count; i++) {
		enum config_list_id list = set->items[i].list;
		if (list == CONFIG_ACL)
			wants |= BUILD_ACL;
		else if (list == CONFIG_DOMAINS)
			wants |= BUILD_DOMAINS;
		else if (list != CONFIG_LISTENERS)
			wants |= BUILD_NODES; /* also for routes, which may name new ones, and for probe
						 settings */
	}
	return wants;
}

/* ---- nodes ---- */

static struct node_address address_of(const struct config_node *node)
{
	return (struct node_address){{node->address, node->port}, node->transport, node->name};
}

/* A declaration appears, goes or moves: it is a user of the node at its endpoint. */
static int put_node(struct daemon *daemon, const struct config_node *before, const struct config_node *after)
{
	struct node_address address;
	struct node_record *record;
	uint16_t slot;
	int ret = 0;

	if (after) {
		address = address_of(after);
		ret = nodes_use(daemon->nodes, &address, reactor_now_ns(), &slot);
	}
	if (ret == 0 && before) {
		address = address_of(before);
		record = nodes_by_endpoint(daemon->nodes, &address.remote, address.transport);
		ensure(record);
		nodes_unuse(daemon->nodes, record->node.slot, next_generation(daemon));
	}
	return ret;
}

/* Must every route be asked again where it leads? */
static bool moves_routes(const struct config_node *before, const struct config_node *after)
{
	if (!before || !after)
		return true;
	return before->weight != after->weight || before->port != after->port ||
	       before->transport != after->transport || !ip_equal(&before->address, &after->address);
}

static int put_item(struct daemon *daemon, const struct change_item *item, bool *ret_moves_routes)
{
	const struct config_node *before = (const struct config_node *)item->before;
	const struct config_node *after = (const struct config_node *)item->after;

	if (item->list == CONFIG_ROUTES)
		return routes_put(
			daemon->routes, daemon->running, item->before, item->after, next_generation(daemon));
	if (item->list != CONFIG_NODES)
		return 0;
	*ret_moves_routes = *ret_moves_routes || moves_routes(before, after);
	return put_node(daemon, before, after);
}

int update_registries(struct daemon *daemon, const struct change_set *set)
{
	bool moves = false;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < set->count; i++)
		ret = put_item(daemon, &set->items[i], &moves);
	if (ret == 0 && moves)
		ret = routes_resolve(daemon->routes, daemon->running, next_generation(daemon));
	return ret;
}

int update_all(struct daemon *daemon)
{
	struct routes *routes = routes_create(daemon->nodes);
	int ret = routes ? 0 : -ENOMEM;

	if (!routes)
		return -ENOMEM;
	/* Whoever is used again below keeps its slot, its word and its history. */
	nodes_unuse_all(daemon->nodes, next_generation(daemon));
	routes_destroy(daemon->routes);
	daemon->routes = routes;
	routes_mark_all(routes);
	for (uint32_t i = 0; ret == 0 && i < config_count(daemon->running, CONFIG_NODES); i++)
		ret = put_node(daemon, NULL, config_node_at(daemon->running, i));
	for (uint32_t i = 0; ret == 0 && i < config_count(daemon->running, CONFIG_ROUTES); i++)
		ret = routes_put(routes, daemon->running, NULL,
			daemon->running->lists[CONFIG_ROUTES].items[i], next_generation(daemon));
	return ret;
}

static void update_node(struct daemon *daemon, struct node_record *record)
{
	const struct config_node *node =
		config_node_at_endpoint(daemon->running, &record->node.remote, record->node.transport);
	struct config_probe probe;
	char endpoint[ENDPOINT_TEXT_MAX];

	config_node_probe(daemon->running, node, &probe);
	record->declared = node != NULL;
	record->settings = (struct health_settings){probe.fall, probe.rise,
		probe.failback == CONFIG_FAILBACK_AUTO, probe.hold_ms, probe.retry_after_max_s};
	record->node.probe =
		(struct node_probe_settings){probe.interval_ms, probe.timeout_ms, probe.fall, probe.rise};
	endpoint_format(&record->node.remote, endpoint);
	if (node)
		snprintf(record->node.name, sizeof(record->node.name), "%s", node->name);
	else
		snprintf(record->node.name, sizeof(record->node.name), "%s/%s", endpoint,
			transport_name(record->node.transport));
	if (plane_source_for(&daemon->plane_config, &record->node.remote.ip, &record->node.local) < 0) {
		record->node.local = (struct ip_addr){.family = IP_NONE};
		log_line(&daemon->log, CONFIG_LOG_WARNING,
			"node %s (%s): no port's subnet or gateway leads there", record->node.name, endpoint);
	}
	if (record->ahead == 0 && record->health.admin != (node ? node->admin : NODE_READY))
		nodes_set_admin(daemon->nodes, record, node ? node->admin : NODE_READY, reactor_now_ns());
}

void update_nodes(struct daemon *daemon)
{
	static_assert((int)CONFIG_ADMIN_READY == NODE_READY && (int)CONFIG_ADMIN_DRAIN == NODE_DRAIN &&
			      (int)CONFIG_ADMIN_MAINT == NODE_MAINT,
		"states are handed over as numbers");
	for (uint16_t slot = 0; slot < daemon->nodes->slot_count; slot++) {
		struct node_record *record = nodes_at(daemon->nodes, slot);
		if (record)
			update_node(daemon, record);
	}
}

/* ---- log and trace ---- */

const char *update_trace_word(unsigned category)
{
	static const char *const words[TRACE_LOG] = {
		"sip_udp", "sip_tcp", "sip_tls", "server", "sip_message", "method_routing", "routing"};

	ensure(category < TRACE_LOG);
	return words[category];
}

void update_log(struct daemon *daemon)
{
	static_assert((unsigned)CONFIG_TRACE_ROUTING == 1u << TRACE_ROUTING &&
			      (unsigned)CONFIG_TRACE_SERVER == 1u << TRACE_SERVER,
		"trace bits are handed over as they are");
	daemon->log.level = daemon->running->log.level;
	if (!daemon->plane)
		return;
	for (unsigned i = 0; i < plane_worker_count(daemon->plane); i++)
		trace_set_mask(worker_trace(plane_worker(daemon->plane, i)), daemon->running->log.trace);
}

/* ---- the snapshot's own fields ---- */

static void add_locals(const struct daemon *daemon, struct snapshot *snapshot)
{
	snapshot->local_count = 0;
	for (uint32_t i = 0; i < config_count(daemon->running, CONFIG_PORTS); i++) {
		const struct config_port *port = config_port_at(daemon->running, i);
		for (uint16_t k = 0; k < port->address_count; k++)
			snapshot->locals[snapshot->local_count++] = port->addresses[k].addr;
	}
}

static void add_listener(struct snapshot *snapshot, const struct config_listener *config)
{
	struct listener *listener = &snapshot->listeners[snapshot->listener_count++];

	*listener = (struct listener){
		.transport = config->transport,
		.acl_drop = config->acl == CONFIG_ACL_DROP,
		.record_route = config->record_route,
		.stateless = config->mode == CONFIG_MODE_STATELESS,
		.local = {config->address, config->port},
	};
	listener->id = listener_id(&listener->local, listener->transport);
	snprintf(listener->name, sizeof(listener->name), "%s", config->name);
}

/* RFC 3261 18.1.1: a request within 200 bytes of the path's MTU, as far as we know it, is too long for UDP.
 */
static uint16_t udp_bytes_max(const struct config *config)
{
	uint16_t mtu = UINT16_MAX;

	for (uint32_t i = 0; i < config_count(config, CONFIG_PORTS); i++) {
		const struct config_port *port = config_port_at(config, i);
		if (port->mtu < mtu)
			mtu = port->mtu;
	}
	return (uint16_t)(mtu - 200);
}

void update_snapshot(const struct daemon *daemon, struct snapshot *snapshot)
{
	static_assert((int)CONFIG_LISTENERS_MAX <= LISTENERS_MAX && (int)CONFIG_PORTS_MAX <= PORTS_MAX &&
			      (int)CONFIG_PORT_ADDRESSES_MAX <= ADDRESSES_PER_PORT_MAX &&
			      (int)CONFIG_WORKERS_MAX <= WORKERS_MAX && (int)CONFIG_NODES_MAX <= NODES_MAX,
		"what may be configured must fit");
	snapshot->worker_count = daemon->running->workers.count;
	snapshot->source_port_base = daemon->running->workers.source_port_base;
	snapshot->retry_after_s = daemon->running->instance.retry_after_s;
	snapshot->failover_timeout_ms = daemon->running->transactions.failover_timeout_ms;
	snapshot->ringing_max_s = daemon->running->transactions.ringing_max_s;
	snapshot->udp_bytes_max = udp_bytes_max(daemon->running);
	add_locals(daemon, snapshot);
	snapshot->listener_count = 0;
	for (uint32_t i = 0; i < config_count(daemon->running, CONFIG_LISTENERS); i++)
		add_listener(snapshot, config_listener_at(daemon->running, i));
}
