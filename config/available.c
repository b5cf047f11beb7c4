/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the model can say and this version cannot do. Files may be written for the deployment to come, but
 * nothing is silently ignored. When a feature arrives, its line here goes, and nothing else changes.
 */
#include "config/check.h"
#include "config/value.h"

#include <string.h>

static const struct {
	const char *schema;
	const char *key;
	const char *value;
	const char *instead;
} missing[] = {
	{"listener", "transport", "tls", "udp"},
	{"node", "transport", "tls", "udp"},
	{"route", "protocol", "tls", "udp"},
};

void check_available(const void *object, const struct place *place)
{
	char value[VALUE_TEXT_MAX];

	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		const struct schema_key *key;
		if (strcmp(missing[i].schema, place->schema->name) != 0)
			continue;
		key = schema_find(place->schema, span_str(missing[i].key));
		ensure(key != NULL);
		value_format(key, object, 0, value);
		if (strcmp(value, missing[i].value) == 0)
			place_error(place, key->name, "%s is not available in this version; write %s", value,
				missing[i].instead);
	}
}

size_t available_note(const struct schema *schema, const struct schema_key *key, char *buf, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		if (strcmp(missing[i].schema, schema->name) != 0 || strcmp(missing[i].key, key->name) != 0)
			continue;
		len += (size_t)snprintf(len < size ? buf + len : NULL, len < size ? size - len : 0, "%s%s",
			len ? ", " : "", missing[i].value);
	}
	return len;
}
