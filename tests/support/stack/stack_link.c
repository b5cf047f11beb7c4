/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire of an instance: what the caller puts in goes to net as Ethernet frames, what net sends waits for
 * the caller. With STACK_LINK_IP the Ethernet header is put on and taken off here, and gateway.c answers for
 * all neighbours.
 */
#include "stack_priv.h"

#include "net/net.h"

#include <rte_mbuf.h>

#include <errno.h>
#include <string.h>

enum { PACKET_MAX = 65535 };

static bool outbox_put(struct outbox *outbox, struct rte_mbuf *mbuf)
{
	if (outbox->count == outbox->capacity)
		return false;
	outbox->mbufs[(outbox->head + outbox->count) % outbox->capacity] = mbuf;
	outbox->count++;
	return true;
}

void outbox_free(struct outbox *outbox)
{
	for (uint32_t i = 0; i < outbox->count; i++)
		rte_pktmbuf_free(outbox->mbufs[(outbox->head + i) % outbox->capacity]);
	outbox->count = 0;
}

/* What finds no room stays with net, which counts and frees it. */
static uint16_t wire_tx(void *ctx, struct rte_mbuf **mbufs, uint16_t count)
{
	struct stack *stack = ctx;
	bool ip = stack->config.link == STACK_LINK_IP;

	for (uint16_t i = 0; i < count; i++) {
		if (ip && gateway_takes(stack, mbufs[i])) {
			rte_pktmbuf_free(mbufs[i]);
			continue;
		}
		if (!outbox_put(&stack->outbox, mbufs[i]))
			return i;
		if (ip)
			ensure(rte_pktmbuf_adj(mbufs[i], STACK_ETHERNET_HEADER) != NULL);
	}
	return count;
}

/* Frames come by stack_input() alone; net never asks for them. */
static uint16_t wire_rx(void *ctx, struct rte_mbuf **mbufs, uint16_t max)
{
	(void)ctx;
	(void)mbufs;
	(void)max;
	return 0;
}

void link_wire(struct stack *stack)
{
	stack->wire = (struct wire){.rx = wire_rx, .tx = wire_tx, .ctx = stack, .mtu = stack->config.mtu};
	memcpy(stack->wire.mac, stack->config.mac, sizeof(stack->wire.mac));
}

void link_settle(struct stack *stack)
{
	net_flush(stack->net);
	while (stack->answer_count > 0) {
		struct rte_mbuf *answers[STACK_ANSWERS_MAX];
		uint16_t count = stack->answer_count;
		memcpy(answers, stack->answers, count * sizeof(answers[0]));
		stack->answer_count = 0;
		net_input(stack->net, 0, answers, count, stack->now_ns);
		net_flush(stack->net);
	}
}

struct rte_mbuf *packet_of(struct stack *stack, const void *bytes, size_t len)
{
	struct rte_mbuf *head = NULL;

	for (size_t done = 0; done < len || !head;) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(stack->pool);
		size_t part = mbuf ? RTE_MIN(len - done, rte_pktmbuf_tailroom(mbuf)) : 0;
		if (!mbuf) {
			rte_pktmbuf_free(head);
			return NULL;
		}
		if (part > 0)
			memcpy(rte_pktmbuf_append(mbuf, (uint16_t)part), (const char *)bytes + done, part);
		done += part;
		if (head)
			ensure(rte_pktmbuf_chain(head, mbuf) == 0);
		else
			head = mbuf;
	}
	return head;
}

/* The header that an IP packet would have had on the way here; false when it is not IP. */
static bool header_put(const struct stack *stack, const uint8_t *packet, struct rte_mbuf *mbuf)
{
	uint8_t version = packet[0] >> 4;
	uint8_t *header = (uint8_t *)rte_pktmbuf_prepend(mbuf, STACK_ETHERNET_HEADER);

	ensure(header != NULL);
	memcpy(header, stack->config.mac, 6);
	memcpy(header + 6, gateway_mac, 6);
	header[12] = version == 4 ? 0x08 : 0x86;
	header[13] = version == 4 ? 0x00 : 0xdd;
	return version == 4 || version == 6;
}

int stack_input(struct stack *stack, const void *packet, size_t len)
{
	bool ip = stack->config.link == STACK_LINK_IP;
	struct rte_mbuf *mbuf;

	if (len < (ip ? 20 : STACK_ETHERNET_HEADER))
		return -EINVAL;
	if (len > PACKET_MAX)
		return -EMSGSIZE;
	mbuf = packet_of(stack, packet, len);
	if (!mbuf)
		return -ENOBUFS;
	if (ip && !header_put(stack, packet, mbuf)) {
		rte_pktmbuf_free(mbuf);
		return -EINVAL;
	}
	net_input(stack->net, 0, &mbuf, 1, stack->now_ns);
	link_settle(stack);
	return 0;
}

ssize_t stack_output(struct stack *stack, void *packet, size_t size)
{
	struct outbox *outbox = &stack->outbox;
	struct rte_mbuf *mbuf;
	const void *bytes;
	ssize_t len;

	if (outbox->count == 0)
		return 0;
	mbuf = outbox->mbufs[outbox->head];
	len = (ssize_t)mbuf->pkt_len;
	if ((size_t)len > size)
		return -EMSGSIZE;
	/* In place when it lies in one piece, else copied already. */
	bytes = rte_pktmbuf_read(mbuf, 0, mbuf->pkt_len, packet);
	if (bytes != packet)
		memcpy(packet, bytes, (size_t)len);
	rte_pktmbuf_free(mbuf);
	outbox->head = (outbox->head + 1) % outbox->capacity;
	outbox->count--;
	return len;
}
