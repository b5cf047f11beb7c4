/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The config reference, written from the schema table: a page that cannot disagree with the program.
 */
#include "config/load.h"

#include "config/check.h"
#include "config/schema.h"
#include "config/value.h"

#include <string.h>

/* A bar would end a table's cell. */
static void write_cell(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '|')
			putc('\\', out);
		putc(*text, out);
	}
}

static void write_default(const struct schema_key *key, FILE *out)
{
	if (key->required)
		fputs("required", out);
	else if (key->fallback)
		fprintf(out, "`%s`", key->fallback);
	else
		fputs("none", out);
}

static void write_takes(const struct schema *schema, const struct schema_key *key, FILE *out)
{
	char takes[VALUE_TEXT_MAX], missing[VALUE_TEXT_MAX];

	if (key->kind == SCHEMA_SECTION) {
		fprintf(out, "the keys of [%s](#%s)", key->sub->name, key->sub->name);
		return;
	}
	value_describe(key, takes);
	if (value_is_sequence(key))
		fprintf(out, "a list of up to %u: ", key->items_max);
	write_cell(takes, out);
	if (available_note(schema, key, missing, sizeof(missing)))
		fprintf(out, " (not in this version: %s)", missing);
}

static void write_keys(const struct schema *schema, FILE *out)
{
	fputs("| key | takes | default | example | |\n|---|---|---|---|---|\n", out);
	for (unsigned i = 0; i < schema->key_count; i++) {
		const struct schema_key *key = &schema->keys[i];
		fprintf(out, "| `%s` | ", key->name);
		write_takes(schema, key, out);
		fputs(" | ", out);
		write_default(key, out);
		fputs(" | ", out);
		if (key->example)
			fprintf(out, "`%s`", key->example);
		fputs(" | ", out);
		write_cell(key->doc, out);
		fputs(" |\n", out);
	}
	putc('\n', out);
}

static void write_root_key(const struct schema_key *key, FILE *out)
{
	fprintf(out, "## %s\n\n", key->name);
	if (key->kind == SCHEMA_LIST) {
		fprintf(out, "%s At most %u.", key->doc, key->items_max);
		if (key->sub->shorthand)
			fprintf(out, " An entry that is a single value, `- %s`, is short for `- %s: %s`.",
				key->sub->keys[0].example, key->sub->keys[0].name, key->sub->keys[0].example);
		fputs("\n\n", out);
	} else {
		fprintf(out, "%s\n\n", key->sub->doc);
	}
	write_keys(key->sub, out);
}

void config_reference_write(FILE *out)
{
	fputs("# Configuration reference\n\n"
	      "Generated from the table that also reads, checks and saves the file.\n\n"
	      "A configuration is one YAML file in UTF-8. `sluice --check FILE` reads and checks it and does "
	      "nothing "
	      "else: each finding names file, line, key, what is wrong and what would be right, and all are "
	      "told "
	      "at once. Anchors, aliases, tags and further documents are refused. A key that is left out has "
	      "its "
	      "default. Live commands take the same keys as `key=value`; lists stand in brackets, keys of a "
	      "section inside an entry behind a dot (`probe.fall=2`), and an empty value takes a key back to "
	      "its "
	      "default.\n\n",
		out);
	for (unsigned i = 0; i < schema_root.key_count; i++)
		fprintf(out, "- [%s](#%s)\n", schema_root.keys[i].name, schema_root.keys[i].name);
	putc('\n', out);
	for (unsigned i = 0; i < schema_root.key_count; i++)
		write_root_key(&schema_root.keys[i], out);
}
