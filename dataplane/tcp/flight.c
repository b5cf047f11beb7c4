/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is under way, one record for each segment as it left, in order: the scoreboard of RFC 6675 and the
 * transmission times of RFC 8985. pipe (RFC 6675 4) is kept up to date with each change of a record: SACKed
 * bytes are not in it, lost ones only when they were sent again.
 */
#include "tcp/stages_priv.h"

static uint32_t weight(const struct flight *flight)
{
	if (flight->flags & FLIGHT_SACKED)
		return 0;
	if ((flight->flags & FLIGHT_LOST) && !(flight->flags & FLIGHT_AGAIN))
		return 0;
	return flight->end - flight->seq;
}

static bool to_resend(const struct flight *flight)
{
	return (flight->flags & (FLIGHT_SACKED | FLIGHT_LOST | FLIGHT_AGAIN)) == FLIGHT_LOST;
}

static void count_in(struct tcb *tcb, const struct flight *flight)
{
	tcb->pipe += weight(flight);
	tcb->lost_count = (uint16_t)(tcb->lost_count + to_resend(flight));
	tcb->sacked_count = (uint16_t)(tcb->sacked_count + ((flight->flags & FLIGHT_SACKED) != 0));
}

static void count_out(struct tcb *tcb, const struct flight *flight)
{
	ensure(tcb->pipe >= weight(flight));
	tcb->pipe -= weight(flight);
	tcb->lost_count = (uint16_t)(tcb->lost_count - to_resend(flight));
	tcb->sacked_count = (uint16_t)(tcb->sacked_count - ((flight->flags & FLIGHT_SACKED) != 0));
}

void flight_mark(struct tcb *tcb, struct flight *flight, uint8_t set, uint8_t clear)
{
	count_out(tcb, flight);
	flight->flags = (uint8_t)((flight->flags | set) & ~clear);
	count_in(tcb, flight);
}

static struct flight *flight_take(struct tcb *tcb)
{
	struct flight *flight = pool_take(&tcb->tcp->flights);

	if (!flight && tcb->flight_own.end == tcb->flight_own.seq)
		flight = &tcb->flight_own;
	return flight;
}

static void flight_give(struct tcb *tcb, struct flight *flight)
{
	if (flight == &tcb->flight_own)
		flight->end = flight->seq;
	else
		pool_give(&tcb->tcp->flights, flight);
}

/* No record is left: the last one grows. Loss is then found more coarsely, and nothing else changes. */
static void flight_grow(struct tcb *tcb, uint32_t end, bool fin)
{
	struct flight *tail = tcb->flight_tail;

	ensure(tail != NULL);
	flight_mark(tcb, tail, 0, FLIGHT_SACKED);
	count_out(tcb, tail);
	tail->end = end;
	tail->sent_ns = tcb->tcp->now_ns;
	tail->flags |= fin ? FLIGHT_FIN : 0;
	count_in(tcb, tail);
}

void flight_add(struct tcb *tcb, uint32_t seq, uint32_t end, bool fin)
{
	struct flight *flight = flight_take(tcb);

	ensure(seq_lt(seq, end));
	if (!flight) {
		flight_grow(tcb, end, fin);
		return;
	}
	*flight = (struct flight){
		.sent_ns = tcb->tcp->now_ns, .seq = seq, .end = end, .flags = fin ? FLIGHT_FIN : 0};
	if (tcb->flight_tail)
		tcb->flight_tail->next = flight;
	else
		tcb->flight_head = flight;
	tcb->flight_tail = flight;
	count_in(tcb, flight);
}

static void flight_pop(struct tcb *tcb)
{
	struct flight *head = tcb->flight_head;

	count_out(tcb, head);
	tcb->flight_head = head->next;
	if (!tcb->flight_head)
		tcb->flight_tail = NULL;
	flight_give(tcb, head);
}

void flight_free_all(struct tcb *tcb)
{
	while (tcb->flight_head)
		flight_pop(tcb);
	ensure(tcb->pipe == 0 && tcb->lost_count == 0 && tcb->sacked_count == 0);
}

struct flight *flight_next_lost(const struct tcb *tcb)
{
	struct flight *flight = tcb->lost_count > 0 ? tcb->flight_head : NULL;

	while (flight && !to_resend(flight))
		flight = flight->next;
	return flight;
}

/*
 * After a timeout. A peer may take back what it selectively acknowledged (RFC 2018 8); the sign of that is
 * that the first record is among it.
 */
void flight_all_lost(struct tcb *tcb)
{
	bool reneged = tcb->flight_head && (tcb->flight_head->flags & FLIGHT_SACKED);

	for (struct flight *flight = tcb->flight_head; flight; flight = flight->next)
		flight_mark(tcb, flight, FLIGHT_LOST, FLIGHT_AGAIN | (reneged ? FLIGHT_SACKED : 0));
}

/*
 * An RTT only from what was sent once (Karn, RFC 6298 3), and not when the same ACK covers anything sent
 * twice: the rest of it waited for that hole. Timestamps are no help: the ACK of a duplicate echoes an old
 * one. Until there is a sample the timeout stays backed off, else a path that has become slower would never
 * be measured.
 */
static void rtt_learn(struct tcb *tcb, struct ack_news *news, uint64_t sent_ns)
{
	if (sent_ns == 0)
		return;
	news->rtt_ns = tcb->tcp->now_ns - sent_ns;
	rtt_sample(tcb, news->rtt_ns);
	tcb->backoff = 0;
}

static void queue_acked(struct tcb *tcb, uint32_t ack)
{
	uint32_t bytes = u32_min(ack - tcb->snd_seq, tcb->snd_queued);

	queue_cut(tcb, (struct queue){&tcb->snd_head, &tcb->snd_tail, &tcb->snd_pinned}, bytes);
	tcb->snd_seq += bytes;
	tcb->snd_queued -= bytes;
	if (seq_lt(tcb->cursor_seq, tcb->snd_seq))
		tcb->cursor = NULL;
	if (tcb_has(tcb, TCB_WANT_WRITE) && tcb->snd_pinned <= send_high_water(tcb)) {
		tcb->flags &= ~(uint32_t)TCB_WANT_WRITE;
		tcb_post(tcb, TCP_WRITABLE);
	}
}

/* SEG.ACK moves SND.UNA. */
void flight_acked(struct tcb *tcb, const struct segment *seg, struct ack_news *news)
{
	uint64_t sent_ns = 0;
	bool again = false;

	news->acked = seg->ack - tcb->snd_una;
	while (tcb->flight_head && seq_leq(tcb->flight_head->end, seg->ack)) {
		again = again || (tcb->flight_head->flags & FLIGHT_EVER);
		if (!(tcb->flight_head->flags & FLIGHT_SACKED)) {
			rack_learn(tcb, tcb->flight_head);
			sent_ns = tcb->flight_head->sent_ns;
		}
		flight_pop(tcb);
	}
	if (tcb->flight_head && seq_lt(tcb->flight_head->seq, seg->ack)) {
		count_out(tcb, tcb->flight_head);
		tcb->flight_head->seq = seg->ack;
		count_in(tcb, tcb->flight_head);
	}
	tcb->snd_una = seg->ack;
	queue_acked(tcb, seg->ack);
	rtt_learn(tcb, news, again ? 0 : sent_ns);
	tcb->full_losses = 0;
	tcb->progress_ns = tcb->tcp->now_ns;
	/* What is acknowledged at last has moved, too, however long ago it was sent first. */
	tcb->data_ns = tcb->tcp->now_ns;
}
