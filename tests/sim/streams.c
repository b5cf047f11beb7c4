/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections are known by a number that none has twice. The framing is written apart from the balancer's:
 * the empty line is looked for from the beginning each time, and Content-Length is believed.
 */
#include "streams.h"

#include "client.h"
#include "ledger.h"
#include "link.h"
#include "support/eal.h"
#include "tcp/tcp.h"

#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <stdio.h>
#include <stdlib.h>

enum { STREAMS_MAX = 160, HOST_MBUFS = 8191, HOST_ROOM = 2176, CHUNK_MAX = 1400, SABOTAGE_EVERY = 97 };

static const uint64_t again_ns = 20 * SIM_MS; /* when no packet buffer or no budget was left */

struct stream {
	uint64_t id; /* 0: the place is free */
	struct tcb *tcb;
	struct endpoint local, remote;
	uint16_t port; /* by which it is known: of the way it was opened for, or where it was accepted */
	bool opened, up, leaving, flushing;
	size_t in_len;
	size_t out_len, out_room;
	char *out;
	char in[PACKET_MESSAGE_MAX];
};

struct sim_streams {
	struct sim_streams_config config;
	struct tcp *tcp;
	struct stats stats;
	struct rng rng;
	bool killed, retired;
	uint64_t last_id;
	uint64_t handed_over; /* messages */
	struct stream all[STREAMS_MAX];
};

/* Of all hosts, and of all runs. */
static struct rte_mempool *pool;
static unsigned users;

static struct sim *sim_of(const struct sim_streams *streams)
{
	return streams->config.sim;
}

static struct stream *stream_of(struct sim_streams *streams, uint64_t id)
{
	for (unsigned i = 0; i < STREAMS_MAX; i++) {
		if (id != 0 && streams->all[i].id == id)
			return &streams->all[i];
	}
	return NULL;
}

static struct stream *begin(struct sim_streams *streams, struct tcb *tcb)
{
	struct stream *stream = streams->all;
	struct tcp_info info;

	while (stream->id != 0)
		ensure(++stream < streams->all + STREAMS_MAX);
	tcp_info(tcb, &info);
	tcp_set_cookie(tcb, ++streams->last_id);
	*stream = (struct stream){
		.id = streams->last_id, .tcb = tcb, .local = info.local, .remote = info.remote};
	return stream;
}

static void forget(struct stream *stream)
{
	free(stream->out);
	stream->out = NULL;
	stream->id = 0;
}

static void output(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, struct rte_mbuf *mbuf)
{
	struct sim_streams *streams = ctx;
	char bytes[PACKET_MTU];
	const char *segment = rte_pktmbuf_read(mbuf, 0, mbuf->pkt_len, bytes);

	ensure(segment != NULL);
	sim_host_send_segment(streams->config.host, src, dst, span_of(segment, mbuf->pkt_len));
	rte_pktmbuf_free(mbuf);
}

/* A message with its body; 0: its end has not come. */
static size_t whole_message(struct span text)
{
	const char *end = memmem(text.p, text.len, "\r\n\r\n", 4);
	const char *length = memmem(text.p, text.len, "\r\nContent-Length: ", 18);

	if (!end || !length || length > end)
		return 0;
	size_t len = (size_t)(end - text.p) + 4 + strtoul(length + 18, NULL, 10);
	return len <= text.len ? len : 0;
}

/* To the owner, who may do anything but end the connection. */
static void hand_over(struct sim_streams *streams, const struct sim_datagram *message)
{
	enum sim_sabotage sabotage = sim_of(streams)->plan.sabotage;
	bool now = ++streams->handed_over % SABOTAGE_EVERY == 0;
	unsigned copies = now && sabotage == SIM_MUTE ? 0 : now && sabotage == SIM_TWICE ? 2 : 1;

	for (; copies > 0; copies--) {
		sim_ledger_heard(sim_of(streams)->ledger, message);
		sim_host_take(streams->config.host, message);
	}
}

static void deliver(struct sim_streams *streams, struct stream *stream)
{
	struct sim_datagram message = {.src = stream->remote, .dst = stream->local, .stream = stream->id};
	size_t done = 0;
	size_t len;

	message.dst.port = stream->port;
	while ((len = whole_message(span_of(stream->in + done, stream->in_len - done))) > 0) {
		message.payload = span_of(stream->in + done, len);
		hand_over(streams, &message);
		done += len;
	}
	stream->in_len -= done;
	memmove(stream->in, stream->in + done, stream->in_len);
}

