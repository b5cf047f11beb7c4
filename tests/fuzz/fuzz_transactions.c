/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer over the transaction core: the input is a play, two bytes an act. Clients ask, repeat, cancel and
 * acknowledge; nodes answer what they were sent, in any order and as often as they like; time passes, nodes
 * die and return, connections end, sendings fail, store after store is empty. At the end all timers run out:
 * then nothing may be left, and each transaction was answered once or counted as left without an answer.
 */
#include "proxy/proxy.h"
#include "proxy/transactions.h"
#include "sip/build.h"
#include "support/endpoint.h"
#include "support/snapshot_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SENT_MAX = 16, TEXT_MAX = 4096, ACTS_MAX = 256, TRANSACTIONS = 6 };

/* The latest requests that went to nodes: what they can answer. */
struct sent_request {
	size_t len;
	struct endpoint src, dst;
	uint64_t token;
	conn_id conn;
	uint8_t transport;
	char text[TEXT_MAX];
};

static struct snapshot_fixture fixture;
static struct stats stats;
static struct trace trace;
static struct proxy proxy;
static uint64_t now_ns;
static struct sent_request sent[SENT_MAX];
static unsigned sent_count;
static bool refusing; /* the transport, everything */
static struct sip_msg msg;
static char text[TEXT_MAX];
static char out_buf[SIP_DATAGRAM_MAX];

static void build_world(void)
{
	const struct node *a, *b, *c;

	snapshot_fixture_init(&fixture, 1);
	snapshot_fixture_listener(&fixture, "udp", "192.0.2.1:5060");
	snapshot_fixture_listener_over(&fixture, "tcp", "192.0.2.1:5060", TRANSPORT_TCP);
	a = snapshot_fixture_node(&fixture, "10.0.0.11:5060", "10.0.0.1");
	b = snapshot_fixture_node(&fixture, "10.0.0.12:5060", "10.0.0.1");
	c = snapshot_fixture_node_over(&fixture, "10.0.0.13:5060", "10.0.0.1", TRANSPORT_TCP);
	snapshot_fixture_route(&fixture, "com.example", ROUTE_SUBTREE, 0, a);
	snapshot_fixture_route(&fixture, "com.example", ROUTE_SUBTREE, 0, b);
	snapshot_fixture_rank(&fixture, 2, 1);
	snapshot_fixture_route(&fixture, "com.example", ROUTE_SUBTREE, 0, c);
	snapshot_fixture_rank(&fixture, 3, 1);
	snapshot_fixture_admit(&fixture, "198.51.100.0/24");
	snapshot_fixture_build(&fixture);
	fixture.snap.failover_timeout_ms = 2000;
	trace_init(&trace);
}

static int take(void *ctx, struct proxy_out *out)
{
	struct sent_request *kept = &sent[sent_count % SENT_MAX];

	(void)ctx;
	ensure(out->len > 0 && out->len <= SIP_DATAGRAM_MAX);
	/* No node here says so: nothing that a peer does is a failure of ours. */
	ensure(out->len < 11 || memcmp(out->buf, "SIP/2.0 500", 11) != 0);
	if (refusing)
		return -ENOTCONN;
	if (out->transport == TRANSPORT_TCP && out->is_request)
		out->conn = conn_id_make(0, 3, 7);
	if (!out->is_request || out->len > TEXT_MAX)
		return 0;
	memcpy(kept->text, out->buf, out->len);
	kept->len = out->len;
	kept->src = out->src;
	kept->dst = out->dst;
	kept->token = out->token;
	kept->conn = out->conn;
	kept->transport = out->transport;
	sent_count++;
	return 0;
}

static void input(const struct proxy_in *in)
{
	struct proxy_out out = {.buf = out_buf, .buf_size = sizeof(out_buf)};
	enum proxy_action action = proxy_input(&proxy, &fixture.snap, in, &out);

	if ((action == PROXY_FORWARD || action == PROXY_REPLY) && (out.len == 0 || out.len > out.buf_size))
		abort();
}

/* Of one of eight transactions, of which some share a branch, some have none of RFC 3261. */
static void ask(const char *method, unsigned which)
{
	bool by_tcp = which & 8;
	const char *cookie = (which & 7) == 7 ? "old" : "z9hG4bK";
	struct proxy_in in = {
		.src = endpoint_of("198.51.100.7:5060"),
		.local = endpoint_of("192.0.2.1:5060"),
		.conn = by_tcp ? conn_id_make(0, 2, 1) : CONN_NONE,
		.now_ns = now_ns,
		.transport = by_tcp ? TRANSPORT_TCP : TRANSPORT_UDP,
	};
	int len = snprintf(text, sizeof(text),
		"%s sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/%s 198.51.100.7:5060;branch=%s%u\r\n"
		"From: <sip:a@b>;tag=f\r\nTo: <sip:bob@example.com>%s\r\nCall-ID: %u@x\r\n"
		"CSeq: 1 %s\r\nContent-Length: 0\r\n\r\n",
		method, by_tcp ? "TCP" : "UDP", cookie, which & 6, strcmp(method, "ACK") == 0 ? ";tag=t" : "",
		which & 7, method);

	in.bytes = span_of(text, (size_t)len);
	input(&in);
}

