/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a seed means. */
#include "tcp/tcp_sim.h"

static uint32_t one_of(struct rng *rng, const uint32_t *values, uint32_t count)
{
	return values[rng_below(rng, count)];
}

static void plan_faults(struct tcp_plan *plan, struct rng *rng)
{
	static const uint32_t losses[] = {0, 0, 5000, 20000, 60000, 120000};
	static const uint32_t others[] = {0, 0, 2000, 20000, 100000};

	plan->loss = one_of(rng, losses, 6);
	plan->duplicate = one_of(rng, others, 5);
	plan->reorder = one_of(rng, others, 5);
	plan->corrupt = one_of(rng, others, 4);
	plan->delay_ns =
		(1 + rng_below(rng, 1 + one_of(rng, (const uint32_t[]){1, 20, 150}, 3))) * SIM_MS / 2;
	plan->strip_sack = rng_below(rng, 4) == 0;
	plan->strip_ts = rng_below(rng, 4) == 0;
}

static void plan_accidents(struct tcp_plan *plan, struct rng *rng)
{
	if (rng_below(rng, 4) == 0) {
		plan->mtu_at_ns = 1 + rng_below(rng, 3000) * SIM_MS;
		plan->mtu_path = plan->family == 4 ? 576 + rng_below(rng, 900) : 1280 + rng_below(rng, 200);
		plan->mtu_back_ns = rng_below(rng, 1200) * SIM_S;
		plan->black_hole = rng_below(rng, 3) == 0;
		/* Only these sizes are tried when nobody says which one fits. */
		if (plan->black_hole)
			plan->mtu_path = plan->family == 4 && rng_below(rng, 2) == 0 ? 576 : 1280;
	}
	plan->cut = rng_below(rng, 8) == 0;
	plan->cut_at_ns = rng_below(rng, 4000) * SIM_MS;
	if (rng_below(rng, 3) == 0) {
		plan->pause_host = rng_below(rng, HOSTS);
		plan->pause_at_ns = rng_below(rng, 2000) * SIM_MS;
		plan->pause_ns = rng_below(rng, 5000) * SIM_MS;
	}
}

/* The address stays. Some connections are opened only after it. */
static void plan_reboot(struct tcp_plan *plan, struct rng *rng)
{
	plan->reboots = rng_below(rng, 5) == 0;
	plan->reboot_host = rng_below(rng, HOSTS);
	plan->reboot_at_ns = (100 + rng_below(rng, 3000)) * SIM_MS;
}

static void plan_habits(struct model_habits *habits, struct rng *rng)
{
	static const uint32_t windows[] = {100, 1000, 5000, 20000, 65535};
	static const uint32_t sizes[] = {8, 100, 536, 1220};
	static const uint32_t flights[] = {1000, 5000, 60000};
	static const uint32_t delays_ms[] = {0, 0, 40, 200, 450};

	habits->sack = rng_below(rng, 2);
	habits->timestamps = rng_below(rng, 2);
	habits->shift = (int)rng_below(rng, 8) - 1;
	habits->mss = rng_below(rng, 4) ? (uint16_t)(256 + rng_below(rng, 1205)) : 0;
	habits->keeps = rng_below(rng, 4) > 0;
	habits->reneges = rng_below(rng, 3) == 0 ? 50000 : 0;
	habits->shrinks = rng_below(rng, 6) == 0 ? 100000 : 0;
	habits->window_bytes = one_of(rng, windows, 5);
	habits->segment_max = one_of(rng, sizes, 4);
	habits->flight_max = one_of(rng, flights, 3);
	habits->ack_delay_ns = one_of(rng, delays_ms, 5) * SIM_MS;
	if (habits->flight_max > 64 * habits->segment_max)
		habits->flight_max = 64 * habits->segment_max;
}

static void plan_conn(struct tcp_sim *sim, struct sim_conn *conn)
{
	static const uint32_t sizes[] = {0, 1, 700, 5000, 60000, STREAM_MAX};
	static const uint32_t reads[] = {0, 0, 100, 1500, 20000};

	const struct tcp_plan *plan = &sim->plan;

	conn->opener = rng_below(&sim->rng, HOSTS);
	conn->open_at_ns = rng_below(&sim->rng, 500) * SIM_MS;
	if (plan->reboots && rng_below(&sim->rng, 2))
		conn->open_at_ns += plan->reboot_at_ns;
	conn->aborts = rng_below(&sim->rng, 8) == 0;
	conn->abort_at_ns = rng_below(&sim->rng, 3000) * SIM_MS;
	for (unsigned i = 0; i < HOSTS; i++) {
		struct side *side = &conn->sides[i];
		side->conn = conn;
		side->host = &sim->hosts[i];
		side->to_send = rng_below(&sim->rng, 1 + one_of(&sim->rng, sizes, 6));
		/* Crumbs by the hundred thousand would only take long. */
		if (plan->has_model && i == MODEL_HOST && side->to_send > 600 * plan->habits.segment_max)
			side->to_send = 600 * plan->habits.segment_max;
		side->read_max = one_of(&sim->rng, reads, 5);
		side->read_every_ns = (1 + rng_below(&sim->rng, 40)) * SIM_MS;
		/* Long enough that all that was learnt about the path is old. */
		side->rest_ns = rng_below(&sim->rng, 6) ? 0 : rng_below(&sim->rng, 1200) * SIM_S;
		side->rest_at = rng_below(&sim->rng, side->to_send + 1);
		side->send_every_ns = rng_below(&sim->rng, 2) * rng_below(&sim->rng, 30) * SIM_MS;
	}
}

void tcp_plan_make(struct tcp_sim *sim)
{
	static const uint32_t windows[] = {2000, 16000, 65535, 262140};
	static const uint32_t pieces[] = {4, 64, 1024};
	struct tcp_plan *plan = &sim->plan;

	rng_init(&sim->rng, sim->seed);
	plan->family = rng_below(&sim->rng, 2) ? 4 : 6;
	plan_faults(plan, &sim->rng);
	plan_accidents(plan, &sim->rng);
	plan_reboot(plan, &sim->rng);
	plan->has_model = rng_below(&sim->rng, 2);
	plan_habits(&plan->habits, &sim->rng);
	plan->few_mbufs = rng_below(&sim->rng, 8) == 0;
	for (unsigned i = 0; i < HOSTS; i++) {
		plan->window_bytes[i] = one_of(&sim->rng, windows, plan->few_mbufs ? 2 : 4);
		plan->pieces_max[i] = one_of(&sim->rng, pieces, 3);
	}
	plan->conns = 1 + rng_below(&sim->rng, CONNS_MAX);
	for (unsigned i = 0; i < plan->conns; i++) {
		sim->conns[i].index = i;
		plan_conn(sim, &sim->conns[i]);
	}
}