static void read_stream(struct sim_streams *streams, struct stream *stream)
{
	struct span span;

	while (tcp_receive(stream->tcb, &span, 1) == 1) {
		size_t room = sizeof(stream->in) - stream->in_len;
		size_t len = span.len < room ? span.len : room;
		memcpy(stream->in + stream->in_len, span.p, len);
		stream->in_len += len;
		tcp_consume(stream->tcb, (uint32_t)len, sim_of(streams)->now_ns);
		deliver(streams, stream);
		if (stream->in_len == sizeof(stream->in)) {
			sim_violate(sim_of(streams), "a stream holds no message: %.60s", stream->in);
			return;
		}
	}
}

/* The first bytes of what was said, as one write. False: not now. */
static bool write_some(struct sim_streams *streams, struct stream *stream, size_t len)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
	char *room;

	if (!mbuf)
		return false;
	room = rte_pktmbuf_append(mbuf, (uint16_t)len);
	ensure(room != NULL);
	memcpy(room, stream->out, len);
	if (tcp_send(stream->tcb, mbuf, sim_of(streams)->now_ns) != 0) {
		rte_pktmbuf_free(mbuf);
		return false;
	}
	stream->out_len -= len;
	memmove(stream->out, stream->out + len, stream->out_len);
	return true;
}

static void flush(void *ctx, uint64_t id);

static void flush_later(struct sim_streams *streams, struct stream *stream, uint64_t in_ns)
{
	if (stream->flushing || !stream->up)
		return;
	stream->flushing = true;
	sim_later(sim_of(streams), in_ns, flush, streams, stream->id);
}

/* Mostly all that there is, with several messages in one segment; else a piece that ends anywhere. */
static void flush(void *ctx, uint64_t id)
{
	struct sim_streams *streams = ctx;
	struct stream *stream = stream_of(streams, id);

	if (!stream)
		return;
	stream->flushing = false;
	while (stream->up && stream->out_len > 0) {
		size_t len = stream->out_len < CHUNK_MAX ? stream->out_len : CHUNK_MAX;
		bool part = rng_below(&streams->rng, 4) == 0;
		if (part)
			len = 1 + rng_below(&streams->rng, (uint32_t)len);
		if (!write_some(streams, stream, len)) {
			flush_later(streams, stream, again_ns);
			return;
		}
		if (part && stream->out_len > 0) {
			flush_later(streams, stream, rng_below(&streams->rng, 2) * SIM_MS / 2);
			return;
		}
	}
	if (stream->up && stream->leaving)
		tcp_shutdown(stream->tcb, sim_of(streams)->now_ns);
}

static void put(struct stream *stream, struct span text)
{
	if (stream->out_len + text.len > stream->out_room) {
		stream->out_room = 2 * (stream->out_len + text.len);
		stream->out = realloc(stream->out, stream->out_room);
		ensure(stream->out != NULL);
	}
	memcpy(stream->out + stream->out_len, text.p, text.len);
	stream->out_len += text.len;
}

static void say(struct sim_streams *streams, struct stream *stream, struct span text)
{
	sim_ledger_said(sim_of(streams)->ledger, text);
	put(stream, text);
	flush_later(streams, stream, rng_below(&streams->rng, 3) * SIM_MS / 2);
}

static struct stream *find(struct sim_streams *streams, const struct sim_way *way)
{
	for (unsigned i = 0; i < STREAMS_MAX; i++) {
		struct stream *stream = &streams->all[i];
		if (stream->id != 0 && stream->opened && !stream->leaving && stream->port == way->port &&
			endpoint_equal(&stream->remote, &way->dst))
			return stream;
	}
	return NULL;
}

void sim_streams_say(struct sim_streams *streams, const struct sim_way *way, struct span text)
{
	struct stream *stream = find(streams, way);
	struct tcb *tcb;

	if (!stream) {
		if (streams->killed || streams->retired ||
			tcp_connect(streams->tcp, &way->dst, 0, sim_of(streams)->now_ns, &tcb) != 0)
			return;
		stream = begin(streams, tcb);
		stream->opened = true;
		stream->port = way->port;
	}
	say(streams, stream, text);
}

