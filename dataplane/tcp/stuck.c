/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Peers that take nothing of what they are sent: their windows stay closed, or nothing of theirs is heard. An
 * application that does not read those who do not read leaves their text in our memory, too. When memory runs
 * short such connections are reset, a few looked at each time: what nobody takes must not be what everybody
 * waits for. Only those go that hold some of what is short.
 */
#include "tcp/stages_priv.h"

enum { PATIENCE = 3 }; /* timeouts or window probes in a row: 1.4 s at the least */

/* A window that stays closed; or no answer, and not one that came so often too late that no RTT is known. */
static bool is_stuck(const struct tcb *tcb)
{
	if (tcb->magic == 0 || tcb->snd_pinned == 0 || tcb->backoff < PATIENCE)
		return false;
	return tcb_has(tcb, TCB_PERSIST) || tcb->tcp->now_ns - tcb->progress_ns >= TCP_S;
}

static bool is_stuck_and_unread(const struct tcb *tcb)
{
	return tcb->rcv_pinned > 0 && is_stuck(tcb);
}

typedef bool memory_fits(const struct tcp *tcp, uint64_t bytes);
typedef bool memory_holder(const struct tcb *tcb);

static void evict(struct tcb *wants, uint32_t bytes, memory_fits *fits, memory_holder *goes)
{
	struct tcp *tcp = wants->tcp;
	uint32_t places = tcp->tcbs.used_max; /* no others were ever taken */
	uint32_t looks = u32_min(TCP_STUCK_LOOKS, places);

	for (uint32_t i = 0; i < looks && !fits(tcp, bytes); i++) {
		struct tcb *tcb = pool_at(&tcp->tcbs, tcp->stuck_cursor++ % places);
		if (tcb == wants || !goes(tcb))
			continue;
		tcp_count(tcp, STAT_tcp_stuck_evicted);
		tcb_reset(tcb, TCP_WHY_USER_TIMEOUT);
	}
}

void stuck_make_send_memory(struct tcb *wants, uint32_t bytes)
{
	evict(wants, bytes, send_memory_fits, is_stuck);
}

void stuck_make_receive_memory(struct tcb *wants, uint32_t bytes)
{
	evict(wants, bytes, window_memory_fits, is_stuck_and_unread);
}
