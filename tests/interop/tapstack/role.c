/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each role in a few calls of the library. What is echoed stays in the receive queue until it was queued. */
#include "role.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 32768 };

static const char *const names[ROLE_KINDS] = {"none", "echo", "discard", "source"};

/* Two periods, so that a piece can begin anywhere in the first. */
static char pattern[ROLE_PERIOD + PIECE];

static void pattern_fill(void)
{
	for (uint32_t i = 0; i < sizeof(pattern); i++) {
		uint32_t at = i % ROLE_PERIOD;
		pattern[i] = (char)((at * 2654435761U) >> 24);
	}
}

int roles_init(struct roles *roles, struct stack *stack, uint32_t sockets_max)
{
	*roles = (struct roles){.stack = stack, .sockets_max = sockets_max};
	pattern_fill();
	roles->of = calloc(sockets_max, sizeof(*roles->of));
	roles->polled = calloc(sockets_max, sizeof(*roles->polled));
	if (roles->of && roles->polled)
		return 0;
	roles_fini(roles);
	return -ENOMEM;
}

void roles_fini(struct roles *roles)
{
	free(roles->of);
	free(roles->polled);
}

enum role_kind role_named(const char *name)
{
	for (int kind = ROLE_ECHO; kind < ROLE_KINDS; kind++) {
		if (strcmp(names[kind], name) == 0)
			return (enum role_kind)kind;
	}
	return ROLE_NONE;
}

const char *role_name(enum role_kind kind)
{
	return names[kind];
}

void role_begin(struct roles *roles, int sock, const struct role *role)
{
	roles->of[sock] = *role;
	roles->count++;
	if (!role->listens)
		roles->figures[role->kind].begun++;
}

bool role_has(const struct roles *roles, int sock)
{
	return sock >= 0 && (uint32_t)sock < roles->sockets_max && roles->of[sock].kind != ROLE_NONE;
}

static void role_end(struct roles *roles, int sock, bool failed)
{
	struct role_figures *figures = &roles->figures[roles->of[sock].kind];

	figures->ended++;
	figures->failed += failed;
	roles->of[sock].kind = ROLE_NONE;
	roles->count--;
	(void)stack_close(roles->stack, sock);
}

static bool role_accept(struct roles *roles, int sock)
{
	struct role role = roles->of[sock];
	int connection = stack_accept(roles->stack, sock, NULL, NULL);

	if (connection < 0)
		return false;
	role.listens = false;
	role_begin(roles, connection, &role);
	return true;
}

/* The end or an error; -EAGAIN is neither. */
static bool ends(struct roles *roles, int sock, ssize_t ret)
{
	if (ret == -EAGAIN || ret > 0)
		return false;
	role_end(roles, sock, ret < 0);
	return true;
}

static bool echo_run(struct roles *roles, int sock)
{
	struct role_figures *figures = &roles->figures[ROLE_ECHO];
	static char bytes[PIECE];
	ssize_t in = stack_recv(roles->stack, sock, bytes, sizeof(bytes), MSG_PEEK);
	ssize_t out;

	if (in <= 0)
		return ends(roles, sock, in);
	out = stack_send(roles->stack, sock, bytes, (size_t)in, 0);
	if (out <= 0)
		return out != -ENOMEM && ends(roles, sock, out);
	(void)stack_recv(roles->stack, sock, bytes, (size_t)out, 0);
	figures->in_bytes += (uint64_t)out;
	figures->out_bytes += (uint64_t)out;
	return true;
}

static bool discard_run(struct roles *roles, int sock)
{
	static char bytes[PIECE];
	ssize_t in = stack_recv(roles->stack, sock, bytes, sizeof(bytes), 0);

	if (in <= 0)
		return ends(roles, sock, in);
	roles->figures[roles->of[sock].kind].in_bytes += (uint64_t)in;
	return true;
}

static bool source_run(struct roles *roles, int sock)
{
	struct role *role = &roles->of[sock];
	size_t len = role->left_bytes < PIECE ? (size_t)role->left_bytes : PIECE;
	ssize_t out;

	/* What comes is of no interest, and its end ends the connection. */
	if (role->left_bytes == 0)
		return discard_run(roles, sock);
	out = stack_send(roles->stack, sock, pattern + role->sent_bytes % ROLE_PERIOD, len, 0);
	if (out <= 0)
		return out != -ENOMEM && ends(roles, sock, out);
	role->sent_bytes += (uint64_t)out;
	role->left_bytes -= (uint64_t)out;
	roles->figures[ROLE_SOURCE].out_bytes += (uint64_t)out;
	if (role->left_bytes == 0)
		(void)stack_shutdown(roles->stack, sock, SHUT_WR);
	return true;
}

static bool role_run(struct roles *roles, int sock)
{
	if (roles->of[sock].listens)
		return role_accept(roles, sock);
	switch (roles->of[sock].kind) {
	case ROLE_ECHO:
		return echo_run(roles, sock);
	case ROLE_DISCARD:
		return discard_run(roles, sock);
	case ROLE_SOURCE:
		return source_run(roles, sock);
	default:
		return false;
	}
}

/* What each waits for: a source with bytes left for room, all others for something to take. */
static nfds_t gather(struct roles *roles)
{
	nfds_t count = 0;

	for (uint32_t i = 0; i < roles->sockets_max && count < roles->count; i++) {
		const struct role *role = &roles->of[i];
		bool sends = role->kind == ROLE_SOURCE && !role->listens && role->left_bytes > 0;
		if (role->kind == ROLE_NONE)
			continue;
		roles->polled[count++] = (struct pollfd){.fd = (int)i, .events = sends ? POLLOUT : POLLIN};
	}
	return count;
}

bool roles_run(struct roles *roles)
{
	nfds_t count = gather(roles);
	bool more = false;

	if (stack_poll(roles->stack, roles->polled, count) == 0)
		return false;
	for (nfds_t i = 0; i < count; i++) {
		if (roles->polled[i].revents)
			more |= role_run(roles, roles->polled[i].fd);
	}
	return more;
}
