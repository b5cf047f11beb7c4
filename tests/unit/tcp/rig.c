/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The peer by hand, the application behind, and the clock. */
#include "rig.h"

#include "support/eal.h"

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <stdlib.h>
#include <string.h>

uint8_t rig_byte(uint32_t offset)
{
	return (uint8_t)(offset * 31 + (offset >> 8) * 7 + 1);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint8_t *put32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (24 - 8 * i));
	return p + 4;
}

static void read_option(struct shown *shown, const uint8_t *p)
{
	if (p[0] == 2) {
		shown->mss = p[2] << 8 | p[3];
	} else if (p[0] == 3) {
		shown->shift = p[2];
	} else if (p[0] == 4) {
		shown->sack_ok = true;
	} else if (p[0] == 8) {
		shown->has_ts = true;
		shown->tsval = be32(p + 2);
		shown->tsecr = be32(p + 6);
	} else if (p[0] == 5) {
		for (shown->sack_count = 0; 2 + shown->sack_count * 8 < p[1]; shown->sack_count++) {
			shown->sack[shown->sack_count][0] =
				be32(p + 2 + shown->sack_count * 8) - RIG_PEER_ISS;
			shown->sack[shown->sack_count][1] =
				be32(p + 6 + shown->sack_count * 8) - RIG_PEER_ISS;
		}
	}
}

static void read_options(struct shown *shown, const uint8_t *p, const uint8_t *end)
{
	while (p < end && *p != 0) {
		if (*p == 1) {
			p++;
			continue;
		}
		ensure(p + 1 < end && p[1] >= 2 && p + p[1] <= end);
		read_option(shown, p);
		p += p[1];
	}
}

static struct shown read_segment(struct rig *rig, const uint8_t *tcp, uint32_t total)
{
	uint32_t header = (uint32_t)(tcp[12] >> 4) * 4;
	struct shown shown = {.flags = tcp[13], .shift = -1, .len = total - header, .text_right = true};

	ensure(header >= 20 && header <= total);
	read_options(&shown, tcp + 20, tcp + header);
	if ((shown.flags & F_SYN) && !rig->iss_known) {
		rig->our_iss = be32(tcp + 4);
		rig->iss_known = true;
	}
	shown.seq = be32(tcp + 4) - rig->our_iss;
	shown.ack = (shown.flags & F_ACK) ? be32(tcp + 8) - RIG_PEER_ISS : 0;
	shown.win = (uint32_t)(tcp[14] << 8 | tcp[15]);
	for (uint32_t i = 0; i < shown.len; i++)
		shown.text_right = shown.text_right && tcp[header + i] == rig_byte(shown.seq - 1 + i);
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

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint endpoint;

	ensure(endpoint_parse(span_str(text), 0, &endpoint) == 0);
	return endpoint;
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

static uint8_t *write_options(const struct rig *rig, const struct shown *shown, uint8_t *p)
{
	if (shown->mss)
		p = put32(p, 2U << 24 | 4U << 16 | (uint32_t)shown->mss);
	if (shown->shift >= 0)
		p = put32(p, 1U << 24 | 3U << 16 | 3U << 8 | (uint32_t)shown->shift);
	if (shown->sack_ok)
		p = put32(p, 1U << 24 | 1U << 16 | 4U << 8 | 2);
	if (shown->has_ts) {
		p = put32(p, 1U << 24 | 1U << 16 | 8U << 8 | 10);
		p = put32(p, shown->tsval);
		p = put32(p, shown->tsecr);
	}
	if (shown->sack_count > 0)
		p = put32(p, 1U << 24 | 1U << 16 | 5U << 8 | (uint32_t)(2 + 8 * shown->sack_count));
	for (int i = 0; i < shown->sack_count; i++) {
		p = put32(p, shown->sack[i][0] + rig->our_iss);
		p = put32(p, shown->sack[i][1] + rig->our_iss);
	}
	return p;
}

static void put_ports(const struct rig *rig, uint8_t *bytes)
{
	put32(bytes, (uint32_t)rig->peer.port << 16 | rig->local.port);
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
	uint8_t *text = write_options(rig, shown, bytes + 20);
	uint32_t next =
		shown->seq + shown->len + ((shown->flags & F_SYN) != 0) + ((shown->flags & F_FIN) != 0);

	put_ports(rig, bytes);
	put32(bytes + 4, shown->seq + RIG_PEER_ISS);
	put32(bytes + 8, (shown->flags & F_ACK) ? shown->ack + rig->our_iss : 0);
	put32(bytes + 12, (uint32_t)((text - bytes) / 4) << 28 | (uint32_t)shown->flags << 16 | shown->win);
	put32(bytes + 16, 0);
	for (uint32_t i = 0; i < shown->len; i++)
		text[i] = rig_byte(shown->seq + ((shown->flags & F_SYN) != 0) - 1 + i);
	if (!(shown->flags & F_RST) && (int32_t)(next - rig->peer_nxt) > 0)
		rig->peer_nxt = next;
	deliver(rig, bytes, (uint32_t)(text - bytes) + shown->len, cut);
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
