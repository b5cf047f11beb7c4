/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proxy's outermost step: parse, and give the message to the stage for its kind. Called by the worker for
 * each message. On a stateless listener the same bytes with the same snapshot give the same result; nothing
 * is remembered (RFC 3261 16.11).
 */
#include "proxy/proxy.h"

#include "proxy/proxy_priv.h"

#include <errno.h>

int proxy_init(struct proxy *proxy, const struct proxy_config *config)
{
	memset(proxy, 0, sizeof(*proxy));
	proxy->worker_index = config->worker_index;
	proxy->stats = config->stats;
	proxy->trace = config->trace;
	proxy->way = config->way;
	return config->way.send ? txns_create(proxy, &config->transactions, &proxy->txns) : 0;
}

void proxy_fini(struct proxy *proxy)
{
	txns_destroy(proxy->txns);
	proxy->txns = NULL;
}

/* RFC 5626 3.5.1: peers hold a NAT binding open with line ends; some send a NUL byte instead. */
static bool is_keepalive(struct span bytes)
{
	if (bytes.len > 4)
		return false;
	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.p[i] != '\r' && bytes.p[i] != '\n' && bytes.p[i] != '\0')
			return false;
	}
	return true;
}

/* A broken request is still judged by who sent it, as long as there is enough of it to answer. */
static enum proxy_action broken_input(struct passage *passage)
{
	const struct sip_msg *msg = passage->msg;

	return msg->is_request && msg->answerable ? request_input(passage) : reply_parse_error(passage);
}

static enum proxy_action parsed_input(struct passage *passage)
{
	if (!passage->msg->is_request) {
		stats_inc(passage->proxy->stats, STAT_sip_responses);
		return response_input(passage);
	}
	stats_inc(passage->proxy->stats, STAT_sip_requests);
	return request_input(passage);
}

static void out_begin(struct proxy_out *out, const struct proxy_in *in)
{
	out->len = 0;
	out->conn = CONN_NONE;
	out->token = 0;
	out->is_repeat = false;
	out->transport = in->transport;
	out->request_key = 0;
	out->node_slot = PROXY_NO_NODE;
	out->status = 0;
	out->is_request = false;
	out->untrusted = false;
}

enum proxy_action proxy_input(
	struct proxy *proxy, const struct snapshot *snap, const struct proxy_in *in, struct proxy_out *out)
{
	struct passage passage = {.proxy = proxy, .snap = snap, .in = in, .out = out, .msg = &proxy->msg};

	ensure(in->transport < TRANSPORT_COUNT && proxy->worker_index < snap->worker_count);
	ensure((in->conn == CONN_NONE) == (in->transport == TRANSPORT_UDP));
	out_begin(out, in);
	if (is_keepalive(in->bytes)) {
		stats_inc(proxy->stats, STAT_sip_keepalives);
		return PROXY_DROP;
	}
	if (in->parsed)
		passage.msg = in->parsed;
	else if (sip_parse(in->bytes, true, &proxy->msg) != PARSE_OK)
		return broken_input(&passage);
	if (passage.msg->error != SIP_ERR_NONE)
		return broken_input(&passage);
	return parsed_input(&passage);
}

enum proxy_action proxy_refuse_unsent(
	struct proxy *proxy, const struct snapshot *snap, const struct proxy_in *in, struct proxy_out *out)
{
	/* Only a source that is admitted has its requests forwarded. */
	struct passage passage = {
		.proxy = proxy, .snap = snap, .in = in, .out = out, .msg = &proxy->msg, .admitted = true};
	bool by_datagrams = in->transport == TRANSPORT_UDP && out->transport == TRANSPORT_UDP;

	if (!out->is_request || by_datagrams || sip_parse(in->bytes, true, &proxy->msg) != PARSE_OK)
		return PROXY_DROP;
	out_begin(out, in);
	return reply_refuse(&passage, 503, STAT_sip_unsent);
}

struct span passage_message(const struct passage *passage)
{
	return span_from(passage->msg->start_line.p, passage->in->bytes.p + passage->msg->total_len);
}

/*
 * RFC 3261 16.6 step 8. Only a datagram may do without: in a stream, whoever reads on would take its body for
 * messages of ours. Written whatever the transport, because a response may leave by another one than its
 * first copy did.
 */
static void edit_content_length(struct passage *passage)
{
	const struct sip_msg *msg = passage->msg;
	struct sip_edits *edits = &passage->proxy->edits;
	struct sip_writer w;

	if (likely_true(msg->has_content_length))
		return;
	w = sip_edit_begin(edits);
	sip_write_lit(&w, "Content-Length: ");
	sip_write_u32(&w, (uint32_t)msg->body.len);
	sip_write_lit(&w, "\r\n");
	/* In front of the empty line. */
	sip_edit_end_insert(edits, passage->in->bytes.p + msg->header_end - 2, &w);
}

int passage_render(struct passage *passage)
{
	struct proxy_out *out = passage->out;

	edit_content_length(passage);
	return sip_edits_render(&passage->proxy->edits, out->buf, out->buf_size, &out->len);
}

uint64_t passage_latency_key(const struct sip_msg *msg, uint64_t branch_mac)
{
	return hash_mix(branch_mac + msg->method_id);
}
