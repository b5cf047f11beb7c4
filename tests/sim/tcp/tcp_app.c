/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The applications: what they send, how slowly they read, how they close. */
#include "tcp/tcp_app.h"

uint8_t tcp_app_byte(const struct side *sender, uint32_t offset)
{
	uint32_t mixed = offset * 2654435761U + sender->conn->index * 40503U + sender->host->index * 9176U;

	return (uint8_t)(mixed >> 24 ^ mixed >> 11);
}

static struct tcp_sim *sim_of(const struct side *side)
{
	return side->host->sim;
}

/* Both directions done: nobody needs the connection any more. */
static void close_when_done(struct side *side)
{
	if (!end_lives(side))
		return;
	if (side->sent == side->to_send && !side->shut) {
		side->shut = true;
		end_shutdown(side);
	}
	if (end_lives(side) && side->peer_closed && side->shut && !end_unread(side))
		end_close(side);
}

static void read_some(struct side *side, uint32_t max)
{
	const struct side *sender = &side->conn->sides[!side->host->index];

	while (max > 0 && end_lives(side)) {
		uint32_t bytes = end_read(side, max);
		if (bytes == 0)
			break;
		max -= bytes;
	}
	if (side->read > sender->sent)
		tcp_sim_violate(sim_of(side), "conn %u: more was read than sent", side->conn->index);
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

static void send_later(void *ctx, uint64_t arg);

/* True while its application has nothing to say. */
static bool rests(struct side *side)
{
	struct tcp_sim *sim = sim_of(side);

	if (side->rest_ns > 0 && side->sent >= side->rest_at) {
		tcp_sim_log(sim, "conn %u host %u rests for %llu s", side->conn->index, side->host->index,
			(unsigned long long)(side->rest_ns / SIM_S));
		side->rests_until_ns = sim->now_ns + side->rest_ns;
		tcp_sim_later(sim, side->rest_ns, send_later, side, 0);
		side->rest_ns = 0;
	}
	return sim->now_ns < side->rests_until_ns;
}

/* One chunk. False: not now. */
static bool send_chunk(struct side *side)
{
	uint32_t left = side->to_send - side->sent;
	uint32_t len = 1 + rng_below(&sim_of(side)->rng, 1900);

	return left > 0 && !rests(side) && end_write(side, len < left ? len : left);
}

static void send_later(void *ctx, uint64_t arg)
{
	struct side *side = ctx;

	(void)arg;
	if (side->ended || !end_lives(side) || side->shut)
		return;
	while (send_chunk(side) && side->send_every_ns == 0 && end_lives(side)) {
	}
	close_when_done(side);
	if (sim_of(side)->now_ns < side->rests_until_ns)
		return;
	/* A pool that was empty tells nobody when it is not: ask again. */
	tcp_sim_later(
		sim_of(side), side->send_every_ns ? side->send_every_ns : 20 * SIM_MS, send_later, side, 0);
}

static void give_up(void *ctx, uint64_t arg)
{
	struct side *side = ctx;

	(void)arg;
	if (end_lives(side) && !side->ended)
		end_abort(side);
}

void tcp_app_begun(struct side *side)
{
	side->begun = true;
	tcp_sim_later(sim_of(side), 0, send_later, side, 0);
	if (side->read_max > 0)
		tcp_sim_later(sim_of(side), side->read_every_ns, read_later, side, 0);
}

struct side *tcp_app_expects(struct sim_host *host, const struct endpoint *from)
{
	for (unsigned i = host->sim->plan.conns; i-- > 0;) {
		struct sim_conn *conn = &host->sim->conns[i];
		struct side *side = &conn->sides[host->index];
		if (conn->opened && conn->opener != host->index && !side->begun && !conn->lost &&
			endpoint_equal(&conn->from, from))
			return side;
	}
	return NULL;
}

void tcp_app_readable(struct side *side)
{
	if (side->read_max == 0)
		read_some(side, UINT32_MAX);
	close_when_done(side);
}

void tcp_app_peer_closed(struct side *side)
{
	side->peer_closed = true;
	close_when_done(side);
}

static void writable(struct side *side)
{
	if (side->send_every_ns == 0)
		while (send_chunk(side)) {
		}
	close_when_done(side);
}

void tcp_app_ended(struct side *side, enum tcp_reason why)
{
	tcp_sim_log(sim_of(side), "conn %u host %u ended: %s", side->conn->index, side->host->index,
		tcp_reason_name(why));
	if (side->ended)
		tcp_sim_violate(sim_of(side), "conn %u ended twice", side->conn->index);
	side->ended = true;
	side->tcb = NULL;
	side->why = why;
}

/* A host that rebooted uses its ports again: what its former self left under way may complete first. */
static bool is_for(const struct side *side)
{
	const struct sim_conn *conn = side->conn;

	return !side->host->sim->plan.reboots || conn->sides[conn->opener].begun;
}

static void accepted(struct sim_host *host, struct tcb *tcb)
{
	struct tcp_info info;
	struct side *side;

	tcp_info(tcb, &info);
	side = tcp_app_expects(host, &info.remote);
	if (!side || !is_for(side)) {
		if (!host->sim->plan.reboots)
			tcp_sim_violate(
				host->sim, "host %u accepted a connection that nobody opened", host->index);
		tcp_set_cookie(tcb, 0);
		tcp_abort(tcb, host->sim->now_ns);
		return;
	}
	side->tcb = tcb;
	tcp_set_cookie(tcb, (uint64_t)(uintptr_t)side);
	tcp_app_begun(side);
}

void tcp_app_event(void *ctx, struct tcb *tcb, enum tcp_event event, enum tcp_reason why)
{
	struct side *side = (struct side *)(uintptr_t)tcp_cookie(tcb);

	if (event == TCP_ACCEPTED)
		accepted(ctx, tcb);
	else if (!side)
		return;
	else if (event == TCP_CONNECTED)
		tcp_app_begun(side);
	else if (event == TCP_READABLE)
		tcp_app_readable(side);
	else if (event == TCP_PEER_CLOSED)
		tcp_app_peer_closed(side);
	else if (event == TCP_WRITABLE)
		writable(side);
	else
		tcp_app_ended(side, why);
}

static void open_conn(void *ctx, uint64_t arg)
{
	struct sim_conn *conn = ctx;
	struct tcp_sim *sim = sim_of(&conn->sides[0]);

	(void)arg;
	conn->opened = true;
	end_open(&conn->sides[conn->opener]);
	if (conn->aborts)
		tcp_sim_later(sim, conn->abort_at_ns, give_up, &conn->sides[rng_below(&sim->rng, HOSTS)], 0);
}

void tcp_apps_start(struct tcp_sim *sim)
{
	for (unsigned i = 0; i < sim->plan.conns; i++)
		tcp_sim_later(sim, sim->conns[i].open_at_ns, open_conn, &sim->conns[i], 0);
}
