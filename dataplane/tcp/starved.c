/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections whose send was refused because all send queues together pin too much. They stand in a line.
 * When memory comes free the first of it are told, as many as have room for what they were refused; the next
 * send of one that was told need not wait again. Whoever comes new while others wait goes to the end, so that
 * a busy connection cannot take what comes free before those that have waited.
 */
#include "tcp/stages_priv.h"

static struct tcb *starved_at(const struct tcp *tcp, uint32_t index)
{
	return pool_at(&tcp->tcbs, index);
}

void starved_init(struct tcp *tcp)
{
	tcp->starved_first = tcp->starved_last = POOL_NONE;
}

bool starved_must_wait(const struct tcb *tcb)
{
	return tcb->tcp->starved_first != POOL_NONE && !tcb_has(tcb, TCB_GRANTED);
}

void starved_join(struct tcb *tcb, uint32_t bytes)
{
	struct tcp *tcp = tcb->tcp;
	uint32_t index = pool_index(&tcp->tcbs, tcb);

	tcb->starved_bytes = bytes;
	tcb->flags &= ~(uint32_t)TCB_GRANTED;
	if (tcb_has(tcb, TCB_STARVED))
		return;
	tcb->flags |= TCB_STARVED;
	tcb->starved_next = POOL_NONE;
	tcb->starved_prev = tcp->starved_last;
	if (tcp->starved_last == POOL_NONE)
		tcp->starved_first = index;
	else
		starved_at(tcp, tcp->starved_last)->starved_next = index;
	tcp->starved_last = index;
}

static void step_out(struct tcb *tcb)
{
	struct tcp *tcp = tcb->tcp;

	if (tcb->starved_prev == POOL_NONE)
		tcp->starved_first = tcb->starved_next;
	else
		starved_at(tcp, tcb->starved_prev)->starved_next = tcb->starved_next;
	if (tcb->starved_next == POOL_NONE)
		tcp->starved_last = tcb->starved_prev;
	else
		starved_at(tcp, tcb->starved_next)->starved_prev = tcb->starved_prev;
	tcb->flags &= ~(uint32_t)TCB_STARVED;
}

/* It has what it wanted, or wants nothing any more. */
void starved_leave(struct tcb *tcb)
{
	tcb->flags &= ~(uint32_t)TCB_GRANTED;
	if (tcb_has(tcb, TCB_STARVED))
		step_out(tcb);
}

/* For what the first in the line wants, when so much is pinned. */
static bool has_room(const struct tcp *tcp, uint64_t pinned_bytes)
{
	const struct tcb *first = starved_at(tcp, tcp->starved_first);

	return pinned_bytes + first->starved_bytes <= tcp->config.memory_max_bytes / 2;
}

bool starved_can_grant(const struct tcp *tcp)
{
	return tcp->starved_first != POOL_NONE && has_room(tcp, tcp->snd_pinned_bytes);
}

void starved_grant(struct tcp *tcp)
{
	uint64_t pinned_bytes = tcp->snd_pinned_bytes;

	for (unsigned i = 0; i < TCP_GRANTS_PER_TICK && tcp->starved_first != POOL_NONE; i++) {
		struct tcb *tcb = starved_at(tcp, tcp->starved_first);
		if (!has_room(tcp, pinned_bytes))
			return;
		pinned_bytes += tcb->starved_bytes;
		step_out(tcb);
		tcb->flags |= TCB_GRANTED;
		tcb_post(tcb, TCP_WRITABLE);
	}
}
