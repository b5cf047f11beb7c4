/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What workers pass to each other: received frames for the worker whose flow they are, frames to send for a
 * worker without a queue pair of its own, and letters. One ring for each ordered pair of workers and purpose,
 * so each has one producer and one consumer.
 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "base/ensure.h"
#include "worker/mailbox.h"
#include "wire.h"

#include <stdbool.h>
#include <stdint.h>

struct exchange;
struct rte_mbuf;

enum exchange_lane {
	EXCHANGE_RX,      /* received by `from`, to be handled by `to` */
	EXCHANGE_TX,      /* made by `from`, to be sent through the wire of `to` */
	EXCHANGE_MESSAGE, /* a message for a connection or a transaction of `to` (handover.c) */
	EXCHANGE_LANES
};

/* Needs a started EAL. 0 or -ENOMEM. */
must_use int exchange_create(unsigned worker_count, struct exchange **ret_exchange);
void exchange_destroy(struct exchange *exchange); /* NULL is fine; frees the frames still in it */

/*
 * Gives up to `count` frames of that port; returns how many the ring took. Where a frame belongs travels in
 * mbuf->port.
 */
struct exchange_way {
	uint8_t lane; /* enum exchange_lane */
	uint8_t from;
	uint8_t to;
};
uint16_t exchange_give(struct exchange *exchange, struct exchange_way way, uint16_t port,
	struct rte_mbuf **mbufs, uint16_t count);
uint16_t exchange_take(
	struct exchange *exchange, struct exchange_way way, struct rte_mbuf **ret_mbufs, uint16_t max);

/* A letter from one worker to another. False when the box is full; counted there. */
must_use bool exchange_send(struct exchange *exchange, unsigned from, unsigned to, const struct mail *mail);
unsigned exchange_receive(
	struct exchange *exchange, unsigned from, unsigned to, struct mail *ret_mails, unsigned max);

/* Anything waiting for this worker? */
bool exchange_waiting(const struct exchange *exchange, unsigned to);

/*
 * The wire of a worker without a queue pair: what it sends goes to `owner`, what it receives comes by the
 * exchange and not by this wire. MTU, MAC and offloads are those of the owner's wire.
 */
const struct wire *exchange_wire(
	struct exchange *exchange, unsigned worker, unsigned owner, uint16_t port, const struct wire *real);

/* The workers that `from` gave something to since the last call, as bits. */
uint64_t exchange_gave_to(struct exchange *exchange, unsigned from);

#endif
