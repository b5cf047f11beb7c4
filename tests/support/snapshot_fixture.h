/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot made by hand, for tests that need the balancer's view of the world without control: say what
 * there is, then build. Every call fails the test when it cannot do what it says.
 */
#ifndef TESTS_SNAPSHOT_FIXTURE_H
#define TESTS_SNAPSHOT_FIXTURE_H

#include "node/node.h"
#include "policy/route_build.h"
#include "snapshot.h"

enum { FIXTURE_NODES_MAX = 16, FIXTURE_ROUTES_MAX = 64, FIXTURE_ENTRIES_MAX = 16 };

struct snapshot_fixture {
	struct snapshot snap;
	struct route_table *routes; /* owner: the fixture; the snapshot only reads them */
	struct user_table *users;
	struct acl *acl;
	struct domain_set *domains;
	struct node_table table;
	struct node nodes[FIXTURE_NODES_MAX];
	struct node_live live[FIXTURE_NODES_MAX];
	struct route said[FIXTURE_ROUTES_MAX]; /* of both kinds; scope tells */
	unsigned said_count;
	struct ip_prefix admitted[FIXTURE_ENTRIES_MAX];
	unsigned admitted_count;
	struct span domain_names[FIXTURE_ENTRIES_MAX];
	unsigned domain_count;
};

/* Nothing in it yet; fixed keys, source ports from 30000, Retry-After 5. */
void snapshot_fixture_init(struct snapshot_fixture *fixture, unsigned worker_count);

/* An address of ours without a listener. */
void snapshot_fixture_local(struct snapshot_fixture *fixture, const char *ip);
/* Its address becomes ours too. It stays in the path of dialogs and answers strangers 403. */
struct listener *snapshot_fixture_listener(
	struct snapshot_fixture *fixture, const char *name, const char *local);
struct listener *snapshot_fixture_listener_over(
	struct snapshot_fixture *fixture, const char *name, const char *local, enum transport transport);
/* Up and ready, over UDP. `local` is our source address toward it. */
struct node *snapshot_fixture_node(struct snapshot_fixture *fixture, const char *remote, const char *local);
struct node *snapshot_fixture_node_over(
	struct snapshot_fixture *fixture, const char *remote, const char *local, enum transport transport);
void snapshot_fixture_word(struct snapshot_fixture *fixture, const struct node *node, uint32_t word);

/*
 * text: a reversed domain ("com.example") or, with ROUTE_USER, an expression; in service. With ROUTE_BLOCK in
 * flags, node may be NULL. It must live until the build.
 */
void snapshot_fixture_route(struct snapshot_fixture *fixture, const char *text, enum route_scope scope,
	unsigned flags, const struct node *node);
/* The last route's priority and weight; 1 and 1 unless said. */
void snapshot_fixture_rank(struct snapshot_fixture *fixture, uint16_t priority, uint16_t weight);

/* A prefix, or "all". */
void snapshot_fixture_admit(struct snapshot_fixture *fixture, const char *prefix);
void snapshot_fixture_domain(struct snapshot_fixture *fixture, const char *name);

/* Compiles the tables. May be called again after more was said. */
void snapshot_fixture_build(struct snapshot_fixture *fixture);
void snapshot_fixture_fini(struct snapshot_fixture *fixture);

#endif
