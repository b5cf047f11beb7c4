/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interactive mode, on libedit's line reader. Its completion callbacks carry no argument, so the session
 * in use is kept in this file; there is one terminal, hence one session.
 */
#include "control/cli/session.h"

#include <stdlib.h>
#include <string.h>

#include <editline/readline.h>

enum { CANDIDATES_MAX = 512, HISTORY_LINES = 500 };

static struct {
	struct session *session;
	char *candidates[CANDIDATES_MAX];
	size_t count;
	size_t given;
	const char *prefix;
} completion;

static void add_candidate(const char *word)
{
	if (completion.count == CANDIDATES_MAX ||
		strncmp(word, completion.prefix, strlen(completion.prefix)) != 0)
		return;
	for (size_t i = 0; i < completion.count; i++)
		if (strcmp(completion.candidates[i], word) == 0)
			return;
	completion.candidates[completion.count++] = strdup(word);
}

static void add_source(const char *source)
{
	json_t *rows = session_names(completion.session, source, completion.prefix);
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		add_candidate(json_string_value(json_array_get(row, 0)) ?: "");
	}
	json_decref(rows);
}

static void candidate(void *arg, const char *word, const char *source)
{
	(void)arg;
	if (word)
		add_candidate(word);
	else
		add_source(source);
}

static void collect(const char *prefix, int start)
{
	char *words[API_WORDS_MAX];
	char *before = strndup(rl_line_buffer, (size_t)start);
	int count = before ? api_split(before, words, API_WORDS_MAX) : -1;

	completion.count = 0;
	completion.given = 0;
	completion.prefix = prefix;
	if (count >= 0)
		api_candidates((const char *const *)words, (size_t)count, candidate, NULL);
	free(before);
}

/* libedit asks until it gets NULL, and frees what it gets. */
static char *next_candidate(const char *text, int state)
{
	(void)text;
	(void)state;
	return completion.given < completion.count ? completion.candidates[completion.given++] : NULL;
}

static char **complete(const char *text, int start, int end)
{
	(void)end;
	collect(text, start);
	rl_attempted_completion_over = 1;
	/* A key is followed by its value, everything else by a blank. */
	rl_completion_append_character =
		completion.count == 1 && strchr(completion.candidates[0], '=') ? '\0' : ' ';
	return rl_completion_matches(text, next_candidate);
}

enum cli_exit shell_run(struct session *session)
{
	enum cli_exit code = CLI_DONE;

	completion.session = session;
	rl_readline_name = "sluicectl";
	rl_attempted_completion_function = complete;
	rl_basic_word_break_characters = " \t";
	using_history();
	stifle_history(HISTORY_LINES);
	while (!session->over && code != CLI_BROKEN) {
		char *line = readline("sluice> ");
		if (!line)
			break;
		if (*line != '\0')
			add_history(line);
		code = session_line(session, line);
		free(line);
	}
	fputc('\n', session->streams->out);
	return code == CLI_BROKEN ? code : CLI_DONE;
}
