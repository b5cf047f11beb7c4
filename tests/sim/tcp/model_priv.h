/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection of the model, and what its files call in each other. Places in a stream count its bytes from
 * 0; a FIN is one more behind them.
 */
#ifndef SIM_TCP_MODEL_PRIV_H
#define SIM_TCP_MODEL_PRIV_H

#include "tcp/tcp_app.h"

enum model_state { MODEL_SYN_SENT, MODEL_SYN_RECEIVED, MODEL_OPEN, MODEL_DONE, MODEL_DEAD };

struct model {
	struct sim_host *host;
	struct side *side;
	enum model_state state;
	uint16_t port, peer_port;
	uint32_t iss, irs;
	bool sack, timestamps, scaled; /* agreed */
	uint8_t peer_shift;
	uint32_t ts_recent;

	/* What we send. */
	uint32_t written; /* by the application */
	bool fin;         /* and nothing follows */
	uint32_t acked, next, most;
	uint32_t edge; /* of the peer's window; ours may be trusted never to take it back */
	unsigned tries;

	/* What we receive. */
	uint32_t got, read;
	uint32_t promised;        /* edge of our window */
	uint64_t narrow_until_ns; /* it was taken back, and stays so until then */
	bool fin_known, fin_got;
	uint32_t fin_at;
	uint32_t highest; /* nothing beyond it arrived */
	uint8_t arrived[STREAM_MAX + 1];

	uint64_t repeat_ns, ack_ns, planned_ns; /* 0: not armed */
};

static inline struct tcp_sim *model_sim(const struct model *model)
{
	return model->host->sim;
}

static inline const struct model_habits *model_habits(const struct model *model)
{
	return &model_sim(model)->plan.habits;
}

/* What there is to send: the text, and the FIN if it is known. */
static inline uint32_t model_whole(const struct model *model)
{
	return model->written + model->fin;
}

/* model.c */
void model_plan(struct model *model); /* its timers have changed */
void model_repeat_later(struct model *model);

/* model_send.c */
void model_send_syn(struct model *model);
void model_send_ack(struct model *model);
void model_send_reset(struct model *model);
void model_send_probe(struct model *model); /* one byte, whatever the window */
void model_push(struct model *model);       /* what the window and the habits allow */

/* model_receive.c */
void model_check_form(const struct model *model, const struct tcp_segment *segment);
void model_learn_ack(struct model *model, const struct tcp_segment *segment);
void model_learn_stream(struct model *model, const struct tcp_segment *segment);

#endif
