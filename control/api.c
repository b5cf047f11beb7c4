/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the table of commands: its syntax, the words of a command line against it, and the reference made
 * from it. Pure functions, used by the daemon and by sluicectl alike.
 */
#include "control/api.h"

#include <errno.h>
#include <string.h>

const struct api_command *api_command_find(const char *method)
{
	for (size_t i = 0; i < api_command_count; i++)
		if (strcmp(api_commands[i].method, method) == 0)
			return &api_commands[i];
	return NULL;
}

const struct api_error_info *api_error_find(int code)
{
	for (size_t i = 0; i < api_error_count; i++)
		if (api_errors[i].code == code)
			return &api_errors[i];
	return NULL;
}

static int argument_index(const struct api_command *command, const char *name)
{
	for (int i = 0; i < API_ARGUMENTS_MAX && command->arguments[i].name; i++)
		if (strcmp(command->arguments[i].name, name) == 0)
			return i;
	return -1;
}

const struct api_argument *api_argument_find(const struct api_command *command, const char *name)
{
	int i = argument_index(command, name);

	return i < 0 ? NULL : &command->arguments[i];
}

bool api_choice_allowed(const struct api_argument *argument, const char *value)
{
	size_t len = strlen(value);

	if (!argument->choices)
		return true;
	for (const char *p = argument->choices; *p != '\0';) {
		size_t choice_len = strcspn(p, "|");
		if (choice_len == len && memcmp(p, value, len) == 0)
			return true;
		p += choice_len + (p[choice_len] == '|');
	}
	return false;
}

static void token_copy(char *buf, size_t size, const char *from, size_t len)
{
	if (len >= size)
		len = size - 1;
	memcpy(buf, from, len);
	buf[len] = '\0';
}

struct api_token api_token_next(const char *syntax)
{
	struct api_token token = {.kind = API_END};
	size_t len;
	size_t name_len;

	syntax += strspn(syntax, " ");
	len = strcspn(syntax, " ");
	token.end = syntax + len;
	if (len == 0)
		return token;
	if (syntax[0] != '<' && syntax[0] != '[') {
		token.kind = API_WORD;
		token_copy(token.name, sizeof(token.name), syntax, len);
		return token;
	}
	if (strncmp(syntax + 1, "--", 2) == 0) {
		token.kind = API_OPTION;
		name_len = strcspn(syntax + 3, "=");
		token_copy(token.name, sizeof(token.name), syntax + 3, name_len);
		syntax += 3 + name_len + 1;
		token_copy(token.value, sizeof(token.value), syntax, strcspn(syntax, "]"));
		return token;
	}
	name_len = strcspn(syntax + 1, ">]");
	token_copy(token.name, sizeof(token.name), syntax + 1, name_len);
	if (strcmp(token.name, "key=value") == 0)
		token.kind = syntax[0] == '<' ? API_PAIRS : API_PAIRS_OPTIONAL;
	else
		token.kind = syntax[0] == '<' ? API_REQUIRED : API_OPTIONAL;
	return token;
}

bool api_takes_pairs(const struct api_command *command)
{
	return strstr(command->syntax, "key=value") != NULL;
}

int api_usage(const struct api_command *command, char *buf, size_t size)
{
	size_t len = 0;
	struct api_token token;

	for (const char *p = command->syntax; (token = api_token_next(p)).kind != API_END; p = token.end) {
		char *at = len < size ? buf + len : NULL;
		size_t room = len < size ? size - len : 0;
		const char *gap = len > 0 ? " " : "";
		int added;
		if (token.kind == API_OPTION)
			added = snprintf(at, room, "%s[--%s <%s>]", gap, token.name, token.value);
		else
			added = snprintf(at, room, "%s%.*s", gap, (int)strcspn(p + strspn(p, " "), " "),
				p + strspn(p, " "));
		len += (size_t)added;
	}
	return (int)len;
}

/* ---- splitting a line ---- */

/* Reads one word from *from, moves its bytes together at `to`. Returns the byte behind it, or NULL: open
 * quote. */
static char *split_word(char *from, char *to)
{
	char quote = '\0';

	for (; *from != '\0'; from++) {
		if (quote == '\0' && strchr(" \t\r\n", *from))
			break;
		if (quote == '\0' && (*from == '"' || *from == '\'')) {
			quote = *from;
		} else if (quote != '\0' && *from == quote) {
			quote = '\0';
		} else if (*from == '\\' && quote != '\'' && from[1] != '\0') {
			*to++ = *++from;
		} else {
			*to++ = *from;
		}
	}
	if (quote != '\0')
		return NULL;
	if (*from != '\0')
		from++;
	*to = '\0';
	return from;
}

int api_split(char *line, char **words, size_t words_max)
{
	size_t count = 0;

	for (;;) {
		line += strspn(line, " \t\r\n");
		if (*line == '\0' || *line == '#')
			return (int)count;
		if (count == words_max)
			return -E2BIG;
		words[count] = line;
		line = split_word(line, line);
		if (!line)
			return -EINVAL;
		count++;
	}
}

