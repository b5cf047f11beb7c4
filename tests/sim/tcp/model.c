/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model: its connections, their states and timers, and what applications call. */
#include "tcp/model.h"

#include "tcp/model_priv.h"

#include <stdlib.h>

enum { TRIES_MAX = 60, TRIES_SLOWER = 5 };

static void fire(void *ctx, uint64_t arg);

void model_plan(struct model *model)
{
	uint64_t now_ns = model_sim(model)->now_ns;
	uint64_t at_ns = model->repeat_ns;

	if (model->ack_ns && (!at_ns || model->ack_ns < at_ns))
		at_ns = model->ack_ns;
	if (!at_ns || (model->planned_ns && model->planned_ns <= at_ns))
		return;
	model->planned_ns = at_ns;
	tcp_sim_later(model_sim(model), at_ns > now_ns ? at_ns - now_ns : 0, fire, model, 0);
}

/* Longer than any way there and back with the delays that ours may add. */
void model_repeat_later(struct model *model)
{
	unsigned slower = model->tries < TRIES_SLOWER ? model->tries : TRIES_SLOWER;
	uint64_t in_ns = (500 * SIM_MS + 6 * model_sim(model)->plan.delay_ns) << slower;

	model->repeat_ns = model_sim(model)->now_ns + in_ns;
	model_plan(model);
}

static void ended(struct model *model, enum model_state state, enum tcp_reason why)
{
	struct side *side = model->side;

	model->state = state;
	model->repeat_ns = model->ack_ns = 0;
	side->model = NULL;
	tcp_app_ended(side, why);
}

/* Nothing was heard: everything again, or a byte into a window that may still be closed. */
static void repeat(struct model *model)
{
	model->repeat_ns = 0;
	if (++model->tries > TRIES_MAX) {
		ended(model, MODEL_DEAD, TCP_WHY_USER_TIMEOUT);
	} else if (model->state != MODEL_OPEN) {
		model_send_syn(model);
	} else if (model->acked < model_whole(model)) {
		model->next = model->acked;
		if (model->edge > model->acked)
			model_push(model);
		else
			model_send_probe(model);
		model_repeat_later(model);
	}
}

static void fire(void *ctx, uint64_t arg)
{
	struct model *model = ctx;
	uint64_t now_ns = model_sim(model)->now_ns;

	(void)arg;
	model->planned_ns = 0;
	if (model->ack_ns && model->ack_ns <= now_ns)
		model_send_ack(model);
	if (model->repeat_ns && model->repeat_ns <= now_ns)
		repeat(model);
	model_plan(model);
}

static void agree(struct model *model, const struct tcp_segment *syn)
{
	const struct model_habits *habits = model_habits(model);

	model->irs = syn->seq;
	model->sack = habits->sack && syn->sack_ok;
	model->timestamps = habits->timestamps && syn->has_ts;
	model->scaled = habits->shift >= 0 && syn->shift >= 0;
	model->peer_shift = model->scaled ? (uint8_t)syn->shift : 0;
	model->ts_recent = syn->tsval;
	model->edge = syn->window;
}

static struct model *model_begin(struct side *side, enum model_state state)
{
	struct model *model = calloc(1, sizeof(*model));
	struct tcp_sim *sim = side->host->sim;

	ensure(model != NULL && sim->models.count < MODELS_MAX);
	sim->models.all[sim->models.count++] = model;
	model->host = side->host;
	model->side = side;
	model->state = state;
	model->iss = (uint32_t)rng_u64(&sim->rng);
	side->model = model;
	return model;
}

void model_open(struct side *side)
{
	struct model *model = model_begin(side, MODEL_SYN_SENT);

	model->port = (uint16_t)(MODEL_PORT_FIRST + side->host->ports_used++);
	model->peer_port = SIM_PORT;
	side->conn->from = (struct endpoint){side->host->ip, model->port};
	model_send_syn(model);
}

