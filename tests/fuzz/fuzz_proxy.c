/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer over the whole proxy: one byte chooses who sends and how the nodes are, the rest is the datagram.
 * What is forwarded must parse, come out the same twice, and take a response and the dialog's next request
 * back.
 */
#include "proxy/proxy.h"
#include "sip/build.h"
#include "support/endpoint.h"
#include "support/snapshot_fixture.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct snapshot_fixture fixture;
static struct stats stats;
static struct trace trace;
static struct proxy proxy = {.worker_index = 1, .stats = &stats, .trace = &trace};
static struct sip_msg sent; /* what went out, read again */
static char out_buf[SIP_DATAGRAM_MAX];
static char back_buf[2 * SIP_DATAGRAM_MAX];
static char again_buf[SIP_DATAGRAM_MAX];

static void build_world(void)
{
	const struct node *a, *b, *six;

	snapshot_fixture_init(&fixture, 2);
	snapshot_fixture_listener(&fixture, "front", "192.0.2.1:5060");
	snapshot_fixture_listener(&fixture, "front6", "[2001:db8::1]:5060");
	a = snapshot_fixture_node(&fixture, "10.0.0.11:5060", "10.0.0.1");
	b = snapshot_fixture_node(&fixture, "10.0.0.12:5060", "10.0.0.1");
	six = snapshot_fixture_node(&fixture, "[2001:db8:1::11]:5060", "2001:db8:1::1");
	snapshot_fixture_route(&fixture, "com.example", ROUTE_SUBTREE, 0, a);
	snapshot_fixture_route(&fixture, "com.example", ROUTE_SUBTREE, 0, b);
	snapshot_fixture_rank(&fixture, 2, 1);
	snapshot_fixture_route(&fixture, "com.example.six", ROUTE_EXACT, ROUTE_LESS_SPECIFIC, six);
	snapshot_fixture_route(&fixture, "com.blocked", ROUTE_EXACT, ROUTE_BLOCK, NULL);
	snapshot_fixture_route(&fixture, "\\+?[0-9]+", ROUTE_USER, 0, b);
	snapshot_fixture_admit(&fixture, "198.51.100.0/24");
	snapshot_fixture_admit(&fixture, "2001:db8:9::/48");
	snapshot_fixture_build(&fixture);
	trace_init(&trace);
	trace_set_mask(&trace, 1u << TRACE_ROUTING);
}

static enum proxy_action give(const struct proxy_in *in, struct proxy_out *out, char *buf)
{
	struct trace_record record;
	enum proxy_action action;

	out->buf = buf;
	out->buf_size = SIP_DATAGRAM_MAX;
	action = proxy_input(&proxy, &fixture.snap, in, out);
	while (trace_take(&trace, &record))
		;
	return action;
}

static void expect_parses(struct span bytes)
{
	enum parse_result result = sip_parse(bytes, true, &sent);

	/* Our three lines may be the ones too many: that is the receiver's to refuse. */
	if (result != PARSE_OK && sent.error != SIP_ERR_too_many_headers)
		abort();
}

/* The next hop answers; the response must find a way back unless the peer gave an address that cannot be. */
static void respond(const struct proxy_out *out)
{
	const struct sip_reply reply = {.status = 200, .to_tag = 1};
	struct sip_writer w = sip_writer_of(back_buf, sizeof(back_buf));
	struct proxy_in in = {.src = out->dst, .local = out->src};
	uint64_t lost = stats_get(&stats, STAT_sip_response_no_target) +
			stats_get(&stats, STAT_sip_no_egress) + stats_get(&stats, STAT_sip_too_large) +
			stats_get(&stats, STAT_sip_too_many_headers);
	struct proxy_out back;

	sip_build_response(&sent, &out->src, &reply, &w);
	in.bytes = span_of(back_buf, w.len < SIP_DATAGRAM_MAX ? w.len : SIP_DATAGRAM_MAX);
	if (w.overflow || w.len > SIP_DATAGRAM_MAX)
		return;
	if (give(&in, &back, again_buf) == PROXY_FORWARD) {
		if (back.request_key != out->request_key || back.node_slot != out->node_slot)
			abort();
		expect_parses(span_of(again_buf, back.len));
	} else if (lost == stats_get(&stats, STAT_sip_response_no_target) +
				   stats_get(&stats, STAT_sip_no_egress) +
				   stats_get(&stats, STAT_sip_too_large) +
				   stats_get(&stats, STAT_sip_too_many_headers)) {
		abort();
	}
}

