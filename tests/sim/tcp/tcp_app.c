/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The applications: what they send, how slowly they read, how they close. The oracle of the bytes is here. */
#include "tcp/tcp_sim.h"

#include <rte_mbuf.h>

#include <errno.h>

uint8_t tcp_app_byte(const struct side *sender, uint32_t offset)
{
	uint32_t mixed = offset * 2654435761U + sender->conn->index * 40503U + sender->host->index * 9176U;

	return (uint8_t)(mixed >> 24 ^ mixed >> 11);
}

static struct tcp_sim *sim_of(const struct side *side)
{
	return side->host->sim;
}

static struct side *other_of(struct side *side)
{
	return &side->conn->sides[!side->host->index];
}

/* Both directions done: nobody needs the connection any more. */
static void close_when_done(struct side *side)
{
	struct tcp_sim *sim = sim_of(side);

	if (!side->tcb)
		return;
	if (side->sent == side->to_send && !side->shut) {
		side->shut = true;
		tcp_shutdown(side->tcb, sim->now_ns);
	}
	if (side->tcb && side->peer_closed && side->shut) {
		struct span span;
		if (tcp_receive(side->tcb, &span, 1) == 0)
			tcp_close(side->tcb, sim->now_ns);
	}
}

static void check_span(struct side *side, struct span span)
{
	const struct side *sender = other_of(side);

	for (size_t i = 0; i < span.len; i++) {
		if ((uint8_t)span.p[i] != tcp_app_byte(sender, side->read + (uint32_t)i)) {
			tcp_sim_violate(sim_of(side), "conn %u: host %u read a wrong byte at %u",
				side->conn->index, side->host->index, side->read + (uint32_t)i);
			return;
		}
	}
}

static void read_some(struct side *side, uint32_t max)
{
	struct tcp_sim *sim = sim_of(side);
	struct span span;

	while (max > 0 && side->tcb && tcp_receive(side->tcb, &span, 1) == 1) {
		if (span.len > max)
			span.len = max;
		check_span(side, span);
		side->read += (uint32_t)span.len;
		sim->bytes += span.len;
		max -= (uint32_t)span.len;
		tcp_consume(side->tcb, (uint32_t)span.len, sim->now_ns);
	}
	if (side->read > other_of(side)->sent)
		tcp_sim_violate(sim, "conn %u: more was read than sent", side->conn->index);
}

static void read_later(void *ctx, uint64_t arg)
{
	struct side *side = ctx;

	(void)arg;
	if (side->ended)
		return;
	read_some(side, side->read_max);
	close_when_done(side);
	tcp_sim_later(sim_of(side), side->read_every_ns, read_later, side, 0);
}

/* One chunk. False: not now. */
static bool send_chunk(struct side *side)
{
	struct tcp_sim *sim = sim_of(side);
	uint32_t left = side->to_send - side->sent;
	uint32_t len = 1 + rng_below(&sim->rng, 1900);
	struct rte_mbuf *mbuf = left > 0 ? rte_pktmbuf_alloc(side->host->pool) : NULL;
	char *text;

	if (!mbuf)
		return false;
	len = len < left ? len : left;
	text = rte_pktmbuf_append(mbuf, (uint16_t)len);
	ensure(text != NULL);
	for (uint32_t i = 0; i < len; i++)
		text[i] = (char)tcp_app_byte(side, side->sent + i);
	/* Counted before: the other side may not read what was not sent. */
	side->sent += len;
	if (tcp_send(side->tcb, mbuf, sim->now_ns) == 0)
		return true;
	side->sent -= len;
	rte_pktmbuf_free(mbuf);
	return false;
}

static void send_later(void *ctx, uint64_t arg)
{
	struct side *side = ctx;

	(void)arg;
	if (side->ended || !side->tcb || side->shut)
		return;
	while (send_chunk(side) && side->send_every_ns == 0) {
	}
	close_when_done(side);
	/* A pool that was empty tells nobody when it is not: ask again. */
	tcp_sim_later(
		sim_of(side), side->send_every_ns ? side->send_every_ns : 20 * SIM_MS, send_later, side, 0);
}

static void give_up(void *ctx, uint64_t arg)
{
	struct side *side = ctx;

	(void)arg;
	if (side->tcb && !side->ended)
		tcp_abort(side->tcb, sim_of(side)->now_ns);
}

static void begin(struct side *side, struct tcb *tcb)
{
	side->tcb = tcb;
	side->begun = true;
	tcp_set_cookie(tcb, (uint64_t)(uintptr_t)side);
	tcp_sim_later(sim_of(side), 0, send_later, side, 0);
	if (side->read_max > 0)
		tcp_sim_later(sim_of(side), side->read_every_ns, read_later, side, 0);
}

static struct side *side_of_accepted(struct sim_host *host, const struct tcb *tcb)
{
	struct tcp_info info;

	tcp_info(tcb, &info);
	for (unsigned i = 0; i < host->sim->plan.conns; i++) {
		struct sim_conn *conn = &host->sim->conns[i];
		if (conn->opener != host->index && endpoint_equal(&conn->from, &info.remote))
			return &conn->sides[host->index];
	}
	return NULL;
}

static void ended(struct side *side, enum tcp_reason why)
{
	tcp_sim_log(sim_of(side), "conn %u host %u ended: %s", side->conn->index, side->host->index,
		tcp_reason_name(why));
	if (side->ended)
		tcp_sim_violate(sim_of(side), "conn %u ended twice", side->conn->index);
	side->ended = true;
	side->tcb = NULL;
	side->why = why;
}

void tcp_app_event(void *ctx, struct tcb *tcb, enum tcp_event event, enum tcp_reason why)
{
	struct sim_host *host = ctx;
	struct side *side = (struct side *)(uintptr_t)tcp_cookie(tcb);

	if (event == TCP_ACCEPTED) {
		side = side_of_accepted(host, tcb);
		if (!side || side->begun)
			tcp_sim_violate(
				host->sim, "host %u accepted a connection that nobody opened", host->index);
		else
			begin(side, tcb);
		return;
	}
	if (!side)
		return;
	if (event == TCP_CONNECTED)
		begin(side, tcb);
	if (event == TCP_PEER_CLOSED)
		side->peer_closed = true;
	if (event == TCP_READABLE && side->read_max == 0)
		read_some(side, UINT32_MAX);
	if (event == TCP_WRITABLE && side->send_every_ns == 0)
		while (send_chunk(side)) {
		}
	if (event == TCP_ENDED)
		ended(side, why);
	else
		close_when_done(side);
}

static void open_conn(void *ctx, uint64_t arg)
{
	struct sim_conn *conn = ctx;
	struct side *side = &conn->sides[conn->opener];
	struct tcp_sim *sim = sim_of(side);
	struct endpoint remote = {sim->hosts[!conn->opener].ip, SIM_PORT};
	struct tcp_info info;

	(void)arg;
	sim->opening = conn;
	ensure(tcp_connect(side->host->tcp, &remote, (uint64_t)(uintptr_t)side, sim->now_ns, &side->tcb) ==
		0);
	sim->opening = NULL;
	tcp_info(side->tcb, &info);
	conn->from = info.local;
	if (conn->aborts)
		tcp_sim_later(sim, conn->abort_at_ns, give_up, &conn->sides[rng_below(&sim->rng, HOSTS)], 0);
}

void tcp_apps_start(struct tcp_sim *sim)
{
	for (unsigned i = 0; i < sim->plan.conns; i++)
		tcp_sim_later(sim, rng_below(&sim->rng, 500) * SIM_MS, open_conn, &sim->conns[i], 0);
}