static void accept(struct sim_host *host, const struct tcp_segment *segment)
{
	struct endpoint from = {host->sim->hosts[!host->index].ip, segment->from_port};
	struct side *side = tcp_app_expects(host, &from);
	struct model *model;

	if (!side)
		return; /* a late copy of one that was there */
	model = model_begin(side, MODEL_SYN_RECEIVED);
	model->port = segment->to_port;
	model->peer_port = segment->from_port;
	agree(model, segment);
	side->begun = true;
	model_send_syn(model);
}

/* RFC 9293 3.10.7.1. */
static void refuse(struct sim_host *host, const struct tcp_segment *segment)
{
	uint8_t bytes[SEGMENT_HEADER_MAX];
	struct tcp_segment reset = {
		.from_port = segment->to_port,
		.to_port = segment->from_port,
		.flags = SEG_RST,
		.shift = -1,
	};

	if (segment->flags & SEG_RST)
		return;
	if (segment->flags & SEG_ACK) {
		reset.seq = segment->ack;
	} else {
		reset.flags |= SEG_ACK;
		reset.ack = segment->seq + tcp_segment_space(segment);
	}
	tcp_wire_carry(host, bytes, tcp_segment_write(&reset, bytes));
}

static void tell_application(struct model *model)
{
	if (model->side->read < model->got - model->fin_got)
		tcp_app_readable(model->side);
	if (model->fin_got && model->side->model)
		tcp_app_peer_closed(model->side);
}

static bool all_acked(const struct model *model)
{
	return model->fin && model->acked == model_whole(model);
}

static void finish(struct model *model)
{
	if (model->state == MODEL_OPEN && all_acked(model) && model->fin_got && model->read == model->fin_at)
		ended(model, MODEL_DONE, TCP_WHY_CLOSED);
}

/* RFC 9293 3.4, and a bare acknowledgement at the right edge. */
static bool acceptable(const struct model *model, const struct tcp_segment *segment)
{
	uint32_t window = model->promised - model->got;
	uint32_t first = segment->seq - model->irs - 1 - model->got;
	uint32_t space = tcp_segment_space(segment);

	return first <= window || (space > 0 && first + space - 1 < window);
}

static void open_input(struct model *model, const struct tcp_segment *segment)
{
	/* A SYN that comes late still has all its offers, taken or not. */
	if (!(segment->flags & SEG_SYN))
		model_check_form(model, segment);
	if ((segment->flags & SEG_SYN) || !acceptable(model, segment)) {
		model_send_ack(model);
		return;
	}
	if (!(segment->flags & SEG_ACK))
		return;
	if (model->timestamps && segment->has_ts && segment->seq - model->irs - 1 <= model->got)
		model->ts_recent = segment->tsval;
	model_learn_ack(model, segment);
	if (tcp_segment_space(segment) > 0)
		model_learn_stream(model, segment);
	tell_application(model);
	model_push(model);
	finish(model);
}

static void established(struct model *model, const struct tcp_segment *segment)
{
	model->state = MODEL_OPEN;
	model->tries = 0;
	model->repeat_ns = 0;
	model->edge = (uint32_t)segment->window << model->peer_shift;
	tcp_app_begun(model->side);
}

static void syn_sent_input(struct model *model, const struct tcp_segment *segment)
{
	if (!(segment->flags & SEG_ACK) || segment->ack != model->iss + 1) {
		refuse(model->host, segment);
	} else if (segment->flags & SEG_RST) {
		ended(model, MODEL_DEAD, TCP_WHY_REFUSED);
	} else if (segment->flags & SEG_SYN) {
		agree(model, segment);
		established(model, segment);
		model->edge = segment->window; /* that of a SYN is not scaled */
		model_send_ack(model);
		model_push(model);
	}
}

static void syn_received_input(struct model *model, const struct tcp_segment *segment)
{
	if (segment->flags & SEG_SYN) {
		if (segment->seq == model->irs)
			model_send_syn(model);
	} else if ((segment->flags & SEG_ACK) && segment->ack == model->iss + 1) {
		established(model, segment);
		open_input(model, segment);
	} else if ((segment->flags & SEG_ACK) && segment->ack - model->iss - 1 > STREAM_MAX) {
		refuse(model->host, segment);
	}
}

