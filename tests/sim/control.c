/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pattern tables come from the snapshot fixture and are shared by all runs of the same shape, because
 * compiling them takes longer than a run. Nodes and snapshots are made anew for each generation, poisoned and
 * freed after the grace period, so whoever still reads them is caught.
 */
#include "control.h"

#include "host.h"
#include "worker/mailbox.h"
#include "node/health.h"
#include "rcu.h"
#include "support/snapshot_fixture.h"
#include "worker/worker.h"

#include <stdlib.h>

static const struct health_settings settings = {
	.fall = 3, .rise = 2, .failback_auto = true, .hold_ms = 1000, .retry_after_max_s = 3};

struct generation {
	struct snapshot snap;
	struct node_table table;
	struct node nodes[SIM_NODES];
	struct rcu_grace grace; /* once it was replaced */
	struct generation *next_old;
};

struct sim_control {
	struct sim *sim;
	const struct snapshot_fixture *tables;
	struct rcu *rcu;
	struct generation *current;
	struct generation *old; /* waiting for their grace period */
	uint64_t generation;
	bool retired; /* no node is left */
	struct health health[SIM_NODES];
	uint64_t unfit_ns[SIM_NODES]; /* when the node could last not serve a dialog */
	struct endpoint remotes[SIM_NODES];
	struct node_live live[SIM_NODES];
};

/* By workers, and the nodes' family and transport. */
static struct snapshot_fixture *all_tables[SIM_WORKERS_MAX + 1][2][2];

struct endpoint sim_control_remote(const struct sim *sim, unsigned node)
{
	return (struct endpoint){.ip = sim_host_ip(sim->hosts[node], sim->plan.nodes_v6), .port = 5060};
}

static void say_routes(struct snapshot_fixture *f)
{
	struct node *n = f->nodes;

	/* Active and backup; and two that share. The fourth node backs up both when it is there. */
	snapshot_fixture_route(f, "com.example", ROUTE_SUBTREE, 0, &n[0]);
	snapshot_fixture_rank(f, 1, 1);
	snapshot_fixture_route(f, "com.example", ROUTE_SUBTREE, 0, &n[1]);
	snapshot_fixture_rank(f, 2, 1);
	snapshot_fixture_route(f, "com.example", ROUTE_SUBTREE, 0, &n[3]);
	snapshot_fixture_rank(f, 3, 1);
	snapshot_fixture_route(f, "net.shared", ROUTE_EXACT, 0, &n[0]);
	snapshot_fixture_rank(f, 1, 1);
	snapshot_fixture_route(f, "net.shared", ROUTE_EXACT, 0, &n[2]);
	snapshot_fixture_rank(f, 1, 3);
	snapshot_fixture_route(f, "net.shared", ROUTE_EXACT, 0, &n[3]);
	snapshot_fixture_rank(f, 2, 1);
}

static struct snapshot_fixture *tables_for(const struct sim *sim)
{
	struct snapshot_fixture **tables =
		&all_tables[sim->plan.workers][sim->plan.nodes_v6][sim->plan.nodes_tcp];

	if (*tables)
		return *tables;
	struct snapshot_fixture *f = aligned_alloc(64, (sizeof(*f) + 63) / 64 * 64);
	ensure(f != NULL);
	snapshot_fixture_init(f, sim->plan.workers);
	snapshot_fixture_listener(f, "v4", "10.0.0.1:5060");
	snapshot_fixture_listener(f, "v6", "[2001:db8::1]:5060");
	snapshot_fixture_listener_over(f, "v4-tcp", "10.0.0.1:5060", TRANSPORT_TCP);
	snapshot_fixture_listener_over(f, "v6-tcp", "[2001:db8::1]:5060", TRANSPORT_TCP);
	for (unsigned i = 0; i < SIM_NODES; i++) {
		char remote[ENDPOINT_TEXT_MAX];
		struct endpoint ep = sim_control_remote(sim, i);
		endpoint_format(&ep, remote);
		snapshot_fixture_node_over(f, remote, sim->plan.nodes_v6 ? "2001:db8::1" : "10.0.0.1",
			sim->plan.nodes_tcp ? TRANSPORT_TCP : TRANSPORT_UDP);
	}
	say_routes(f);
	snapshot_fixture_admit(f, "all");
	snapshot_fixture_domain(f, "example.com");
	snapshot_fixture_domain(f, "shared.net");
	snapshot_fixture_build(f);
	*tables = f;
	return f;
}

