/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim --seeds N --first S [--verbose] [--twice] [--sabotage NAME]
 *
 * Runs the seeds S .. S+N-1. The first one that violates an invariant is run again with its log, and the exit
 * code is 1. --twice runs each seed a second time and compares the digests. --sabotage breaks something on
 * purpose: then the exit code is 0 only when that was noticed.
 */
#include "arguments.h"
#include "control.h"
#include "plan.h"
#include "sim.h"
#include "support/eal.h"

#include <stdio.h>

static const char *const sabotages[SIM_SABOTAGES + 1] = {"none", "leak", "twice", "blind", "mute"};

struct totals {
	uint64_t frames, faults, given;
	unsigned calls, answered, refused, unanswered, retransmissions;
	uint64_t detect_max_ns;
};

static void add(struct totals *totals, const struct sim_result *result)
{
	totals->frames += result->frames;
	totals->faults += result->faults;
	totals->given += result->given;
	totals->calls += result->calls;
	totals->answered += result->answered;
	totals->refused += result->refused;
	totals->unanswered += result->unanswered;
	totals->retransmissions += result->retransmissions;
	if (result->detect_ns > totals->detect_max_ns)
		totals->detect_max_ns = result->detect_ns;
}

static bool differs(const struct sim_options *options, struct sim_result *result)
{
	struct sim_result again;

	sim_run(options, &again);
	if (again.digest == result->digest)
		return false;
	snprintf(result->violation, sizeof(result->violation),
		"two runs of the seed differ: %016llx and %016llx", (unsigned long long)result->digest,
		(unsigned long long)again.digest);
	return true;
}

static void show_failure(const struct sim_options *options, const struct sim_result *result)
{
	struct sim_options loud = *options;
	struct sim_result again;

	loud.verbose = true;
	if (!options->verbose)
		sim_run(&loud, &again);
	printf("seed %llu FAILED %s\nreplay: ./run sim --seeds 1 --first %llu --verbose\n",
		(unsigned long long)options->seed, result->violation, (unsigned long long)options->seed);
}

/* True when every seed held. */
static bool run_seeds(const struct sim_arguments *arguments)
{
	struct totals totals = {0};

	for (uint64_t i = 0; i < arguments->seeds; i++) {
		struct sim_options options = {.seed = arguments->first + i,
			.verbose = arguments->verbose,
			.sabotage = (enum sim_sabotage)arguments->sabotage};
		struct sim_result result;
		sim_run(&options, &result);
		bool failed = result.violation[0] != '\0' || (arguments->twice && differs(&options, &result));
		if (failed && arguments->sabotage != SIM_HONEST) {
			printf("seed %llu: sabotage '%s' was noticed %s\n", (unsigned long long)options.seed,
				sabotages[arguments->sabotage], result.violation);
			return false;
		}
		if (failed) {
			show_failure(&options, &result);
			return false;
		}
		if (arguments->seeds <= 10)
			printf("seed %llu digest %016llx\n", (unsigned long long)options.seed,
				(unsigned long long)result.digest);
		add(&totals, &result);
	}
	printf("%llu seeds: %llu frames, %llu disturbed, %llu handed over; %u calls: %u answered, %u "
	       "refused, %u given "
	       "up, %u repetitions; slowest detection %llu ms\n",
		(unsigned long long)arguments->seeds, (unsigned long long)totals.frames,
		(unsigned long long)totals.faults, (unsigned long long)totals.given, totals.calls,
		totals.answered, totals.refused, totals.unanswered, totals.retransmissions,
		(unsigned long long)(totals.detect_max_ns / SIM_MS));
	return true;
}

int main(int argc, char **argv)
{
	static const struct sim_program program = {"sim", sabotages};
	struct sim_arguments arguments = sim_arguments_read(argc, argv, &program);

	if (eal_start() != 0) {
		fprintf(stderr, "sim: DPDK does not start\n");
		return 2;
	}
	bool held = run_seeds(&arguments);
	sim_control_forget_tables();
	return held == (arguments.sabotage == SIM_HONEST) ? 0 : 1;
}
