/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames travel as copies of their bytes, so an mbuf that the balancer gives is back in its pool at once and
 * one that it gets was never anywhere else: what is missing at the end, the balancer lost.
 */
#include "link.h"

#include "base/hash.h"
#include "host.h"
#include "ledger.h"
#include "support/tcp_segment.h"

#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>

enum { QUEUE_FRAMES = 512, WIRE_MTU = 1500, SABOTAGE_EVERY = 97 };

const uint8_t sim_balancer_mac[6] = {0x02, 0, 0, 0, 0, 1};

/* A copy on its way. */
struct flight {
	bool intact;
	struct packet packet;
};

struct queue {
	struct sim_link *link;
	struct rte_mempool *pool;
	struct wire wire;
	struct flight *waiting[QUEUE_FRAMES];
	uint32_t head, tail;
};

struct sim_link {
	struct sim *sim;
	struct rng rng;
	struct sim_link_counts counts;
	uint64_t sent_by_workers;
	struct queue queues[SIM_WORKERS_MAX];
};

/* Header and options by name and number, and the first line of the text. */
static void describe_segment(const struct packet *packet, char *buf, size_t size)
{
	static const uint32_t from_zero[2];
	struct packet_view v = packet_read(packet);
	struct tcp_segment segment;
	char src[ENDPOINT_TEXT_MAX], dst[ENDPOINT_TEXT_MAX], header[160];
	uint32_t line = 0;

	endpoint_format(&v.src, src);
	endpoint_format(&v.dst, dst);
	if (!v.checksums_right) {
		snprintf(buf, size, "%s > %s tcp BAD CHECKSUM", src, dst);
		return;
	}
	tcp_segment_read((const uint8_t *)v.payload.p, (uint32_t)v.payload.len, &segment);
	tcp_segment_show(&segment, from_zero, header, sizeof(header));
	while (line < segment.text_len && line < 60 && segment.text[line] >= ' ' && segment.text[line] < 0x7f)
		line++;
	int used = snprintf(buf, size, "%s > %s tcp %s: ", src, dst, header);
	snprintf(buf + used, size - (size_t)used, "%.*s", (int)line, (const char *)segment.text);
}

static void log_flight(struct sim *sim, const char *what, const struct packet *packet)
{
	char text[400];

	if (!sim->verbose)
		return;
	if (packet_read(packet).kind == PACKET_TCP)
		describe_segment(packet, text, sizeof(text));
	else
		packet_describe(packet, text, sizeof(text));
	sim_log(sim, "%-9s %s", what, text);
}

/* As a device with RSS spreads: both directions of a flow need not meet, fragments go by their addresses. */
static unsigned queue_for(const struct sim_link *link, const struct packet *packet)
{
	struct packet_view v = packet_read(packet);
	uint64_t hash;

	if (v.src.ip.family == IP_NONE || v.kind == PACKET_ARP_REQUEST || v.kind == PACKET_ARP_REPLY)
		return 0;
	hash = hash_bytes(v.src.ip.bytes, 16, hash_bytes(v.dst.ip.bytes, 16, 0));
	if (v.kind == PACKET_UDP || v.kind == PACKET_TCP)
		hash = hash_mix(hash ^ ((uint64_t)v.src.port << 16 | v.dst.port));
	return (unsigned)(hash % link->sim->plan.queues);
}

static void arrive_at_balancer(struct sim_link *link, struct flight *flight)
{
	struct queue *queue = &link->queues[queue_for(link, &flight->packet)];

	if (queue->head - queue->tail == QUEUE_FRAMES) {
		log_flight(link->sim, "no room", &flight->packet);
		free(flight);
		return;
	}
	queue->waiting[queue->head++ % QUEUE_FRAMES] = flight;
}

static bool is_group(const uint8_t mac[6])
{
	return (mac[0] & 1) != 0;
}

static void arrive(void *ctx, uint64_t arg)
{
	struct sim_link *link = ctx;
	struct flight *flight = (struct flight *)(uintptr_t)arg;
	const uint8_t *to = flight->packet.bytes;

	if (memcmp(to, sim_balancer_mac, 6) == 0) {
		arrive_at_balancer(link, flight);
		return;
	}
	for (unsigned i = 0; i < SIM_HOSTS; i++) {
		struct sim_host *host = link->sim->hosts[i];
		if (is_group(to) || memcmp(to, sim_host_mac(host), 6) == 0)
			sim_host_receive(host, &flight->packet, flight->intact);
	}
	free(flight);
}

void sim_link_forget(struct event event)
{
	if (event.happen == arrive)
		free((struct flight *)(uintptr_t)event.arg);
}

static void damage(struct sim_link *link, struct flight *flight)
{
	const struct sim_faults *faults = &link->sim->plan.faults;
	struct packet *packet = &flight->packet;

	if (sim_chance(&link->rng, faults->corrupt)) {
		/*
		 * Bits are only ever set: two flips in fragments of one datagram could else make up for each
		 * other in its checksum, and then the wrong bytes are nobody's fault.
		 */
		uint32_t at = rng_below(&link->rng, (uint32_t)packet->len);
		uint8_t bit = (uint8_t)(1u << rng_below(&link->rng, 8));
		flight->intact = (packet->bytes[at] & bit) != 0;
		packet->bytes[at] |= bit;
	}
	if (sim_chance(&link->rng, faults->truncate)) {
		packet->len = rng_below(&link->rng, (uint32_t)packet->len);
		flight->intact = false;
	}
	if (!flight->intact)
		link->counts.faults++;
}

