/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages for the tests of sip: read from tests/fixtures, or laid flush against a page that nobody may read.
 */
#ifndef TESTS_SIP_FIXTURE_H
#define TESTS_SIP_FIXTURE_H

#include "base/span.h"

#define FIXTURE_MAX 65536

struct fixture {
	char name[64]; /* the file's name without folder and suffix */
	size_t len;
	char bytes[FIXTURE_MAX];
};

/* Reads one file under tests/fixtures; fails the test when it cannot. */
void fixture_read(const char *path, struct fixture *ret_fixture);

/* Calls visit for each message of tests/fixtures (RFC 4475 and our own), in the order of their names. */
void fixture_each(void (*visit)(const struct fixture *fixture, void *data), void *data);

/* Room for one message, between two pages that may not be read. */
struct guard {
	char *map;
	size_t map_len;
	char *floor; /* the first byte that may be read */
	char *wall;  /* the first one behind that may not */
};

void guard_init(struct guard *guard);
void guard_fini(struct guard *guard);

/* Copies bytes to end at the wall. */
struct span guard_put(const struct guard *guard, struct span bytes);

/* Copies bytes to begin at the floor. */
struct span guard_put_low(const struct guard *guard, struct span bytes);

#endif