void sim_control_forget_tables(void)
{
	for (unsigned i = 0; i < (SIM_WORKERS_MAX + 1) * 4; i++) {
		struct snapshot_fixture **f = &all_tables[i / 4][i / 2 % 2][i % 2];
		if (!*f)
			continue;
		snapshot_fixture_fini(*f);
		free(*f);
		*f = NULL;
	}
}

static unsigned nodes_now(const struct sim_control *control)
{
	if (control->retired)
		return 0;
	return control->sim->plan.fourth_node && control->generation > 0 ? SIM_NODES : SIM_NODES - 1;
}

static struct generation *make_generation(struct sim_control *control)
{
	struct generation *g = calloc(1, sizeof(*g));
	unsigned count = nodes_now(control);

	ensure(g != NULL);
	g->snap = control->tables->snap;
	g->snap.generation = ++control->generation;
	g->snap.serial = control->generation;
	node_table_init(&g->table);
	for (unsigned i = 0; i < count; i++) {
		g->nodes[i] = control->tables->nodes[i];
		g->nodes[i].live = &control->live[i];
		g->nodes[i].probe = (struct node_probe_settings){500, 250, settings.fall, settings.rise};
		ensure(node_table_add(&g->table, &g->nodes[i]) == 0);
	}
	g->snap.nodes = &g->table;
	g->snap.failover_timeout_ms = 2000;
	for (unsigned i = 0; i < g->snap.listener_count; i++)
		g->snap.listeners[i].stateless = control->sim->plan.stateless;
	return g;
}

static void write_word(struct sim_control *control, unsigned node)
{
	uint32_t word = health_word(&control->health[node]);

	/* Sabotage: control knows better than it tells. */
	if (control->sim->plan.sabotage == SIM_BLIND && node_word_health(word) == NODE_DOWN)
		return;
	__atomic_store_n(&control->live[node].word, word, __ATOMIC_RELEASE);
}

struct sim_control *sim_control_create(struct sim *sim)
{
	struct sim_control *control = aligned_alloc(64, (sizeof(*control) + 63) / 64 * 64);

	ensure(control != NULL);
	memset(control, 0, sizeof(*control));
	control->sim = sim;
	control->tables = tables_for(sim);
	for (unsigned i = 0; i < SIM_NODES; i++) {
		control->remotes[i] = sim_control_remote(sim, i);
		health_init(&control->health[i], NODE_READY, sim->now_ns);
		write_word(control, i);
	}
	control->current = make_generation(control);
	ensure(rcu_create(sim->plan.workers, &control->current->snap, &control->rcu) == 0);
	return control;
}

void sim_control_destroy(struct sim_control *control)
{
	while (control->old) {
		struct generation *g = control->old;
		control->old = g->next_old;
		free(g);
	}
	free(control->current);
	rcu_destroy(control->rcu);
	free(control);
}

struct rcu *sim_control_rcu(const struct sim_control *control)
{
	return control->rcu;
}

void sim_control_publish(struct sim_control *control)
{
	struct generation *replaced = control->current;

	control->current = make_generation(control);
	sim_log(control->sim, "control   publishes generation %llu", (unsigned long long)control->generation);
	rcu_publish(control->rcu, &control->current->snap);
	rcu_grace_begin(control->rcu, control->sim->now_ns, &replaced->grace);
	replaced->next_old = control->old;
	control->old = replaced;
}

void sim_control_retire(struct sim_control *control)
{
	control->retired = true;
	sim_control_publish(control);
}