bool sim_streams_reply(struct sim_streams *streams, uint64_t id, struct span text)
{
	struct stream *stream = stream_of(streams, id);

	if (!stream || stream->leaving)
		return false;
	say(streams, stream, text);
	return true;
}

/* Its end is told by the next tick; until then nothing more is written. */
static void cut(struct sim_streams *streams, struct stream *stream)
{
	stream->leaving = true;
	stream->up = false;
	tcp_abort(stream->tcb, sim_of(streams)->now_ns);
}

/* After what was said; what comes until the peer closes, too, is still heard. */
static void leave(struct sim_streams *streams, struct stream *stream)
{
	if (stream->leaving)
		return;
	stream->leaving = true;
	if (stream->up)
		flush_later(streams, stream, 0);
	else
		cut(streams, stream);
}

/* A client that keeps its connection and asks to be reached by it is, whichever worker has it (RFC 5923). */
static void check_accepted(const struct sim_streams *streams)
{
	const struct sim_plan *plan = &sim_of(streams)->plan;
	bool is_client = streams->config.index >= SIM_NODES;

	if (is_client && !streams->retired && plan->alias && plan->clean && plan->hang_up_count == 0)
		sim_violate(sim_of(streams), "host %u was called, though it has a connection of its own",
			streams->config.index);
}

static void accepted(struct sim_streams *streams, struct tcb *tcb)
{
	struct stream *stream = begin(streams, tcb);

	check_accepted(streams);

	stream->up = true;
	stream->port = stream->local.port;
	if (streams->retired)
		leave(streams, stream);
}

static void event(void *ctx, struct tcb *tcb, enum tcp_event what, enum tcp_reason why)
{
	struct sim_streams *streams = ctx;
	struct stream *stream;

	if (what == TCP_ACCEPTED) {
		accepted(streams, tcb);
		return;
	}
	stream = stream_of(streams, tcp_cookie(tcb));
	ensure(stream != NULL);
	if (what == TCP_READABLE) {
		read_stream(streams, stream);
	} else if (what == TCP_CONNECTED) {
		stream->up = true;
		flush_later(streams, stream, 0);
	} else if (what == TCP_PEER_CLOSED) {
		leave(streams, stream);
	} else if (what == TCP_ENDED) {
		sim_log(sim_of(streams), "host %u   connection of port %u ended: %s", streams->config.index,
			stream->port, tcp_reason_name(why));
		/* A wire can be so bad that TCP gives up: then its words are lost. */
		if (!sim_of(streams)->plan.clean && why != TCP_WHY_CLOSED)
			sim_calls_hurt(sim_of(streams), streams->config.index, stream->port);
		forget(stream);
	}
}

static void listen(struct sim_streams *streams)
{
	struct endpoint local = {.ip = sim_host_ip(streams->config.host, streams->config.v6)};

	for (unsigned i = 0; i < streams->config.port_count; i++) {
		local.port = streams->config.ports[i];
		ensure(tcp_listen(streams->tcp, &local, 64, 0) == 0);
	}
}

static void start(struct sim_streams *streams)
{
	struct ip_addr ip = sim_host_ip(streams->config.host, streams->config.v6);
	struct tcp_config config = {
		.pool = pool,
		.stats = &streams->stats,
		.rng = &streams->rng,
		.secret = {sim_of(streams)->seed, rng_u64(&streams->rng)},
		.socket_id = -1,
		.connections_max = STREAMS_MAX,
		.half_open_max = 64,
		.time_wait_max = 256,
		.time_wait_ms = 5000,
		.pieces_max = 1024,
		.memory_max_bytes = 1 << 20,
		.ctx = streams,
		.output = output,
		.event = event,
	};

	ensure(tcp_create(&config, sim_of(streams)->now_ns, &streams->tcp) == 0);
	ensure(tcp_add_source(streams->tcp, &ip) == 0);
	listen(streams);
}

struct sim_streams *sim_streams_create(const struct sim_streams_config *config)
{
	struct sim_streams *streams = calloc(1, sizeof(*streams));

	ensure(streams != NULL);
	if (!pool)
		pool = eal_pool("sim-hosts", HOST_MBUFS, HOST_ROOM);
	users++;
	streams->config = *config;
	rng_init(&streams->rng, config->sim->seed * 11 + config->index);
	start(streams);
	return streams;
}

