/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What control does for the data plane, as far as the simulation needs it: hears the workers' reports, steps
 * each node's health, writes the words, publishes snapshots and frees old ones after their grace period.
 */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "node/node.h"
#include "sim.h"

struct rcu;

struct sim_control *sim_control_create(struct sim *sim);
void sim_control_destroy(struct sim_control *control);

struct rcu *sim_control_rcu(const struct sim_control *control);

/* After each round of polls. */
void sim_control_step(struct sim_control *control);
/* The next time it has to do something by itself; UINT64_MAX: none. */
uint64_t sim_control_next_ns(const struct sim_control *control);

/* The next generation; from the second one on with the fourth node, if the plan has it. */
void sim_control_publish(struct sim_control *control);
/* The last generation: all nodes are gone, so nothing is asked or kept for them any more. */
void sim_control_retire(struct sim_control *control);
void sim_control_drain(struct sim_control *control, unsigned node, bool drain);

/* Which node has that address? -1: none. */
int sim_control_node_of(const struct sim_control *control, const struct endpoint *remote);
struct endpoint sim_control_remote(const struct sim *sim, unsigned node);

/* As control knows it, whatever was written; and since when. */
enum node_health sim_control_health(const struct sim_control *control, unsigned node, uint64_t *ret_since_ns);
enum node_admin sim_control_admin(const struct sim_control *control, unsigned node);
/* Could another node than this take a new request? */
bool sim_control_other_is_up(const struct sim_control *control, unsigned node);
/* Could it serve a dialog all the time since then? */
bool sim_control_served_since(const struct sim_control *control, unsigned node, uint64_t since_ns);

/* Tables that all runs of one shape share: compiled once. Frees them. */
void sim_control_forget_tables(void);

#endif
