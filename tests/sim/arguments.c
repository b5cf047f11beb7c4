/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading them; a wrong one ends the process, since a run of other seeds than meant proves nothing. */
#include "arguments.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void usage(const struct sim_program *program)
{
	fprintf(stderr, "usage: %s [--seeds N] [--first S] [--verbose] [--twice] [--sabotage ",
		program->name);
	for (unsigned i = 1; program->sabotages[i]; i++)
		fprintf(stderr, "%s%s", i > 1 ? "|" : "", program->sabotages[i]);
	fprintf(stderr, "]\n");
	exit(2);
}

static uint64_t number(const char *text, const struct sim_program *program)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (*text == '\0' || *end != '\0')
		usage(program);
	return value;
}

static unsigned sabotage_of(const char *name, const struct sim_program *program)
{
	unsigned i = 0;

	while (program->sabotages[i] && strcmp(name, program->sabotages[i]) != 0)
		i++;
	if (!program->sabotages[i])
		usage(program);
	return i;
}

struct sim_arguments sim_arguments_read(int argc, char **argv, const struct sim_program *program)
{
	static const struct option options[] = {
		{"seeds", required_argument, NULL, 'n'},
		{"first", required_argument, NULL, 'f'},
		{"verbose", no_argument, NULL, 'v'},
		{"twice", no_argument, NULL, 't'},
		{"sabotage", required_argument, NULL, 's'},
		{0},
	};
	struct sim_arguments arguments = {.first = 1, .seeds = 100};

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 'n')
			arguments.seeds = number(optarg, program);
		else if (c == 'f')
			arguments.first = number(optarg, program);
		else if (c == 'v')
			arguments.verbose = true;
		else if (c == 't')
			arguments.twice = true;
		else if (c == 's')
			arguments.sabotage = sabotage_of(optarg, program);
		else
			usage(program);
	}
	if (optind != argc)
		usage(program);
	return arguments;
}
