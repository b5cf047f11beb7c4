/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire between the two hosts, and what it checks in passing: that no right edge moves left, and that
 * nobody sends beyond the other's, but for the one byte that probes it.
 */
#include "tcp/tcp_sim.h"

#include <rte_mbuf.h>

#include <stdlib.h>

enum { PROBE = 1 };

struct wire_segment {
	struct tcp_sim *sim;
	unsigned from; /* host */
	uint32_t len;
	uint16_t checksum;
	uint8_t bytes[SEGMENT_MAX];
};

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

/*
 * The connection that the segment belongs to; -1: none that is known, or, after a reboot, one of two that
 * have the same ports.
 */
static int conn_of(const struct wire_segment *segment)
{
	struct tcp_sim *sim = segment->sim;
	int found = -1;

	if (sim->opening)
		return (int)sim->opening->index;
	for (unsigned i = 0; i < sim->plan.conns; i++) {
		struct sim_conn *conn = &sim->conns[i];
		uint16_t port = port_at(segment, segment->from == conn->opener ? 0 : 2);
		uint16_t other = port_at(segment, segment->from == conn->opener ? 2 : 0);
		if (!conn->opened || conn->from.port != port || other != SIM_PORT)
			continue;
		if (found >= 0)
			return -1;
		found = (int)i;
	}
	return found;
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

/* The right edge of its sender's window, and whether it stays inside of the other's. */
static void check_edge(struct tcp_sim *sim, const struct wire_segment *segment, unsigned conn)
{
	bool may_shrink = sim->plan.has_model && sim->plan.habits.shrinks > 0;
	struct promise *ours = &sim->promises[segment->from][conn];
	const struct promise *theirs = &sim->promises[!segment->from][conn];
	struct tcp_segment seen;
	uint32_t window;

	tcp_segment_read(segment->bytes, segment->len, &seen);
	window = seen.window;
	if (seen.flags & SEG_RST)
		return;
	if (seen.flags & SEG_SYN) {
		ours->scaled = seen.shift >= 0;
		ours->shift = seen.shift >= 0 ? (uint8_t)seen.shift : 0;
		ours->iss = seen.seq;
	} else if (ours->scaled && theirs->scaled) {
		window <<= ours->shift;
	}
	if (seen.flags & SEG_ACK) {
		if (ours->known && !(may_shrink && segment->from == MODEL_HOST) &&
			(int32_t)(seen.ack + window - ours->edge) < 0)
			tcp_sim_violate(sim, "conn %u: host %u moved its right edge left by %u", conn,
				segment->from, ours->edge - seen.ack - window);
		ours->edge = seen.ack + window;
		ours->known = true;
	}
	if (theirs->known && !(may_shrink && segment->from != MODEL_HOST) && seen.text_len > 1 &&
		(int32_t)(seen.seq + seen.text_len - theirs->edge) > PROBE)
		tcp_sim_violate(sim, "conn %u: host %u sent beyond the window", conn, segment->from);
}

static void arrive_ours(struct sim_host *host, const struct wire_segment *segment)
{
	struct tcp_sim *sim = segment->sim;
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(host->pool);
	struct tcp_packet packet = {
		.mbuf = mbuf, .src = &sim->hosts[segment->from].ip, .dst = &host->ip, .l4_len = segment->len};
	char *bytes;

	if (!mbuf)
		return;
	bytes = rte_pktmbuf_append(mbuf, (uint16_t)segment->len);
	ensure(bytes != NULL);
	memcpy(bytes, segment->bytes, segment->len);
	tcp_input(host->tcp, &packet, sim->now_ns);
}

static void arrive(void *ctx, uint64_t arg)
{
	struct wire_segment *segment = ctx;
	struct sim_host *to = &segment->sim->hosts[!segment->from];
	struct tcp_segment seen;

	(void)arg;
	if (checksum(segment) != segment->checksum) {
		/* What the network layer would drop. */
	} else if (to->tcp) {
		arrive_ours(to, segment);
	} else {
		tcp_segment_read(segment->bytes, segment->len, &seen);
		model_input(to, &seen);
	}
	free(segment);
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
	if (too_big->host->tcp)
		tcp_icmp(too_big->host->tcp, &too_big->icmp, too_big->host->sim->now_ns);
	free(too_big);
}

void tcp_wire_forget(struct event event)
{
	if (event.happen == arrive || event.happen == icmp_arrive)
		free(event.ctx);
}

/* True when the path takes it. */
static bool fits_path(const struct wire_segment *segment)
{
	struct tcp_sim *sim = segment->sim;
	struct sim_host *from = &sim->hosts[segment->from];
	uint32_t packet_len = segment->len + (sim->plan.family == 4 ? 20 : 40);
	struct tcp_segment seen;
	struct too_big *too_big;

	if (sim->plan.mtu_at_ns == 0 || sim->now_ns < SIM_S + sim->plan.mtu_at_ns ||
		sim->now_ns > SIM_S + sim->plan.mtu_at_ns + sim->plan.mtu_back_ns ||
		packet_len <= sim->plan.mtu_path)
		return true;
	if (sim->plan.black_hole)
		return false;
	tcp_segment_read(segment->bytes, segment->len, &seen);
	too_big = malloc(sizeof(*too_big));
	ensure(too_big != NULL);
	*too_big = (struct too_big){
		from, {{from->ip, port_at(segment, 0)}, {sim->hosts[!segment->from].ip, port_at(segment, 2)},
			      seen.seq, sim->plan.mtu_path}};
	tcp_sim_later(sim, sim->plan.delay_ns, icmp_arrive, too_big, 0);
	return false;
}

static uint32_t text_len(const struct wire_segment *segment)
{
	return segment->len - (uint32_t)(segment->bytes[12] >> 4) * 4;
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

static void show(const struct tcp_sim *sim, const struct wire_segment *segment, int conn)
{
	static const struct promise unknown;
	const struct promise *from = conn < 0 ? &unknown : &sim->promises[segment->from][conn];
	const struct promise *to = conn < 0 ? &unknown : &sim->promises[!segment->from][conn];
	const uint32_t iss[2] = {from->iss, to->iss};
	struct tcp_segment seen;
	char text[160];

	if (!sim->verbose && !sim->log)
		return;
	tcp_segment_read(segment->bytes, segment->len, &seen);
	tcp_segment_show(&seen, iss, text, sizeof(text));
	tcp_sim_log(sim, "conn %d host %u sends %s", conn, segment->from, text);
}

/* What boxes on the way do to a SYN. */
static void strip_options(const struct tcp_sim *sim, struct wire_segment *segment)
{
	if (!(segment->bytes[13] & SEG_SYN))
		return;
	if (sim->plan.strip_sack)
		strip(segment, 4);
	if (sim->plan.strip_ts)
		strip(segment, 8);
}

static bool is_lost(const struct tcp_sim *sim, const struct wire_segment *segment)
{
	return (sim->plan.cut && sim->now_ns > SIM_S + sim->plan.cut_at_ns) ||
	       tcp_sim_chance(segment->sim, sim->plan.loss) || !fits_path(segment);
}

static void pass(struct tcp_sim *sim, struct wire_segment *segment)
{
	if (is_lost(sim, segment)) {
		sim->disturbed++;
		tcp_sim_log(sim, "    which is lost");
		return;
	}
	deliver_copy(segment);
	if (tcp_sim_chance(sim, sim->plan.duplicate)) {
		sim->disturbed++;
		deliver_copy(segment);
	}
}

void tcp_wire_carry(struct sim_host *from, const uint8_t *bytes, uint32_t len)
{
	struct tcp_sim *sim = from->sim;
	struct wire_segment segment = {.sim = sim, .from = from->index, .len = len};
	int conn;

	ensure(len <= SEGMENT_MAX);
	memcpy(segment.bytes, bytes, len);
	sim->segments++;
	break_it(&segment);
	strip_options(sim, &segment);
	segment.checksum = checksum(&segment);
	sim->digest = hash_bytes(segment.bytes, segment.len, sim->digest ^ sim->now_ns);
	conn = conn_of(&segment);
	if (conn >= 0)
		check_edge(sim, &segment, (unsigned)conn);
	show(sim, &segment, conn);
	pass(sim, &segment);
}

void tcp_wire_send(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, struct rte_mbuf *mbuf)
{
	struct sim_host *host = ctx;
	struct tcp_sim *sim = host->sim;

	ensure(ip_equal(src, &host->ip) && ip_equal(dst, &sim->hosts[!host->index].ip));
	ensure(mbuf->nb_segs == 1);
	tcp_wire_carry(host, rte_pktmbuf_mtod(mbuf, const uint8_t *), mbuf->pkt_len);
	if (sim->sabotage != SABOTAGE_LEAK || sim->segments != 20)
		rte_pktmbuf_free(mbuf);
}
