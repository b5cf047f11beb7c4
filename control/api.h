/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol between the daemon and those who operate it. One table of commands drives the server's
 * methods, the words sluicectl understands and completes, its help, and the CLI reference.
 *
 * The wire: a unix stream socket, JSON-RPC 2.0, one object on each line, both ways. A request names a method
 * of the table and carries its arguments by name, all of them strings:
 *   {"jsonrpc":"2.0","id":1,"method":"show.node","params":{"name":"imp-a"}}
 *   {"jsonrpc":"2.0","id":2,"method":"add.route","params":{"pairs":{"pattern":".com.a.*","next_hop":"imp-a"}}}
 * The answer to a command with columns is {"columns":[...],"rows":[[...],...]}. A long one is streamed: the
 * first rows come in notifications {"method":"rows","params":{"id":1,"columns":[...],"rows":[...]}}, the last
 * in the answer. Other commands answer with one flat object. Requests of one connection are answered in
 * order.
 */
#ifndef CONTROL_API_H
#define CONTROL_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define API_SOCKET_DEFAULT "/run/sluice/control.sock"

enum {
	API_LINE_MAX_BYTES = 64 << 10, /* of a request, line end included */
	API_ROW_BYTES_MAX = 64 << 10,  /* of one row of an answer */
	API_ARGUMENTS_MAX = 3,
	API_WORDS_MAX = 64, /* words on one command line */
};

enum api_error {
	API_PARSE_ERROR = -32700,
	API_INVALID_REQUEST = -32600,
	API_UNKNOWN_METHOD = -32601,
	API_BAD_ARGUMENTS = -32602,
	API_INTERNAL = -32603,
	API_REFUSED = -32000,
	API_NOT_FOUND = -32001,
	API_DENIED = -32002,
	API_BUSY = -32003,
	API_TOO_LONG = -32004,
	API_TOO_SLOW = -32005,
	API_UNAVAILABLE = -32006,
};

struct api_error_info {
	int code;         /* enum api_error */
	const char *name; /* stands in error.data.name */
	const char *doc;
};

enum api_permission {
	API_READ,   /* anybody who may open the socket */
	API_CHANGE, /* root, or the user the daemon runs as */
};

struct api_argument {
	const char *name;    /* as in the syntax */
	const char *choices; /* "ready|drain|maint"; NULL: free text */
	const char *source;  /* what `complete` calls the names that fit here; NULL: none */
	const char *help;
};

/*
 * The syntax is grammar and usage text in one: plain words, <required>, [optional], [--option=value] and a
 * last <key=value>... or [key=value]... for pairs. Its plain words, joined by dots, name the method.
 */
struct api_command {
	const char *method;
	const char *syntax;
	enum api_permission permission;
	const char *columns; /* of the rows, separated by blanks; NULL: the answer is one object */
	const char *help;    /* one sentence */
	struct api_argument arguments[API_ARGUMENTS_MAX];
};

extern const struct api_command api_commands[];
extern const size_t api_command_count;
extern const struct api_error_info api_errors[];
extern const size_t api_error_count;

/* NULL when there is none. */
const struct api_command *api_command_find(const char *method);
const struct api_error_info *api_error_find(int code);
/* The argument of that name, or NULL; its place in command->arguments. */
const struct api_argument *api_argument_find(const struct api_command *command, const char *name);
bool api_choice_allowed(const struct api_argument *argument, const char *value);
/* Does the command take <key=value>... ? */
bool api_takes_pairs(const struct api_command *command);

/* One step through a syntax. */
enum api_token_kind {
	API_WORD,
	API_REQUIRED,
	API_OPTIONAL,
	API_OPTION,
	API_PAIRS,
	API_PAIRS_OPTIONAL,
	API_END
};
struct api_token {
	enum api_token_kind kind;
	char name[32];   /* the word; the argument; the option, without dashes */
	char value[32];  /* of an option: the argument it carries, shown in capitals to people */
	const char *end; /* go on here */
};
struct api_token api_token_next(const char *syntax);

/* "set node <name> admin <state>" with options as people type them; for help. As snprintf. */
int api_usage(const struct api_command *command, char *buf, size_t size);

/* The words of a command line, taken apart. Values point into the words given. */
struct api_match {
	const struct api_command *command;
	const char *values[API_ARGUMENTS_MAX]; /* NULL: not given; same order as command->arguments */
	const char *const *pairs;              /* "key=value" words */
	size_t pair_count;
};

/*
 * Finds the command and its arguments. Returns 0; on failure -EINVAL, and the reason, with what would be
 * right, is in the error text.
 */
int api_match_words(
	const char *const *words, size_t count, struct api_match *ret_match, char *error, size_t error_size);

/*
 * Splits a line into words, in place; blanks inside "..." or '...' and behind a backslash belong to the word.
 * Returns the count, or -EINVAL for an open quote, -E2BIG for too many words.
 */
int api_split(char *line, char **words, size_t words_max);

/* Says what may follow the words: a plain word, a choice, or a source of names. */
typedef void (*api_candidate_fn)(void *arg, const char *word, const char *source);
void api_candidates(const char *const *words, size_t count, api_candidate_fn fn, void *arg);

/* The CLI reference, in Markdown. */
void api_reference_write(FILE *out);

#endif
