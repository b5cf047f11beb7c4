/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host on the link: answers for its addresses, puts fragments together, gives datagrams to its owner. */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include "sim.h"

/* A message: a datagram, or one of a stream, whose ports are then those that the stream is known by. */
struct sim_datagram {
	struct endpoint src, dst;
	struct span payload;
	uint64_t stream; /* 0: a datagram */
};

struct sim_host_owner {
	void *ctx;
	void (*receive)(void *ctx, const struct sim_datagram *datagram);
};

/* With connections when the plan says so. */
struct sim_host *sim_host_create(struct sim *sim, unsigned index, struct sim_host_owner owner);
void sim_host_destroy(struct sim_host *host);

const uint8_t *sim_host_mac(const struct sim_host *host);
struct ip_addr sim_host_ip(const struct sim_host *host, bool v6);

/* Dead: hears and says nothing. Deaf: the ports are closed, datagrams get port unreachable. */
void sim_host_condition(struct sim_host *host, bool dead, bool deaf);

void sim_host_receive(struct sim_host *host, const struct packet *packet, bool intact);
void sim_host_send(struct sim_host *host, const struct endpoint *dst, uint16_t src_port, struct span payload);
/* The same over a connection. */
void sim_host_say(struct sim_host *host, const struct endpoint *dst, uint16_t src_port, struct span payload);
/*
 * To where the message came from: a response goes by its connection, and if that has ended by a new one to
 * where the topmost Via says (RFC 3261 18.2.2).
 */
void sim_host_answer(struct sim_host *host, const struct sim_datagram *to, struct span payload);

/* NULL: the host has no connections. */
struct sim_streams *sim_host_streams(struct sim_host *host);
/* Of its connections: a segment leaves, a message has come. */
void sim_host_send_segment(
	struct sim_host *host, const struct ip_addr *src, const struct ip_addr *dst, struct span segment);
void sim_host_take(struct sim_host *host, const struct sim_datagram *message);

/* The balancer's address of that family. */
struct ip_addr sim_balancer_ip(bool v6);

#endif
