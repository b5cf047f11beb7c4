/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text and FIN of a segment (RFC 9293 3.10.7.4, seventh and eighth check): trimmed to the window at both
 * edges, put in order, kept beyond gaps within limits of bytes, of segments, and of buffers pinned. Whatever
 * is dropped here was not acknowledged: its sender has it still.
 */
#include "tcp/stages_priv.h"

#include <rte_mbuf.h>

static struct queue receive_queue(struct tcb *tcb)
{
	return (struct queue){&tcb->rcv_head, &tcb->rcv_tail, &tcb->rcv_pinned};
}

static void piece_free(struct tcb *tcb, struct piece **at)
{
	struct piece *piece = *at;

	*at = piece->next;
	chain_free(piece->text);
	unpin(tcb, &tcb->rcv_pinned, piece->pinned_bytes);
	pool_give(&tcb->tcp->pieces, piece);
	tcb->piece_count--;
}

void text_free_all(struct tcb *tcb)
{
	while (tcb->pieces)
		piece_free(tcb, &tcb->pieces);
}

static void report_twice(struct tcb *tcb, uint32_t start, uint32_t end)
{
	tcb->dsack = (struct sack_block){start, end};
	tcb->flags |= TCB_DSACK;
}

/*
 * False: the connections' buffers together, or this one's, pin too much. Text beyond a gap may not take the
 * last quarter: what fills the gap must still find room, or nothing would ever come free. A scaled window may
 * creep by an eighth: window.c.
 */
static bool has_room(struct tcb *tcb, const struct segment *seg)
{
	const struct tcp_config *config = &tcb->tcp->config;
	bool in_order = seg->seq == tcb->rcv_nxt;
	uint64_t quota_bytes = in_order ? config->memory_max_bytes / 2 : config->memory_max_bytes / 8 * 3;
	bool shares = in_order && chain_fits(tcb->rcv_tail, seg->len);
	uint32_t cost = shares ? 0 : chain_pinned(seg->text);

	if (tcb->rcv_queued + seg->len > config->window_bytes + config->window_bytes / 8) {
		tcp_count(tcb->tcp, STAT_tcp_buffer_full);
		return false;
	}
	stuck_make_receive_memory(tcb, cost);
	if (tcb->tcp->rcv_pinned_bytes + cost > quota_bytes) {
		tcp_count(tcb->tcp, STAT_tcp_memory_full);
		return false;
	}
	return true;
}

/* Appends what has come in order, and the pieces that it reaches. */
static void append(struct tcb *tcb, struct rte_mbuf *chain, uint32_t len)
{
	queue_append(tcb, receive_queue(tcb), chain);
	tcb->rcv_queued += len;
	tcb->rcv_nxt += len;
}

static void pull_pieces(struct tcb *tcb)
{
	while (tcb->pieces && seq_leq(tcb->pieces->seq, tcb->rcv_nxt)) {
		struct piece *piece = tcb->pieces;
		struct rte_mbuf *text = piece->text;
		uint32_t known = tcb->rcv_nxt - piece->seq;
		uint32_t len = piece->end - piece->seq;
		piece->text = NULL;
		piece_free(tcb, &tcb->pieces);
		chain_cut_front(&text, u32_min(known, len));
		if (text)
			append(tcb, text, len - known);
	}
}

/* RFC 5681 4.2: at once beyond or into a gap, and for each second full segment; else within the delay. */
static void owe_ack(struct tcb *tcb, bool at_once)
{
	if (at_once || tcb->rcv_nxt - tcb->rcv_acked >= 2U * tcb->rcv_mss)
		tcb->flags |= TCB_ACK_NOW;
	else if (tcb->deadlines_ns[TCB_ACK] == TIMER_NONE)
		tcb_arm(tcb, TCB_ACK, tcb->tcp->config.delayed_ack_ms * TCP_MS);
}

