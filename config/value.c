/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading values: text -> model. Writing them back is in format.c. Every refusal quotes what stood there and
 * says what the key takes.
 */
#include "config/value.h"

#include "config/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int refuse(const struct schema_key *key, struct span text, const struct place *place)
{
	char quoted[TEXT_QUOTE_MAX], takes[VALUE_TEXT_MAX];

	value_describe(key, takes);
	place_error(place, key->name, "%s is not %s; write for example %s", text_quote(text, quoted), takes,
		key->example);
	return -EINVAL;
}

static int set_text(const struct schema_key *key, struct span text, char **member, const struct place *place)
{
	char quoted[TEXT_QUOTE_MAX];
	const char *complaint = key->complain(text);
	char *copy;

	if (!complaint && text.len > key->max) {
		place_error(place, key->name, "%s has %zu bytes; write at most %u", text_quote(text, quoted),
			text.len, key->max);
		return -EINVAL;
	}
	if (complaint) {
		place_error(place, key->name, "%s %s", text_quote(text, quoted), complaint);
		return -EINVAL;
	}
	/* Not strndup: it looks for the end of a string, and a span has none. */
	copy = malloc(text.len + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text.p, text.len);
	copy[text.len] = '\0';
	free(*member);
	*member = copy;
	return 0;
}

static void store_uint(const struct schema_key *key, uint64_t value, void *member)
{
	ensure(key->size == 2 || key->size == 4);
	if (key->size == 2)
		*(uint16_t *)member = (uint16_t)value;
	else
		*(uint32_t *)member = (uint32_t)value;
}

static int read_uint(const struct schema_key *key, struct span text, uint64_t *ret_value)
{
	uint64_t value;

	if (key->zero && span_ieq_str(text, key->zero)) {
		*ret_value = 0;
		return 0;
	}
	if (span_to_u64(text, key->max, &value) || value < key->min)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

static int read_octal(struct span text, uint16_t *ret_mode)
{
	unsigned mode = 0;

	if (text.len == 0 || text.len > 4)
		return -EINVAL;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '7')
			return -EINVAL;
		mode = mode << 3 | (unsigned)(text.p[i] - '0');
	}
	if (mode > 0777)
		return -EINVAL;
	*ret_mode = (uint16_t)mode;
	return 0;
}

static int read_bool(struct span text, bool *ret_value)
{
	static const char *const yes[] = {"on", "yes", "true"}, *const no[] = {"off", "no", "false"};

	for (int i = 0; i < 3; i++) {
		if (span_ieq_str(text, yes[i]) || span_ieq_str(text, no[i])) {
			*ret_value = span_ieq_str(text, yes[i]);
			return 0;
		}
	}
	return -EINVAL;
}

static int read_word(const struct schema_key *key, struct span text, unsigned *ret_index)
{
	for (unsigned i = 0; key->words[i]; i++) {
		if (span_ieq_str(text, key->words[i])) {
			*ret_index = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int read_mac(struct span text, uint8_t ret_mac[static 6])
{
	uint8_t mac[6];

	if (text.len != 17)
		return -EINVAL;
	for (int i = 0; i < 6; i++) {
		const char *at = text.p + (ptrdiff_t)i * 3;
		int high = hex_digit(at[0]), low = hex_digit(at[1]);
		if (high < 0 || low < 0 || (i < 5 && at[2] != ':'))
			return -EINVAL;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	/* The group bit marks multicast; all zero means that the device's own is taken. */
	if (mac[0] & 1 || !memcmp(mac, (uint8_t[6]){0}, 6))
		return -EINVAL;
	memcpy(ret_mac, mac, 6);
	return 0;
}

static uint16_t *count_of(const struct schema_key *key, void *object)
{
	return (uint16_t *)((char *)object + key->count_offset);
}

static int refuse_more(const struct schema_key *key, const struct place *place)
{
	place_error(
		place, key->name, "has more than %u items; keep %u at most", key->items_max, key->items_max);
	return -EINVAL;
}

static int add_prefix(const struct schema_key *key, struct span text, void *object, const struct place *place)
{
	struct ip_prefix *prefixes = value_at(key, object);
	uint16_t *count = count_of(key, object);
	struct ip_prefix prefix;

	memset(&prefix, 0, sizeof(prefix));
	if (ip_prefix_parse(text, &prefix) || !memchr(text.p, '/', text.len))
		return refuse(key, text, place);
	if (*count == key->items_max)
		return refuse_more(key, place);
	prefixes[(*count)++] = prefix;
	return 0;
}

static int add_uint(const struct schema_key *key, struct span text, void *object, const struct place *place)
{
	uint16_t *numbers = value_at(key, object);
	uint16_t *count = count_of(key, object);
	uint64_t number;

	if (read_uint(key, text, &number))
		return refuse(key, text, place);
	if (*count == key->items_max)
		return refuse_more(key, place);
	numbers[(*count)++] = (uint16_t)number;
	return 0;
}

int value_set(const struct schema_key *key, struct span text, void *object, const struct place *place)
{
	void *member = value_at(key, object);
	uint64_t number = 0;
	unsigned index = 0;
	int rc = -EINVAL;

	switch (key->kind) {
	case SCHEMA_TEXT:
		return set_text(key, text, member, place);
	case SCHEMA_PREFIXES:
		return add_prefix(key, text, object, place);
	case SCHEMA_UINTS:
		return add_uint(key, text, object, place);
	case SCHEMA_UINT:
		rc = read_uint(key, text, &number);
		if (!rc)
			store_uint(key, number, member);
		break;
	case SCHEMA_OCTAL:
		rc = read_octal(text, member);
		break;
	case SCHEMA_BOOL:
		rc = read_bool(text, member);
		break;
	case SCHEMA_WORD:
		rc = read_word(key, text, &index);
		if (!rc)
			*(uint8_t *)member = (uint8_t)index;
		break;
	case SCHEMA_WORDS:
		rc = read_word(key, text, &index);
		if (!rc)
			*(uint32_t *)member |= 1u << index;
		break;
	case SCHEMA_ADDRESS:
		rc = ip_parse(text, member);
		break;
	case SCHEMA_MAC:
		rc = read_mac(text, member);
		break;
	case SCHEMA_SECTION:
	case SCHEMA_LIST:
		ensure(!"a section or list is no value");
	}
	return rc ? refuse(key, text, place) : 0;
}

void value_clear(const struct schema_key *key, void *object)
{
	ensure(key->kind < SCHEMA_SECTION);
	if (key->kind == SCHEMA_TEXT)
		free(*(char **)value_at(key, object));
	if (key->kind == SCHEMA_PREFIXES || key->kind == SCHEMA_UINTS)
		*count_of(key, object) = 0;
	memset(value_at(key, object), 0, key->size);
}

int value_reset(const struct schema_key *key, void *object)
{
	int rc;

	value_clear(key, object);
	if (!key->fallback)
		return 0;
	rc = value_set(key, span_str(key->fallback), object, NULL);
	ensure(rc != -EINVAL);
	return rc;
}
