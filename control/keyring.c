/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Called at the start, and by keys.c for changes; loading and saving run on the compile thread then. Findings
 * never quote what the file says: a key with one wrong digit is nearly a key.
 */
#include "control/keyring.h"

#include "config/disk.h"
#include "sip/write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { KEY_DIGITS = 2 * sizeof(struct hash_key) };

static const char *const use_words[] = {
	[KEY_NONE] = "none", [KEY_SIGN] = "sign", [KEY_NEXT] = "next", [KEY_OLD] = "old"};

/* ---- keys ---- */

int key_draw(struct hash_key *ret_key)
{
	struct hash_key key;

	/* Up to 256 bytes come whole or not at all. */
	if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return -errno;
	*ret_key = key;
	return 0;
}

void key_id(const struct hash_key *key, char buf[static KEY_ID_LEN + 1])
{
	static const char what[] = "which key is this";

	/* Another function of the key than those that seal (base/lightmac.h): the id says nothing about a
	 * seal. */
	snprintf(buf, KEY_ID_LEN + 1, "%08x", (uint32_t)siphash(key, what, sizeof(what)));
}

const char *key_use_name(enum key_use use)
{
	return use_words[use];
}

/* ---- the ring ---- */

int keyring_draw(struct keyring *ret_ring)
{
	struct keyring ring = {.use = {KEY_SIGN, KEY_NONE}};
	int ret = key_draw(&ring.key[0]);

	if (ret == 0)
		*ret_ring = ring;
	return ret;
}

unsigned keyring_signer(const struct keyring *ring)
{
	ensure((ring->use[0] == KEY_SIGN) != (ring->use[1] == KEY_SIGN));
	return ring->use[1] == KEY_SIGN;
}

int keyring_add(struct keyring *ring)
{
	unsigned other = !keyring_signer(ring);
	int ret = ring->use[other] == KEY_NEXT ? -EEXIST : key_draw(&ring->key[other]);

	if (ret == 0)
		ring->use[other] = KEY_NEXT;
	return ret;
}

int keyring_rotate(struct keyring *ring)
{
	unsigned signer = keyring_signer(ring);
	int ret = keyring_add(ring);

	if (ret < 0 && ret != -EEXIST)
		return ret;
	ring->use[!signer] = KEY_SIGN;
	ring->use[signer] = KEY_OLD;
	return 0;
}

struct cookie_keys keyring_keys(const struct keyring *ring)
{
	unsigned signer = keyring_signer(ring);
	/* A place without a key accepts what the other place has: nothing more than before. */
	unsigned other = ring->use[!signer] == KEY_NONE ? signer : !signer;
	struct cookie_keys keys = {.current = (uint8_t)signer};

	lightmac_key_init(&keys.key[signer], &ring->key[signer]);
	lightmac_key_init(&keys.key[!signer], &ring->key[other]);
	return keys;
}

/* ---- the file as text ---- */

struct reader {
	struct config_report *report;
	uint32_t line;
	uint32_t lines[KEYRING_PLACES]; /* where each place was read; 0: not yet */
	struct keyring ring;
};

/* The next word of the rest; empty at its end. */
static struct span take_word(struct span *rest)
{
	size_t at = 0;
	size_t end;

	while (at < rest->len && (rest->p[at] == ' ' || rest->p[at] == '\t' || rest->p[at] == '\r'))
		at++;
	end = at;
	while (end < rest->len && rest->p[end] != ' ' && rest->p[end] != '\t' && rest->p[end] != '\r')
		end++;
	struct span word = span_of(rest->p + at, end - at);
	*rest = span_of(rest->p + end, rest->len - end);
	return word;
}

static void read_key(struct reader *reader, struct span digits, struct hash_key *ret_key)
{
	struct hash_key key = {0};

	if (digits.len != KEY_DIGITS)
		config_report_error(reader->report, reader->line, "key",
			"has %zu characters; a key has %d hexadecimal digits, as from `openssl rand -hex 16`",
			digits.len, KEY_DIGITS);
	else if (sip_read_hex(digits, &key, sizeof(key)) != 0)
		config_report_error(reader->report, reader->line, "key",
			"has a character that is no hexadecimal digit; write 0-9 and a-f only");
	else if (key.k0 == 0 && key.k1 == 0)
		config_report_error(reader->report, reader->line, "key",
			"is all zero, which everybody can guess; draw one with `openssl rand -hex 16`");
	*ret_key = key;
}

static enum key_use read_use(struct reader *reader, struct span word)
{
	for (enum key_use use = KEY_SIGN; use <= KEY_OLD; use++)
		if (span_eq_str(word, use_words[use]))
			return use;
	config_report_error(reader->report, reader->line, "use",
		"is none of sign, next and old; write for example 0 sign KEY");
	return KEY_NONE;
}

