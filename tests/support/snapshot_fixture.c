/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What control/ does with a configuration, without the configuration. */
#include "support/snapshot_fixture.h"

#include "policy/acl.h"
#include "policy/domain.h"
#include "policy/user.h"
#include "support/endpoint.h"

#include <stdio.h>

/* As with published snapshots, no two have the same. */
static uint64_t last_serial;

static struct ip_addr ip_of(const char *text)
{
	struct ip_addr ip = {.family = IP_NONE};
	int rc = ip_parse(span_str(text), &ip);

	ensure(rc == 0);
	return ip;
}

void snapshot_fixture_init(struct snapshot_fixture *fixture, unsigned worker_count)
{
	memset(fixture, 0, sizeof(*fixture));
	node_table_init(&fixture->table);
	fixture->snap = (struct snapshot){
		.generation = 1,
		.nodes = &fixture->table,
		.source_port_base = 30000,
		.worker_count = (uint16_t)worker_count,
		.retry_after_s = 5,
	};
	lightmac_key_init(&fixture->snap.keys.key[0], &(struct hash_key){0x1111, 0x2222});
	lightmac_key_init(&fixture->snap.keys.key[1], &(struct hash_key){0x3333, 0x4444});
}

static void local_add(struct snapshot *snap, const struct ip_addr *ip)
{
	if (snapshot_is_local_ip(snap, ip))
		return;
	ensure(snap->local_count < sizeof(snap->locals) / sizeof(snap->locals[0]));
	snap->locals[snap->local_count++] = *ip;
}

void snapshot_fixture_local(struct snapshot_fixture *fixture, const char *ip)
{
	struct ip_addr addr = ip_of(ip);

	local_add(&fixture->snap, &addr);
}

struct listener *snapshot_fixture_listener(
	struct snapshot_fixture *fixture, const char *name, const char *local)
{
	return snapshot_fixture_listener_over(fixture, name, local, TRANSPORT_UDP);
}

struct listener *snapshot_fixture_listener_over(
	struct snapshot_fixture *fixture, const char *name, const char *local, enum transport transport)
{
	struct snapshot *snap = &fixture->snap;
	struct listener *listener = &snap->listeners[snap->listener_count++];

	ensure(snap->listener_count <= LISTENERS_MAX);
	*listener = (struct listener){
		.transport = (uint8_t)transport, .record_route = true, .local = endpoint_of(local)};
	listener->id = listener_id(&listener->local, transport);
	snprintf(listener->name, sizeof(listener->name), "%s", name);
	local_add(snap, &listener->local.ip);
	return listener;
}

struct node *snapshot_fixture_node(struct snapshot_fixture *fixture, const char *remote, const char *local)
{
	return snapshot_fixture_node_over(fixture, remote, local, TRANSPORT_UDP);
}

struct node *snapshot_fixture_node_over(
	struct snapshot_fixture *fixture, const char *remote, const char *local, enum transport transport)
{
	unsigned slot = fixture->table.slot_count;
	struct node *node = &fixture->nodes[slot];
	int rc;

	ensure(slot < FIXTURE_NODES_MAX);
	*node = (struct node){
		.slot = (uint16_t)slot,
		.transport = (uint8_t)transport,
		.remote = endpoint_of(remote),
		.local = ip_of(local),
		.live = &fixture->live[slot],
	};
	node->id = node_id(&node->remote, transport);
	snprintf(node->name, sizeof(node->name), "n%u", slot);
	snapshot_fixture_word(fixture, node, node_word_make(NODE_UP, NODE_READY, 0));
	rc = node_table_add(&fixture->table, node);
	ensure(rc == 0);
	local_add(&fixture->snap, &node->local);
	return node;
}

void snapshot_fixture_word(struct snapshot_fixture *fixture, const struct node *node, uint32_t word)
{
	ensure(node->live == &fixture->live[node->slot]);
	__atomic_store_n(&fixture->live[node->slot].word, word, __ATOMIC_RELEASE);
}

void snapshot_fixture_route(struct snapshot_fixture *fixture, const char *text, enum route_scope scope,
	unsigned flags, const struct node *node)
{
	unsigned id = fixture->said_count++;

	ensure(id < FIXTURE_ROUTES_MAX && (node || (flags & ROUTE_BLOCK)));
	fixture->said[id] = (struct route){
		.text = span_str(text),
		.scope = (uint8_t)scope,
		.flags = (uint8_t)(flags | ROUTE_IN_SERVICE),
		.hop = {.route_id = id, .node_slot = node ? node->slot : 0, .priority = 1, .weight = 1},
	};
}

void snapshot_fixture_rank(struct snapshot_fixture *fixture, uint16_t priority, uint16_t weight)
{
	struct hop *hop = &fixture->said[fixture->said_count - 1].hop;

	ensure(fixture->said_count > 0);
	hop->priority = priority;
	hop->weight = weight;
}

void snapshot_fixture_admit(struct snapshot_fixture *fixture, const char *prefix)
{
	struct ip_prefix *entry = &fixture->admitted[fixture->admitted_count++];

	ensure(fixture->admitted_count <= FIXTURE_ENTRIES_MAX);
	if (strcmp(prefix, "all") != 0) {
		int rc = ip_prefix_parse(span_str(prefix), entry);
		ensure(rc == 0);
	}
}

void snapshot_fixture_domain(struct snapshot_fixture *fixture, const char *name)
{
	ensure(fixture->domain_count < FIXTURE_ENTRIES_MAX);
	fixture->domain_names[fixture->domain_count++] = span_str(name);
}

static void build_routes(struct snapshot_fixture *fixture)
{
	struct route domains[FIXTURE_ROUTES_MAX];
	struct route users[FIXTURE_ROUTES_MAX];
	struct route_build build = {.routes = domains, .worker_count = fixture->snap.worker_count};
	struct policy_error error = {.text = ""};
	unsigned user_count = 0;
	int rc;

	for (unsigned i = 0; i < fixture->said_count; i++) {
		if (fixture->said[i].scope == ROUTE_USER)
			users[user_count++] = fixture->said[i];
		else
			domains[build.route_count++] = fixture->said[i];
	}
	rc = route_table_create(&build, &fixture->routes, &error);
	if (rc == 0)
		rc = user_table_create(
			users, user_count, fixture->snap.worker_count, &fixture->users, &error);
	if (rc != 0)
		fprintf(stderr, "%s\n", error.text);
	ensure(rc == 0);
}

void snapshot_fixture_build(struct snapshot_fixture *fixture)
{
	struct snapshot *snap = &fixture->snap;
	int rc;

	snapshot_fixture_fini(fixture);
	build_routes(fixture);
	rc = acl_create(fixture->admitted, fixture->admitted_count, &fixture->acl);
	ensure(rc == 0);
	rc = domain_set_create(fixture->domain_names, fixture->domain_count, &fixture->domains);
	ensure(rc == 0);
	snap->routes = fixture->routes;
	snap->users = fixture->users;
	snap->acl = fixture->acl;
	snap->domains = fixture->domains;
	snap->generation++;
	snap->serial = ++last_serial;
}

void snapshot_fixture_fini(struct snapshot_fixture *fixture)
{
	route_table_destroy(fixture->routes);
	user_table_destroy(fixture->users);
	acl_destroy(fixture->acl);
	domain_set_destroy(fixture->domains);
	fixture->routes = NULL;
	fixture->users = NULL;
	fixture->acl = NULL;
	fixture->domains = NULL;
}
