/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The segments of the model. */
#include "tcp/model_priv.h"

/* RFC 9293 3.8.6 asks senders to live with it. Text that comes beyond the new edge is not taken. */
static void shrink(struct model *model)
{
	struct tcp_sim *sim = model_sim(model);

	if (model->promised == model->got || !tcp_sim_chance(sim, model_habits(model)->shrinks))
		return;
	model->promised = model->got + rng_below(&sim->rng, model->promised - model->got);
	model->narrow_until_ns = sim->now_ns + rng_below(&sim->rng, 3000) * SIM_MS;
	sim->disturbed++;
}

static uint32_t room(const struct model *model)
{
	uint32_t used = model->got - model->read;

	if (model_sim(model)->now_ns < model->narrow_until_ns || used >= model_habits(model)->window_bytes)
		return 0;
	return model_habits(model)->window_bytes - used;
}

/* But for that, the edge of the window never moves left, however coarse its scale. */
static uint16_t window_choose(struct model *model, bool syn)
{
	unsigned shift = model->scaled && !syn ? (unsigned)model_habits(model)->shift : 0;
	uint32_t promised = model->promised - model->got;
	uint32_t field = room(model) >> shift;

	if (field << shift < promised)
		field = (promised + (1U << shift) - 1) >> shift;
	if (field > UINT16_MAX)
		field = UINT16_MAX;
	if (model->got + (field << shift) > model->promised)
		model->promised = model->got + (field << shift);
	return (uint16_t)field;
}

/* At times it forgets what it kept beyond a gap, as RFC 2018 8 allows. */
static void renege(struct model *model)
{
	if (!tcp_sim_chance(model_sim(model), model_habits(model)->reneges))
		return;
	memset(model->arrived + model->got, 0, STREAM_MAX + 1 - model->got);
	model->highest = model->got;
	model_sim(model)->disturbed++;
}

static void report(const struct model *model, struct tcp_segment *segment)
{
	uint32_t first = model->irs + 1;
	unsigned max = model->timestamps ? 3 : 4;

	for (uint32_t at = model->got; at < model->highest && segment->sack_count < max; at++) {
		uint32_t start = at;
		while (at < model->highest && model->arrived[at])
			at++;
		if (at == start)
			continue;
		segment->sacks[segment->sack_count][0] = first + start;
		segment->sacks[segment->sack_count++][1] = first + at;
	}
}

static void text_write(const struct model *model, uint32_t place, uint32_t len, uint8_t *to)
{
	for (uint32_t i = 0; i < len; i++)
		to[i] = tcp_app_byte(model->side, place + i);
}

static void carry(struct model *model, struct tcp_segment *segment, uint32_t place)
{
	uint8_t bytes[SEGMENT_MAX];
	uint32_t header;

	segment->from_port = model->port;
	segment->to_port = model->peer_port;
	segment->tsval = (uint32_t)(model_sim(model)->now_ns / SIM_MS);
	segment->tsecr = model->ts_recent;
	header = tcp_segment_write(segment, bytes);
	ensure(header + segment->text_len <= sizeof(bytes));
	text_write(model, place, segment->text_len, bytes + header);
	tcp_wire_carry(model->host, bytes, header + segment->text_len);
}

void model_send_syn(struct model *model)
{
	const struct model_habits *habits = model_habits(model);
	bool answer = model->state == MODEL_SYN_RECEIVED;
	struct tcp_segment segment = {
		.seq = model->iss,
		.ack = answer ? model->irs + 1 : 0,
		.flags = SEG_SYN | (answer ? SEG_ACK : 0),
		.window = window_choose(model, true),
		.mss = habits->mss,
		.shift = !answer || model->scaled ? habits->shift : -1,
		.sack_ok = answer ? model->sack : habits->sack,
		.has_ts = answer ? model->timestamps : habits->timestamps,
	};

	carry(model, &segment, 0);
	model_repeat_later(model);
}

static void send_at(struct model *model, uint32_t place, uint32_t len, uint8_t flags)
{
	struct tcp_segment segment = {
		.seq = model->iss + 1 + place,
		.ack = model->irs + 1 + model->got,
		.flags = SEG_ACK | flags,
		.shift = -1,
		.has_ts = model->timestamps,
		.text_len = len,
	};

	if (model_habits(model)->keeps && model->highest > model->got) {
		renege(model);
		if (model->sack)
			report(model, &segment);
	}
	shrink(model);
	segment.window = window_choose(model, false);
	model->ack_ns = 0;
	carry(model, &segment, place);
}

void model_send_ack(struct model *model)
{
	send_at(model, model->next, 0, 0);
}

/* One segment from `next` on, up to the limit. */
static void send_next(struct model *model, uint32_t limit)
{
	uint32_t text = (model->written < limit ? model->written : limit) - model->next;
	uint32_t most = 1 + rng_below(&model_sim(model)->rng, model_habits(model)->segment_max);
	uint32_t len = text < most ? text : most;
	bool fin = model->fin && model->next + len == model->written && model->next + len < limit;
	uint32_t place = model->next;

	model->next += len + fin;
	if (model->next > model->most)
		model->most = model->next;
	send_at(model, place, len, fin ? SEG_FIN : 0);
}

void model_send_probe(struct model *model)
{
	send_next(model, model->acked + 1);
}

void model_send_reset(struct model *model)
{
	send_at(model, model->next, 0, SEG_RST);
}

void model_push(struct model *model)
{
	uint32_t limit = model->acked + model_habits(model)->flight_max;

	if (model->state != MODEL_OPEN || model->acked == model_whole(model))
		return;
	if (limit > model->edge)
		limit = model->edge;
	if (limit > model_whole(model))
		limit = model_whole(model);
	while (model->next < limit)
		send_next(model, limit);
	if (!model->repeat_ns)
		model_repeat_later(model);
}