static void read_line(struct reader *reader, struct span text)
{
	struct span place = take_word(&text);
	struct span use = take_word(&text);
	struct span digits = take_word(&text);
	unsigned at;

	if (span_empty(place) || place.p[0] == '#')
		return;
	if (!span_eq_str(place, "0") && !span_eq_str(place, "1")) {
		config_report_error(reader->report, reader->line, "place",
			"is neither 0 nor 1; write for example 0 sign KEY");
		return;
	}
	at = place.p[0] == '1';
	if (reader->lines[at] != 0) {
		config_report_error(reader->report, reader->line, "place",
			"%u stands here twice, first on line %u; keep one of the two", at, reader->lines[at]);
		return;
	}
	reader->lines[at] = reader->line;
	reader->ring.use[at] = read_use(reader, use);
	read_key(reader, digits, &reader->ring.key[at]);
	if (!span_empty(take_word(&text)))
		config_report_error(reader->report, reader->line, "",
			"has more than place, use and key; put the rest into a line of its own behind #");
}

static void check_signer(const struct reader *reader)
{
	const enum key_use *use = reader->ring.use;

	if (use[0] != KEY_SIGN && use[1] != KEY_SIGN)
		config_report_error(reader->report, reader->line, "",
			"has no key to sign with; write a line 0 sign KEY, or take the file away to get a "
			"new one");
	else if (use[0] == KEY_SIGN && use[1] == KEY_SIGN)
		config_report_error(reader->report, reader->lines[1], "use",
			"is sign for both keys; write next or old for one of them");
}

int keyring_parse(struct span text, struct config_report *report, struct keyring *ret_ring)
{
	struct reader reader = {.report = report};
	uint32_t errors = report->error_count;

	while (text.len > 0) {
		const char *newline = memchr(text.p, '\n', text.len);
		struct span line = span_from(text.p, newline ? newline : span_end(text));
		reader.line++;
		read_line(&reader, line);
		text = newline ? span_from(newline + 1, span_end(text)) : span_of(NULL, 0);
	}
	if (report->error_count == errors)
		check_signer(&reader);
	if (report->error_count > errors)
		return -EINVAL;
	*ret_ring = reader.ring;
	return 0;
}

/* ---- the file on the disk ---- */

static bool is_private(const struct stat *status, struct config_report *report)
{
	if (status->st_uid != geteuid() && status->st_uid != 0)
		config_report_error(report, 0, "", "belongs to user %u, not to us; chown it to user %u",
			status->st_uid, geteuid());
	else if (status->st_mode & 0077)
		config_report_error(report, 0, "", "may be used by others (mode %04o); chmod it to 0600",
			status->st_mode & 07777);
	else
		return true;
	return false;
}

int keyring_load(const char *path, struct config_report *report, struct keyring *ret_ring)
{
	char complaint[CONFIG_FINDING_TEXT_MAX];
	struct disk_file file;
	int ret = disk_read(path, KEYRING_FILE_MAX_BYTES, &file);

	if (ret < 0) {
		if (ret != -ENOENT)
			config_report_error(
				report, 0, "", "%s", disk_complaint(ret, complaint, sizeof(complaint)));
		return ret;
	}
	ret = is_private(&file.status, report) ? 0 : -EACCES;
	if (ret == 0)
		ret = keyring_parse(span_of(file.bytes, file.len), report, ret_ring);
	explicit_bzero(file.bytes, file.len);
	free(file.bytes);
	return ret;
}

static int write_ring(FILE *out, const void *what)
{
	const struct keyring *ring = what;
	char digits[KEY_DIGITS];
	char id[KEY_ID_LEN + 1];

	fprintf(out,
		"# The keys of a sluice or of a cluster of them: place, use, key. Secret; mode 0600.\n"
		"# sign: seals and is accepted. next: is accepted, will sign. old: is still accepted.\n");
	for (unsigned i = 0; i < KEYRING_PLACES; i++) {
		if (ring->use[i] == KEY_NONE)
			continue;
		key_id(&ring->key[i], id);
		struct sip_writer w = sip_writer_of(digits, sizeof(digits));
		sip_write_hex(&w, &ring->key[i], sizeof(ring->key[i]));
		fprintf(out, "# id %s\n%u %s %.*s\n", id, i, use_words[ring->use[i]], KEY_DIGITS, digits);
	}
	return ferror(out) ? -EIO : 0;
}

int keyring_save(const struct keyring *ring, const char *path)
{
	return disk_replace(path, 0600, write_ring, ring);
}