/* A request inside the dialog that `sent` may begin, from either side. */
static void follow_up(const struct proxy_in *first, const struct proxy_out *out)
{
	const struct sip_header *header = sip_header_first(&sent, SIP_HDR_RECORD_ROUTE);
	struct sip_writer w = sip_writer_of(back_buf, SIP_DATAGRAM_MAX);
	struct proxy_in in = *first;
	uint64_t dialogs = stats_get(&stats, STAT_sip_dialog_requests);
	uint64_t max_forwards = stats_get(&stats, STAT_sip_max_forwards_reached);
	struct proxy_out next;

	/* Else the Record-Route is the sender's own invention. */
	if (!header || sent.method_id != SIP_INVITE || sent.to_tag.len > 0 || out->src.port < 30000)
		return;
	sip_write_lit(&w, "BYE sip:b@10.0.0.11 SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bKx\r\nRoute: ");
	sip_write(&w, sip_header_value(&sent, header));
	sip_write_lit(&w, "\r\nFrom: <sip:a@b>");
	if (sent.from_tag.len > 0) {
		sip_write_lit(&w, ";tag=");
		sip_write(&w, sent.from_tag);
	}
	sip_write_lit(&w, "\r\nTo: <sip:b@example.com>;tag=-\r\nCall-ID: ");
	sip_write(&w, sent.call_id);
	sip_write_lit(&w, "\r\nCSeq: 1 BYE\r\n\r\n");
	if (w.overflow)
		return;
	in.bytes = span_of(back_buf, w.len);
	give(&in, &next, again_buf);
	if (stats_get(&stats, STAT_sip_dialog_requests) == dialogs &&
		stats_get(&stats, STAT_sip_max_forwards_reached) == max_forwards)
		abort();
}

static void check_forwarded(const struct proxy_in *in, const struct proxy_out *out)
{
	struct proxy_out twice;

	if (give(in, &twice, again_buf) != PROXY_FORWARD || twice.len != out->len ||
		memcmp(out_buf, again_buf, out->len) != 0)
		abort();
	expect_parses(span_of(out_buf, out->len));
	if (!out->is_request || sent.error != SIP_ERR_NONE)
		return;
	if (snapshot_is_local(&fixture.snap, &out->dst) || !snapshot_is_local(&fixture.snap, &out->src))
		abort();
	follow_up(in, out);
	respond(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const sources[] = {
		"198.51.100.7:5060", "10.0.0.11:5060", "203.0.113.9:5060", "[2001:db8:9::7]:40000"};
	static const char *const locals[] = {"192.0.2.1:5060", "[2001:db8::1]:5060"};
	struct proxy_in in;
	struct proxy_out out;

	if (!fixture.routes)
		build_world();
	if (size < 1 || size > SIP_DATAGRAM_MAX)
		return 0;
	in = (struct proxy_in){
		.bytes = span_of((const char *)data + 1, size - 1),
		.src = endpoint_of(sources[data[0] & 3]),
		.local = endpoint_of(locals[data[0] >> 2 & 1]),
		.transport = TRANSPORT_UDP,
	};
	snapshot_fixture_word(&fixture, &fixture.nodes[0],
		node_word_make(data[0] & 8 ? NODE_DOWN : NODE_UP, NODE_READY, 0));
	snapshot_fixture_word(&fixture, &fixture.nodes[2],
		node_word_make(data[0] & 16 ? NODE_DOWN : NODE_UP, NODE_READY, 0));
	switch (give(&in, &out, out_buf)) {
	case PROXY_FORWARD:
		check_forwarded(&in, &out);
		break;
	case PROXY_REPLY:
		if (sip_parse(span_of(out_buf, out.len), true, &sent) == PARSE_OK &&
			sent.status != out.status)
			abort();
		/* Nothing that a peer says is a failure of ours. */
		if (out.status == 500)
			abort();
		break;
	case PROXY_DROP:
		break;
	case PROXY_TAKEN: /* without a way out nothing is kept */
		abort();
	}
	return 0;
}
