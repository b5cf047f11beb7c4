/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is configured, and the file it comes from. A long list is shown from a copy of its pointers, so that
 * what a slow client reads is one state. The file itself is written and compared away from the control
 * thread's time.
 */
#include "control/handlers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- lists ---- */

struct list_cursor {
	struct cursor cursor;
	struct config *config; /* a copy: its entries are shared and never change */
	enum config_list_id list;
	const char *columns;
	char *only; /* routes: show this pattern alone; NULL: all */
	uint32_t at;
};

static bool list_wants(const struct list_cursor *self, const struct config_head *entry)
{
	const struct config_route *route = (const struct config_route *)entry;

	if (!self->only)
		return true;
	return (route->pattern && strcmp(route->pattern, self->only) == 0) ||
	       (route->match_uri && strcmp(route->match_uri, self->only) == 0);
}

/* A column named like a key of the schema shows its value, numbers as numbers, yes and no as such. */
static json_t *key_value(enum config_list_id list, const struct config_head *entry, struct span key)
{
	char value[1024];
	uint64_t number;

	if (config_entry_value(list, entry, key, value, sizeof(value)) < 0 || value[0] == '\0')
		return json_null();
	if (span_to_u64(span_str(value), INT64_MAX, &number) == 0)
		return json_integer((json_int_t)number);
	if (strcmp(value, "on") == 0 || strcmp(value, "off") == 0)
		return json_boolean(value[1] == 'n');
	return json_string(value) ?: json_null();
}

static json_t *list_next(struct cursor *cursor)
{
	struct list_cursor *self = (struct list_cursor *)cursor;
	const struct config_list *list = &self->config->lists[self->list];
	const struct config_head *entry;
	json_t *row;

	while (self->at < list->count && !list_wants(self, list->items[self->at]))
		self->at++;
	if (self->at == list->count)
		return NULL;
	entry = list->items[self->at++];
	row = json_array();
	for (const char *p = self->columns; *p != '\0';) {
		size_t len = strcspn(p, " ");
		json_array_append_new(row, key_value(self->list, entry, span_of(p, len)));
		p += len + strspn(p + len, " ");
	}
	return row;
}

static void list_finish(struct cursor *cursor)
{
	struct list_cursor *self = (struct list_cursor *)cursor;

	config_destroy(self->config);
	free(self->only);
	free(self);
}

static void show_list(struct daemon *daemon, struct call *call, enum config_list_id list, const char *only)
{
	struct list_cursor *self = calloc(1, sizeof(*self));
	struct config *config = config_clone(daemon->running);

	if (!self || !config) {
		free(self);
		config_destroy(config);
		call_error(call, API_INTERNAL, "memory is short");
		return;
	}
	*self = (struct list_cursor){.cursor = {list_next, list_finish},
		.config = config,
		.list = list,
		.columns = call_command(call)->columns,
		.only = only ? strdup(only) : NULL};
	call_rows(call, &self->cursor);
}

void show_acl(struct daemon *daemon, struct call *call)
{
	show_list(daemon, call, CONFIG_ACL, NULL);
}

void show_domain(struct daemon *daemon, struct call *call)
{
	show_list(daemon, call, CONFIG_DOMAINS, NULL);
}

void show_listener(struct daemon *daemon, struct call *call)
{
	show_list(daemon, call, CONFIG_LISTENERS, NULL);
}

void show_route(struct daemon *daemon, struct call *call)
{
	show_list(daemon, call, CONFIG_ROUTES, call_value(call, "pattern"));
}

/* ---- the file, written on the compile thread ---- */

struct writing {
	struct compile_job job;
	struct daemon *daemon;
	struct ticket ticket;
	struct config *config;
	char *text; /* show config: what the file would hold */
	size_t text_len;
	bool to_file;
	int ret;
};

static void writing_free(struct writing *writing)
{
	config_destroy(writing->config);
	free(writing->text);
	free(writing);
}

static int write_text(struct writing *writing)
{
	FILE *out = open_memstream(&writing->text, &writing->text_len);
	int ret;

	if (!out)
		return -errno;
	ret = config_save(writing->config, out);
	return fclose(out) != 0 && ret == 0 ? -EIO : ret;
}

static void writing_run(struct compile_job *job)
{
	struct writing *writing = (struct writing *)job;

	if (writing->to_file)
		writing->ret = config_save_file(writing->config, writing->daemon->path);
	else
		writing->ret = write_text(writing);
}

/* Takes the text apart, line by line. */
struct text_cursor {
	struct cursor cursor;
	struct writing *writing;
	size_t at;
};

static json_t *text_next(struct cursor *cursor)
{
	struct text_cursor *self = (struct text_cursor *)cursor;
	const char *line = self->writing->text + self->at;
	const char *end;

	if (self->at >= self->writing->text_len)
		return NULL;
	end = memchr(line, '\n', self->writing->text_len - self->at);
	if (!end)
		end = self->writing->text + self->writing->text_len;
	self->at = (size_t)(end - self->writing->text) + 1;
	return json_pack("[s%]", line, (size_t)(end - line));
}

static void text_finish(struct cursor *cursor)
{
	writing_free(((struct text_cursor *)cursor)->writing);
	free(cursor);
}

