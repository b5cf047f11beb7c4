/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times are of the run: workers start at 0, calls begin at 2 s, the crash comes among them. */
#include "plan.h"

#include <stdio.h>

static struct sim_faults faults_of(struct rng *rng, bool *ret_clean)
{
	static const struct sim_faults light = {
		.loss = 10000, .duplicate = 10000, .reorder = 20000, .corrupt = 5000, .truncate = 5000};
	static const struct sim_faults heavy = {
		.loss = 80000, .duplicate = 50000, .reorder = 100000, .corrupt = 30000, .truncate = 30000};
	uint32_t dice = rng_below(rng, 5);

	*ret_clean = dice < 2;
	return dice < 2 ? (struct sim_faults){0} : dice < 4 ? light : heavy;
}

struct sim_plan sim_plan_of(uint64_t seed, enum sim_sabotage sabotage)
{
	struct rng rng;
	struct sim_plan plan = {.sabotage = sabotage};

	rng_init(&rng, seed);
	plan.workers = 1 + rng_below(&rng, SIM_WORKERS_MAX);
	plan.queues = 1 + rng_below(&rng, plan.workers);
	plan.nodes_v6 = rng_below(&rng, 2) != 0;
	plan.clients_v6 = rng_below(&rng, 2) != 0;
	plan.faults = faults_of(&rng, &plan.clean);
	plan.crash = (enum sim_crash)rng_below(&rng, SIM_CRASHES);
	plan.crash_node = rng_below(&rng, 4) == 0 ? 1 : 0;
	plan.crash_ns = 5 * SIM_S + rng_u64(&rng) % (5 * SIM_S);
	plan.return_ns = plan.crash_ns + 2 * SIM_S + rng_u64(&rng) % (4 * SIM_S);
	plan.publish_count = rng_below(&rng, SIM_PUBLISHES_MAX + 1);
	for (unsigned i = 0; i < plan.publish_count; i++)
		plan.publish_ns[i] = SIM_S + rng_u64(&rng) % (14 * SIM_S);
	plan.fourth_node = rng_below(&rng, 2) != 0;
	plan.drain = rng_below(&rng, 3) == 0;
	plan.calls = 20 + rng_below(&rng, 180);
	plan.calls_end_ns = 16 * SIM_S;
	plan.stateless = rng_below(&rng, 3) == 0;
	plan.transactions = rng_below(&rng, 4) == 0 ? 24 : 1024;
	plan.nodes_tcp = rng_below(&rng, 2) != 0;
	plan.clients_tcp = rng_below(&rng, 2) != 0;
	plan.alias = rng_below(&rng, 2) != 0;
	plan.forgets = rng_below(&rng, 2) != 0;
	plan.bursts = rng_below(&rng, 3) == 0;
	plan.hang_up_count = rng_below(&rng, 2) == 0 ? rng_below(&rng, SIM_HANG_UPS_MAX + 1) : 0;
	for (unsigned i = 0; i < plan.hang_up_count; i++)
		plan.hang_up_ns[i] = 2 * SIM_S + rng_u64(&rng) % (15 * SIM_S);
	return plan;
}

void sim_plan_describe(const struct sim_plan *plan, char *buf, size_t size)
{
	static const char *const crashes[] = {"no crash", "silent crash", "end of the process", "busy node"};

	snprintf(buf, size,
		"%s, %u workers, %u queues, clients IPv%c by %s, nodes IPv%c by %s, %s wire, %s of node %u, "
		"%u "
		"generations, %u calls, %u hang-ups",
		plan->stateless            ? "stateless"
		: plan->transactions < 100 ? "few transactions"
					   : "transactions",
		plan->workers, plan->queues, plan->clients_v6 ? '6' : '4', plan->clients_tcp ? "TCP" : "UDP",
		plan->nodes_v6 ? '6' : '4', plan->nodes_tcp ? "TCP" : "UDP",
		plan->clean                 ? "clean"
		: plan->faults.loss > 10000 ? "bad"
					    : "imperfect",
		crashes[plan->crash], plan->crash_node, plan->publish_count + 1, plan->calls,
		plan->hang_up_count);
}