/* ---- matching words ---- */

/* How far the words went along one syntax. */
struct walk {
	struct api_match match;
	struct api_token next; /* the token that was not satisfied; API_END: all of them were */
	size_t used;           /* words taken */
	size_t plain;          /* of these, plain words of the syntax */
	const char *bad;       /* a value that is not one of the choices */
	const struct api_argument *bad_argument;
};

static bool is_pair(const char *word)
{
	const char *equals = strchr(word, '=');

	return equals && equals > word && word[0] != '-';
}

static void walk_set(struct walk *walk, const char *argument, const char *value)
{
	int i = argument_index(walk->match.command, argument);
	const struct api_argument *found = &walk->match.command->arguments[i < 0 ? 0 : i];

	if (i < 0)
		return;
	walk->match.values[i] = value;
	if (!api_choice_allowed(found, value) && !walk->bad) {
		walk->bad = value;
		walk->bad_argument = found;
	}
}

/* Takes "--name value" or "--name=value" at words[used]. */
static bool walk_option(
	struct walk *walk, const struct api_token *token, const char *const *words, size_t count)
{
	const char *word = words[walk->used];
	size_t len = strlen(token->name);

	if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, token->name, len) != 0)
		return false;
	if (word[2 + len] == '=') {
		walk_set(walk, token->value, word + 2 + len + 1);
		walk->used++;
		return true;
	}
	if (word[2 + len] != '\0' || walk->used + 1 >= count)
		return false;
	walk_set(walk, token->value, words[walk->used + 1]);
	walk->used += 2;
	return true;
}

static void walk_pairs(struct walk *walk, const char *const *words, size_t count)
{
	walk->match.pairs = words + walk->used;
	while (walk->used < count && is_pair(words[walk->used])) {
		walk->match.pair_count++;
		walk->used++;
	}
}

/* Takes what one token asks for. Returns false when it asks in vain. */
static bool walk_token(
	struct walk *walk, const struct api_token *token, const char *const *words, size_t count)
{
	const char *word = walk->used < count ? words[walk->used] : NULL;

	switch (token->kind) {
	case API_WORD:
		if (!word || strcmp(word, token->name) != 0)
			return false;
		walk->plain++;
		walk->used++;
		return true;
	case API_REQUIRED:
		if (!word)
			return false;
		walk_set(walk, token->name, word);
		walk->used++;
		return true;
	case API_OPTIONAL:
		if (word && strncmp(word, "--", 2) != 0) {
			walk_set(walk, token->name, word);
			walk->used++;
		}
		return true;
	case API_OPTION:
		if (word)
			(void)walk_option(walk, token, words, count);
		return true;
	case API_PAIRS:
	case API_PAIRS_OPTIONAL:
		walk_pairs(walk, words, count);
		return token->kind == API_PAIRS_OPTIONAL || walk->match.pair_count > 0;
	default:
		return true;
	}
}

static struct walk walk_command(const struct api_command *command, const char *const *words, size_t count)
{
	struct walk walk = {.match = {.command = command}};
	const char *p = command->syntax;

	for (;;) {
		walk.next = api_token_next(p);
		if (walk.next.kind == API_END || !walk_token(&walk, &walk.next, words, count))
			return walk;
		p = walk.next.end;
	}
}

static void describe_failure(
	const struct walk *best, const char *const *words, size_t count, char *error, size_t size)
{
	char usage[256];

	if (!best->match.command || best->plain == 0) {
		snprintf(error, size, "unknown command '%s'; 'help' lists the commands",
			count > 0 ? words[0] : "");
		return;
	}
	api_usage(best->match.command, usage, sizeof(usage));
	if (best->bad)
		snprintf(error, size, "%s: '%s' is not one of %s", best->bad_argument->name, best->bad,
			best->bad_argument->choices);
	else if (best->next.kind == API_END || best->used < count)
		snprintf(error, size, "'%s' does not fit here; usage: %s", words[best->used], usage);
	else
		snprintf(error, size, "something is missing at the end; usage: %s", usage);
}

int api_match_words(
	const char *const *words, size_t count, struct api_match *ret_match, char *error, size_t error_size)
{
	struct walk best = {.match = {.command = NULL}};
	const struct walk *found = NULL;
	struct walk hit;

	for (size_t i = 0; i < api_command_count; i++) {
		struct walk walk = walk_command(&api_commands[i], words, count);
		bool whole = walk.next.kind == API_END && walk.used == count && !walk.bad;
		if (whole && (!found || walk.plain > hit.plain)) {
			hit = walk;
			found = &hit;
		}
		if (!best.match.command || walk.plain > best.plain ||
			(walk.plain == best.plain && walk.used > best.used))
			best = walk;
	}
	if (found) {
		*ret_match = hit.match;
		return 0;
	}
	describe_failure(&best, words, count, error, error_size);
	return -EINVAL;
}

