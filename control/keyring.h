/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys that branches and cookies are sealed with, and the file that keeps them over a restart and gives
 * all instances of a cluster the same ones (R-LB-7). There are two places for keys; the number of the place
 * is written into what is sealed, so it must be the same everywhere.
 *
 * The file has a line for each key, "0 sign 0123456789abcdef0123456789abcdef": place, use, 32 hex digits.
 */
#ifndef CONTROL_KEYRING_H
#define CONTROL_KEYRING_H

#include "base/ensure.h"
#include "base/hash.h"
#include "base/span.h"
#include "config/report.h"
#include "snapshot.h"

enum { KEYRING_PLACES = 2, KEY_ID_LEN = 8, KEYRING_FILE_MAX_BYTES = 4096 };

enum key_use {
	KEY_NONE,
	KEY_SIGN, /* seals, and is accepted; there is exactly one */
	KEY_NEXT, /* is accepted, because another instance may seal with it already; will sign */
	KEY_OLD,  /* is accepted for what it sealed when it signed */
};

struct keyring {
	struct hash_key key[KEYRING_PLACES];
	enum key_use use[KEYRING_PLACES];
};

/* A key from the system's random numbers. 0 or -errno. */
must_use int key_draw(struct hash_key *ret_key);
/* Names a key without telling it: eight hex digits and a NUL. */
void key_id(const struct hash_key *key, char buf[static KEY_ID_LEN + 1]);
const char *key_use_name(enum key_use use);

/* One new key, which signs. 0 or -errno. */
must_use int keyring_draw(struct keyring *ret_ring);
/* The place of the key that signs. */
unsigned keyring_signer(const struct keyring *ring);
/* Draws the next key, in the place of the old one. 0, -EEXIST: there is a next one, or -errno. */
must_use int keyring_add(struct keyring *ring);
/* The next key signs, drawn if there is none; the one that signed is the old one. 0 or -errno. */
must_use int keyring_rotate(struct keyring *ring);
/* For the snapshot. */
struct cookie_keys keyring_keys(const struct keyring *ring);

/* What the file says. 0, or -EINVAL with every mistake in the report; no text of the file is quoted there. */
must_use int keyring_parse(struct span text, struct config_report *report, struct keyring *ret_ring);
/*
 * Reads the file, which nobody but its owner may read, and who is us or root. 0, -ENOENT (not in the report),
 * or -errno with the reason in the report.
 */
must_use int keyring_load(const char *path, struct config_report *report, struct keyring *ret_ring);
/* Replaces the file at once or not at all. 0 or -errno. */
must_use int keyring_save(const struct keyring *ring, const char *path);

#endif
