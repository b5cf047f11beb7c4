/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp_sim --seeds N --first S [--verbose] [--twice] [--sabotage NAME]
 *
 * Runs the seeds S .. S+N-1. The first one that violates an invariant is run again for its log, whose end is
 * printed with what to call to see all of it, and the exit code is 1. --verbose prints every segment. --twice
 * runs each seed a second time and compares the digests. --sabotage breaks something on purpose: then the
 * exit code is 0 only when that was noticed.
 */
#include "arguments.h"
#include "support/eal.h"
#include "tcp/tcp_sim.h"

#include <stdio.h>

static const char *const sabotages[SABOTAGES + 1] = {"none", "leak", "twist", "shrink", "mute"};

struct totals {
	uint64_t segments, disturbed, bytes;
	uint64_t with_model;
};

static struct tcp_sim sim;

static void run(const struct sim_arguments *arguments, uint64_t seed, struct tcp_log *log)
{
	sim = (struct tcp_sim){.seed = seed,
		.verbose = arguments->verbose && !log,
		.sabotage = (enum sabotage)arguments->sabotage,
		.log = log};
	tcp_sim_run(&sim);
}

static void run_twice(const struct sim_arguments *arguments, uint64_t seed)
{
	uint64_t digest;

	run(arguments, seed, NULL);
	digest = sim.digest;
	if (!arguments->twice || sim.violation[0] != '\0')
		return;
	run(arguments, seed, NULL);
	if (sim.digest != digest)
		tcp_sim_violate(&sim, "two runs of the seed differ");
}

static void show_failure(const struct sim_arguments *arguments, uint64_t seed)
{
	static struct tcp_log log;

	if (!arguments->verbose && arguments->sabotage == SABOTAGE_NONE) {
		run(arguments, seed, &log);
		for (unsigned i = log.count > LOG_LINES ? log.count - LOG_LINES : 0; i < log.count; i++)
			printf("%s\n", log.lines[i % LOG_LINES]);
	}
	printf("seed %llu FAILED %s\nreplay: ./run sim --tcp --seeds 1 --first %llu --verbose\n",
		(unsigned long long)seed, sim.violation, (unsigned long long)seed);
}

int main(int argc, char **argv)
{
	static const struct sim_program program = {"tcp_sim", sabotages};
	struct sim_arguments arguments = sim_arguments_read(argc, argv, &program);
	struct totals totals = {0};
	bool held = true;

	if (eal_start() != 0) {
		fprintf(stderr, "tcp_sim: DPDK does not start\n");
		return 2;
	}
	for (uint64_t i = 0; held && i < arguments.seeds; i++) {
		run_twice(&arguments, arguments.first + i);
		totals.segments += sim.segments;
		totals.disturbed += sim.disturbed;
		totals.bytes += sim.bytes;
		totals.with_model += sim.plan.has_model;
		held = sim.violation[0] == '\0';
		if (!held)
			show_failure(&arguments, arguments.first + i);
	}
	printf("%llu seeds, %llu of them against the model: %llu segments, %llu disturbed, %llu bytes read\n",
		(unsigned long long)arguments.seeds, (unsigned long long)totals.with_model,
		(unsigned long long)totals.segments, (unsigned long long)totals.disturbed,
		(unsigned long long)totals.bytes);
	return held == (arguments.sabotage == SABOTAGE_NONE) ? 0 : 1;
}
