/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Model -> YAML, driven by the schema table. Only keys that the operator gave are written, so that a default
 * that changes in a later version changes for him too. Texts are quoted whenever a YAML reader of any version
 * might take them for something else.
 */
#include "config/load.h"

#include "config/schema.h"
#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* A number, name or path that no YAML version reads as more than itself. */
static bool is_plain(const struct schema_key *key, const char *text)
{
	static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};

	if (!isalnum((unsigned char)text[0]) && text[0] != '.' && text[0] != '/')
		return false;
	for (const char *c = text; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("._/=-", *c))
			return false;
	}
	for (size_t i = 0; key->kind == SCHEMA_TEXT && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i]) == 0)
			return false;
	}
	return true;
}

static void write_text(const struct schema_key *key, const char *text, FILE *out)
{
	if (is_plain(key, text)) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
	putc('"', out);
}

static void write_value(const struct schema_key *key, const void *object, FILE *out)
{
	char text[VALUE_TEXT_MAX];
	unsigned count = value_count(key, object);

	fprintf(out, "%s: %s", key->name, value_is_sequence(key) ? "[" : "");
	for (unsigned i = 0; i < count; i++) {
		value_format(key, object, i, text);
		fputs(i ? ", " : "", out);
		write_text(key, text, out);
	}
	fprintf(out, "%s\n", value_is_sequence(key) ? "]" : "");
}

static const char *indent(unsigned depth)
{
	static const char blanks[] = "        ";

	ensure(depth * 2 < sizeof(blanks));
	return blanks + sizeof(blanks) - 1 - (size_t)depth * 2;
}

/* `first` stands before the first key: the indentation, or the dash of a list's entry. */
static void write_keys(const struct schema *schema, const struct config_head *head, const char *first,
	unsigned depth, FILE *out)
{
	const char *before = first;

	for (unsigned i = 0; i < schema->key_count; i++) {
		const struct schema_key *key = &schema->keys[i];
		if (!(head->given & (1u << i)))
			continue;
		if (key->kind == SCHEMA_SECTION) {
			const struct config_head *inner = value_at_const(key, head);
			if (inner->given) {
				fprintf(out, "%s%s:\n", before, key->name);
				write_keys(key->sub, inner, indent(depth + 1), depth + 1, out);
				before = indent(depth);
			}
			continue;
		}
		fputs(before, out);
		write_value(key, head, out);
		before = indent(depth);
	}
}

static void write_list(const struct schema_key *key, const struct config_list *list, FILE *out)
{
	fprintf(out, "%s:\n", key->name);
	for (uint32_t i = 0; i < list->count; i++)
		write_keys(key->sub, list->items[i], "  - ", 2, out);
}

int config_save(const struct config *config, FILE *out)
{
	bool any = false;

	for (unsigned i = 0; i < schema_root.key_count; i++) {
		const struct schema_key *key = &schema_root.keys[i];
		const void *member = value_at_const(key, config);
		if (key->kind == SCHEMA_LIST ? ((const struct config_list *)member)->count == 0
					     : ((const struct config_head *)member)->given == 0)
			continue;
		fputs(any ? "\n" : "", out);
		any = true;
		if (key->kind == SCHEMA_LIST) {
			write_list(key, member, out);
		} else {
			fprintf(out, "%s:\n", key->name);
			write_keys(key->sub, member, indent(1), 1, out);
		}
	}
	/* A write that failed earlier has left its bytes in the buffer, so this one fails for the same
	 * reason. */
	if (fflush(out))
		return -errno;
	return ferror(out) ? -EIO : 0;
}
