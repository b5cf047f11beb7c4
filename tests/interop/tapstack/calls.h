/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of text, one call of the stack library, one line of answer. */
#ifndef TESTS_INTEROP_TAPSTACK_CALLS_H
#define TESTS_INTEROP_TAPSTACK_CALLS_H

#include "role.h"

enum { CALL_BYTES_MAX = 16384, CALL_LINE_MAX = 2 * CALL_BYTES_MAX + 256, CALL_WORDS_MAX = 6 };

/* A line that is answered when a socket has one of the events, or when the time is over. */
struct call_wait {
	int sock;
	short events; /* 0: nothing is waited for */
	uint64_t until_ns;
};

struct calls {
	struct stack *stack;
	struct roles *roles;
	uint64_t now_ns;
	uint64_t away_max_ns; /* longest time between two turns of the loop */
};

/* Writes the answer, without the line's end; or sets *ret_wait and leaves the answer to calls_waited(). */
void calls_line(
	struct calls *calls, char *line, char answer[static CALL_LINE_MAX], struct call_wait *ret_wait);
/* True when the wait is over; then the answer is written and the wait is none any more. */
bool calls_waited(struct calls *calls, struct call_wait *wait, char answer[static CALL_LINE_MAX]);

#endif
