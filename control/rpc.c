/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON-RPC 2.0 over one connection: reads a line as a request, checks it against the table of commands, hands
 * it on, and writes the answer. A request without an id gets an error: nothing here is worth doing unseen.
 */
#include "control/server_priv.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

static int add_to_text(const char *bytes, size_t len, void *arg)
{
	struct text *text = arg;

	text_add(text, bytes, len);
	return text->failed ? -1 : 0;
}

static void text_add_json(struct text *text, const json_t *json)
{
	if (json_dump_callback(json, add_to_text, text, JSON_COMPACT | JSON_ENCODE_ANY) != 0)
		text->failed = true;
}

/* What a client sent stands cut in the message, perhaps within a character: then only ASCII of it is kept. */
static json_t *text_of(const char *message)
{
	json_t *text = json_string(message);
	char *ascii = text ? NULL : strdup(message);

	if (!ascii)
		return text;
	for (char *p = ascii; *p != '\0'; p++)
		if (*p & 0x80)
			*p = '?';
	text = json_string(ascii);
	free(ascii);
	return text;
}

static void write_error(struct conn *conn, const char *id, int code, const char *message, json_t *findings)
{
	const struct api_error_info *info = api_error_find(code);
	json_t *error = json_object();
	json_t *data = json_object();

	ensure(info);
	json_object_set_new(error, "code", json_integer(code));
	json_object_set_new(error, "message", text_of(message));
	json_object_set_new(data, "name", json_string(info->name));
	if (findings)
		json_object_set_new(data, "findings", findings);
	json_object_set_new(error, "data", data);
	text_addf(&conn->out, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":", id);
	text_add_json(&conn->out, error);
	text_add_str(&conn->out, "}\n");
	json_decref(error);
}

void rpc_reject(struct conn *conn, int code, const char *message)
{
	conn->server->figures.bad_lines++;
	write_error(conn, "null", code, message, NULL);
}

static void write_columns(struct text *out, const char *columns)
{
	text_add_str(out, "\"columns\":[");
	while (*columns != '\0') {
		size_t len = strcspn(columns, " ");
		text_addf(out, "\"%.*s\"", (int)len, columns);
		columns += len + strspn(columns + len, " ");
		if (*columns != '\0')
			text_add_str(out, ",");
	}
	text_add_str(out, "]");
}

/* Adds rows until the chunk is full. Returns false when the cursor has no more. */
static bool make_rows(struct cursor *cursor, struct text *rows)
{
	for (unsigned count = 0; count < CONN_CHUNK_ROWS && rows->len < CONN_CHUNK_BYTES; count++) {
		json_t *row = cursor->next(cursor);
		if (!row)
			return false;
		if (rows->len > 0)
			text_add_str(rows, ",");
		text_add_json(rows, row);
		json_decref(row);
	}
	return true;
}

