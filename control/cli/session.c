/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From words to a request, and from the messages that answer it to what is printed. */
#include "control/cli/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum cli_exit connection_failed(struct session *session, int error)
{
	const char *text = error == -ETIMEDOUT ? "the daemon does not answer"
			   : error == -EPIPE   ? "the daemon closed the connection"
			   : error == -EBADMSG ? "the daemon sent something that is not JSON"
					       : strerror(-error);

	fprintf(session->streams->err, "sluicectl: %s\n", text);
	return CLI_BROKEN;
}

static enum cli_exit print_error(struct session *session, const json_t *error)
{
	const json_t *data = json_object_get(error, "data");
	const char *name = json_string_value(json_object_get(data, "name"));
	const json_t *finding;
	size_t i;

	fprintf(session->streams->err, "error: %s: %s\n", name ? name : "unknown",
		json_string_value(json_object_get(error, "message")) ?: "");
	json_array_foreach(json_object_get(data, "findings"), i, finding)
	{
		fprintf(session->streams->err, "  %s\n", json_string_value(finding) ?: "");
	}
	return CLI_REFUSED;
}

static void print_part(struct printer *printer, json_t *part)
{
	const json_t *columns = json_object_get(part, "columns");

	if (columns)
		print_rows(printer, columns, json_object_get(part, "rows"));
	else
		print_object(printer, part);
}

/* Prints messages until the answer is whole. */
static enum cli_exit print_answer(struct session *session)
{
	struct printer printer;
	json_t *message;
	int ret;

	print_init(&printer, session->streams->out, session->format);
	for (;;) {
		enum cli_exit exit_code = CLI_DONE;
		ret = client_receive(&session->client, &message);
		if (ret < 0)
			return connection_failed(session, ret);
		json_t *params = json_object_get(message, "params");
		json_t *result = json_object_get(message, "result");
		json_t *error = json_object_get(message, "error");
		if (params)
			print_part(&printer, params);
		else if (result)
			print_part(&printer, result);
		else
			exit_code = print_error(session, error);
		if (result && json_object_get(result, "columns"))
			print_end(&printer);
		json_decref(message);
		if (!params) {
			fflush(session->streams->out);
			return exit_code;
		}
	}
}

static enum cli_exit run_command(struct session *session, const char *const *words, size_t count)
{
	struct api_match match;
	char error[512];
	int ret;

	if (api_match_words(words, count, &match, error, sizeof(error)) < 0) {
		fprintf(session->streams->err, "sluicectl: %s\n", error);
		return CLI_USAGE;
	}
	ret = client_send(&session->client, match.command->method, client_params(&match));
	if (ret == -EINVAL) {
		fprintf(session->streams->err, "sluicectl: the command holds bytes that are not UTF-8\n");
		return CLI_USAGE;
	}
	/* A daemon that refuses the connection says why before it hangs up: read that even if sending failed.
	 */
	return print_answer(session);
}

enum cli_exit session_words(struct session *session, const char *const *words, size_t count)
{
	const char *last = count > 0 ? words[count - 1] : "";

	if (count == 0)
		return CLI_DONE;
	if (strcmp(words[0], "help") == 0 || strcmp(words[0], "?") == 0) {
		help_write(session->streams->out, words + 1, count - 1);
		return CLI_DONE;
	}
	if (strcmp(last, "--help") == 0 || strcmp(last, "-h") == 0) {
		help_write(session->streams->out, words, count - 1);
		return CLI_DONE;
	}
	if (count == 1 && (strcmp(words[0], "quit") == 0 || strcmp(words[0], "exit") == 0)) {
		session->over = true;
		return CLI_DONE;
	}
	return run_command(session, words, count);
}

enum cli_exit session_line(struct session *session, char *line)
{
	char *words[API_WORDS_MAX];
	int count = api_split(line, words, API_WORDS_MAX);

	if (count < 0) {
		fprintf(session->streams->err, "sluicectl: %s\n",
			count == -EINVAL ? "a quote is not closed" : "too many words");
		return CLI_USAGE;
	}
	return session_words(session, (const char *const *)words, (size_t)count);
}

json_t *session_names(struct session *session, const char *source, const char *prefix)
{
	json_t *message = NULL;
	json_t *rows = NULL;
	json_t *params = json_pack("{s:s, s:s}", "what", source, "prefix", prefix);

	if (!params || client_send(&session->client, "complete", params) < 0 ||
		client_receive(&session->client, &message) < 0)
		return NULL;
	rows = json_incref(json_object_get(json_object_get(message, "result"), "rows"));
	json_decref(message);
	return rows;
}

/* ---- help ---- */

static bool begins_with(const struct api_command *command, const char *const *words, size_t count)
{
	struct api_token token;
	const char *p = command->syntax;

	for (size_t i = 0; i < count; i++) {
		token = api_token_next(p);
		if (token.kind != API_WORD || strcmp(token.name, words[i]) != 0)
			return token.kind != API_WORD && i > 0;
		p = token.end;
	}
	return true;
}

static void help_arguments(FILE *out, const struct api_command *command)
{
	for (int i = 0; i < API_ARGUMENTS_MAX && command->arguments[i].name; i++) {
		const struct api_argument *argument = &command->arguments[i];
		fprintf(out, "      %s: %s", argument->name, argument->help);
		if (argument->choices)
			fprintf(out, " (%s)", argument->choices);
		fputc('\n', out);
	}
}

void help_write(FILE *out, const char *const *words, size_t count)
{
	char usage[256];
	unsigned shown = 0;

	for (size_t i = 0; i < api_command_count; i++) {
		if (!begins_with(&api_commands[i], words, count))
			continue;
		api_usage(&api_commands[i], usage, sizeof(usage));
		fprintf(out, "  %-44s %s\n", usage, api_commands[i].help);
		if (count > 0)
			help_arguments(out, &api_commands[i]);
		shown++;
	}
	if (shown == 0)
		fprintf(out, "There is no such command; `help` lists them.\n");
	if (count == 0)
		fprintf(out, "  %-44s %s\n  %-44s %s\n", "help [word]...",
			"This list, or more on some of it.", "quit", "Ends an interactive session.");
}
