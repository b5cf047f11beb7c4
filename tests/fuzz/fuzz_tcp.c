/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any conversation of a TCP with a peer and an application, while time passes. The input is a list of steps:
 * a segment whose numbers are those that an honest peer would send, changed a little or much; calls of the
 * application; ICMP; time; want of packet buffers. Whatever happens, what is read is right, the right edge
 * does not move left, whoever is alive has a timer, and all memory comes back.
 */
#include "unit/tcp/rig.h"

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step {
	STEP_SEGMENT,
	STEP_HONEST, /* a segment as it should be */
	STEP_RAW,    /* a segment with any options */
	STEP_STRANGER,
	STEP_SEND,
	STEP_READ,
	STEP_CALL,
	STEP_ICMP,
	STEP_WAIT,
	STEP_STARVE,
	STEP_OPEN,
	STEPS
};

enum { STEPS_MAX = 200, HOARD_MAX = RIG_MBUFS };

struct input {
	const uint8_t *p;
	size_t len;
};

struct conversation {
	struct rig rig;
	struct input input;
	struct tcb *watched; /* whose edge is known */
	uint32_t edge;
	uint32_t in_order; /* what we last acknowledged */
	struct rte_mbuf *hoard[HOARD_MAX];
	unsigned hoarded;
};

static uint32_t byte(struct conversation *talk)
{
	if (talk->input.len == 0)
		return 0;
	talk->input.len--;
	return *talk->input.p++;
}

static uint32_t word(struct conversation *talk)
{
	uint32_t value = byte(talk) << 24;

	value |= byte(talk) << 16;
	value |= byte(talk) << 8;
	return value | byte(talk);
}

/* How far from where it belongs: mostly not at all or by a number that decides something. */
static uint32_t distance(struct conversation *talk)
{
	static const uint32_t telling[] = {0, 0, 0, 1, (uint32_t)-1, 2, 536, 1000, (uint32_t)-1000, 1460,
		65535, 65536, 0x7fffffff, 0x80000000};
	uint32_t which = byte(talk) & 15;

	return which < sizeof(telling) / sizeof(telling[0]) ? telling[which] : word(talk);
}

static void add_options(struct conversation *talk, struct shown *shown)
{
	const struct rig *rig = &talk->rig;
	uint32_t mutation = byte(talk);

	shown->has_ts = rig->ts_agreed != ((mutation & 1) != 0);
	shown->tsval = (uint32_t)(rig->now_ns / RIG_MS) + (mutation & 2 ? distance(talk) : 0);
	shown->tsecr = rig->last_tsval - (mutation & 4 ? distance(talk) : 0);
	if (mutation & 8)
		shown->mss = (int)(word(talk) & 0xffff);
	if (mutation & 16)
		shown->shift = (int)(byte(talk) & 15);
	shown->sack_ok = (mutation & 32) != 0 && !shown->mss;
	if (mutation & 64)
		shown->sack_count = 1 + (int)(byte(talk) & 1);
	for (int i = 0; i < shown->sack_count; i++) {
		shown->sack[i][0] = rig->our_nxt - (byte(talk) * 64) + distance(talk);
		shown->sack[i][1] = shown->sack[i][0] + byte(talk) * 16;
	}
}

/*
 * A SYN may begin a connection whose numbers the rig does not know. In one that is there it may come with any
 * number; to our own SYN it answers with the one beginning that the rig's text counts from.
 */
static uint8_t allowed_flags(const struct conversation *talk, uint8_t flags)
{
	struct tcp_info info;

	if (!talk->rig.tcb)
		return flags & (uint8_t)~F_SYN;
	tcp_info(talk->rig.tcb, &info);
	if (strcmp(info.state, "SYN-SENT") == 0 || strcmp(info.state, "CLOSED") == 0)
		return flags & (uint8_t)~F_SYN;
	return flags;
}

static void step_segment(struct conversation *talk)
{
	static const uint8_t usual[] = {
		F_ACK, F_ACK, F_ACK | F_PSH, F_ACK | F_FIN, F_SYN, F_SYN | F_ACK, F_RST, F_RST | F_ACK};
	struct rig *rig = &talk->rig;
	uint32_t kind = byte(talk);
	struct shown shown = {
		.flags = kind & 0x80 ? kind & 31 : usual[kind & 7],
		.seq = (kind & 8 ? talk->in_order : rig->peer_nxt) + distance(talk),
		.ack = rig->our_nxt - distance(talk),
		.len = kind & 16 ? byte(talk) * 6 : 0,
		.win = kind & 32 ? word(talk) & 0xffff : 65535,
		.shift = -1,
	};

	if (kind & 64)
		add_options(talk, &shown);
	else
		shown.has_ts = rig->ts_agreed;
	if (!shown.tsval)
		shown.tsval = (uint32_t)(rig->now_ns / RIG_MS);
	shown.flags = allowed_flags(talk, shown.flags);
	rig_in_cut(rig, &shown, 1 + (kind & 16 ? byte(talk) * 8 : 2000));
}

