/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the peer says it has beyond a gap (RFC 2018, RFC 6675), and what it got twice (RFC 2883). */
#include "tcp/stages_priv.h"

/* RFC 2883 4: the first block is below the ACK, or inside the second. */
static bool is_dsack(const struct segment *seg)
{
	const struct sack_block *blocks = seg->options.sack;

	if (seq_leq(blocks[0].end, seg->ack))
		return true;
	return seg->options.sack_count > 1 && seq_leq(blocks[1].start, blocks[0].start) &&
	       seq_leq(blocks[0].end, blocks[1].end);
}

static bool block_learn(struct tcb *tcb, const struct sack_block *block)
{
	bool news = false;

	if (!seq_lt(block->start, block->end) || seq_lt(tcb->snd_nxt, block->end) ||
		seq_leq(block->start, tcb->snd_una))
		return false;
	for (struct flight *flight = tcb->flight_head; flight; flight = flight->next) {
		if (seq_lt(flight->seq, block->start) || (flight->flags & FLIGHT_SACKED))
			continue;
		if (seq_lt(block->end, flight->end))
			break;
		rack_learn(tcb, flight);
		flight_mark(tcb, flight, FLIGHT_SACKED, 0);
		news = true;
	}
	return news;
}

void sack_learn(struct tcb *tcb, const struct segment *seg, struct ack_news *news)
{
	uint32_t first = 0;

	if (!tcb_has(tcb, TCB_SACK) || seg->options.sack_count == 0)
		return;
	if (is_dsack(seg)) {
		news->dsack = true;
		rack_dsack(tcb);
		first = 1;
	}
	for (uint32_t i = first; i < seg->options.sack_count; i++)
		news->sacked |= block_learn(tcb, &seg->options.sack[i]);
}
