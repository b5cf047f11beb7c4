/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proxy's world with transactions: a clock that the test turns, and a way out that keeps what was sent in
 * order. world.text is always the message looked at last, so that responses can be made of it.
 */
#ifndef TESTS_PROXY_TXN_WORLD_H
#define TESTS_PROXY_TXN_WORLD_H

#include "world.h"

enum { TXN_WORLD_SENT_MAX = 256, TXN_WORLD_TRANSACTIONS = 8 };

struct sent_message {
	struct proxy_out out;
	char text[KEPT_MAX];
};

struct txn_world {
	unsigned sent_count;
	unsigned seen_count; /* of those, looked at */
	struct sent_message sent[TXN_WORLD_SENT_MAX];
	struct endpoint dead; /* the transport refuses what goes there; port 0: nothing */
	conn_id node_conn;    /* what goes by a stream to a node is taken by that connection */
	unsigned heard;       /* responses that the figures were told of */
};

extern struct txn_world txn_world;

/* Eight transactions fit. */
int txn_setup(void **state);
int txn_teardown(void **state);

/* Time goes on, timers fire as they are due. */
void pass_ms(unsigned ms);
/* The next message sent, in order, went there and begins so; world.text is it then. */
void expect_sent(const char *dst, const char *begin);
/* Looks away from repetitions and our own 100, up to the first other message. */
void skip_routine(void);
/* The next one besides those. */
void expect_next(const char *dst, const char *begin);
/* All places are given back once every timer has run out. */
void expect_all_ends(void);
/* A message seen before: what is made next is made of it. */
void look_at(const char *text);
/* Nothing was sent that was not looked at. */
void expect_quiet(void);
/* How many places are in use; 0 when all transactions have ended and given everything back. */
unsigned txns_in_use(void);

/* A message that a transaction takes. */
void take_from_client(const char *message);
/* An INFO of the client's in the dialog that this Record-Route began. */
const char *in_dialog(const char *cookie);
/* The node that was sent the message in world.text answers it. */
void take_answer(const char *node, const char *status_line);

#endif
