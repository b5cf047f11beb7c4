/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of connections, the longest waiting first. A connection stands in one line at a time: those that want
 * memory to send (starved.c) have not been closed, and those that close (closing.c) send nothing new.
 */
#include "tcp/stages_priv.h"

static struct tcb *tcb_at(const struct tcp *tcp, uint32_t index)
{
	return pool_at(&tcp->tcbs, index);
}

void line_init(struct line *line)
{
	line->first = line->last = POOL_NONE;
}

struct tcb *line_first(const struct tcp *tcp, const struct line *line)
{
	return line->first == POOL_NONE ? NULL : tcb_at(tcp, line->first);
}

struct tcb *line_after(const struct tcb *tcb)
{
	return tcb->line_next == POOL_NONE ? NULL : tcb_at(tcb->tcp, tcb->line_next);
}

void line_join(struct line *line, struct tcb *tcb)
{
	uint32_t index = pool_index(&tcb->tcp->tcbs, tcb);

	tcb->line_next = POOL_NONE;
	tcb->line_prev = line->last;
	if (line->last == POOL_NONE)
		line->first = index;
	else
		tcb_at(tcb->tcp, line->last)->line_next = index;
	line->last = index;
}

void line_leave(struct line *line, struct tcb *tcb)
{
	if (tcb->line_prev == POOL_NONE)
		line->first = tcb->line_next;
	else
		tcb_at(tcb->tcp, tcb->line_prev)->line_next = tcb->line_next;
	if (tcb->line_next == POOL_NONE)
		line->last = tcb->line_prev;
	else
		tcb_at(tcb->tcp, tcb->line_next)->line_prev = tcb->line_prev;
}
