/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one table behind load, save, diff, live changes and the reference page: every key an operator can
 * write, where its value lives in the model, what it may be, what it is when left out, and what it is for.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "base/span.h"
#include "config/model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum schema_kind {
	SCHEMA_TEXT,     /* char *, owned */
	SCHEMA_UINT,     /* uint16_t or uint32_t */
	SCHEMA_OCTAL,    /* uint16_t, permission bits */
	SCHEMA_BOOL,     /* bool */
	SCHEMA_WORD,     /* uint8_t, index into words */
	SCHEMA_WORDS,    /* uint32_t, bits by index into words */
	SCHEMA_ADDRESS,  /* struct ip_addr */
	SCHEMA_PREFIXES, /* array of struct ip_prefix */
	SCHEMA_UINTS,    /* array of uint16_t */
	SCHEMA_MAC,      /* six bytes */
	SCHEMA_SECTION,  /* struct that opens with config_head, described by sub */
	SCHEMA_LIST,     /* struct config_list of entries described by sub */
};

struct schema;
struct place;

struct schema_key {
	const char *name;
	enum schema_kind kind;
	bool required;
	uint16_t offset;
	uint16_t size;
	uint16_t count_offset; /* arrays: where the uint16_t count lives */
	uint32_t items_max;    /* arrays and lists */
	uint32_t min;          /* numbers */
	uint32_t max;          /* numbers; texts: bytes */
	const char *zero;      /* numbers: the word an operator writes for 0 */
	const char *fallback;  /* the default as a file would hold it; NULL = none */
	const char *const *words;
	const char *(*complain)(struct span text); /* texts: NULL = fine, else "is ...; write ..." */
	const struct schema *sub;
	const char *example; /* a right value, for error texts and the reference */
	const char *doc;
};

struct schema {
	const char *name; /* of one: "route" */
	const char *doc;  /* of a section; NULL for the entries of a list */
	size_t size;
	const struct schema_key *keys;
	unsigned key_count;
	bool shorthand;        /* in a list, a bare scalar stands for the first key */
	uint16_t derived_text; /* offset of a char * that derive makes, owned like a text; 0 = none */
	/* Fills what follows from other keys, complains about what contradicts itself. 0, -EINVAL, -ENOMEM.
	 */
	int (*derive)(void *object, const struct place *place);
};

extern const struct schema schema_root;

const struct schema *schema_of_list(enum config_list_id list);

/* The root's key of a list, and the other way round. */
const struct schema_key *schema_list_key(enum config_list_id list);
enum config_list_id schema_list_id(const struct schema_key *key);

/* NULL when there is no such key. */
const struct schema_key *schema_find(const struct schema *schema, struct span name);

static inline unsigned schema_index(const struct schema *schema, const struct schema_key *key)
{
	return (unsigned)(key - schema->keys);
}

static inline uint32_t schema_bit(const struct schema *schema, const struct schema_key *key)
{
	return 1u << schema_index(schema, key);
}

/* Whether the operator gave the key; the name must be one of the schema's. */
bool schema_given(const struct schema *schema, const struct config_head *head, const char *name);

/* The key that an operator most likely meant; NULL when none is near. */
const struct schema_key *schema_guess(const struct schema *schema, struct span name);

#endif
