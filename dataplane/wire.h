/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seam between a worker and whatever carries frames: a queue pair of an Ethernet device (port.c), or the
 * simulator's wire. One wire is one receive and one transmit queue of one port, used by one worker.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdint.h>

struct rte_mbuf;

struct wire {
	/* Takes up to `max` frames; returns how many. Ownership of the mbufs passes to the worker. */
	uint16_t (*rx)(void *ctx, struct rte_mbuf **mbufs, uint16_t max);
	/* Sends up to `count` frames; returns how many it took. The rest still belongs to the worker. */
	uint16_t (*tx)(void *ctx, struct rte_mbuf **mbufs, uint16_t count);
	void *ctx;
	uint64_t tx_offloads; /* RTE_ETH_TX_OFFLOAD_* that the device will do */
	uint64_t rx_offloads; /* RTE_ETH_RX_OFFLOAD_* whose verdicts in ol_flags can be trusted */
	uint16_t mtu;         /* bytes of IP packet */
	uint8_t mac[6];
};

#endif
