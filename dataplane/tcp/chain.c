/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mbufs as lists of bytes: linked by next, the counts that a packet's first mbuf carries are not kept. What a
 * queue holds is charged by the buffers it pins, not by the bytes in them: a peer that sends single bytes
 * would else hold two thousand times what it is charged for. Small texts are therefore copied together.
 */
#include "tcp/stages_priv.h"

#include <rte_mbuf.h>

void chain_cut_front(struct rte_mbuf **chain, uint32_t bytes)
{
	while (*chain && bytes >= (*chain)->data_len) {
		struct rte_mbuf *next = (*chain)->next;
		bytes -= (*chain)->data_len;
		rte_pktmbuf_free_seg(*chain);
		*chain = next;
	}
	ensure(*chain != NULL || bytes == 0);
	if (*chain && bytes > 0) {
		(*chain)->data_off = (uint16_t)((*chain)->data_off + bytes);
		(*chain)->data_len = (uint16_t)((*chain)->data_len - bytes);
	}
}

/* keep > 0: the first mbuf stays. */
void chain_cut_back(struct rte_mbuf *chain, uint32_t keep)
{
	ensure(keep > 0);
	while (keep > chain->data_len) {
		keep -= chain->data_len;
		chain = chain->next;
		ensure(chain != NULL);
	}
	chain->data_len = (uint16_t)keep;
	chain_free(chain->next);
	chain->next = NULL;
}

uint32_t chain_len(const struct rte_mbuf *chain)
{
	uint32_t len = 0;

	for (; chain; chain = chain->next)
		len += chain->data_len;
	return len;
}

uint32_t chain_pinned(const struct rte_mbuf *chain)
{
	uint32_t bytes = 0;

	for (; chain; chain = chain->next)
		bytes += chain->buf_len + (uint32_t)sizeof(*chain);
	return bytes;
}

void chain_free(struct rte_mbuf *chain)
{
	while (chain) {
		struct rte_mbuf *next = chain->next;
		rte_pktmbuf_free_seg(chain);
		chain = next;
	}
}

bool chain_fits(const struct rte_mbuf *tail, uint32_t len)
{
	return tail && RTE_MBUF_DIRECT(tail) && rte_mbuf_refcnt_read(tail) == 1 &&
	       len <= (uint32_t)(tail->buf_len - tail->data_off - tail->data_len);
}

static bool chain_join(struct rte_mbuf *tail, const struct rte_mbuf *chain, uint32_t len)
{
	if (!chain_fits(tail, len))
		return false;
	for (; chain; chain = chain->next) {
		memcpy(rte_pktmbuf_mtod_offset(tail, char *, tail->data_len),
			rte_pktmbuf_mtod(chain, const char *), chain->data_len);
		tail->data_len = (uint16_t)(tail->data_len + chain->data_len);
	}
	return true;
}

/* Copies the chain into the last buffer when it has the room. */
void queue_append(struct tcb *tcb, struct queue queue, struct rte_mbuf *chain)
{
	if (chain_join(*queue.tail, chain, chain_len(chain))) {
		chain_free(chain);
		return;
	}
	pin(tcb, queue.pinned, chain_pinned(chain));
	if (*queue.head)
		(*queue.tail)->next = chain;
	else
		*queue.head = chain;
	while (chain->next)
		chain = chain->next;
	*queue.tail = chain;
}

void queue_cut(struct tcb *tcb, struct queue queue, uint32_t bytes)
{
	while (*queue.head && bytes >= (*queue.head)->data_len) {
		struct rte_mbuf *head = *queue.head;
		bytes -= head->data_len;
		unpin(tcb, queue.pinned, head->buf_len + (uint32_t)sizeof(*head));
		*queue.head = head->next;
		rte_pktmbuf_free_seg(head);
	}
	if (*queue.head)
		chain_cut_front(queue.head, bytes);
	else
		*queue.tail = NULL;
	ensure(*queue.head != NULL || bytes == 0);
}

/* Of all connections, in the same direction. */
static uint64_t *total_of(struct tcb *tcb, const uint32_t *counter)
{
	return counter == &tcb->snd_pinned ? &tcb->tcp->snd_pinned_bytes : &tcb->tcp->rcv_pinned_bytes;
}

void pin(struct tcb *tcb, uint32_t *counter, uint32_t bytes)
{
	uint64_t *total = total_of(tcb, counter);

	*counter += bytes;
	__atomic_store_n(total, *total + bytes, __ATOMIC_RELAXED);
}

void unpin(struct tcb *tcb, uint32_t *counter, uint32_t bytes)
{
	uint64_t *total = total_of(tcb, counter);

	ensure(*counter >= bytes && *total >= bytes);
	*counter -= bytes;
	__atomic_store_n(total, *total - bytes, __ATOMIC_RELAXED);
}
