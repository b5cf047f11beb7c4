/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing values: model -> text that value.c reads back to the same, and the words for what a key takes.
 */
#include "config/value.h"

#include <stdio.h>
#include <string.h>

static uint32_t load_uint(const struct schema_key *key, const void *member)
{
	return key->size == 2 ? *(const uint16_t *)member : *(const uint32_t *)member;
}

unsigned value_count(const struct schema_key *key, const void *object)
{
	const void *member = value_at_const(key, object);

	switch (key->kind) {
	case SCHEMA_TEXT:
		return *(char *const *)member != NULL;
	case SCHEMA_PREFIXES:
	case SCHEMA_UINTS:
		return *(const uint16_t *)((const char *)object + key->count_offset);
	case SCHEMA_WORDS:
		return (unsigned)__builtin_popcount(*(const uint32_t *)member);
	case SCHEMA_ADDRESS:
		return ((const struct ip_addr *)member)->family != IP_NONE;
	case SCHEMA_MAC:
		return memcmp(member, (uint8_t[6]){0}, 6) != 0;
	case SCHEMA_UINT: /* a 0 below the range and without a word was never set: none */
		return key->zero || key->min == 0 || load_uint(key, member) != 0;
	default:
		return 1;
	}
}

static void format_uint(const struct schema_key *key, uint32_t number, char *buf)
{
	if (number == 0 && key->zero)
		snprintf(buf, VALUE_TEXT_MAX, "%s", key->zero);
	else
		snprintf(buf, VALUE_TEXT_MAX, "%u", number);
}

static void format_prefix(const struct ip_prefix *prefix, char *buf)
{
	char address[IP_TEXT_MAX];

	ip_format(&prefix->addr, address);
	snprintf(buf, VALUE_TEXT_MAX, "%s/%u", address, prefix->len);
}

/* The name of the i-th bit that is set. */
static const char *word_of_bit(const struct schema_key *key, uint32_t bits, unsigned i)
{
	for (; i > 0; i--)
		bits &= bits - 1;
	ensure(bits != 0);
	return key->words[__builtin_ctz(bits)];
}

void value_format(
	const struct schema_key *key, const void *object, unsigned i, char buf[static VALUE_TEXT_MAX])
{
	const void *member = value_at_const(key, object);
	const uint8_t *mac = member;

	ensure(i < value_count(key, object));
	switch (key->kind) {
	case SCHEMA_TEXT:
		snprintf(buf, VALUE_TEXT_MAX, "%s", *(char *const *)member);
		break;
	case SCHEMA_UINT:
		format_uint(key, load_uint(key, member), buf);
		break;
	case SCHEMA_OCTAL:
		snprintf(buf, VALUE_TEXT_MAX, "%04o", *(const uint16_t *)member);
		break;
	case SCHEMA_BOOL:
		snprintf(buf, VALUE_TEXT_MAX, "%s", *(const bool *)member ? "on" : "off");
		break;
	case SCHEMA_WORD:
		snprintf(buf, VALUE_TEXT_MAX, "%s", key->words[*(const uint8_t *)member]);
		break;
	case SCHEMA_WORDS:
		snprintf(buf, VALUE_TEXT_MAX, "%s", word_of_bit(key, *(const uint32_t *)member, i));
		break;
	case SCHEMA_ADDRESS:
		ip_format(member, buf);
		break;
	case SCHEMA_PREFIXES:
		format_prefix((const struct ip_prefix *)member + i, buf);
		break;
	case SCHEMA_UINTS:
		format_uint(key, ((const uint16_t *)member)[i], buf);
		break;
	case SCHEMA_MAC:
		snprintf(buf, VALUE_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
			mac[4], mac[5]);
		break;
	case SCHEMA_SECTION:
	case SCHEMA_LIST:
		ensure(!"a section or list is no value");
	}
}

bool value_equal(const struct schema_key *key, const void *a, const void *b)
{
	const void *left = value_at_const(key, a), *right = value_at_const(key, b);
	unsigned count = value_count(key, a);

	ensure(key->kind < SCHEMA_SECTION);
	if (count != value_count(key, b))
		return false;
	if (key->kind == SCHEMA_TEXT)
		return count == 0 || strcmp(*(char *const *)left, *(char *const *)right) == 0;
	/* The members that hold no pointer have no padding that varies: unused array items stay zero. */
	return memcmp(left, right, key->size) == 0;
}

static void describe_words(const struct schema_key *key, char *buf)
{
	size_t len = (size_t)snprintf(buf, VALUE_TEXT_MAX, "one of");

	for (unsigned i = 0; key->words[i] && len < VALUE_TEXT_MAX; i++)
		len += (size_t)snprintf(
			buf + len, VALUE_TEXT_MAX - len, "%s %s", i ? "," : "", key->words[i]);
}

static void describe_uint(const struct schema_key *key, char *buf)
{
	if (key->zero)
		snprintf(buf, VALUE_TEXT_MAX, "\"%s\" or a number from %u to %u", key->zero, key->min,
			key->max);
	else
		snprintf(buf, VALUE_TEXT_MAX, "a number from %u to %u", key->min, key->max);
}

void value_describe(const struct schema_key *key, char buf[static VALUE_TEXT_MAX])
{
	static const char *const fixed[] = {
		[SCHEMA_OCTAL] = "a set of permission bits in octal, 0000 to 0777",
		[SCHEMA_BOOL] = "on or off",
		[SCHEMA_ADDRESS] = "an IPv4 or IPv6 address",
		[SCHEMA_PREFIXES] = "an address with its prefix length",
		[SCHEMA_MAC] = "a unicast MAC address",
		[SCHEMA_SECTION] = "a section of keys",
		[SCHEMA_LIST] = "a list of entries",
	};

	switch (key->kind) {
	case SCHEMA_WORD:
	case SCHEMA_WORDS:
		describe_words(key, buf);
		break;
	case SCHEMA_UINT:
	case SCHEMA_UINTS:
		describe_uint(key, buf);
		break;
	case SCHEMA_TEXT:
		snprintf(buf, VALUE_TEXT_MAX, "a text of at most %u bytes", key->max);
		break;
	default:
		snprintf(buf, VALUE_TEXT_MAX, "%s", fixed[key->kind]);
	}
}
