/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The applications of the simulation: what they are told, and what they call. */
#ifndef SIM_TCP_APP_H
#define SIM_TCP_APP_H

#include "tcp/tcp_sim.h"

/* tcp_app.c */
uint8_t tcp_app_byte(const struct side *sender, uint32_t offset);
void tcp_app_event(void *ctx, struct tcb *tcb, enum tcp_event event, enum tcp_reason why);
/* The side of the connection that is being opened from there and not yet accepted; NULL: none. */
struct side *tcp_app_expects(struct sim_host *host, const struct endpoint *from);
void tcp_app_begun(struct side *side);
void tcp_app_readable(struct side *side);
void tcp_app_peer_closed(struct side *side);
void tcp_app_ended(struct side *side, enum tcp_reason why);

/* tcp_end.c: what an application calls, whatever its host is. */
void end_open(struct side *side);
bool end_lives(const struct side *side);
bool end_write(struct side *side, uint32_t bytes);  /* false: not now */
uint32_t end_read(struct side *side, uint32_t max); /* checks what it reads; returns how much */
bool end_unread(const struct side *side);
void end_shutdown(struct side *side);
void end_close(struct side *side);
void end_abort(struct side *side);

#endif
