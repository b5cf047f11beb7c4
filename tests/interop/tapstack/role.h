/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that need no calls: they echo, swallow, or send by themselves, until both sides have closed.
 * The bytes of a source are a pattern that repeats after ROLE_PERIOD bytes: role_byte().
 */
#ifndef TESTS_INTEROP_TAPSTACK_ROLE_H
#define TESTS_INTEROP_TAPSTACK_ROLE_H

#include "support/stack_api.h"

#include <stdbool.h>

enum role_kind { ROLE_NONE, ROLE_ECHO, ROLE_DISCARD, ROLE_SOURCE, ROLE_KINDS };

enum { ROLE_PERIOD = 1048573 }; /* prime: a piece in the wrong place shows */

struct role {
	enum role_kind kind;
	uint64_t left_bytes; /* of a source: to be sent yet */
	uint64_t sent_bytes;
	bool listens; /* accepts connections that play the role */
};

/* What all connections of a kind did. */
struct role_figures {
	uint64_t begun, ended, failed; /* failed: by reset or timeout, and counted as ended, too */
	uint64_t in_bytes, out_bytes;
};

struct roles {
	struct stack *stack;
	struct role *of; /* [sockets_max], by socket */
	struct pollfd *polled;
	uint32_t sockets_max;
	uint32_t count; /* that play */
	struct role_figures figures[ROLE_KINDS];
};

int roles_init(struct roles *roles, struct stack *stack, uint32_t sockets_max);
void roles_fini(struct roles *roles);
/* "echo", "discard", "source"; ROLE_NONE for others. */
enum role_kind role_named(const char *name);
const char *role_name(enum role_kind kind);
/* From now on the socket belongs to its role, which closes it at the end. */
void role_begin(struct roles *roles, int sock, const struct role *role);
bool role_has(const struct roles *roles, int sock);
/* Does what can be done now. True: something was done, and more may follow. */
bool roles_run(struct roles *roles);

#endif
