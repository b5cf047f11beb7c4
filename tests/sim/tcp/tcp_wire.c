/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire between the two hosts, and what it checks in passing: that no right edge moves left, and that
 * nobody sends beyond the other's, but for the one byte that probes it.
 */
#include "tcp/tcp_sim.h"

#include <rte_mbuf.h>

#include <stdlib.h>

enum { SEGMENT_MAX = 2048, IP_PROBE = 1 };

struct wire_segment {
	struct tcp_sim *sim;
	unsigned from; /* host */
	uint32_t len;
	uint16_t checksum;
	uint8_t bytes[SEGMENT_MAX];
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint16_t checksum(const struct wire_segment *segment)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < segment->len; i++)
		sum += (uint32_t)segment->bytes[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint16_t port_at(const struct wire_segment *segment, unsigned offset)
{
	return (uint16_t)(segment->bytes[offset] << 8 | segment->bytes[offset + 1]);
}

/* The connection that the segment belongs to; -1: none that is known. */
static int conn_of(const struct wire_segment *segment)
{
	struct tcp_sim *sim = segment->sim;

	if (sim->opening)
		return (int)sim->opening->index;
	for (unsigned i = 0; i < sim->plan.conns; i++) {
		struct sim_conn *conn = &sim->conns[i];
		uint16_t port = port_at(segment, segment->from == conn->opener ? 0 : 2);
		uint16_t other = port_at(segment, segment->from == conn->opener ? 2 : 0);
		if (conn->from.port == port && other == SIM_PORT)
			return (int)i;
	}
	return -1;
}

static uint8_t *option_find(struct wire_segment *segment, uint8_t kind)
{
	uint8_t *p = segment->bytes + 20;
	uint8_t *end = segment->bytes + (segment->bytes[12] >> 4) * 4;

	while (p < end && *p != 0) {
		if (*p == kind)
			return p;
		p += *p == 1 ? 1 : p[1];
	}
	return NULL;
}

static void strip(struct wire_segment *segment, uint8_t kind)
{
	uint8_t *option = option_find(segment, kind);

	if (option)
		memset(option, 1, option[1]);
}

static uint32_t text_len(const struct wire_segment *segment)
{
	return segment->len - (uint32_t)(segment->bytes[12] >> 4) * 4;
}

static void check_edge(struct wire_segment *segment, unsigned conn)
{
	struct tcp_sim *sim = segment->sim;
	struct promise *ours = &sim->promises[segment->from][conn];
	const struct promise *theirs = &sim->promises[!segment->from][conn];
	uint8_t flags = segment->bytes[13];
	uint32_t window = port_at(segment, 14);
	uint8_t *option;

	if (flags & 4)
		return;
	if (flags & 2) {
		option = option_find(segment, 3);
		ours->scaled = option != NULL;
		ours->shift = option ? option[2] : 0;
		window <<= 0;
	} else if (ours->scaled && theirs->scaled) {
		window <<= ours->shift;
	}
	if (flags & 16) {
		uint32_t edge = be32(segment->bytes + 8) + window;
		if (ours->known && (int32_t)(edge - ours->edge) < 0)
			tcp_sim_violate(sim, "conn %u: host %u moved its right edge left by %u", conn,
				segment->from, ours->edge - edge);
		ours->edge = edge;
		ours->known = true;
	}
	if (theirs->known && text_len(segment) > 1 &&
		(int32_t)(be32(segment->bytes + 4) + text_len(segment) - theirs->edge) > IP_PROBE)
		tcp_sim_violate(sim, "conn %u: host %u sent beyond the window", conn, segment->from);
}

static void arrive(void *ctx, uint64_t arg)
{
	struct wire_segment *segment = ctx;
	struct tcp_sim *sim = segment->sim;
	struct sim_host *to = &sim->hosts[!segment->from];
	struct rte_mbuf *mbuf = NULL;
	struct tcp_packet packet = {
		.src = &sim->hosts[segment->from].ip, .dst = &to->ip, .l4_len = segment->len};

	(void)arg;
	if (checksum(segment) == segment->checksum)
		mbuf = rte_pktmbuf_alloc(to->pool);
	if (mbuf) {
		memcpy(rte_pktmbuf_append(mbuf, (uint16_t)segment->len), segment->bytes, segment->len);
		packet.mbuf = mbuf;
		tcp_input(to->tcp, &packet, sim->now_ns);
	}
	free(segment);
}

void tcp_wire_forget(struct event event)
{
	if (event.happen == arrive)
		free(event.ctx);
}

static void deliver_copy(const struct wire_segment *segment)
{
	struct tcp_sim *sim = segment->sim;
	struct wire_segment *copy = malloc(sizeof(*copy));
	uint64_t in_ns = sim->plan.delay_ns;

	ensure(copy != NULL);
	*copy = *segment;
	if (tcp_sim_chance(sim, sim->plan.corrupt)) {
		copy->bytes[rng_below(&sim->rng, copy->len)] ^= (uint8_t)(1U << rng_below(&sim->rng, 8));
		sim->disturbed++;
	}
	if (tcp_sim_chance(sim, sim->plan.reorder)) {
		in_ns += rng_below(&sim->rng, 1 + (uint32_t)(in_ns / 1000)) * 1000ULL * 2;
		sim->disturbed++;
	}
	tcp_sim_later(sim, in_ns, arrive, copy, 0);
}

struct too_big {
	struct sim_host *host;
	struct tcp_icmp icmp;
};

static void icmp_arrive(void *ctx, uint64_t arg)
{
	struct too_big *too_big = ctx;

	(void)arg;
	tcp_icmp(too_big->host->tcp, &too_big->icmp, too_big->host->sim->now_ns);
	free(too_big);
}

/* True when the path takes it. */
static bool fits_path(const struct wire_segment *segment)
{
	struct tcp_sim *sim = segment->sim;
	struct sim_host *from = &sim->hosts[segment->from];
	uint32_t packet_len = segment->len + (sim->plan.family == 4 ? 20 : 40);
	struct too_big *too_big;

	if (sim->plan.mtu_at_ns == 0 || sim->now_ns < SIM_S + sim->plan.mtu_at_ns ||
		packet_len <= sim->plan.mtu_path)
		return true;
	if (sim->plan.black_hole)
		return false;
	too_big = malloc(sizeof(*too_big));
	ensure(too_big != NULL);
	*too_big = (struct too_big){
		from, {{from->ip, port_at(segment, 0)}, {sim->hosts[!segment->from].ip, port_at(segment, 2)},
			      be32(segment->bytes + 4), sim->plan.mtu_path}};
	tcp_sim_later(sim, sim->plan.delay_ns, icmp_arrive, too_big, 0);
	return false;
}

static void read_mbuf(struct wire_segment *segment, struct rte_mbuf *mbuf)
{
	ensure(mbuf->nb_segs == 1 && mbuf->pkt_len <= SEGMENT_MAX);
	segment->len = mbuf->pkt_len;
	memcpy(segment->bytes, rte_pktmbuf_mtod(mbuf, const void *), mbuf->pkt_len);
	if (segment->sim->sabotage == SABOTAGE_LEAK && segment->sim->segments == 20)
		return;
	rte_pktmbuf_free(mbuf);
}

static void break_it(struct wire_segment *segment)
{
	struct tcp_sim *sim = segment->sim;

	if (sim->sabotage == SABOTAGE_TWIST && sim->segments > 10 && text_len(segment) > 0)
		segment->bytes[segment->len - 1] ^= 1;
	if (sim->sabotage == SABOTAGE_SHRINK && sim->segments == 10)
		segment->bytes[14] = segment->bytes[15] = 0;
	if (sim->sabotage == SABOTAGE_MUTE && text_len(segment) > 0)
		segment->len -= text_len(segment);
}

static void trace(const struct wire_segment *segment, int conn)
{
	const uint8_t *p = segment->bytes;

	tcp_sim_log(segment->sim, "conn %d host %u sends flags %02x seq %u ack %u win %u len %u", conn,
		segment->from, p[13], be32(p + 4), be32(p + 8), port_at(segment, 14), text_len(segment));
}

void tcp_wire_send(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, struct rte_mbuf *mbuf)
{
	struct sim_host *host = ctx;
	struct tcp_sim *sim = host->sim;
	struct wire_segment segment = {.sim = sim, .from = host->index};
	int conn;

	ensure(ip_equal(src, &host->ip) && ip_equal(dst, &sim->hosts[!host->index].ip));
	read_mbuf(&segment, mbuf);
	sim->segments++;
	break_it(&segment);
	if ((segment.bytes[13] & 2) && sim->plan.strip_sack)
		strip(&segment, 4);
	if ((segment.bytes[13] & 2) && sim->plan.strip_ts)
		strip(&segment, 8);
	segment.checksum = checksum(&segment);
	sim->digest = hash_bytes(segment.bytes, segment.len, sim->digest ^ sim->now_ns);
	conn = conn_of(&segment);
	trace(&segment, conn);
	if (conn >= 0)
		check_edge(&segment, (unsigned)conn);
	if ((sim->plan.cut && sim->now_ns > SIM_S + sim->plan.cut_at_ns) ||
		tcp_sim_chance(sim, sim->plan.loss) || !fits_path(&segment)) {
		sim->disturbed++;
		return;
	}
	deliver_copy(&segment);
	if (tcp_sim_chance(sim, sim->plan.duplicate)) {
		sim->disturbed++;
		deliver_copy(&segment);
	}
}
