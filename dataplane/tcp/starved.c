/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections whose send was refused because all send queues together pin too much. They stand in a line.
 * When memory comes free the first of it are told, as many as have room for what they were refused; the next
 * send of one that was told need not wait again. Whoever comes new while others wait goes to the end, so that
 * a busy connection cannot take what comes free before those that have waited.
 */
#include "tcp/stages_priv.h"

bool send_memory_fits(const struct tcp *tcp, uint64_t bytes)
{
	return tcp->snd_pinned_bytes + bytes <= tcp->config.memory_max_bytes / 2;
}

/*
 * A connection has its own limit, and a quarter of what all others leave at most. So the more peers there are
 * that do not read, the less each of them can hold, and something is always left for those that do (dynamic
 * thresholds: Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998).
 */
uint32_t send_budget_bytes(const struct tcb *tcb)
{
	const struct tcp *tcp = tcb->tcp;
	uint64_t all_bytes = tcp->config.memory_max_bytes / 2;
	uint64_t left_bytes = all_bytes > tcp->snd_pinned_bytes ? all_bytes - tcp->snd_pinned_bytes : 0;

	return left_bytes / 4 < tcp->config.send_max_bytes ? (uint32_t)(left_bytes / 4)
							   : tcp->config.send_max_bytes;
}

uint32_t send_high_water(const struct tcb *tcb)
{
	return u32_min(send_budget_bytes(tcb), tcb->tcp->config.send_max_bytes / 2);
}

bool starved_must_wait(const struct tcb *tcb)
{
	return line_first(tcb->tcp, &tcb->tcp->starved) && !tcb_has(tcb, TCB_GRANTED);
}

void starved_join(struct tcb *tcb, uint32_t bytes)
{
	tcb->starved_bytes = bytes;
	tcb->flags &= ~(uint32_t)TCB_GRANTED;
	if (tcb_has(tcb, TCB_STARVED))
		return;
	tcb->flags |= TCB_STARVED;
	line_join(&tcb->tcp->starved, tcb);
}

static void step_out(struct tcb *tcb)
{
	line_leave(&tcb->tcp->starved, tcb);
	tcb->flags &= ~(uint32_t)TCB_STARVED;
}

/* It has what it wanted, or wants nothing any more. */
void starved_leave(struct tcb *tcb)
{
	tcb->flags &= ~(uint32_t)TCB_GRANTED;
	if (tcb_has(tcb, TCB_STARVED))
		step_out(tcb);
}

bool starved_can_grant(const struct tcp *tcp)
{
	const struct tcb *first = line_first(tcp, &tcp->starved);

	return first && send_memory_fits(tcp, first->starved_bytes);
}

void starved_grant(struct tcp *tcp)
{
	uint64_t granted_bytes = 0;

	for (unsigned i = 0; i < TCP_GRANTS_PER_TICK; i++) {
		struct tcb *tcb = line_first(tcp, &tcp->starved);
		if (!tcb || !send_memory_fits(tcp, granted_bytes + tcb->starved_bytes))
			return;
		granted_bytes += tcb->starved_bytes;
		step_out(tcb);
		tcb->flags |= TCB_GRANTED;
		tcb_post(tcb, TCP_WRITABLE);
	}
}
