/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The unix socket of the program: each line of a client is one call, answered in order. */
#ifndef TESTS_INTEROP_TAPSTACK_CONTROL_H
#define TESTS_INTEROP_TAPSTACK_CONTROL_H

#include "calls.h"

enum { CONTROL_CLIENTS_MAX = 16 };

struct control_client {
	int fd; /* -1: none */
	struct call_wait wait;
	size_t used; /* of line */
	char line[CALL_LINE_MAX];
};

struct control {
	int listener; /* -1: no control socket */
	struct control_client clients[CONTROL_CLIENTS_MAX];
};

/* path NULL: without one. 0 or -errno. */
int control_init(struct control *control, const char *path);
void control_fini(struct control *control);
/* What to poll: the listener and the clients. Returns how many. */
nfds_t control_polled(const struct control *control, struct pollfd polled[static CONTROL_CLIENTS_MAX + 1]);
/* Takes new clients, runs the lines that came, answers waits that are over. */
void control_run(struct control *control, struct calls *calls);
/* The first end of a wait; UINT64_MAX: none. */
uint64_t control_next_ns(const struct control *control);

#endif