/* In order, with text or without: it carries a connection on to where mutations hurt. */
static void step_honest(struct conversation *talk)
{
	struct rig *rig = &talk->rig;
	struct shown shown = {.flags = F_ACK,
		.seq = talk->in_order,
		.ack = rig->our_nxt,
		.len = byte(talk) * 6,
		.win = 65535,
		.shift = -1,
		.has_ts = rig->ts_agreed,
		.tsval = (uint32_t)(rig->now_ns / RIG_MS),
		.tsecr = rig->last_tsval};

	rig_in(rig, &shown);
}

static void put32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Options are any bytes; ports and numbers are right, so that they are looked at. */
static void step_raw(struct conversation *talk)
{
	uint8_t bytes[60] = {0};
	const struct rig *rig = &talk->rig;
	uint32_t options = byte(talk) % 41;

	put32(bytes, (uint32_t)rig->peer.port << 16 | rig->local.port);
	put32(bytes + 4, RIG_PEER_ISS + talk->in_order + distance(talk));
	put32(bytes + 8, rig->our_iss + rig->our_nxt - distance(talk));
	bytes[12] = (uint8_t)byte(talk);
	bytes[13] = allowed_flags(talk, (uint8_t)byte(talk));
	bytes[14] = (uint8_t)byte(talk);
	for (uint32_t i = 0; i < options; i++)
		bytes[20 + i] = (uint8_t)byte(talk);
	rig_bytes(&talk->rig, bytes, 20 + options);
}

/* SYNs and what else may come from elsewhere; nothing of the answer is looked at. */
static void step_stranger(struct conversation *talk)
{
	struct rig *rig = &talk->rig;
	uint16_t port = rig->peer.port;
	uint32_t nxt = rig->peer_nxt;

	rig->deaf = true;
	for (uint32_t i = byte(talk) & 15; i-- > 0;) {
		rig->peer.port = (uint16_t)(7000 + (byte(talk) & 31));
		rig_in(rig, &(struct shown){.flags = (uint8_t)(byte(talk) & 31), .win = 1000, .shift = -1});
	}
	rig->deaf = false;
	rig->peer.port = port;
	rig->peer_nxt = nxt;
}

static void step_call(struct conversation *talk)
{
	struct rig *rig = &talk->rig;

	switch (byte(talk) & 7) {
	case 0:
		tcp_close(rig->tcb, rig->now_ns);
		break;
	case 1:
		tcp_abort(rig->tcb, rig->now_ns);
		break;
	case 2:
		tcp_set_user_timeout(rig->tcb, 1 + byte(talk) * 100, rig->now_ns);
		break;
	case 3:
		rig->read_at_once = !rig->read_at_once;
		break;
	default:
		tcp_shutdown(rig->tcb, rig->now_ns);
	}
}

static void step_icmp(struct conversation *talk)
{
	struct rig *rig = &talk->rig;
	const struct tcp_icmp icmp = {rig->local, rig->peer, rig->our_iss + rig->our_nxt - distance(talk),
		byte(talk) & 1 ? word(talk) & 0xffff : 0};

	tcp_icmp(rig->tcp, &icmp, rig->now_ns);
}

static void look(struct conversation *talk);

/* From a millisecond to hours, in parts: what leaves is looked at between them. */
static void step_wait(struct conversation *talk)
{
	static const uint32_t parts_ms[] = {1, 10, 41, 200, 1000, 5000, 60000, 600000};
	uint32_t how = byte(talk);

	for (uint32_t i = 0; i <= how >> 5; i++) {
		rig_wait(&talk->rig, parts_ms[how & 7] * RIG_MS);
		look(talk);
	}
}

/* All packet buffers but a few are gone, or come back. */
static void step_starve(struct conversation *talk)
{
	struct rig *rig = &talk->rig;
	unsigned left = rte_mempool_avail_count(rig->pool);
	unsigned keep = byte(talk) & 3;

	if (talk->hoarded > 0) {
		rte_mempool_put_bulk(rig->pool, (void **)talk->hoard, talk->hoarded);
		talk->hoarded = 0;
	} else if (left > keep) {
		ensure(rte_mempool_get_bulk(rig->pool, (void **)talk->hoard, left - keep) == 0);
		talk->hoarded = left - keep;
	}
}

/* The peer's segments, and what our application sends, need buffers from the same pool. */
static bool has_buffers(const struct conversation *talk)
{
	return talk->hoarded == 0;
}

static void begin_anew(struct conversation *talk)
{
	struct rig *rig = &talk->rig;

	rig->peer.port++;
	rig->iss_known = false;
	rig->our_nxt = rig->peer_nxt = 0;
	rig->app_sent = rig->app_read = 0;
	rig->last_tsval = 0;
	talk->watched = NULL;
	rig_forget(rig);
}