static void in_order(struct tcb *tcb, struct segment *seg)
{
	bool gap = tcb->pieces != NULL;

	if (!has_room(tcb, seg)) {
		tcb->flags |= TCB_ACK_NOW;
		return;
	}
	append(tcb, seg->text, seg->len);
	seg->text = NULL;
	pull_pieces(tcb);
	tcb->data_ns = tcb->tcp->now_ns;
	owe_ack(tcb, gap);
	tcb_post(tcb, TCP_READABLE);
}

static bool piece_allowed(struct tcb *tcb, const struct segment *seg)
{
	struct tcp *tcp = tcb->tcp;

	if (tcb->piece_count >= TCP_OOO_PIECES_MAX ||
		tcb->rcv_pinned + chain_pinned(seg->text) > 4 * tcp->config.window_bytes) {
		tcp_count(tcp, STAT_tcp_ooo_full);
		return false;
	}
	if (tcp->pieces.first_free == POOL_NONE) {
		tcp_count(tcp, STAT_tcp_no_piece);
		return false;
	}
	return has_room(tcb, seg);
}

/* Cuts off what is there already on either side. False: nothing is left. ret_at: where the rest belongs. */
static bool piece_place(struct tcb *tcb, struct segment *seg, struct piece ***ret_at)
{
	struct piece **at = &tcb->pieces;
	uint32_t end = seg->seq + seg->len;

	while (*at && seq_leq((*at)->end, seg->seq))
		at = &(*at)->next;
	if (*at && seq_leq((*at)->seq, seg->seq)) {
		uint32_t known = u32_min((*at)->end - seg->seq, seg->len);
		report_twice(tcb, seg->seq, seg->seq + known);
		chain_cut_front(&seg->text, known);
		seg->seq += known;
		seg->len -= known;
		at = &(*at)->next;
	}
	while (*at && seg->len > 0 && seq_leq((*at)->end, end))
		piece_free(tcb, at);
	if (*at && seg->len > 0 && seq_lt((*at)->seq, end)) {
		seg->len = (*at)->seq - seg->seq;
		if (seg->len > 0)
			chain_cut_back(seg->text, seg->len);
	}
	*ret_at = at;
	return seg->len > 0;
}

static void beyond_gap(struct tcb *tcb, struct segment *seg)
{
	struct piece **at;
	struct piece *piece;

	tcb->flags |= TCB_ACK_NOW;
	if (!piece_allowed(tcb, seg))
		return;
	tcb->sack_first = seg->seq;
	if (!piece_place(tcb, seg, &at))
		return;
	piece = pool_take(&tcb->tcp->pieces);
	ensure(piece != NULL);
	*piece = (struct piece){.next = *at,
		.text = seg->text,
		.seq = seg->seq,
		.end = seg->seq + seg->len,
		.pinned_bytes = chain_pinned(seg->text)};
	*at = piece;
	seg->text = NULL;
	pin(tcb, &tcb->rcv_pinned, piece->pinned_bytes);
	tcb->piece_count++;
	tcp_count(tcb->tcp, STAT_tcp_out_of_order);
}

/* The run of adjoining pieces from *piece on; *piece becomes the one after it. */
static struct sack_block run_of(const struct piece **piece)
{
	struct sack_block block = {(*piece)->seq, (*piece)->end};

	for (*piece = (*piece)->next; *piece && (*piece)->seq == block.end; *piece = (*piece)->next)
		block.end = (*piece)->end;
	return block;
}

static bool holds(const struct sack_block *block, uint32_t seq)
{
	return seq_leq(block->start, seq) && seq_lt(seq, block->end);
}

