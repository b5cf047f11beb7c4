/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's command line. */
#include "control/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void usage(FILE *out)
{
	fprintf(out, "usage: sluice --config FILE [--foreground]\n"
		     "       sluice --check FILE\n\n"
		     "  --config FILE  run by this configuration, in the foreground; logs to stderr, says "
		     "\"ready\" on\n"
		     "                 stdout when its socket can be used. SIGTERM, SIGINT: end; SIGHUP: "
		     "read the file "
		     "again\n"
		     "  --foreground   as it always does; accepted for service managers\n"
		     "  --check FILE   say what is wrong with a configuration: exit code 0 or 1\n"
		     "  --version      the version\n"
		     "  --help         this text\n\n"
		     "Exit codes: 0 ended when asked to; 1 cannot run; 2 the command line is wrong.\n");
}

struct arguments {
	const char *config;
	const char *check;
	bool version, help;
};

static int read_arguments(int argc, char *argv[], struct arguments *arguments)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			arguments->config = argv[++i];
		else if (strcmp(argv[i], "--check") == 0 && i + 1 < argc)
			arguments->check = argv[++i];
		else if (strcmp(argv[i], "--version") == 0)
			arguments->version = true;
		else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			arguments->help = true;
		else if (strcmp(argv[i], "--foreground") != 0)
			return -1;
	}
	return arguments->config || arguments->check || arguments->version || arguments->help ? 0 : -1;
}

/* Every thread inherits this: signals then reach the control thread's descriptor and nobody else. */
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int run(const char *program, const char *path)
{
	struct daemon *daemon = aligned_alloc(64, (sizeof(*daemon) + 63) / 64 * 64);
	char error[DAEMON_ERROR_MAX];
	int exit_code;

	if (!daemon)
		return 1;
	block_signals();
	if (daemon_init(daemon, program, path, error) < 0) {
		fprintf(stderr, "sluice: %s\n", error);
		free(daemon);
		return 1;
	}
	exit_code = daemon_run(daemon);
	if (!daemon_fini(daemon))
		_exit(exit_code);
	free(daemon);
	return exit_code;
}

/* What this was compiled for; without it the first such instruction would end us with a signal and no word.
 */
static bool processor_serves(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
	       __builtin_cpu_supports("aes");
}

static __attribute__((noinline)) int begin(int argc, char *argv[])
{
	struct arguments arguments = {0};

	if (read_arguments(argc, argv, &arguments) < 0) {
		usage(stderr);
		return 2;
	}
	if (arguments.help) {
		usage(stdout);
		return 0;
	}
	if (arguments.version) {
		printf("sluice %s\n", SLUICE_VERSION);
		return 0;
	}
	if (arguments.check)
		return config_check_file(arguments.check, stdout);
	return run(argv[0], arguments.config);
}

int main(int argc, char *argv[])
{
	if (processor_serves())
		return begin(argc, argv);
	fputs("sluice: this processor lacks AVX2, BMI2 or AES, which this build uses\n", stderr);
	return 1;
}