static void answer(unsigned which, unsigned status)
{
	const struct sent_request *request = &sent[which % SENT_MAX];
	const struct sip_reply reply = {.status = (uint16_t)status, .to_tag = which};
	struct sip_writer w = sip_writer_of(text, sizeof(text));
	struct proxy_in in = {.now_ns = now_ns};

	if (which % SENT_MAX >= sent_count ||
		sip_parse(span_of(request->text, request->len), true, &msg) != PARSE_OK ||
		msg.method_id == SIP_ACK)
		return;
	sip_build_response(&msg, &request->src, &reply, &w);
	in.bytes = span_of(text, w.len);
	in.src = request->dst;
	in.local = request->src;
	in.transport = request->transport;
	in.conn = request->conn;
	if (!w.overflow)
		input(&in);
}

static void pass(uint64_t ms)
{
	uint64_t end_ns = now_ns + ms * 1000000;

	while (now_ns < end_ns) {
		uint64_t next_ns = proxy_next_ns(&proxy);

		next_ns = next_ns < now_ns + 200000 ? now_ns + 200000 : next_ns;
		now_ns = next_ns < end_ns ? next_ns : end_ns;
		proxy_tick(&proxy, &fixture.snap, now_ns);
	}
}

static void change_node(unsigned arg)
{
	static const uint8_t healths[] = {NODE_UP, NODE_SUSPECT, NODE_DOWN, NODE_UP};

	snapshot_fixture_word(&fixture, &fixture.nodes[arg % 3],
		node_word_make(
			(enum node_health)healths[arg >> 2 & 3], arg & 16 ? NODE_DRAIN : NODE_READY, 0));
}

static void act(uint8_t what, uint8_t arg)
{
	static const uint16_t statuses[] = {
		100, 180, 183, 200, 202, 302, 404, 408, 486, 487, 502, 503, 503, 600, 603, 199};
	static const uint32_t times_ms[] = {
		1, 100, 200, 300, 500, 1000, 2000, 3500, 4000, 5000, 8000, 32000, 33000, 64000, 181000, 250};
	uint64_t token = sent[arg >> 2 & (SENT_MAX - 1)].token;

	switch (what % 12) {
	case 0:
	case 1:
		ask("INVITE", arg);
		break;
	case 2:
		ask("MESSAGE", arg);
		break;
	case 3:
		ask("CANCEL", arg);
		break;
	case 4:
		ask("ACK", arg);
		break;
	case 5:
	case 6:
	case 7:
		answer(arg >> 4, statuses[arg & 15]);
		break;
	case 8:
		pass(times_ms[arg & 15]);
		break;
	case 9:
		change_node(arg);
		break;
	case 10:
		if (arg & 8)
			proxy_conn_closed(&proxy, &fixture.snap, conn_id_make(0, 3, arg % 8), now_ns);
		else
			proxy_conn_lost(&proxy, &fixture.snap, conn_id_make(0, 3, arg % 8), now_ns);
		break;
	default:
		refusing = arg & 1;
		if (arg & 2)
			proxy_send_failed(&proxy, &fixture.snap, token, now_ns);
		else if (proxy_awaits(&proxy, token))
			proxy_sent_by(&proxy, token, conn_id_make(0, 3, arg >> 2 & 7));
		break;
	}
}

static void expect_nothing_left(void)
{
	struct txns_level levels[TXNS_LEVELS_MAX];
	unsigned count = txns_levels(proxy.txns, levels);

	for (unsigned i = 0; i < count; i++) {
		if (levels[i].used != 0)
			abort();
	}
	if (stats_get(&stats, STAT_sip_txn_begun) !=
		stats_get(&stats, STAT_sip_txn_answered) + stats_get(&stats, STAT_sip_txn_unanswered))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct proxy_config config = {
		.stats = &stats,
		.trace = &trace,
		.way = {.send = take},
		.transactions = {.transactions_max = TRANSACTIONS,
			.text_counts = {6, 8, 4, 1, 1},
			.key = {1, 2},
			.now_ns = now_ns},
	};

	if (!fixture.routes)
		build_world();
	memset(&stats, 0, sizeof(stats));
	sent_count = 0;
	refusing = false;
	for (unsigned i = 0; i < 3; i++)
		change_node(i);
	ensure(proxy_init(&proxy, &config) == 0);
	for (size_t i = 0; i + 1 < size && i < (size_t)2 * ACTS_MAX; i += 2)
		act(data[i], data[i + 1]);
	/* Calls that ring for ever are cancelled by timer C, then given up. */
	pass(600000);
	expect_nothing_left();
	proxy_fini(&proxy);
	return 0;
}
