/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * YAML -> model. libyaml's events are read by recursive descent along the schema table, never along the
 * file: the schema bounds the recursion, what it does not know is skipped with a bounded depth, and aliases,
 * anchors and tags are refused, so no file costs more than its length. After an error reading goes on with
 * the next key; an entry that had one stays in its list, marked, so that references to it still resolve.
 */
#include "config/load.h"

#include "config/check.h"
#include "config/list.h"
#include "config/object.h"
#include "config/text.h"
#include "config/value.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct loader {
	yaml_parser_t parser;
	yaml_event_t event; /* the current one; valid unless stopped */
	unsigned depth;
	bool have_event;
	bool stopped; /* no further event can be had: syntax error, too deep, or memory */
	int error;    /* -ENOMEM, else 0: other errors are in the report */
	struct config *config;
	struct config_report *report;
};

static uint32_t line_now(const struct loader *l)
{
	return (uint32_t)l->event.start_mark.line + 1;
}

static void stop(struct loader *l, int error)
{
	l->stopped = true;
	if (error)
		l->error = error;
}

__attribute__((format(printf, 3, 4))) static void complain(
	struct loader *l, const char *path, const char *format, ...)
{
	char text[CONFIG_FINDING_TEXT_MAX];
	va_list args;

	if (l->stopped) /* whatever is missing now is missing for a reason already told */
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	config_report_error(l->report, line_now(l), path, "%s", text);
}

/* Lync's "*.sip.com" without quotes is an alias to YAML: the mistake that everybody makes once. */
static const char *syntax_remedy(const char *context)
{
	if (context && (strstr(context, "alias") || strstr(context, "anchor")))
		return "put a text that begins with * or & into quotes: \"*.sip.com\"";
	return "check the indentation (blanks, no tabs), the dashes and the quotes here";
}

static void complain_syntax(struct loader *l)
{
	const yaml_parser_t *p = &l->parser;
	uint32_t line = (uint32_t)p->problem_mark.line + 1;

	if (p->error == YAML_MEMORY_ERROR) {
		stop(l, -ENOMEM);
		return;
	}
	if (p->error == YAML_READER_ERROR) /* it knows the byte, not the line */
		config_report_error(l->report, (uint32_t)p->mark.line + 1, "",
			"is not text: %s (byte %zu); save the file as plain UTF-8",
			p->problem ? p->problem : "unreadable", p->problem_offset);
	else
		config_report_error(l->report, line, "", "is not YAML: %s%s%s; %s",
			p->problem ? p->problem : "unreadable", p->context ? ", " : "",
			p->context ? p->context : "", syntax_remedy(p->context));
	stop(l, 0);
}

/* What YAML has beyond keys, lists and texts is refused here, once, wherever it stands. */
static void refuse_extras(struct loader *l)
{
	const yaml_event_t *e = &l->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (e->type == YAML_SCALAR_EVENT) {
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
	} else if (e->type == YAML_SEQUENCE_START_EVENT) {
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
	} else if (e->type == YAML_MAPPING_START_EVENT) {
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
	}
	if (anchor || e->type == YAML_ALIAS_EVENT)
		complain(l, "",
			"has an anchor or alias (& or *), which is not accepted; write the value out, "
			"and quote a text that begins with * or &");
	if (tag)
		complain(l, "", "has a tag (!), which is not accepted; write the value without it");
}

/* Moves to the next event. */
static void next(struct loader *l)
{
	if (l->have_event)
		yaml_event_delete(&l->event);
	l->have_event = false;
	if (l->stopped)
		return;
	if (!yaml_parser_parse(&l->parser, &l->event)) {
		complain_syntax(l);
		return;
	}
	l->have_event = true;
	if (l->event.type == YAML_SEQUENCE_START_EVENT || l->event.type == YAML_MAPPING_START_EVENT)
		l->depth++;
	if (l->event.type == YAML_SEQUENCE_END_EVENT || l->event.type == YAML_MAPPING_END_EVENT)
		l->depth--;
	if (l->depth > CONFIG_DEPTH_MAX) {
		complain(l, "", "is nested more than %u levels deep; nothing here needs that",
			CONFIG_DEPTH_MAX);
		stop(l, 0);
	}
	refuse_extras(l);
}

static bool is(const struct loader *l, yaml_event_type_t type)
{
	return !l->stopped && l->event.type == type;
}

static struct span scalar(const struct loader *l)
{
	return span_of((const char *)l->event.data.scalar.value, l->event.data.scalar.length);
}