void sim_streams_destroy(struct sim_streams *streams)
{
	if (!streams)
		return;
	for (unsigned i = 0; i < STREAMS_MAX; i++)
		forget(&streams->all[i]);
	tcp_destroy(streams->tcp);
	free(streams);
	if (--users == 0)
		ensure(rte_mempool_in_use_count(pool) == 0);
}

void sim_streams_input(struct sim_streams *streams, const struct packet_view *v)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
	struct tcp_packet packet = {
		.mbuf = mbuf, .src = &v->src.ip, .dst = &v->dst.ip, .l4_len = (uint32_t)v->payload.len};

	if (!mbuf)
		return;
	char *room = rte_pktmbuf_append(mbuf, (uint16_t)v->payload.len);
	ensure(room != NULL);
	memcpy(room, v->payload.p, v->payload.len);
	tcp_input(streams->tcp, &packet, sim_of(streams)->now_ns);
}

void sim_streams_tick(struct sim_streams *streams)
{
	tcp_tick(streams->tcp, sim_of(streams)->now_ns);
}

uint64_t sim_streams_next_ns(const struct sim_streams *streams)
{
	return tcp_next_ns(streams->tcp);
}

void sim_streams_kill(struct sim_streams *streams)
{
	struct endpoint local = {.ip = sim_host_ip(streams->config.host, streams->config.v6)};

	streams->killed = true;
	for (unsigned i = 0; i < streams->config.port_count; i++) {
		local.port = streams->config.ports[i];
		ensure(tcp_unlisten(streams->tcp, &local) == 0);
	}
	for (unsigned i = 0; i < STREAMS_MAX; i++) {
		if (streams->all[i].id != 0)
			cut(streams, &streams->all[i]);
	}
}

void sim_streams_revive(struct sim_streams *streams)
{
	streams->killed = false;
	listen(streams);
}

void sim_streams_reboot(struct sim_streams *streams)
{
	for (unsigned i = 0; i < STREAMS_MAX; i++)
		forget(&streams->all[i]);
	tcp_destroy(streams->tcp);
	start(streams);
}

static struct stream *any(struct sim_streams *streams)
{
	unsigned from = rng_below(&streams->rng, STREAMS_MAX);

	for (unsigned i = 0; i < STREAMS_MAX; i++) {
		struct stream *stream = &streams->all[(from + i) % STREAMS_MAX];
		if (stream->id != 0 && stream->up && !stream->leaving)
			return stream;
	}
	return NULL;
}

uint16_t sim_streams_hang_up(struct sim_streams *streams, enum sim_hang_up how)
{
	static const char text[] =
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKhalf\r\nCSeq: 1 "
		"MESSAGE\r\nContent-Length: 100\r\n\r\nhalf of it";
	struct stream *stream = any(streams);

	if (!stream)
		return 0;
	sim_log(sim_of(streams), "host %u   hangs up on port %u%s", streams->config.index, stream->port,
		how == SIM_HANG_UP         ? ""
		: how == SIM_HANG_UP_RESET ? " by a reset in the midst of a message"
					   : " in the midst of a message");
	if (how != SIM_HANG_UP)
		put(stream, span_of(text, 1 + rng_below(&streams->rng, sizeof(text) - 1)));
	uint16_t port = stream->port;
	if (how != SIM_HANG_UP_RESET) {
		leave(streams, stream);
		return port;
	}
	while (stream->out_len > 0 && stream->up) {
		size_t len = stream->out_len < CHUNK_MAX ? stream->out_len : CHUNK_MAX;
		if (!write_some(streams, stream, len))
			break;
	}
	cut(streams, stream);
	return port;
}

void sim_streams_retire(struct sim_streams *streams)
{
	streams->retired = true;
	for (unsigned i = 0; i < STREAMS_MAX; i++) {
		if (streams->all[i].id != 0)
			leave(streams, &streams->all[i]);
	}
}

unsigned sim_streams_live(const struct sim_streams *streams)
{
	struct tcp_levels levels;

	tcp_levels(streams->tcp, &levels);
	return levels.connections + levels.half_open + levels.time_wait + levels.pieces + levels.under_way;
}
