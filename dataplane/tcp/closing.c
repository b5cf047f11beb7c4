/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that the application has closed, and whose peer has not finished: nobody here knows them any
 * more, but each still has its place, and its last text. A peer that falls silent then would keep both until
 * TCB_CLOSE, and a host can do that to thousands. So when connections or memory to send run short, those that
 * have been closing longest are reset. An honest peer needs a round trip, and is long gone by then.
 */
#include "tcp/stages_priv.h"

void closing_join(struct tcb *tcb)
{
	ensure(!tcb_has(tcb, TCB_STARVED | TCB_CLOSING) && tcb->state != TCP_CLOSED);
	tcb->flags |= TCB_CLOSING;
	line_join(&tcb->tcp->closing, tcb);
}

void closing_leave(struct tcb *tcb)
{
	if (tcb_has(tcb, TCB_CLOSING))
		line_leave(&tcb->tcp->closing, tcb);
	tcb->flags &= ~(uint32_t)TCB_CLOSING;
}

static void evict(struct tcb *tcb)
{
	tcp_count(tcb->tcp, STAT_tcp_closing_evicted);
	tcb_reset(tcb, TCP_WHY_CLOSE_LIMIT);
}

/* Its place comes free with the next tcp_dispatch(); until then the last eighth serves. */
void closing_make_room(struct tcp *tcp)
{
	uint32_t count = tcp->tcbs.object_count;
	struct tcb *oldest = line_first(tcp, &tcp->closing);

	if (oldest && tcp->tcbs.used >= count - u32_max(1, count / 8))
		evict(oldest);
}

/* Those whose last text was taken wait for a FIN only: to reset them would free nothing to send with. */
void closing_make_memory(struct tcp *tcp, uint32_t cost)
{
	struct tcb *tcb = line_first(tcp, &tcp->closing);

	for (unsigned i = 0; tcb && i < TCP_EVICTIONS_PER_SEND && !send_memory_fits(tcp, cost); i++) {
		struct tcb *next = line_after(tcb);
		if (tcb->snd_pinned > 0)
			evict(tcb);
		tcb = next;
	}
}
