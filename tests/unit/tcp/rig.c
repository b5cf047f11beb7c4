/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The peer by hand, the application behind, and the clock. */
#include "rig.h"

#include "support/eal.h"
#include "support/endpoint.h"

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <stdlib.h>
#include <string.h>

uint8_t rig_byte(uint32_t offset)
{
	return (uint8_t)(offset * 31 + (offset >> 8) * 7 + 1);
}

/* By the numbers of its sender and of its receiver. */
static struct shown read_segment(struct rig *rig, const uint8_t *tcp, uint32_t total)
{
	struct tcp_segment segment;
	struct shown shown;

	tcp_segment_read(tcp, total, &segment);
	if ((segment.flags & SEG_SYN) && !rig->iss_known) {
		rig->our_iss = segment.seq;
		rig->iss_known = true;
	}
	shown = (struct shown){
		.seq = segment.seq - rig->our_iss,
		.ack = (segment.flags & SEG_ACK) ? segment.ack - RIG_PEER_ISS : 0,
		.win = segment.window,
		.len = segment.text_len,
		.tsval = segment.tsval,
		.tsecr = segment.tsecr,
		.sack_count = (int)segment.sack_count,
		.mss = segment.mss,
		.shift = segment.shift,
		.flags = segment.flags,
		.sack_ok = segment.sack_ok,
		.has_ts = segment.has_ts,
		.text_right = true,
	};
	for (unsigned i = 0; i < segment.sack_count; i++) {
		shown.sack[i][0] = segment.sacks[i][0] - RIG_PEER_ISS;
		shown.sack[i][1] = segment.sacks[i][1] - RIG_PEER_ISS;
	}
	for (uint32_t i = 0; i < shown.len; i++)
		shown.text_right = shown.text_right && segment.text[i] == rig_byte(shown.seq - 1 + i);
	return shown;
}

static void output(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, struct rte_mbuf *mbuf)
{
	struct rig *rig = ctx;
	struct shown shown;
	uint32_t next;

	ensure(ip_equal(src, &rig->local.ip) && ip_equal(dst, &rig->peer.ip));
	ensure(mbuf->nb_segs == 1 && rte_pktmbuf_headroom(mbuf) >= TCP_HEADROOM);
	shown = read_segment(rig, rte_pktmbuf_mtod(mbuf, const uint8_t *), mbuf->pkt_len);
	rte_pktmbuf_free(mbuf);
	if (rig->deaf)
		return;
	ensure(rig->sent_count < RIG_SENT_MAX);
	rig->sent[rig->sent_count++] = shown;
	if (shown.has_ts)
		rig->last_tsval = shown.tsval;
	next = shown.seq + shown.len + ((shown.flags & F_SYN) != 0) + ((shown.flags & F_FIN) != 0);
	if (!(shown.flags & F_RST) && (int32_t)(next - rig->our_nxt) > 0)
		rig->our_nxt = next;
}

static void event(void *ctx, struct tcb *tcb, enum tcp_event event, enum tcp_reason why)
{
	struct rig *rig = ctx;

	rig->events[event]++;
	if (event == TCP_ACCEPTED || event == TCP_CONNECTED)
		rig->tcb = tcb;
	if (event == TCP_READABLE && rig->read_at_once)
		rig_read(rig, UINT32_MAX);
	if (event == TCP_ENDED) {
		rig->why = why;
		if (rig->tcb == tcb)
			rig->tcb = NULL;
	}
}

static struct rte_mempool *pool_make(void)
{
	static unsigned number;
	char name[32];

	snprintf(name, sizeof(name), "tcp%u", number++);
	return eal_pool(name, RIG_MBUFS, 2176);
}

