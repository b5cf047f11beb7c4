/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection and the commands given over it. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "control/cli/cli.h"
#include "control/cli/client.h"
#include "control/cli/print.h"

struct session {
	struct client client;
	const struct cli_streams *streams;
	enum print_format format;
	bool over; /* `quit` was said */
};

/* Runs words: a command of the table, or one that sluicectl answers itself (help, quit). */
enum cli_exit session_words(struct session *session, const char *const *words, size_t count);
/* The same for a line, which is taken apart in place. An empty line is done. */
enum cli_exit session_line(struct session *session, char *line);
/* Asks the daemon for names; NULL when it cannot say. The caller's. */
json_t *session_names(struct session *session, const char *source, const char *prefix);

/* Help on everything (NULL), or on the commands that begin with the words. */
void help_write(FILE *out, const char *const *words, size_t count);

/* Reads lines from a person at a terminal, with history and completion, until they end. */
enum cli_exit shell_run(struct session *session);

#endif