static void step_health(
	struct sim_control *control, unsigned node, enum health_event event, uint32_t retry_after_s)
{
	struct health *health = &control->health[node];

	if (!health_step(health, &settings, event, retry_after_s, control->sim->now_ns))
		return;
	sim_log(control->sim, "control   node %u is %s, %s%s%s", node,
		node_health_name((enum node_health)health->health),
		node_admin_name((enum node_admin)health->admin), health->held ? ", held" : "",
		health->busy ? ", busy" : "");
	write_word(control, node);
}

void sim_control_drain(struct sim_control *control, unsigned node, bool drain)
{
	step_health(control, node, drain ? HEALTH_ADMIN_DRAIN : HEALTH_ADMIN_READY, 0);
}

static void hear(struct sim_control *control, struct worker *worker)
{
	struct mail mails[16];
	unsigned count = worker_hear(worker, mails, 16);

	for (unsigned i = 0; i < count; i++) {
		const struct mail_node *mail = &mails[i].node;
		ensure(mails[i].kind == MAIL_NODE_EVENT && mail->slot < SIM_NODES);
		if (control->tables->nodes[mail->slot].id == mail->id)
			step_health(control, mail->slot, (enum health_event)mail->event, mail->retry_after_s);
	}
}

static void free_old(struct sim_control *control)
{
	struct generation **link = &control->old;

	while (*link) {
		struct generation *g = *link;
		if (!rcu_grace_over(control->rcu, &g->grace, control->sim->now_ns)) {
			link = &g->next_old;
			continue;
		}
		*link = g->next_old;
		memset(g, 0xdd, sizeof(*g));
		free(g);
	}
}

void sim_control_step(struct sim_control *control)
{
	struct sim *sim = control->sim;

	for (unsigned i = 0; i < sim->plan.workers; i++)
		hear(control, sim->workers[i]);
	for (unsigned i = 0; i < SIM_NODES; i++) {
		if (health_deadline_ns(&control->health[i]) <= sim->now_ns)
			step_health(control, i, HEALTH_TICK, 0);
		if (control->health[i].health == NODE_DOWN || control->health[i].admin == NODE_MAINT)
			control->unfit_ns[i] = sim->now_ns;
	}
	free_old(control);
}

uint64_t sim_control_next_ns(const struct sim_control *control)
{
	uint64_t next_ns = UINT64_MAX;

	for (unsigned i = 0; i < SIM_NODES; i++) {
		uint64_t deadline_ns = health_deadline_ns(&control->health[i]);
		if (deadline_ns < next_ns)
			next_ns = deadline_ns;
	}
	return next_ns;
}

int sim_control_node_of(const struct sim_control *control, const struct endpoint *remote)
{
	for (unsigned i = 0; i < SIM_NODES; i++) {
		if (endpoint_equal(&control->remotes[i], remote))
			return (int)i;
	}
	return -1;
}

enum node_health sim_control_health(const struct sim_control *control, unsigned node, uint64_t *ret_since_ns)
{
	*ret_since_ns = control->health[node].changed_ns;
	return (enum node_health)control->health[node].health;
}

enum node_admin sim_control_admin(const struct sim_control *control, unsigned node)
{
	return (enum node_admin)control->health[node].admin;
}

bool sim_control_other_is_up(const struct sim_control *control, unsigned node)
{
	/* Nodes 0 and 1 back each other up, and so do 0 and 2: every route of node 1 or 2 has node 0. */
	for (unsigned i = 0; i < SIM_NODES - 1; i++) {
		const struct health *health = &control->health[i];
		bool backs_up = node == 0 ? i != 0 : i == 0;
		if (backs_up && (health->health != NODE_UP || health->admin != NODE_READY))
			return false;
	}
	return true;
}

bool sim_control_served_since(const struct sim_control *control, unsigned node, uint64_t since_ns)
{
	return control->unfit_ns[node] < since_ns;
}
