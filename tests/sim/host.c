/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts know the balancer's link address; the balancer must ask for theirs. */
#include "host.h"

#include "link.h"
#include "streams.h"

#include <stdlib.h>

enum { PARTIALS = 16, UDP_HEADER = 8 };

/* A datagram of which fragments are missing. */
struct partial {
	uint32_t id;
	uint32_t have;  /* bytes, counted without overlaps since the balancer sends none */
	uint32_t total; /* 0: the last fragment is missing */
	struct endpoint src;
	char bytes[UDP_HEADER + PACKET_MESSAGE_MAX];
};

struct sim_host {
	struct sim *sim;
	struct sim_host_owner owner;
	unsigned index;
	uint8_t mac[6];
	bool dead, deaf;
	struct sim_streams *streams; /* owner: the host */
	uint16_t next_id;
	unsigned next_partial;
	struct partial partials[PARTIALS];
};

struct ip_addr sim_balancer_ip(bool v6)
{
	static const uint8_t v4_bytes[4] = {10, 0, 0, 1};
	static const uint8_t v6_bytes[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};

	return v6 ? ip_from_v6(v6_bytes) : ip_from_v4(v4_bytes);
}

static struct sim_streams *streams_of_plan(struct sim_host *host)
{
	const struct sim_plan *plan = &host->sim->plan;
	bool is_node = host->index < SIM_NODES;
	struct sim_streams_config config = {.sim = host->sim,
		.host = host,
		.index = host->index,
		.v6 = is_node ? plan->nodes_v6 : plan->clients_v6,
		.port_count = is_node ? 1 : SIM_STREAM_PORTS};

	if (!(is_node ? plan->nodes_tcp : plan->clients_tcp))
		return NULL;
	for (unsigned i = 0; i < config.port_count; i++)
		config.ports[i] = (uint16_t)(SIM_PORT + i);
	return sim_streams_create(&config);
}

struct sim_host *sim_host_create(struct sim *sim, unsigned index, struct sim_host_owner owner)
{
	struct sim_host *host = calloc(1, sizeof(*host));

	ensure(host != NULL);
	host->sim = sim;
	host->owner = owner;
	host->index = index;
	host->mac[0] = 0x02;
	host->mac[4] = 1;
	host->mac[5] = (uint8_t)index;
	host->streams = streams_of_plan(host);
	return host;
}

struct sim_streams *sim_host_streams(struct sim_host *host)
{
	return host->streams;
}

void sim_host_destroy(struct sim_host *host)
{
	sim_streams_destroy(host->streams);
	free(host);
}

const uint8_t *sim_host_mac(const struct sim_host *host)
{
	return host->mac;
}

struct ip_addr sim_host_ip(const struct sim_host *host, bool v6)
{
	struct ip_addr ip = sim_balancer_ip(v6);

	ip.bytes[v6 ? 15 : 3] = (uint8_t)(11 + host->index);
	return ip;
}

void sim_host_condition(struct sim_host *host, bool dead, bool deaf)
{
	host->dead = dead;
	host->deaf = deaf;
}

static bool is_mine(const struct sim_host *host, const struct ip_addr *ip)
{
	struct ip_addr mine = sim_host_ip(host, ip->family == IP_V6);

	return ip_equal(&mine, ip);
}

static struct partial *partial_of(struct sim_host *host, const struct packet_view *v)
{
	for (unsigned i = 0; i < PARTIALS; i++) {
		struct partial *partial = &host->partials[i];
		if (partial->have > 0 && partial->id == v->fragment_id &&
			ip_equal(&partial->src.ip, &v->src.ip))
			return partial;
	}
	struct partial *partial = &host->partials[host->next_partial++ % PARTIALS];
	partial->id = v->fragment_id;
	partial->have = 0;
	partial->total = 0;
	partial->src = v->src;
	return partial;
}

static uint16_t port_at(const char *at)
{
	return (uint16_t)((unsigned char)at[0] << 8 | (unsigned char)at[1]);
}

