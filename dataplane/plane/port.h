/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network device: the only place that drives one. What a worker sees of it is a struct wire for each of its
 * queue pairs. All functions but those behind the wire are control's.
 */
#ifndef PORT_H
#define PORT_H

#include "base/ensure.h"
#include "net/rss.h"
#include "wire.h"

#include <stdbool.h>
#include <stdint.h>

enum { PORT_ERROR_MAX = 256 };

struct rte_mempool;
struct port;

struct port_config {
	const char *name;   /* the operator's name of it */
	const char *device; /* PCI address ("0000:3b:00.0") or vdev string ("net_tap0,iface=sl0") */
	uint16_t queues;    /* wanted; the device may have fewer */
	uint16_t mtu;
	uint8_t mac[6];             /* all zero: the device's own */
	bool interrupts;            /* ask for receive interrupts, so that a worker may sleep */
	struct rte_mempool **pools; /* one for each wanted queue: where its frames come from; borrowed */
};

/* What the device turned out to be. */
struct port_facts {
	const char *driver;
	uint16_t queues;
	uint16_t mtu;
	uint8_t mac[6];
	bool rss;        /* spreads flows over its queues by itself */
	bool interrupts; /* a queue can wake a sleeping worker */
	uint64_t rx_offloads;
	uint64_t tx_offloads;
};

/* What the device counted itself. */
struct port_stats {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
	uint64_t rx_missed; /* no free descriptor: workers too slow */
	uint64_t rx_errors, tx_errors;
	uint64_t rx_no_mbuf; /* a worker's pool was empty */
	bool link_up;
	uint32_t link_mbps; /* 0 when unknown */
};

/* Probes the device, sets it up and leaves it stopped. Returns 0, or -errno with a text in ret_error. */
must_use int port_create(
	const struct port_config *config, struct port **ret_port, char ret_error[static PORT_ERROR_MAX]);

/* Stops the device and gives it back; the workers must have stopped. NULL is fine. */
void port_destroy(struct port *port);

must_use int port_start(struct port *port, char ret_error[static PORT_ERROR_MAX]);
void port_stop(struct port *port);

const char *port_name(const struct port *port);
const struct port_facts *port_facts(const struct port *port);

/* How the device chooses queues for segments, known from port_start() on; reta_size 0: it does not say. */
const struct net_rss *port_rss(const struct port *port);

/* The queue pair's wire; valid until port_destroy. */
const struct wire *port_wire(const struct port *port, unsigned queue);

void port_stats(const struct port *port, struct port_stats *ret_stats);

/* Receive interrupts of one queue, from the worker's thread. The first adds it to the thread's epoll set. */
must_use int port_wait_add(const struct port *port, unsigned queue);
void port_wait_begin(const struct port *port, unsigned queue); /* frames wake from now on */
void port_wait_end(const struct port *port, unsigned queue);

#endif
