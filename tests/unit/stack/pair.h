/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two instances of the stack library on one wire without delay, by nothing but the library's own calls. */
#ifndef TESTS_UNIT_STACK_PAIR_H
#define TESTS_UNIT_STACK_PAIR_H

#include "support/stack_api.h"

#include <stdbool.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PAIR_MS 1000000ULL

enum { PAIR_PORT = 5060, PAIR_BYTES_MAX = 1 << 20 };

struct pair {
	struct stack *a; /* 192.0.2.1, 2001:db8::1 */
	struct stack *b; /* 192.0.2.2, 2001:db8::2 */
	uint64_t now_ns;
	unsigned passed;    /* packets, both ways */
	unsigned lose_next; /* so many packets are lost from now on */
	bool cut;           /* all are */
};

struct stack_config pair_config(int host);
void pair_start(struct pair *pair, const struct stack_config *a, const struct stack_config *b);
void pair_stop(struct pair *pair);
/* Packets go to and fro until none is left. */
void pair_settle(struct pair *pair);
/* Time passes, and with it what the timers send. */
void pair_wait(struct pair *pair, uint64_t ms);

/* The address of a host (1, 2) as socket calls want it; family AF_INET or AF_INET6. */
socklen_t pair_address(int family, int host, uint16_t port, struct sockaddr_storage *ret_address);
int pair_listen(struct pair *pair, int family, int backlog);
/* a connects to b, which listens: the two ends. */
void pair_connect(struct pair *pair, int family, int *ret_a, int *ret_b);
short pair_poll(struct stack *stack, int sock);

#endif
