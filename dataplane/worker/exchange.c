/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rings between workers. A frame that finds a full ring stays with the giver, which drops and counts it: a
 * slow worker must not slow another one.
 */
#include "worker/exchange.h"

#include "limits.h"

#include <errno.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdio.h>

/* One ordered pair of workers. */
struct pair {
	struct rte_ring *frames[EXCHANGE_LANES]; /* owner: the exchange */
	struct mailbox letters;
};

/* The context behind a wire that leads through the exchange. */
struct detour {
	struct exchange *exchange;
	struct exchange_way way;
	uint16_t port;
	struct wire wire;
};

struct exchange {
	unsigned worker_count;
	uint64_t gave_to[WORKERS_MAX]; /* [i] is worker i's own: no other thread touches it */
	struct detour detours[WORKERS_MAX][PORTS_MAX];
	struct pair pairs[]; /* [from * worker_count + to] */
};

static struct pair *pair_of(struct exchange *exchange, unsigned from, unsigned to)
{
	ensure(from < exchange->worker_count && to < exchange->worker_count && from != to);
	return &exchange->pairs[from * exchange->worker_count + to];
}

/* Rings live in named memory zones; the address makes the name unique when there are several exchanges. */
static int pair_init(struct exchange *exchange, unsigned from, unsigned to)
{
	struct pair *pair = pair_of(exchange, from, to);
	char name[RTE_RING_NAMESIZE];
	unsigned tag = (unsigned)((uintptr_t)exchange >> 6) & 0xffffff;

	for (unsigned lane = 0; lane < EXCHANGE_LANES; lane++) {
		snprintf(name, sizeof(name), "x%06x-%u-%u-%u", tag, from, to, lane);
		pair->frames[lane] =
			rte_ring_create(name, EXCHANGE_FRAMES, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (!pair->frames[lane])
			return -ENOMEM;
	}
	snprintf(name, sizeof(name), "x%06x-%u-%u-l", tag, from, to);
	return mailbox_init(&pair->letters, name, EXCHANGE_LETTERS);
}

int exchange_create(unsigned worker_count, struct exchange **ret_exchange)
{
	struct exchange *exchange;
	size_t bytes = sizeof(*exchange) + sizeof(exchange->pairs[0]) * worker_count * worker_count;

	ensure(worker_count > 0 && worker_count <= WORKERS_MAX);
	exchange = rte_zmalloc("exchange", bytes, RTE_CACHE_LINE_SIZE);
	if (!exchange)
		return -ENOMEM;
	exchange->worker_count = worker_count;
	for (unsigned from = 0; from < worker_count; from++) {
		for (unsigned to = 0; to < worker_count; to++) {
			if (from == to || pair_init(exchange, from, to) == 0)
				continue;
			exchange_destroy(exchange);
			return -ENOMEM;
		}
	}
	*ret_exchange = exchange;
	return 0;
}

static void ring_drain(struct rte_ring *ring)
{
	void *frame;

	while (ring && rte_ring_dequeue(ring, &frame) == 0)
		rte_pktmbuf_free(frame);
}

void exchange_destroy(struct exchange *exchange)
{
	if (!exchange)
		return;
	for (unsigned i = 0; i < exchange->worker_count * exchange->worker_count; i++) {
		struct pair *pair = &exchange->pairs[i];
		for (unsigned lane = 0; lane < EXCHANGE_LANES; lane++) {
			ring_drain(pair->frames[lane]);
			rte_ring_free(pair->frames[lane]);
		}
		mailbox_fini(&pair->letters);
	}
	rte_free(exchange);
}

uint16_t exchange_give(struct exchange *exchange, struct exchange_way way, uint16_t port,
	struct rte_mbuf **mbufs, uint16_t count)
{
	struct rte_ring *ring = pair_of(exchange, way.from, way.to)->frames[way.lane];

	for (uint16_t i = 0; i < count; i++)
		mbufs[i]->port = port;
	exchange->gave_to[way.from] |= 1ULL << way.to;
	return (uint16_t)rte_ring_enqueue_burst(ring, (void **)mbufs, count, NULL);
}

uint16_t exchange_take(
	struct exchange *exchange, struct exchange_way way, struct rte_mbuf **ret_mbufs, uint16_t max)
{
	struct rte_ring *ring = pair_of(exchange, way.from, way.to)->frames[way.lane];

	return (uint16_t)rte_ring_dequeue_burst(ring, (void **)ret_mbufs, max, NULL);
}

bool exchange_send(struct exchange *exchange, unsigned from, unsigned to, const struct mail *mail)
{
	exchange->gave_to[from] |= 1ULL << to;
	return mailbox_send(&pair_of(exchange, from, to)->letters, mail);
}

unsigned exchange_receive(
	struct exchange *exchange, unsigned from, unsigned to, struct mail *ret_mails, unsigned max)
{
	return mailbox_receive(&pair_of(exchange, from, to)->letters, ret_mails, max);
}

bool exchange_waiting(const struct exchange *exchange, unsigned to)
{
	for (unsigned from = 0; from < exchange->worker_count; from++) {
		const struct pair *pair = &exchange->pairs[from * exchange->worker_count + to];
		if (from == to)
			continue;
		for (unsigned lane = 0; lane < EXCHANGE_LANES; lane++) {
			if (!rte_ring_empty(pair->frames[lane]))
				return true;
		}
		if (!mailbox_empty(&pair->letters))
			return true;
	}
	return false;
}

uint64_t exchange_gave_to(struct exchange *exchange, unsigned from)
{
	uint64_t gave_to = exchange->gave_to[from];

	exchange->gave_to[from] = 0;
	return gave_to;
}

static uint16_t detour_tx(void *ctx, struct rte_mbuf **mbufs, uint16_t count)
{
	struct detour *detour = ctx;

	return exchange_give(detour->exchange, detour->way, detour->port, mbufs, count);
}

static uint16_t detour_rx(void *ctx, struct rte_mbuf **mbufs, uint16_t max)
{
	(void)ctx;
	(void)mbufs;
	(void)max;
	return 0; /* what is received comes by the EXCHANGE_RX lane */
}

const struct wire *exchange_wire(
	struct exchange *exchange, unsigned worker, unsigned owner, uint16_t port, const struct wire *real)
{
	struct detour *detour = &exchange->detours[worker][port];

	ensure(worker != owner && port < PORTS_MAX);
	detour->exchange = exchange;
	detour->way = (struct exchange_way){EXCHANGE_TX, (uint8_t)worker, (uint8_t)owner};
	detour->port = port;
	detour->wire = *real;
	detour->wire.rx = detour_rx;
	detour->wire.tx = detour_tx;
	detour->wire.ctx = detour;
	return &detour->wire;
}