struct rte_mempool *rig_prepare_with(struct rig *rig, int family, struct rte_mempool *pool)
{
	ensure(eal_start() == 0);
	*rig = (struct rig){.now_ns = 5000000000ULL, .pool = pool ? pool : pool_make()};
	rig->local = endpoint_of(family == 4 ? "192.0.2.1:5060" : "[2001:db8::1]:5060");
	rig->peer = endpoint_of(family == 4 ? "192.0.2.2:6000" : "[2001:db8::2]:6000");
	rng_init(&rig->rng, 1);
	rig->config = (struct tcp_config){
		.pool = rig->pool,
		.stats = &rig->stats,
		.rng = &rig->rng,
		.secret = {1, 2},
		.socket_id = -1,
		.connections_max = 64,
		.half_open_max = 64,
		.time_wait_max = 16,
		.pieces_max = 512,
		.port_first = 40000,
		.port_last = 40007,
		.ctx = rig,
		.output = output,
		.event = event,
	};
	return rig->pool;
}

void rig_prepare(struct rig *rig, int family)
{
	(void)rig_prepare_with(rig, family, NULL);
}

void rig_start(struct rig *rig)
{
	ensure(tcp_create(&rig->config, rig->now_ns, &rig->tcp) == 0);
	ensure(tcp_add_source(rig->tcp, &rig->local.ip) == 0);
}

bool rig_stop(struct rig *rig)
{
	struct tcp_levels levels;
	bool back;

	tcp_levels(rig->tcp, &levels);
	back = levels.connections > 0 ||
	       (levels.pieces == 0 && levels.under_way == 0 && levels.pinned_bytes == 0);
	tcp_destroy(rig->tcp);
	return back && rte_mempool_avail_count(rig->pool) == RIG_MBUFS;
}

bool rig_finish(struct rig *rig)
{
	bool back = rig_stop(rig);

	rte_mempool_free(rig->pool);
	return back;
}

void rig_listen(struct rig *rig, uint32_t backlog)
{
	ensure(tcp_listen(rig->tcp, &rig->local, backlog, 77) == 0);
}

int rig_connect(struct rig *rig)
{
	int ret = tcp_connect(rig->tcp, &rig->peer, 78, rig->now_ns, &rig->tcb);
	struct tcp_info info;

	if (ret == 0) {
		tcp_info(rig->tcb, &info);
		rig->local = info.local;
	}
	return ret;
}

/* Header and options of a segment of the peer; returns where its text belongs. */
static uint32_t write_segment(const struct rig *rig, const struct shown *shown, uint8_t *bytes)
{
	struct tcp_segment segment = {
		.from_port = rig->peer.port,
		.to_port = rig->local.port,
		.seq = shown->seq + RIG_PEER_ISS,
		.ack = (shown->flags & F_ACK) ? shown->ack + rig->our_iss : 0,
		.window = (uint16_t)shown->win,
		.flags = shown->flags,
		.sack_ok = shown->sack_ok,
		.has_ts = shown->has_ts,
		.mss = shown->mss,
		.shift = shown->shift,
		.tsval = shown->tsval,
		.tsecr = shown->tsecr,
		.sack_count = (unsigned)shown->sack_count,
	};

	ensure(shown->win <= UINT16_MAX);
	for (unsigned i = 0; i < segment.sack_count; i++) {
		segment.sacks[i][0] = shown->sack[i][0] + rig->our_iss;
		segment.sacks[i][1] = shown->sack[i][1] + rig->our_iss;
	}
	return tcp_segment_write(&segment, bytes);
}

/* A packet of len bytes, in mbufs of at most `cut` bytes each. */
static void deliver(struct rig *rig, const uint8_t *bytes, uint32_t len, uint32_t cut)
{
	struct rte_mbuf *head = NULL;
	struct tcp_packet packet = {.src = &rig->peer.ip, .dst = &rig->local.ip, .l4_len = len};

	for (uint32_t done = 0; done < len || !head;) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(rig->pool);
		uint32_t part = len - done < cut ? len - done : cut;
		ensure(mbuf != NULL);
		if (part > 0)
			memcpy(rte_pktmbuf_append(mbuf, (uint16_t)part), bytes + done, part);
		done += part;
		if (head)
			ensure(rte_pktmbuf_chain(head, mbuf) == 0);
		else
			head = mbuf;
	}
	packet.mbuf = head;
	tcp_input(rig->tcp, &packet, rig->now_ns);
}

void rig_bytes(struct rig *rig, const void *bytes, uint32_t len)
{
	deliver(rig, bytes, len, 2000);
}