static void receive_fragment(struct sim_host *host, const struct packet_view *v)
{
	struct partial *partial = partial_of(host, v);

	if (v->fragment_offset + v->payload.len > sizeof(partial->bytes))
		return;
	memcpy(partial->bytes + v->fragment_offset, v->payload.p, v->payload.len);
	partial->have += (uint32_t)v->payload.len;
	if (!v->more_fragments)
		partial->total = v->fragment_offset + (uint32_t)v->payload.len;
	/* A repeated fragment only makes the count too large; then the datagram is given up. */
	if (partial->total == 0 || partial->have != partial->total || partial->total < UDP_HEADER)
		return;
	struct sim_datagram datagram = {.src = partial->src,
		.dst = v->dst,
		.payload = span_of(partial->bytes + UDP_HEADER, partial->total - UDP_HEADER)};
	/* Only the first fragment says the ports, and it may have come last. */
	datagram.src.port = port_at(partial->bytes);
	datagram.dst.port = port_at(partial->bytes + 2);
	partial->have = 0;
	if (packet_udp_right(&partial->src, &v->dst, partial->bytes, partial->total))
		host->owner.receive(host->owner.ctx, &datagram);
}

static void receive_datagram(struct sim_host *host, const struct packet_view *v, const struct packet *packet)
{
	struct sim_datagram datagram = {.src = v->src, .dst = v->dst, .payload = v->payload};
	struct packet answer;

	if (!host->deaf) {
		host->owner.receive(host->owner.ctx, &datagram);
		return;
	}
	packet_unreachable(packet, &answer);
	sim_link_send(host->sim->link, &answer);
}

void sim_host_receive(struct sim_host *host, const struct packet *packet, bool intact)
{
	struct packet_view v = packet_read(packet);
	struct packet answer;

	if (host->dead)
		return;
	if (!v.checksums_right) {
		if (intact && v.kind != PACKET_OTHER && v.kind != PACKET_FRAGMENT)
			sim_violate(host->sim, "a worker sent a frame with a wrong checksum or length");
		return;
	}
	if (v.kind == PACKET_ARP_REQUEST && is_mine(host, &v.target)) {
		packet_answer(&v, host->mac, &answer);
		sim_link_send(host->sim->link, &answer);
	} else if (v.kind == PACKET_UDP && is_mine(host, &v.dst.ip)) {
		receive_datagram(host, &v, packet);
	} else if (v.kind == PACKET_TCP && is_mine(host, &v.dst.ip) && host->streams) {
		sim_streams_input(host->streams, &v);
	} else if (v.kind == PACKET_FRAGMENT && is_mine(host, &v.dst.ip) && !host->deaf) {
		receive_fragment(host, &v);
	}
}

static void send_packet(void *ctx, const struct packet *packet)
{
	struct sim_host *host = ctx;

	sim_link_send(host->sim->link, packet);
}

void sim_host_send(struct sim_host *host, const struct endpoint *dst, uint16_t src_port, struct span payload)
{
	struct packet_ends ends = {
		.src = {.ip = sim_host_ip(host, dst->ip.family == IP_V6), .port = src_port}, .dst = *dst};

	if (host->dead)
		return;
	memcpy(ends.mac_src, host->mac, 6);
	memcpy(ends.mac_dst, sim_balancer_mac, 6);
	packet_udp(&ends, payload, host->next_id++, send_packet, host);
}

void sim_host_say(struct sim_host *host, const struct endpoint *dst, uint16_t src_port, struct span payload)
{
	const struct sim_way way = {src_port, *dst};

	sim_streams_say(host->streams, &way, payload);
}

void sim_host_answer(struct sim_host *host, const struct sim_datagram *to, struct span payload)
{
	struct endpoint sent_by = {.ip = to->src.ip, .port = SIM_PORT};

	if (to->stream == 0)
		sim_host_send(host, &to->src, to->dst.port, payload);
	else if (!sim_streams_reply(host->streams, to->stream, payload))
		sim_host_say(host, &sent_by, to->dst.port, payload);
}

void sim_host_send_segment(
	struct sim_host *host, const struct ip_addr *src, const struct ip_addr *dst, struct span segment)
{
	struct packet_ends ends = {.src = {*src, port_at(segment.p)}, .dst = {*dst, port_at(segment.p + 2)}};
	struct packet packet;

	if (host->dead)
		return;
	memcpy(ends.mac_src, host->mac, 6);
	memcpy(ends.mac_dst, sim_balancer_mac, 6);
	packet_tcp(&ends, segment, &packet);
	sim_link_send(host->sim->link, &packet);
}

void sim_host_take(struct sim_host *host, const struct sim_datagram *message)
{
	host->owner.receive(host->owner.ctx, message);
}