static void handshake(struct conversation *talk, bool active)
{
	struct rig *rig = &talk->rig;
	uint32_t how = byte(talk);
	struct shown syn = {.flags = F_SYN | (active ? F_ACK : 0),
		.ack = active,
		.win = how & 1 ? 65535 : byte(talk) * 16,
		.mss = how & 2 ? 256 + (int)byte(talk) * 5 : 0,
		.shift = how & 4 ? (int)(byte(talk) & 15) : -1,
		.sack_ok = (how & 8) != 0,
		.has_ts = (how & 16) != 0,
		.tsval = (uint32_t)(rig->now_ns / RIG_MS),
		.tsecr = rig->last_tsval};

	rig->ts_agreed = syn.has_ts;
	rig_in(rig, &syn);
	talk->in_order = 1;
	if (!active)
		step_honest(talk);
}

static void step_open(struct conversation *talk)
{
	struct rig *rig = &talk->rig;
	bool active = byte(talk) & 1;

	if (rig->tcb)
		return;
	begin_anew(talk);
	rig->local.port = 5060;
	if (active && rig_connect(rig) != 0)
		return;
	handshake(talk, active);
}

static void play(struct conversation *talk)
{
	enum step step = (enum step)(byte(talk) % STEPS);
	struct rig *rig = &talk->rig;

	if (step == STEP_WAIT)
		step_wait(talk);
	else if (step == STEP_STARVE)
		step_starve(talk);
	else if (step == STEP_READ && rig->tcb)
		(void)rig_read(rig, word(talk) & 0xffff);
	else if (step == STEP_CALL && rig->tcb)
		step_call(talk);
	else if (step == STEP_ICMP)
		step_icmp(talk);
	else if (!has_buffers(talk))
		return;
	else if (step == STEP_SEGMENT)
		step_segment(talk);
	else if (step == STEP_HONEST)
		step_honest(talk);
	else if (step == STEP_RAW)
		step_raw(talk);
	else if (step == STEP_STRANGER)
		step_stranger(talk);
	else if (step == STEP_SEND && rig->tcb)
		(void)rig_send(rig, 1 + byte(talk) * 40);
	else if (step == STEP_OPEN)
		step_open(talk);
}

static void look_at_connection(struct conversation *talk)
{
	struct rig *rig = &talk->rig;
	struct tcp_info info;

	tcp_info(rig->tcb, &info);
	if (!info.timer_armed && strcmp(info.state, "CLOSED") != 0)
		abort();
	if (info.receive_queued_bytes > rig->config.window_bytes + rig->config.window_bytes / 8)
		abort();
	if (strcmp(info.state, "SYN-SENT") == 0 || strcmp(info.state, "CLOSED") == 0)
		return;
	if (talk->watched == rig->tcb && (int32_t)(info.window_edge - talk->edge) < 0)
		abort();
	talk->watched = rig->tcb;
	talk->edge = info.window_edge;
}

/* What must hold after each step. */
static void look(struct conversation *talk)
{
	struct rig *rig = &talk->rig;

	for (uint32_t i = 0; i < rig->sent_count; i++) {
		if (!rig->sent[i].text_right)
			abort();
		if (rig->sent[i].flags & F_ACK)
			talk->in_order = rig->sent[i].ack;
	}
	rig_forget(rig);
	if (rig->wrong_byte)
		abort();
	if (rig->tcb)
		look_at_connection(talk);
}

static void set_limits(struct conversation *talk)
{
	struct tcp_config *config = &talk->rig.config;
	uint32_t how = byte(talk);

	config->window_bytes = how & 1 ? 300 + byte(talk) * 300 : 65535;
	config->pieces_max = how & 2 ? 1 + (byte(talk) & 7) : 64;
	config->memory_max_bytes = how & 4 ? 8192 + byte(talk) * 256 : 1 << 20;
	config->send_max_bytes = 40000;
	config->connections_max = 4;
	config->half_open_max = 8;
	config->time_wait_max = 4;
	if (how & 8)
		config->keepalive_idle_ms = 1000;
	if (how & 16)
		config->time_wait_ms = 100;
	if (how & 32)
		config->mtu = (uint16_t)(576 + byte(talk) * 4);
}

static void end(struct conversation *talk)
{
	struct rig *rig = &talk->rig;

	if (talk->hoarded > 0)
		rte_mempool_put_bulk(rig->pool, (void **)talk->hoard, talk->hoarded);
	rig->deaf = true;
	if (rig->tcb)
		tcp_abort(rig->tcb, rig->now_ns);
	rig_wait(rig, 4000000 * RIG_MS);
	if (rig->tcb || !rig_stop(rig))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conversation talk;
	static struct rte_mempool *pool;

	talk.input = (struct input){data, size};
	talk.watched = NULL;
	talk.hoarded = 0;
	talk.in_order = 1;
	pool = rig_prepare_with(&talk.rig, byte(&talk) & 1 ? 6 : 4, pool);
	set_limits(&talk);
	rig_start(&talk.rig);
	rig_listen(&talk.rig, 4);
	step_open(&talk);
	look(&talk);
	for (int i = 0; i < STEPS_MAX && talk.input.len > 0; i++) {
		play(&talk);
		look(&talk);
	}
	end(&talk);
	return 0;
}