void rig_in_cut(struct rig *rig, const struct shown *shown, uint32_t cut)
{
	static uint8_t bytes[70000];
	uint32_t header = write_segment(rig, shown, bytes);
	uint8_t *text = bytes + header;
	uint32_t next =
		shown->seq + shown->len + ((shown->flags & F_SYN) != 0) + ((shown->flags & F_FIN) != 0);

	for (uint32_t i = 0; i < shown->len; i++)
		text[i] = rig_byte(shown->seq + ((shown->flags & F_SYN) != 0) - 1 + i);
	if (!(shown->flags & F_RST) && (int32_t)(next - rig->peer_nxt) > 0)
		rig->peer_nxt = next;
	deliver(rig, bytes, header + shown->len, cut);
}

void rig_in(struct rig *rig, const struct shown *shown)
{
	rig_in_cut(rig, shown, 2000);
}

void rig_wait(struct rig *rig, uint64_t ns)
{
	uint64_t end_ns = rig->now_ns + ns;

	while (rig->now_ns < end_ns) {
		uint64_t next_ns = tcp_next_ns(rig->tcp);
		rig->now_ns = next_ns <= rig->now_ns ? rig->now_ns + RIG_MS : next_ns;
		if (rig->now_ns > end_ns)
			rig->now_ns = end_ns;
		tcp_tick(rig->tcp, rig->now_ns);
	}
}

int rig_send(struct rig *rig, uint32_t bytes)
{
	while (bytes > 0) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(rig->pool);
		uint32_t part = bytes < 1900 ? bytes : 1900;
		uint8_t *text;
		ensure(mbuf != NULL);
		text = (uint8_t *)rte_pktmbuf_append(mbuf, (uint16_t)part);
		for (uint32_t i = 0; i < part; i++)
			text[i] = rig_byte(rig->app_sent + i);
		int ret = tcp_send(rig->tcb, mbuf, rig->now_ns);
		if (ret != 0) {
			rte_pktmbuf_free(mbuf);
			return ret;
		}
		rig->app_sent += part;
		bytes -= part;
	}
	return 0;
}

uint32_t rig_read(struct rig *rig, uint32_t max)
{
	struct span spans[8];
	uint32_t total = 0;
	uint32_t count;

	while (max > total && (count = tcp_receive(rig->tcb, spans, 8)) > 0) {
		uint32_t taken = 0;
		for (uint32_t i = 0; i < count && total + taken < max; i++) {
			for (size_t k = 0; k < spans[i].len && total + taken < max; k++, taken++)
				rig->wrong_byte |= (uint8_t)spans[i].p[k] != rig_byte(rig->app_read + taken);
		}
		rig->app_read += taken;
		total += taken;
		tcp_consume(rig->tcb, taken, rig->now_ns);
	}
	return total;
}

void rig_forget(struct rig *rig)
{
	rig->sent_count = 0;
}

uint64_t rig_count(const struct rig *rig, enum stat stat)
{
	return stats_get(&rig->stats, stat);
}

void rig_accept(struct rig *rig, const struct shown *peer)
{
	struct shown syn = *peer;
	struct shown ack = {.flags = F_ACK, .seq = 1, .ack = 1, .win = peer->win, .shift = -1};

	syn.flags = F_SYN;
	syn.seq = 0;
	rig->ts_agreed = peer->has_ts;
	rig_listen(rig, 16);
	rig_in(rig, &syn);
	ensure(rig->sent_count == 1);
	ack.has_ts = peer->has_ts;
	ack.tsval = peer->tsval;
	ack.tsecr = rig->last_tsval;
	rig_in(rig, &ack);
	ensure(rig->tcb != NULL);
	rig_forget(rig);
}

void rig_open(struct rig *rig, const struct shown *peer)
{
	struct shown answer = *peer;

	answer.flags = F_SYN | F_ACK;
	answer.seq = 0;
	answer.ack = 1;
	rig->ts_agreed = peer->has_ts;
	ensure(rig_connect(rig) == 0);
	answer.tsecr = rig->last_tsval;
	rig_in(rig, &answer);
	ensure(rig->events[TCP_CONNECTED] == 1 && rig->sent_count == 2);
	rig_forget(rig);
}
