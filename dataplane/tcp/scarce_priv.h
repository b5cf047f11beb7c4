/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who waits, and who has to go, when connections or memory run short. */
#ifndef TCP_SCARCE_PRIV_H
#define TCP_SCARCE_PRIV_H

#include "tcp/tcp_priv.h"

/* line.c */
void line_init(struct line *line);
struct tcb *line_first(const struct tcp *tcp, const struct line *line); /* or NULL */
struct tcb *line_after(const struct tcb *tcb);                          /* or NULL */
void line_join(struct line *line, struct tcb *tcb);
void line_leave(struct line *line, struct tcb *tcb);

/* closing.c */
void closing_join(struct tcb *tcb);
void closing_leave(struct tcb *tcb);
void closing_make_room(struct tcp *tcp);                   /* for a tcb, when few are left */
void closing_make_memory(struct tcp *tcp, uint32_t bytes); /* to send so much */

/* stuck.c */
void stuck_make_send_memory(struct tcb *wants, uint32_t bytes);
void stuck_make_receive_memory(struct tcb *wants, uint32_t bytes);

/* starved.c */
uint32_t send_budget_bytes(const struct tcb *tcb);            /* what it may pin for sending */
uint32_t send_high_water(const struct tcb *tcb);              /* from here on it should be given no more */
bool send_memory_fits(const struct tcp *tcp, uint64_t bytes); /* beside what all send queues pin */
bool starved_must_wait(const struct tcb *tcb); /* others wait already, and have waited longer */
void starved_join(struct tcb *tcb, uint32_t bytes);
void starved_leave(struct tcb *tcb);
void starved_grant(struct tcp *tcp);
bool starved_can_grant(const struct tcp *tcp);

#endif