/* An unquoted nothing, ~ or null. */
static bool is_null(const struct loader *l)
{
	struct span text;

	if (!is(l, YAML_SCALAR_EVENT) || l->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	text = scalar(l);
	return span_empty(text) || span_eq_str(text, "~") || span_ieq_str(text, "null");
}

/* Leaves the value that begins with the current event behind. */
static void skip(struct loader *l)
{
	unsigned outside = l->depth;

	if (is(l, YAML_SEQUENCE_START_EVENT) || is(l, YAML_MAPPING_START_EVENT)) {
		outside--;
		do {
			next(l);
		} while (!l->stopped && l->depth > outside);
	}
	next(l);
}

static const char *stands_here(const struct loader *l)
{
	if (is_null(l))
		return "nothing";
	if (is(l, YAML_SEQUENCE_START_EVENT))
		return "a list";
	if (is(l, YAML_MAPPING_START_EVENT))
		return "a section of keys";
	return "a single value";
}

static void read_section(struct loader *l, struct place *place, void *object);
static void read_list(struct loader *l, enum config_list_id id, const struct schema_key *key);

static void wrong_kind(struct loader *l, const struct place *place, const struct schema_key *key)
{
	char path[CONFIG_KEY_PATH_MAX + CONFIG_NAME_MAX];

	snprintf(path, sizeof(path), "%s%s%s", place->path, place->path[0] ? "." : "", key->name);
	if (key->kind == SCHEMA_LIST)
		complain(l, path, "takes a list, but %s stands here; begin each entry with a dash",
			stands_here(l));
	else if (key->kind == SCHEMA_SECTION)
		complain(l, path, "takes keys of its own, but %s stands here; write them below it, indented",
			stands_here(l));
	else
		complain(l, path, "takes %s, but %s stands here; write for example %s: %s",
			value_is_sequence(key) ? "a list of values" : "one value", stands_here(l), key->name,
			key->example);
	skip(l);
}

static void set_value(struct loader *l, struct place *place, const struct schema_key *key, void *object)
{
	int rc = value_set(key, scalar(l), object, place);

	if (rc == -ENOMEM)
		stop(l, rc);
	next(l);
}

static void read_sequence(struct loader *l, struct place *place, const struct schema_key *key, void *object)
{
	value_clear(key, object);
	next(l);
	while (!l->stopped && !is(l, YAML_SEQUENCE_END_EVENT)) {
		if (is(l, YAML_SCALAR_EVENT) && !is_null(l))
			set_value(l, place, key, object);
		else
			wrong_kind(l, place, key);
	}
	next(l);
}

/* The value of a key, whose name has just been read. */
static void read_value(struct loader *l, struct place *place, const struct schema_key *key, void *object)
{
	struct place inner;

	if (value_is_scalar(key) && is(l, YAML_SCALAR_EVENT) && !is_null(l)) {
		set_value(l, place, key, object);
	} else if (value_is_sequence(key) && is(l, YAML_SEQUENCE_START_EVENT)) {
		read_sequence(l, place, key, object);
	} else if (key->kind == SCHEMA_SECTION && is(l, YAML_MAPPING_START_EVENT)) {
		place_init(&inner, l->report, key->sub, value_at(key, object));
		place_path(&inner, "%.*s%s%s", CONFIG_KEY_PATH_MAX / 2, place->path,
			place->path[0] ? "." : "", key->name);
		read_section(l, &inner, value_at(key, object));
	} else if (key->kind == SCHEMA_LIST && is(l, YAML_SEQUENCE_START_EVENT)) {
		read_list(l, schema_list_id(key), key);
	} else if (key->kind >= SCHEMA_SECTION && is_null(l)) {
		next(l); /* "routes:" with nothing below it says: none yet */
	} else {
		wrong_kind(l, place, key);
	}
}

static void complain_unknown(struct loader *l, const struct place *place, struct span name)
{
	const struct schema_key *guess = schema_guess(place->schema, name);
	char quoted[TEXT_QUOTE_MAX], keys[CONFIG_FINDING_TEXT_MAX / 2] = "";

	for (unsigned i = 0; i < place->schema->key_count; i++) {
		size_t len = strlen(keys);
		snprintf(keys + len, sizeof(keys) - len, "%s%s", i ? ", " : "", place->schema->keys[i].name);
	}
	if (guess)
		complain(l, place->path, "has no key %s; did you mean %s?", text_quote(name, quoted),
			guess->name);
	else
		complain(l, place->path, "has no key %s; its keys are %s", text_quote(name, quoted), keys);
}

static void complain_twice(struct loader *l, const struct place *place, const struct schema_key *key)
{
	char path[CONFIG_KEY_PATH_MAX + CONFIG_NAME_MAX];

	snprintf(path, sizeof(path), "%s%s%s", place->path, place->path[0] ? "." : "", key->name);
	complain(l, path, "stands here twice, first on line %u; keep one of the two",
		place_line(place, key->name));
}

/* Reads one key; gives NULL, and leaves its value behind, when that cannot be used. */
static const struct schema_key *read_key(struct loader *l, struct place *place, struct config_head *head)
{
	const struct schema_key *key;

	if (!is(l, YAML_SCALAR_EVENT)) {
		complain(l, place->path, "has %s where a key belongs; write key: value", stands_here(l));
		skip(l);
		skip(l);
		return NULL;
	}
	key = schema_find(place->schema, scalar(l));
	if (key && !(head->given & schema_bit(place->schema, key))) {
		object_mark(place->schema, head, key, line_now(l));
		return key;
	}
	if (key)
		complain_twice(l, place, key);
	else
		complain_unknown(l, place, scalar(l));
	next(l);
	skip(l);
	return NULL;
}

/* Reads "key: value" pairs up to the end of the mapping whose start is the current event. */
static void read_section(struct loader *l, struct place *place, void *object)
{
	struct config_head *head = object;
	uint32_t errors = l->report->error_count;

	head->line = line_now(l);
	next(l);
	while (!l->stopped && !is(l, YAML_MAPPING_END_EVENT)) {
		const struct schema_key *key = read_key(l, place, head);
		if (key) {
			next(l);
			read_value(l, place, key, object);
		}
	}
	head->broken = l->report->error_count > errors;
	next(l);
}

/* "- domaina.com" is short for "- name: domaina.com". */
static void read_shorthand(struct loader *l, struct place *place, struct config_head *entry)
{
	uint32_t errors = l->report->error_count;

	entry->line = line_now(l);
	object_mark(place->schema, entry, &place->schema->keys[0], entry->line);
	set_value(l, place, &place->schema->keys[0], entry);
	entry->broken = l->report->error_count > errors;
}

static void finish_entry(
	struct loader *l, enum config_list_id id, struct place *place, struct config_head *entry)
{
	struct config_list *list = &l->config->lists[id];
	int rc;

	if (l->stopped) { /* half an entry says nothing about what is missing in it */
		object_unref(place->schema, entry);
		return;
	}
	rc = entry->broken ? 0 : object_finish(place->schema, entry, place);
	if (rc == -EINVAL)
		entry->broken = true;
	if (rc != -ENOMEM)
		rc = check_room(l->config, id, entry, place) ? -EINVAL
							     : list_insert(list, id, entry, list->count);
	if (rc)
		object_unref(place->schema, entry);
	if (rc == -ENOMEM)
		stop(l, rc);
}

static void read_entry(struct loader *l, enum config_list_id id, const char *list_name, uint32_t i)
{
	const struct schema *schema = schema_of_list(id);
	struct config_head *entry = object_create(schema);
	struct place place;

	if (!entry) {
		stop(l, -ENOMEM);
		return;
	}
	place_init(&place, l->report, schema, entry);
	place_path(&place, "%s[%u]", list_name, i);
	if (is(l, YAML_MAPPING_START_EVENT)) {
		read_section(l, &place, entry);
	} else if (schema->shorthand && is(l, YAML_SCALAR_EVENT) && !is_null(l)) {
		read_shorthand(l, &place, entry);
	} else {
		complain(l, place.path, "takes keys, but %s stands here; write %s: %s", stands_here(l),
			schema->keys[0].name, schema->keys[0].example);
		skip(l);
		object_unref(schema, entry);
		return;
	}
	finish_entry(l, id, &place, entry);
}

static void read_list(struct loader *l, enum config_list_id id, const struct schema_key *key)
{
	next(l);
	for (uint32_t i = 0; !l->stopped && !is(l, YAML_SEQUENCE_END_EVENT); i++) {
		if (i == key->items_max) {
			complain(l, key->name, "has more than %u entries; take some out", key->items_max);
			stop(l, 0);
			return;
		}
		read_entry(l, id, key->name, i);
	}
	next(l);
}

/* The stream around the one document: start, keys, end. */
static void read_stream(struct loader *l)
{
	struct place place;

	place_init(&place, l->report, &schema_root, &l->config->head);
	next(l);
	if (is(l, YAML_STREAM_START_EVENT))
		next(l);
	if (is(l, YAML_STREAM_END_EVENT))
		return;
	next(l);
	if (is(l, YAML_MAPPING_START_EVENT)) {
		read_section(l, &place, l->config);
	} else if (is_null(l)) {
		next(l);
	} else if (!l->stopped) {
		complain(l, "", "holds %s; a configuration is a set of sections, such as ports: and routes:",
			stands_here(l));
		return;
	}
	next(l);
	if (!l->stopped && !is(l, YAML_STREAM_END_EVENT))
		complain(l, "", "holds a second document (---); put everything into one");
}

int config_load_text(struct span text, struct config_report *report, struct config **ret_config)
{
	struct loader l = {.report = report, .config = config_create()};
	uint32_t errors = report->error_count;
	int rc;

	if (!l.config)
		return -ENOMEM;
	if (!yaml_parser_initialize(&l.parser)) {
		config_destroy(l.config);
		return -ENOMEM;
	}
	yaml_parser_set_input_string(&l.parser, (const unsigned char *)text.p, text.len);
	read_stream(&l);
	if (l.have_event)
		yaml_event_delete(&l.event);
	yaml_parser_delete(&l.parser);
	rc = l.error;
	if (!rc && !l.stopped)
		rc = config_check(l.config, report);
	if (!rc && report->error_count > errors)
		rc = -EINVAL;
	if (rc)
		config_destroy(l.config);
	else
		*ret_config = l.config;
	return rc;
}