static void launch(struct sim_link *link, const struct packet *packet)
{
	struct flight *flight = malloc(sizeof(*flight));
	uint64_t delay_ns = 100000 + rng_below(&link->rng, 50000);

	ensure(flight != NULL);
	flight->intact = true;
	flight->packet.len = packet->len;
	memcpy(flight->packet.bytes, packet->bytes, packet->len);
	damage(link, flight);
	if (sim_chance(&link->rng, link->sim->plan.faults.reorder)) {
		delay_ns += rng_below(&link->rng, 20000000);
		link->counts.faults++;
	}
	log_flight(link->sim, flight->intact ? "frame" : "DAMAGED", &flight->packet);
	sim_later(link->sim, delay_ns, arrive, link, (uint64_t)(uintptr_t)flight);
}

void sim_link_send(struct sim_link *link, const struct packet *packet)
{
	link->counts.frames++;
	if (sim_chance(&link->rng, link->sim->plan.faults.loss)) {
		link->counts.faults++;
		log_flight(link->sim, "LOST", packet);
		return;
	}
	launch(link, packet);
	if (sim_chance(&link->rng, link->sim->plan.faults.duplicate)) {
		link->counts.faults++;
		launch(link, packet);
	}
}

static uint16_t queue_rx(void *ctx, struct rte_mbuf **mbufs, uint16_t max)
{
	struct queue *queue = ctx;
	uint16_t count = 0;

	while (count < max && queue->tail != queue->head) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(queue->pool);
		if (!mbuf)
			break;
		struct flight *flight = queue->waiting[queue->tail++ % QUEUE_FRAMES];
		char *room = rte_pktmbuf_append(mbuf, (uint16_t)flight->packet.len);
		ensure(room != NULL);
		memcpy(room, flight->packet.bytes, flight->packet.len);
		queue->link->counts.to_workers++;
		sim_ledger_into(queue->link->sim->ledger, &flight->packet, flight->intact);
		free(flight);
		mbufs[count++] = mbuf;
	}
	return count;
}

static void leave(struct sim_link *link, const struct packet *packet)
{
	struct sim *sim = link->sim;
	bool is_udp = packet_read(packet).kind == PACKET_UDP;

	sim->digest = hash_bytes(packet->bytes, packet->len, sim->digest ^ hash_mix(sim->now_ns));
	if (is_udp && sim->plan.sabotage == SIM_MUTE && link->sent_by_workers % SABOTAGE_EVERY == 0)
		return;
	sim_ledger_out(sim->ledger, packet);
	sim_link_send(link, packet);
	if (is_udp && sim->plan.sabotage == SIM_TWICE && link->sent_by_workers % SABOTAGE_EVERY == 0) {
		sim_ledger_out(sim->ledger, packet);
		sim_link_send(link, packet);
	}
}

static uint16_t queue_tx(void *ctx, struct rte_mbuf **mbufs, uint16_t count)
{
	struct queue *queue = ctx;
	struct sim_link *link = queue->link;

	for (uint16_t i = 0; i < count; i++) {
		struct packet packet = {.len = mbufs[i]->pkt_len};
		ensure(packet.len <= sizeof(packet.bytes));
		const void *bytes = rte_pktmbuf_read(mbufs[i], 0, mbufs[i]->pkt_len, packet.bytes);
		if (bytes != packet.bytes)
			memcpy(packet.bytes, bytes, packet.len);
		link->sent_by_workers++;
		leave(link, &packet);
		if (link->sim->plan.sabotage != SIM_LEAK || link->sent_by_workers % SABOTAGE_EVERY != 0)
			rte_pktmbuf_free(mbufs[i]);
	}
	return count;
}

struct sim_link *sim_link_create(struct sim *sim, struct rte_mempool **pools)
{
	struct sim_link *link = calloc(1, sizeof(*link));

	ensure(link != NULL);
	link->sim = sim;
	rng_init(&link->rng, sim->seed * 3 + 1);
	for (unsigned i = 0; i < sim->plan.queues; i++) {
		struct queue *queue = &link->queues[i];
		queue->link = link;
		queue->pool = pools[i];
		queue->wire = (struct wire){.rx = queue_rx, .tx = queue_tx, .ctx = queue, .mtu = WIRE_MTU};
		memcpy(queue->wire.mac, sim_balancer_mac, 6);
	}
	return link;
}

void sim_link_destroy(struct sim_link *link)
{
	for (unsigned i = 0; i < SIM_WORKERS_MAX; i++) {
		struct queue *queue = &link->queues[i];
		while (queue->tail != queue->head)
			free(queue->waiting[queue->tail++ % QUEUE_FRAMES]);
	}
	free(link);
}

const struct wire *sim_link_wire(const struct sim_link *link, unsigned queue)
{
	return &link->queues[queue].wire;
}

const struct sim_link_counts *sim_link_counts(const struct sim_link *link)
{
	return &link->counts;
}
