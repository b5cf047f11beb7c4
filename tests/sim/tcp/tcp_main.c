/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp_sim --seeds N --first S [--verbose] [--twice] [--sabotage NAME]
 *
 * Runs the seeds S .. S+N-1; the first one that violates an invariant ends it with exit code 1 and says how
 * to replay it. --verbose prints every segment. --sabotage breaks something on purpose: then the exit code is
 * 0 only when that was noticed.
 */
#include "support/eal.h"
#include "tcp/tcp_sim.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const sabotages[SABOTAGES] = {"none", "leak", "twist", "shrink", "mute"};

struct arguments {
	uint64_t first, seeds;
	bool verbose, twice;
	enum sabotage sabotage;
};

static void usage(void)
{
	fprintf(stderr, "usage: tcp_sim [--seeds N] [--first S] [--verbose] [--twice] [--sabotage "
			"leak|twist|shrink|mute]\n");
	exit(2);
}

static enum sabotage sabotage_of(const char *name)
{
	for (unsigned i = 0; i < SABOTAGES; i++) {
		if (strcmp(name, sabotages[i]) == 0)
			return (enum sabotage)i;
	}
	usage();
	return SABOTAGE_NONE;
}

static struct arguments read_arguments(int argc, char **argv)
{
	static const struct option options[] = {{"seeds", required_argument, NULL, 'n'},
		{"first", required_argument, NULL, 'f'}, {"verbose", no_argument, NULL, 'v'},
		{"twice", no_argument, NULL, 't'}, {"sabotage", required_argument, NULL, 's'}, {0}};
	struct arguments arguments = {.first = 1, .seeds = 100};

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 'n')
			arguments.seeds = strtoull(optarg, NULL, 10);
		else if (c == 'f')
			arguments.first = strtoull(optarg, NULL, 10);
		else if (c == 'v')
			arguments.verbose = true;
		else if (c == 't')
			arguments.twice = true;
		else if (c == 's')
			arguments.sabotage = sabotage_of(optarg);
		else
			usage();
	}
	return arguments;
}

static void run(struct tcp_sim *sim, const struct arguments *arguments, uint64_t seed)
{
	*sim = (struct tcp_sim){.seed = seed, .verbose = arguments->verbose, .sabotage = arguments->sabotage};
	tcp_sim_run(sim);
}

int main(int argc, char **argv)
{
	static struct tcp_sim sim;
	struct arguments arguments = read_arguments(argc, argv);
	uint64_t segments = 0;
	uint64_t disturbed = 0;
	uint64_t bytes = 0;
	bool held = true;

	if (eal_start() != 0) {
		fprintf(stderr, "tcp_sim: DPDK does not start\n");
		return 2;
	}
	for (uint64_t i = 0; held && i < arguments.seeds; i++) {
		uint64_t seed = arguments.first + i;
		run(&sim, &arguments, seed);
		uint64_t digest = sim.digest;
		if (arguments.twice && sim.violation[0] == '\0') {
			run(&sim, &arguments, seed);
			if (sim.digest != digest)
				tcp_sim_violate(&sim, "two runs of the seed differ");
		}
		segments += sim.segments;
		disturbed += sim.disturbed;
		bytes += sim.bytes;
		held = sim.violation[0] == '\0';
		if (!held)
			printf("seed %llu FAILED %s\nreplay: build/tests/sim/tcp_sim --seeds 1 --first %llu "
			       "--verbose\n",
				(unsigned long long)seed, sim.violation, (unsigned long long)seed);
	}
	printf("%llu segments, %llu disturbed, %llu bytes read\n", (unsigned long long)segments,
		(unsigned long long)disturbed, (unsigned long long)bytes);
	return held == (arguments.sabotage == SABOTAGE_NONE) ? 0 : 1;
}
