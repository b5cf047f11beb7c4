/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What applications call, on a stack of ours or on a model. What a stack of ours delivers is checked here. */
#include "tcp/tcp_app.h"

#include <rte_mbuf.h>

static struct tcp_sim *sim_of(const struct side *side)
{
	return side->host->sim;
}

static void open_ours(struct side *side)
{
	struct tcp_sim *sim = sim_of(side);
	struct endpoint remote = {sim->hosts[!side->host->index].ip, SIM_PORT};
	struct tcp_info info;

	ensure(tcp_connect(side->host->tcp, &remote, (uint64_t)(uintptr_t)side, sim->now_ns, &side->tcb) ==
		0);
	tcp_info(side->tcb, &info);
	side->conn->from = info.local;
}

void end_open(struct side *side)
{
	struct tcp_sim *sim = sim_of(side);

	sim->opening = side->conn;
	if (side->host->tcp)
		open_ours(side);
	else
		model_open(side);
	sim->opening = NULL;
}

bool end_lives(const struct side *side)
{
	return side->tcb || side->model;
}

static bool write_ours(struct side *side, uint32_t bytes)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(side->host->pool);
	char *text;

	if (!mbuf)
		return false;
	text = rte_pktmbuf_append(mbuf, (uint16_t)bytes);
	ensure(text != NULL);
	for (uint32_t i = 0; i < bytes; i++)
		text[i] = (char)tcp_app_byte(side, side->sent + i);
	/* Counted before: the other side may not read what was not sent. */
	side->sent += bytes;
	if (tcp_send(side->tcb, mbuf, sim_of(side)->now_ns) == 0)
		return true;
	side->sent -= bytes;
	rte_pktmbuf_free(mbuf);
	return false;
}

bool end_write(struct side *side, uint32_t bytes)
{
	if (!side->model)
		return write_ours(side, bytes);
	side->sent += bytes;
	model_write(side->model, bytes);
	return true;
}

static void check_span(struct side *side, struct span span)
{
	const struct side *sender = &side->conn->sides[!side->host->index];

	for (size_t i = 0; i < span.len; i++) {
		if ((uint8_t)span.p[i] != tcp_app_byte(sender, side->read + (uint32_t)i)) {
			tcp_sim_violate(sim_of(side), "conn %u: host %u read a wrong byte at %u",
				side->conn->index, side->host->index, side->read + (uint32_t)i);
			return;
		}
	}
}

static uint32_t read_ours(struct side *side, uint32_t max)
{
	struct span span;

	if (tcp_receive(side->tcb, &span, 1) == 0)
		return 0;
	if (span.len > max)
		span.len = max;
	check_span(side, span);
	side->read += (uint32_t)span.len;
	tcp_consume(side->tcb, (uint32_t)span.len, sim_of(side)->now_ns);
	return (uint32_t)span.len;
}

static uint32_t read_model(struct side *side, uint32_t max)
{
	uint32_t bytes = model_unread(side->model);

	if (bytes > max)
		bytes = max;
	side->read += bytes;
	if (bytes > 0)
		model_read(side->model, bytes);
	return bytes;
}

uint32_t end_read(struct side *side, uint32_t max)
{
	uint32_t bytes = side->model ? read_model(side, max) : read_ours(side, max);

	sim_of(side)->bytes += bytes;
	return bytes;
}

bool end_unread(const struct side *side)
{
	struct span span;

	return side->model ? model_unread(side->model) > 0 : tcp_receive(side->tcb, &span, 1) > 0;
}

void end_shutdown(struct side *side)
{
	if (side->model)
		model_shutdown(side->model);
	else
		tcp_shutdown(side->tcb, sim_of(side)->now_ns);
}

/* A model ends by itself when both streams have ended. */
void end_close(struct side *side)
{
	if (side->tcb)
		tcp_close(side->tcb, sim_of(side)->now_ns);
}

void end_abort(struct side *side)
{
	if (side->model)
		model_abort(side->model);
	else
		tcp_abort(side->tcb, sim_of(side)->now_ns);
}