void rpc_stream(struct conn *conn)
{
	struct text rows = {0};
	struct text *out = &conn->out;
	bool more = make_rows(conn->cursor, &rows);

	if (more)
		text_addf(out, "{\"jsonrpc\":\"2.0\",\"method\":\"rows\",\"params\":{\"id\":%s,",
			conn->call.id);
	else
		text_addf(out, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{", conn->call.id);
	write_columns(out, conn->call.command->columns);
	text_add_str(out, ",\"rows\":[");
	text_add(out, rows.p, rows.len);
	text_add_str(out, "]}}\n");
	out->failed = out->failed || rows.failed;
	text_fini(&rows);
	if (more)
		return;
	conn->cursor->finish(conn->cursor);
	conn->cursor = NULL;
	conn->state = CONN_READING;
}

/* ---- answers ---- */

/* Ends the call: forgets the request, and lets a connection that waited for the answer go on. */
static void call_end(struct call *call)
{
	struct conn *conn = call_conn(call);
	bool deferred = conn->state == CONN_WAITING;

	ensure(!call->answered);
	call->answered = true;
	json_decref(call->params);
	call->params = NULL;
	conn->state = conn->cursor ? CONN_STREAMING : CONN_READING;
	/* Within its handler the connection is in use further up; there the same is done afterwards. */
	if (deferred && !conn->handling)
		conn_settle(conn);
}

void call_result(struct call *call, json_t *object)
{
	struct text *out = &call_conn(call)->out;

	text_addf(out, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":", call->id);
	text_add_json(out, object);
	text_add_str(out, "}\n");
	json_decref(object);
	call_end(call);
}

void call_rows(struct call *call, struct cursor *cursor)
{
	struct conn *conn = call_conn(call);

	ensure(call->command->columns && !conn->cursor);
	conn->cursor = cursor;
	call_end(call);
}

void call_refuse(struct call *call, int code, const char *message, json_t *findings)
{
	write_error(call_conn(call), call->id, code, message, findings);
	call_end(call);
}

void call_error(struct call *call, int code, const char *format, ...)
{
	char message[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	call_refuse(call, code, message, NULL);
}

struct ticket call_defer(struct call *call)
{
	struct conn *conn = call_conn(call);

	ensure(!call->answered);
	conn->state = CONN_WAITING;
	return (struct ticket){conn->slot, conn->serial};
}

struct call *server_resume(struct server *server, struct ticket ticket)
{
	struct conn *conn = server->conns[ticket.slot];

	if (!conn || conn->serial != ticket.serial)
		return NULL;
	ensure(conn->state == CONN_WAITING);
	return &conn->call;
}

/* ---- arguments ---- */

const struct api_command *call_command(const struct call *call)
{
	return call->command;
}

const char *call_value(const struct call *call, const char *name)
{
	ensure(api_argument_find(call->command, name));
	return call->params ? json_string_value(json_object_get(call->params, name)) : NULL;
}

json_t *call_pairs(const struct call *call)
{
	return call->params ? json_object_get(call->params, "pairs") : NULL;
}

/* Returns false, and the reason, unless every value is text and the pairs are allowed here. */
static bool check_pairs(const struct api_command *command, json_t *pairs, char *error, size_t size)
{
	const char *key;
	json_t *value;

	if (!api_takes_pairs(command) || !json_is_object(pairs)) {
		snprintf(error, size, "%s",
			api_takes_pairs(command) ? "pairs: an object is expected"
						 : "this command takes no pairs");
		return false;
	}
	json_object_foreach(pairs, key, value)
	{
		if (!json_is_string(value)) {
			snprintf(error, size, "pairs.%.64s: text is expected", key);
			return false;
		}
	}
	return true;
}

static bool check_value(
	const struct api_command *command, const char *key, const json_t *value, char *error, size_t size)
{
	const struct api_argument *argument = api_argument_find(command, key);

	if (!argument) {
		snprintf(error, size, "'%.64s' is not an argument of %s", key, command->method);
		return false;
	}
	if (!json_is_string(value)) {
		snprintf(error, size, "%s: text is expected", key);
		return false;
	}
	if (!api_choice_allowed(argument, json_string_value(value))) {
		snprintf(error, size, "%s: '%.64s' is not one of %s", key, json_string_value(value),
			argument->choices);
		return false;
	}
	return true;
}

static bool check_required(const struct api_command *command, json_t *params, char *error, size_t size)
{
	struct api_token token;

	for (const char *p = command->syntax; (token = api_token_next(p)).kind != API_END; p = token.end) {
		const char *needed = token.kind == API_REQUIRED ? token.name
				     : token.kind == API_PAIRS  ? "pairs"
								: NULL;
		if (!needed || json_object_get(params, needed))
			continue;
		snprintf(error, size, "'%s' is missing", needed);
		return false;
	}
	return true;
}

static bool check_params(const struct api_command *command, json_t *params, char *error, size_t size)
{
	const char *key;
	json_t *value;

	json_object_foreach(params, key, value)
	{
		bool good = strcmp(key, "pairs") == 0 ? check_pairs(command, value, error, size)
						      : check_value(command, key, value, error, size);
		if (!good)
			return false;
	}
	return check_required(command, params, error, size);
}

/* ---- requests ---- */

static bool read_id(const json_t *request, char id[CONN_ID_TEXT_MAX])
{
	const json_t *value = json_object_get(request, "id");
	size_t len;

	if (!json_is_string(value) && !json_is_integer(value))
		return false;
	len = json_dumpb(value, id, CONN_ID_TEXT_MAX - 1, JSON_ENCODE_ANY | JSON_COMPACT);
	if (len == 0 || len >= CONN_ID_TEXT_MAX)
		return false;
	id[len] = '\0';
	return true;
}

static void handle_request(struct conn *conn, const char *method, json_t *params)
{
	struct call *call = &conn->call;
	char error[256];

	conn->handling = true;
	call->answered = false;
	call->params = json_incref(params);
	call->command = api_command_find(method);
	if (!call->command)
		call_error(call, API_UNKNOWN_METHOD, "there is no method '%.64s'", method);
	else if (call->command->permission == API_CHANGE && !conn->may_change)
		call_error(call, API_DENIED, "%s is for root and the daemon's own user", method);
	else if (!check_params(call->command, params, error, sizeof(error)))
		call_error(call, API_BAD_ARGUMENTS, "%s", error);
	else
		conn->server->settings.handler(conn->server->settings.ctx, call);
	conn->handling = false;
	ensure(call->answered || conn->state == CONN_WAITING);
}

static void handle_object(struct conn *conn, const json_t *request)
{
	const char *version = json_string_value(json_object_get(request, "jsonrpc"));
	const char *method = json_string_value(json_object_get(request, "method"));
	json_t *params = json_object_get(request, "params");

	if (!json_is_object(request) || !version || strcmp(version, "2.0") != 0 || !method) {
		rpc_reject(
			conn, API_INVALID_REQUEST, "an object with jsonrpc \"2.0\" and a method is expected");
		return;
	}
	if (!read_id(request, conn->call.id)) {
		rpc_reject(conn, API_INVALID_REQUEST,
			"an id is expected: a number, or text of at most 120 bytes");
		return;
	}
	if (params && !json_is_object(params)) {
		conn->server->figures.bad_lines++;
		write_error(conn, conn->call.id, API_BAD_ARGUMENTS, "params: an object is expected", NULL);
		return;
	}
	params = params ? json_incref(params) : json_object();
	handle_request(conn, method, params);
	json_decref(params);
}

void rpc_line(struct conn *conn, const char *line, size_t len)
{
	json_error_t error;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	char message[JSON_ERROR_TEXT_LENGTH + 64];

	if (!request) {
		snprintf(message, sizeof(message), "column %d: %s", error.column, error.text);
		rpc_reject(conn, API_PARSE_ERROR, message);
		return;
	}
	handle_object(conn, request);
	json_decref(request);
}