/* RFC 2018 4: the block of the newest segment first; RFC 2883: a duplicate before it. */
uint32_t text_sack_blocks(const struct tcb *tcb, struct sack_block *blocks, uint32_t max)
{
	uint32_t count = 0;
	uint32_t newest;

	if (tcb_has(tcb, TCB_DSACK))
		blocks[count++] = tcb->dsack;
	newest = count;
	for (const struct piece *piece = tcb->pieces; piece && newest < max;) {
		struct sack_block block = run_of(&piece);
		if (holds(&block, tcb->sack_first) && count > newest) {
			if (count == max)
				count--;
			memmove(&blocks[newest + 1], &blocks[newest], (count - newest) * sizeof(block));
			blocks[newest] = block;
			count++;
		} else if (count < max) {
			blocks[count++] = block;
		}
	}
	return count;
}

/* To the window's edges. A FIN beyond the right one was not sent yet, so to speak. */
static void trim(struct tcb *tcb, struct segment *seg)
{
	uint32_t known = seq_lt(seg->seq, tcb->rcv_nxt) ? tcb->rcv_nxt - seg->seq : 0;
	uint32_t cut = u32_min(known, seg->len);
	uint32_t room = tcb->rcv_edge - tcb->rcv_nxt;

	if (cut > 0) {
		report_twice(tcb, seg->seq, seg->seq + cut);
		tcb->flags |= TCB_ACK_NOW;
	}
	chain_cut_front(&seg->text, cut);
	seg->seq += cut;
	seg->len -= cut;
	room -= seq_lt(tcb->rcv_nxt, seg->seq) ? seg->seq - tcb->rcv_nxt : 0;
	if (segment_space(seg) <= room)
		return;
	seg->flags &= (uint8_t)~TCP_FIN;
	if (room < seg->len) {
		tcp_count(tcb->tcp, STAT_tcp_trimmed);
		if (room > 0)
			chain_cut_back(seg->text, room);
		seg->len = room;
	}
}

/* Eighth check. */
static void take_fin(struct tcb *tcb)
{
	tcb->flags = (tcb->flags & ~(uint32_t)TCB_FIN_SEEN) | TCB_FIN_TAKEN | TCB_ACK_NOW;
	tcb->rcv_nxt++;
	tcb->rcv_edge = seq_max(tcb->rcv_edge, tcb->rcv_nxt);
	tcb_post(tcb, TCP_PEER_CLOSED);
	if (tcb->state == TCP_ESTABLISHED) {
		tcb->state = TCP_CLOSE_WAIT;
	} else if (tcb->state == TCP_FIN_WAIT_1) {
		tcb->state = TCP_CLOSING;
	} else {
		ensure(tcb->state == TCP_FIN_WAIT_2);
		transmit_ack(tcb);
		wait_enter(tcb);
	}
}

static void text_input(struct tcb *tcb, struct segment *seg)
{
	if (seg->len > tcb->rcv_mss)
		tcb->rcv_mss = (uint16_t)u32_min(seg->len, tcb->mss);
	if (seg->seq == tcb->rcv_nxt)
		in_order(tcb, seg);
	else
		beyond_gap(tcb, seg);
}

void text_stage(struct tcb *tcb, struct segment *seg)
{
	if (segment_space(seg) == 0)
		return;
	if (tcb_has(tcb, TCB_FIN_TAKEN)) {
		tcp_count(tcb->tcp, STAT_tcp_after_fin);
		return;
	}
	trim(tcb, seg);
	if (seg->flags & TCP_FIN) {
		tcb->flags |= TCB_FIN_SEEN | TCB_ACK_NOW;
		tcb->fin_seq = seg->seq + seg->len;
	}
	if (seg->len > 0 && tcb_has(tcb, TCB_APP_CLOSED)) {
		tcp_count(tcb->tcp, STAT_tcp_data_after_close);
		tcb_reset(tcb, TCP_WHY_DATA_AFTER_CLOSE);
		return;
	}
	if (seg->len > 0)
		text_input(tcb, seg);
	if (tcb_has(tcb, TCB_FIN_SEEN) && tcb->fin_seq == tcb->rcv_nxt)
		take_fin(tcb);
}