/* It was opened by a SYN, which may have been one of before a reboot: back to listening (RFC 9293 3.10.7.4).
 */
static void listen_again(struct model *model)
{
	model->state = MODEL_DEAD;
	model->repeat_ns = model->ack_ns = 0;
	model->side->model = NULL;
	model->side->begun = false;
}

/* Where the next byte belongs, or anywhere in the window. Both FINs acknowledged is TIME-WAIT: RFC 1337. */
static bool reset_counts(const struct model *model, const struct tcp_segment *segment)
{
	if (all_acked(model) && model->fin_got)
		return false;
	return segment->seq - model->irs - 1 - model->got <= model->promised - model->got;
}

static void conn_input(struct model *model, const struct tcp_segment *segment)
{
	if (model->state == MODEL_SYN_SENT) {
		syn_sent_input(model, segment);
	} else if (segment->flags & SEG_RST) {
		if (model->state == MODEL_DONE || !reset_counts(model, segment))
			return;
		if (model->state == MODEL_SYN_RECEIVED)
			listen_again(model);
		else
			ended(model, MODEL_DEAD, TCP_WHY_RESET);
	} else if (model->state == MODEL_SYN_RECEIVED) {
		syn_received_input(model, segment);
	} else if (model->state == MODEL_OPEN) {
		open_input(model, segment);
	} else if (tcp_segment_space(segment) > 0) {
		model_send_ack(model);
	}
}

static struct model *find(const struct sim_host *host, const struct tcp_segment *segment)
{
	const struct model_population *models = &host->sim->models;

	for (unsigned i = models->count; i-- > 0;) {
		struct model *model = models->all[i];
		if (model->host == host && model->port == segment->to_port &&
			model->peer_port == segment->from_port && model->state != MODEL_DEAD)
			return model;
	}
	return NULL;
}

void model_input(struct sim_host *host, const struct tcp_segment *segment)
{
	struct model *model = find(host, segment);
	bool opens =
		(segment->flags & (SEG_SYN | SEG_ACK | SEG_RST)) == SEG_SYN && segment->to_port == SIM_PORT;

	if (opens && (!model || (model->state == MODEL_DONE && segment->seq != model->irs)))
		accept(host, segment);
	else if (model)
		conn_input(model, segment);
	else
		refuse(host, segment);
}

void model_write(struct model *model, uint32_t bytes)
{
	model->written += bytes;
	model_push(model);
}

uint32_t model_unread(const struct model *model)
{
	return model->got - model->fin_got - model->read;
}

void model_read(struct model *model, uint32_t bytes)
{
	uint32_t before = model->promised;

	ensure(bytes <= model_unread(model));
	model->read += bytes;
	/* Worth telling: the window opens by half of itself. After the peer's FIN there is nobody to tell. */
	if (model->state == MODEL_OPEN && !model->fin_got &&
		model->got + model_habits(model)->window_bytes - (model->got - model->read) >=
			before + (model_habits(model)->window_bytes + 1) / 2)
		model_send_ack(model);
	finish(model);
}

void model_shutdown(struct model *model)
{
	model->fin = true;
	model_push(model);
	finish(model);
}

void model_abort(struct model *model)
{
	if (model->state == MODEL_OPEN)
		model_send_reset(model);
	ended(model, MODEL_DEAD, TCP_WHY_ABORTED);
}

void models_forget(struct sim_host *host)
{
	struct model_population *models = &host->sim->models;

	for (unsigned i = 0; i < models->count; i++) {
		struct model *model = models->all[i];
		if (model->host != host || model->state == MODEL_DEAD)
			continue;
		model->state = MODEL_DEAD;
		model->repeat_ns = model->ack_ns = 0;
		model->side->model = NULL;
	}
}

void models_free(struct tcp_sim *sim)
{
	for (unsigned i = 0; i < sim->models.count; i++)
		free(sim->models.all[i]);
	sim->models.count = 0;
}