static void answer_text(struct call *call, struct writing *writing)
{
	struct text_cursor *self = calloc(1, sizeof(*self));

	ensure(self);
	*self = (struct text_cursor){{text_next, text_finish}, writing, 0};
	call_rows(call, &self->cursor);
}

static void answer_file(struct call *call, struct writing *writing)
{
	struct daemon *daemon = writing->daemon;

	log_line(&daemon->log, CONFIG_LOG_INFO, "configuration written to %s", daemon->path);
	config_destroy(daemon->saved);
	daemon->saved = writing->config;
	writing->config = NULL;
	writing_free(writing);
	if (call)
		call_result(call, json_pack("{s:s}", "file", daemon->path));
}

static void writing_done(struct compile_job *job)
{
	struct writing *writing = (struct writing *)job;
	struct daemon *daemon = writing->daemon;
	struct call *call = server_resume(daemon->server, writing->ticket);

	if (writing->ret < 0) {
		log_line(&daemon->log, CONFIG_LOG_ERROR, "%s: %s", daemon->path, strerror(-writing->ret));
		if (call)
			call_error(call, API_REFUSED, "%s cannot be written: %s", daemon->path,
				strerror(-writing->ret));
		writing_free(writing);
	} else if (writing->to_file) {
		answer_file(call, writing);
	} else if (call) {
		answer_text(call, writing);
	} else {
		writing_free(writing);
	}
}

static void start_writing(struct daemon *daemon, struct call *call, bool to_file)
{
	struct writing *writing = calloc(1, sizeof(*writing));

	if (!writing || !(writing->config = config_clone(daemon->running))) {
		free(writing);
		call_error(call, API_INTERNAL, "memory is short");
		return;
	}
	writing->job = (struct compile_job){.run = writing_run, .done = writing_done};
	writing->daemon = daemon;
	writing->ret = -ECANCELED; /* until it has run: at the daemon's end it may not */
	writing->to_file = to_file;
	writing->ticket = call_defer(call);
	compiler_submit(daemon->compiler, &writing->job);
}

void show_config(struct daemon *daemon, struct call *call)
{
	start_writing(daemon, call, false);
}

void commit(struct daemon *daemon, struct call *call)
{
	/* What is written is what the workers act by, so a change under way comes first. */
	if (!change_must_wait(daemon, call))
		start_writing(daemon, call, true);
}

/* ---- diff ---- */

struct diff_cursor {
	struct cursor cursor;
	struct change_set set;
	size_t at;
};

static json_t *diff_next(struct cursor *cursor)
{
	struct diff_cursor *self = (struct diff_cursor *)cursor;
	char text[4096];

	if (self->at == self->set.count)
		return NULL;
	change_item_format(&self->set.items[self->at++], text, sizeof(text));
	return json_pack("[s]", text);
}

static void diff_finish(struct cursor *cursor)
{
	change_fini(&((struct diff_cursor *)cursor)->set);
	free(cursor);
}

void diff(struct daemon *daemon, struct call *call)
{
	struct diff_cursor *self = calloc(1, sizeof(*self));

	if (!self || change_between(daemon->saved, daemon->running, &self->set) < 0) {
		free(self);
		call_error(call, API_INTERNAL, "memory is short");
		return;
	}
	self->cursor = (struct cursor){diff_next, diff_finish};
	call_rows(call, &self->cursor);
}

/* ---- completion ---- */

enum { COMPLETE_MAX = 200 };

static void add_name(json_t *rows, const char *name, const char *prefix)
{
	if (name && json_array_size(rows) < COMPLETE_MAX && strncmp(name, prefix, strlen(prefix)) == 0)
		json_array_append_new(rows, json_pack("[s]", name));
}

static void complete_names(
	const struct config *config, enum config_list_id list, const char *prefix, json_t *rows)
{
	char name[1024];
	const char *key = list == CONFIG_ROUTES || list == CONFIG_ACL ? "pattern" : "name";

	for (uint32_t i = 0; i < config_count(config, list) && json_array_size(rows) < COMPLETE_MAX; i++) {
		if (config_entry_value(
			    list, config->lists[list].items[i], span_str(key), name, sizeof(name)) > 0)
			add_name(rows, name, prefix);
	}
}

static void complete_keys(enum config_list_id list, const char *prefix, json_t *rows)
{
	char key[80];

	for (unsigned i = 0; config_list_key(list, i); i++) {
		snprintf(key, sizeof(key), "%s=", config_list_key(list, i));
		add_name(rows, key, prefix);
	}
}

static void complete_probe_keys(const char *prefix, json_t *rows)
{
	static const char *const keys[] = {"fall=", "rise=", "interval_ms=", "timeout_ms=", "hold_ms=",
		"retry_after_max_s=", "failback="};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		add_name(rows, keys[i], prefix);
}

void complete(struct daemon *daemon, struct call *call)
{
	const char *what = call_value(call, "what");
	const char *prefix = call_value(call, "prefix") ?: "";
	size_t len = strcspn(what, "-");
	enum config_list_id list;
	json_t *rows = json_array();

	if (config_list_parse(span_of(what, len), &list) < 0)
		complete_probe_keys(prefix, rows);
	else if (what[len] == '-')
		complete_keys(list, prefix, rows);
	else
		complete_names(daemon->running, list, prefix, rows);
	call_rows(call, cursor_of_rows(rows));
}
