/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the model makes of a segment in a connection, and what it finds wrong with it. */
#include "tcp/model_priv.h"

/* What no segment of ours may be, whatever the wire did. A reboot makes strangers of old acquaintances. */
void model_check_form(const struct model *model, const struct tcp_segment *segment)
{
	struct tcp_sim *sim = model_sim(model);
	uint32_t mss = model_habits(model)->mss;
	uint32_t mss_default = sim->plan.family == 4 ? 536 : 1220;
	uint32_t len = segment->text_len + segment->header_len - 20;

	if (sim->plan.reboots)
		return;
	if (len > (mss ? mss : mss_default))
		tcp_sim_violate(
			sim, "conn %u: a segment of %u bytes exceeds the MSS", model->side->conn->index, len);
	if (segment->sack_count > 0 && !model->sack)
		tcp_sim_violate(sim, "conn %u: SACK was not agreed on", model->side->conn->index);
	if (segment->has_ts != model->timestamps && !(segment->flags & SEG_RST))
		tcp_sim_violate(sim, "conn %u: timestamps are not as agreed on", model->side->conn->index);
}

void model_learn_ack(struct model *model, const struct tcp_segment *segment)
{
	uint32_t acked = segment->ack - model->iss - 1;
	uint32_t edge = acked + ((uint32_t)segment->window << model->peer_shift);

	if (acked > model->most) {
		if (!model_sim(model)->plan.reboots)
			tcp_sim_violate(model_sim(model), "conn %u: what was never sent is acknowledged",
				model->side->conn->index);
		return;
	}
	model->tries = 0;
	if (edge > model->edge)
		model->edge = edge;
	if (acked <= model->acked)
		return;
	model->acked = acked;
	if (model->next < acked)
		model->next = acked;
	model->repeat_ns = 0;
}

static void learn_fin(struct model *model, uint32_t place)
{
	const struct side *sender = &model->side->conn->sides[!model->host->index];

	if (place != sender->to_send)
		tcp_sim_violate(model_sim(model), "conn %u: the FIN is at %u of %u", model->side->conn->index,
			place, sender->to_send);
	model->fin_known = true;
	model->fin_at = place;
}

/* Returns true when the segment had anything that we did not know. */
static bool learn_text(struct model *model, const struct tcp_segment *segment)
{
	const struct side *sender = &model->side->conn->sides[!model->host->index];
	uint32_t first = segment->seq - model->irs - 1;
	bool news = false;

	for (uint32_t i = 0; i < segment->text_len; i++) {
		uint32_t place = first + i;
		if (place < model->got || place >= model->promised || place >= STREAM_MAX)
			continue;
		if (segment->text[i] != tcp_app_byte(sender, place)) {
			tcp_sim_violate(model_sim(model), "conn %u: byte %u is wrong",
				model->side->conn->index, place);
			return false;
		}
		if (place > model->got && !model_habits(model)->keeps && !model->arrived[place - 1])
			continue;
		news = news || !model->arrived[place];
		model->arrived[place] = 1;
		if (place >= model->highest)
			model->highest = place + 1;
		while (model->arrived[model->got])
			model->got++;
	}
	return news;
}

static void owe_ack(struct model *model, bool in_order)
{
	uint64_t delay_ns = model_habits(model)->ack_delay_ns;

	if (!in_order || model->highest > model->got || delay_ns == 0 || model->ack_ns) {
		model_send_ack(model);
		return;
	}
	model->ack_ns = model_sim(model)->now_ns + delay_ns;
	model_plan(model);
}

void model_learn_stream(struct model *model, const struct tcp_segment *segment)
{
	uint32_t first = segment->seq - model->irs - 1;
	bool in_order = first == model->got;
	bool news = learn_text(model, segment);

	if ((segment->flags & SEG_FIN) && !model->fin_known)
		learn_fin(model, first + segment->text_len);
	if (model->fin_known && !model->fin_got && model->got == model->fin_at &&
		model->got < model->promised) {
		model->fin_got = true;
		model->got++;
		model->highest = model->got;
		in_order = false;
	}
	owe_ack(model, in_order && news);
}
