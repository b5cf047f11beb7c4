/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options, and the three ways commands come: as arguments, from a pipe, from a person at a terminal. */
#include "control/cli/cli.h"

#include "control/cli/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct options {
	const char *socket;
	enum print_format format;
	bool keep_going;
	bool help;
	int first_word; /* index into argv */
};

static void usage(FILE *out)
{
	fprintf(out, "usage: sluicectl [-s SOCKET] [-o table|json|csv] [-k] [COMMAND]\n\n"
		     "  -s SOCKET   the daemon's socket; else $SLUICE_SOCKET, else " API_SOCKET_DEFAULT "\n"
		     "  -o FORMAT   how answers are printed\n"
		     "  -k          with commands from a pipe: go on after one that fails\n"
		     "  -h, --help  this text; behind a command: more on it\n\n"
		     "Without a COMMAND they are asked for, or read from a pipe, one a line.\n"
		     "Exit codes: 0 done, 1 refused, 2 wrong command line, 3 no daemon, 4 connection "
		     "or output broke.\n\nCommands:\n");
	help_write(out, NULL, 0);
}

/* Returns what the option at argv[i] carries: the rest of the word, or the next one. NULL: nothing. */
static const char *option_value(int argc, const char *const argv[], int *i)
{
	if (argv[*i][2] != '\0')
		return argv[*i] + 2;
	if (*i + 1 >= argc)
		return NULL;
	return argv[++*i];
}

/* Returns 0, or -1 with the complaint printed. Options end at the command's first word. */
static int read_options(int argc, const char *const argv[], FILE *err, struct options *options)
{
	const char *value;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			options->help = true;
		} else if (strcmp(argv[i], "-k") == 0) {
			options->keep_going = true;
		} else if (strncmp(argv[i], "-s", 2) == 0 || strncmp(argv[i], "-o", 2) == 0) {
			char which = argv[i][1];
			value = option_value(argc, argv, &i);
			if (!value || (which == 'o' && print_format_parse(value, &options->format) < 0)) {
				fprintf(err, "sluicectl: -%c needs %s\n", which,
					which == 'o' ? "table, json or csv" : "a path");
				return -1;
			}
			if (which == 's')
				options->socket = value;
		} else {
			fprintf(err, "sluicectl: unknown option %s; --help lists them\n", argv[i]);
			return -1;
		}
	}
	options->first_word = i;
	return 0;
}

/* The exit code is that of the first line that failed. */
static enum cli_exit run_pipe(struct session *session, bool keep_going)
{
	enum cli_exit first = CLI_DONE;
	char *line = NULL;
	size_t size = 0;

	for (unsigned number = 1; !session->over && getline(&line, &size, session->streams->in) >= 0;
		number++) {
		enum cli_exit code = session_line(session, line);
		if (code == CLI_DONE)
			continue;
		fprintf(session->streams->err, "sluicectl: line %u failed\n", number);
		first = first == CLI_DONE ? code : first;
		if (!keep_going || code == CLI_BROKEN)
			break;
	}
	free(line);
	return first;
}

static enum cli_exit run_session(
	struct session *session, const struct options *options, int argc, const char *const argv[])
{
	const char *const *words = argv + options->first_word;
	size_t count = (size_t)(argc - options->first_word);
	struct api_match match;
	char error[512];
	int ret;

	/* A wrong command is the caller's mistake whether or not a daemon runs: say so first. */
	bool own = count > 0 && (strcmp(words[0], "help") == 0 || strcmp(words[count - 1], "--help") == 0 ||
					strcmp(words[count - 1], "-h") == 0);
	if (own)
		return session_words(session, words, count);
	if (count > 0 && api_match_words(words, count, &match, error, sizeof(error)) < 0) {
		fprintf(session->streams->err, "sluicectl: %s\n", error);
		return CLI_USAGE;
	}
	ret = client_open(&session->client, options->socket);
	if (ret < 0) {
		fprintf(session->streams->err,
			"sluicectl: %s: %s; does sluice run, and is this its socket (-s)?\n", options->socket,
			strerror(-ret));
		return CLI_NO_DAEMON;
	}
	if (count > 0)
		return session_words(session, words, count);
	return session->streams->interactive ? shell_run(session) : run_pipe(session, options->keep_going);
}

/* What a full disk swallowed must not look like an answer. */
static bool output_is_out(const struct cli_streams *streams)
{
	if (fflush(streams->out) == 0 && !ferror(streams->out))
		return true;
	fprintf(streams->err, "sluicectl: the output could not be written: %s\n", strerror(errno));
	return false;
}

enum cli_exit cli_run(int argc, const char *const argv[], const struct cli_streams *streams)
{
	const char *from_environment = getenv("SLUICE_SOCKET");
	struct options options = {.socket = from_environment ? from_environment : API_SOCKET_DEFAULT};
	struct session session = {.client = {.fd = -1}, .streams = streams};
	enum cli_exit code;

	if (read_options(argc, argv, streams->err, &options) < 0)
		return CLI_USAGE;
	if (options.help) {
		usage(streams->out);
		return CLI_DONE;
	}
	session.format = options.format;
	code = run_session(&session, &options, argc, argv);
	client_close(&session.client);
	return output_is_out(streams) || code != CLI_DONE ? code : CLI_BROKEN;
}