/* ---- completion ---- */

static void give_choices(const char *choices, api_candidate_fn fn, void *arg)
{
	char choice[32];

	while (*choices != '\0') {
		size_t len = strcspn(choices, "|");
		token_copy(choice, sizeof(choice), choices, len);
		fn(arg, choice, NULL);
		choices += len + (choices[len] == '|');
	}
}

static void give_argument(const struct api_command *command, const char *name, api_candidate_fn fn, void *arg)
{
	const struct api_argument *argument = api_argument_find(command, name);

	if (!argument)
		return;
	if (argument->choices)
		give_choices(argument->choices, fn, arg);
	if (argument->source)
		fn(arg, NULL, argument->source);
}

/* The keys of pairs are named after the second word: "add route" takes those of `complete route-key`. */
static void give_keys(const struct api_command *command, api_candidate_fn fn, void *arg)
{
	char source[48];
	struct api_token verb = api_token_next(command->syntax);
	struct api_token what = api_token_next(verb.end);

	snprintf(source, sizeof(source), "%s-key", what.name);
	fn(arg, NULL, source);
}

static void give_token(const struct walk *walk, api_candidate_fn fn, void *arg)
{
	char option[40];

	switch (walk->next.kind) {
	case API_WORD:
		fn(arg, walk->next.name, NULL);
		break;
	case API_REQUIRED:
	case API_OPTIONAL:
		give_argument(walk->match.command, walk->next.name, fn, arg);
		break;
	case API_OPTION:
		snprintf(option, sizeof(option), "--%s", walk->next.name);
		fn(arg, option, NULL);
		break;
	case API_PAIRS:
	case API_PAIRS_OPTIONAL:
		give_keys(walk->match.command, fn, arg);
		break;
	default:
		break;
	}
}

/* Every token that could take the word behind the given ones. */
static void command_candidates(const struct api_command *command, const char *const *words, size_t count,
	api_candidate_fn fn, void *arg)
{
	struct walk walk = {.match = {.command = command}};

	for (const char *p = command->syntax;; p = walk.next.end) {
		walk.next = api_token_next(p);
		if (walk.next.kind == API_END)
			return;
		bool pairs = walk.next.kind == API_PAIRS || walk.next.kind == API_PAIRS_OPTIONAL;
		if (walk.used == count || pairs) {
			(void)walk_token(&walk, &walk.next, words, count);
			if (walk.used == count)
				give_token(&walk, fn, arg);
			if (walk.next.kind == API_WORD || walk.next.kind == API_REQUIRED || pairs)
				return;
		} else if (!walk_token(&walk, &walk.next, words, count)) {
			return;
		}
	}
}

void api_candidates(const char *const *words, size_t count, api_candidate_fn fn, void *arg)
{
	for (size_t i = 0; i < api_command_count; i++)
		command_candidates(&api_commands[i], words, count, fn, arg);
}

/* ---- reference ---- */

static void reference_command(const struct api_command *command, FILE *out)
{
	char usage[256];

	api_usage(command, usage, sizeof(usage));
	fprintf(out, "### `%s`\n\n%s\n\n", usage, command->help);
	for (int i = 0; i < API_ARGUMENTS_MAX && command->arguments[i].name; i++) {
		const struct api_argument *argument = &command->arguments[i];
		fprintf(out, "- `%s`: %s", argument->name, argument->help);
		if (argument->choices)
			fprintf(out, " One of `%s`.", argument->choices);
		fprintf(out, "\n");
	}
	if (command->arguments[0].name)
		fprintf(out, "\n");
	fprintf(out, "Method `%s`, %s.", command->method,
		command->permission == API_READ ? "for everybody who may open the socket"
						: "for root and the daemon's user");
	if (command->columns)
		fprintf(out, " Columns: `%s`.", command->columns);
	fprintf(out, "\n\n");
}

void api_reference_write(FILE *out)
{
	fprintf(out,
		"# Commands of sluicectl\n\nGenerated from the table of commands (`control/commands.c`).\n\n"
		"`sluicectl [-s SOCKET] [-o table|json|csv] COMMAND` runs one command; without a command it "
		"asks for them, or reads them from a pipe, one a line.\n\n"
		"Exit codes: 0 done; 1 the daemon refused or failed; 2 the command line is wrong; 3 the "
		"daemon "
		"cannot be reached; 4 the connection broke before the answer was whole.\n\n## Commands\n\n");
	for (size_t i = 0; i < api_command_count; i++)
		reference_command(&api_commands[i], out);
	fprintf(out, "## Errors\n\n| code | name | meaning |\n|---|---|---|\n");
	for (size_t i = 0; i < api_error_count; i++)
		fprintf(out, "| %d | `%s` | %s |\n", api_errors[i].code, api_errors[i].name,
			api_errors[i].doc);
}
