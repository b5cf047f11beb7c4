/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the stateless proxy costs by itself, from the datagram's bytes to the outgoing ones: parse, ACL,
 * domain, route, node, edits and rendering, without the network around it. The snapshot is small: two nodes,
 * ten patterns.
 */
#include "measure.h"
#include "messages.h"

#include "proxy/proxy.h"
#include "sip/build.h"
#include "support/endpoint.h"
#include "support/snapshot_fixture.h"

static struct snapshot_fixture fixture;
static struct stats stats;
static struct proxy proxy = {.stats = &stats};
static char out_buf[SIP_DATAGRAM_MAX];

static void build_world(void)
{
	static const char *const domains[] = {
		"com.a", "com.b", "com.c", "com.d", "com.e", "com.f", "com.g", "com.h", "com.i"};
	const struct node *a, *b;

	snapshot_fixture_init(&fixture, 1);
	snapshot_fixture_listener(&fixture, "front", "192.0.2.1:5060");
	a = snapshot_fixture_node(&fixture, "10.0.0.11:5060", "10.0.0.1");
	b = snapshot_fixture_node(&fixture, "10.0.0.12:5060", "10.0.0.1");
	for (unsigned i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
		snapshot_fixture_route(&fixture, domains[i], ROUTE_SUBTREE, 0, a);
	snapshot_fixture_route(&fixture, "com.domaina", ROUTE_SUBTREE, 0, a);
	snapshot_fixture_route(&fixture, "com.domaina", ROUTE_SUBTREE, 0, b);
	snapshot_fixture_admit(&fixture, "192.0.2.0/24");
	snapshot_fixture_admit(&fixture, "10.0.0.0/8");
	snapshot_fixture_domain(&fixture, "domaina.com");
	snapshot_fixture_build(&fixture);
}

static void input_many(void *data, uint64_t iterations)
{
	const struct proxy_in *in = data;
	struct proxy_out out = {.buf = out_buf, .buf_size = sizeof(out_buf)};

	for (uint64_t i = 0; i < iterations; i++) {
		ensure(proxy_input(&proxy, &fixture.snap, in, &out) != PROXY_DROP);
		measure_keep(&out);
	}
}

/* The node's answer to what was forwarded last. */
static struct proxy_in answer_to(const struct proxy_in *request)
{
	static struct sip_msg sent;
	static char text[SIP_DATAGRAM_MAX];
	const struct sip_reply reply = {.status = 200, .to_tag = 1};
	struct sip_writer w = sip_writer_of(text, sizeof(text));
	struct proxy_out out = {.buf = out_buf, .buf_size = sizeof(out_buf)};

	ensure(proxy_input(&proxy, &fixture.snap, request, &out) == PROXY_FORWARD);
	ensure(sip_parse(span_of(out.buf, out.len), true, &sent) == PARSE_OK);
	sip_build_response(&sent, &out.src, &reply, &w);
	return (struct proxy_in){.bytes = span_of(text, w.len), .src = out.dst, .local = out.src};
}

/* The client's BYE in the dialog that was begun last. */
static struct proxy_in bye_after(const struct proxy_in *request)
{
	static struct sip_msg sent;
	static char text[4096];
	struct sip_writer w = sip_writer_of(text, sizeof(text));
	struct proxy_out out = {.buf = out_buf, .buf_size = sizeof(out_buf)};
	const struct sip_header *route;

	ensure(proxy_input(&proxy, &fixture.snap, request, &out) == PROXY_FORWARD);
	ensure(sip_parse(span_of(out.buf, out.len), true, &sent) == PARSE_OK);
	route = sip_header_first(&sent, SIP_HDR_RECORD_ROUTE);
	ensure(route);
	sip_write_lit(&w, "BYE sip:bob@10.0.0.11:5060 SIP/2.0\r\n"
			  "Via: SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bK74bf9a1c3e;rport\r\n"
			  "Max-Forwards: 70\r\nRoute: ");
	sip_write(&w, sip_header_value(&sent, route));
	sip_write_lit(&w, "\r\nFrom: \"Alice Example\" <sip:alice@example.com>;tag=");
	sip_write(&w, sent.from_tag);
	sip_write_lit(&w, "\r\nTo: \"Bob\" <sip:bob@domaina.com>;tag=8321234356\r\nCall-ID: ");
	sip_write(&w, sent.call_id);
	sip_write_lit(&w, "\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n");
	return (struct proxy_in){.bytes = span_of(text, w.len), .src = request->src, .local = request->local};
}

int main(void)
{
	struct proxy_in in[4] = {
		{.src = endpoint_of("192.0.2.101:5060"), .local = endpoint_of("192.0.2.1:5060")}};
	struct measure_row rows[4] = {{.name = "request-600"}, {.name = "response"}, {.name = "dialog-bye"},
		{.name = "refusal-404"}};

	build_world();
	in[0].bytes = message_read("bench/messages/invite-600.sip");
	in[1] = answer_to(&in[0]);
	in[2] = bye_after(&in[0]);
	in[3] = in[0];
	in[3].bytes = message_read("bench/messages/rfc3261-invite.sip");
	for (unsigned i = 0; i < 4; i++) {
		rows[i].size = in[i].bytes.len;
		measure(input_many, &in[i], &rows[i]);
	}
	measure_print(stdout, &(struct measure_report){"proxy", "message", "bytes", rows, 4});
	snapshot_fixture_fini(&fixture);
	return 0;
}
