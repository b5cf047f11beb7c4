/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own responses (RFC 3261 8.2.6, 8.2.7, 16.3). Called by the stages that refuse. A stateless server gives
 * a retransmission the same To tag, so the tag is a keyed hash of what retransmissions share.
 */
#include "proxy/proxy_priv.h"
#include "proxy/seal.h"
#include "sip/build.h"

static uint64_t to_tag(const struct passage *passage)
{
	const struct cookie_keys *keys = &passage->snap->keys;
	const struct sip_msg *msg = passage->msg;
	struct seal seal = seal_begin(&keys->key[keys->current]);

	seal_word(&seal, msg->cseq);
	seal_text(&seal, msg->call_id);
	seal_text(&seal, msg->from_tag);
	seal_text(&seal, msg->via.branch);
	return seal_end(&seal, SEAL_TO_TAG);
}

/*
 * RFC 3261 18.2.2 and RFC 3581 4. maddr sends our answer where the peer likes, so only a peer that we admit
 * is heard on it.
 */
struct endpoint reply_destination(const struct passage *passage)
{
	const struct sip_via *via = &passage->msg->via;
	enum transport transport = passage->in->transport;
	struct endpoint dst = passage->in->src;
	struct endpoint named;

	/* Over a stream this is only where to go when the connection has ended, and rport knows just that
	 * one. */
	if (!via->has_rport || transport != TRANSPORT_UDP)
		dst.port = via->port ? via->port : transport_default_port(transport);
	if (transport == TRANSPORT_UDP && via->maddr.len > 0 && passage->admitted &&
		sip_via_target(via, &passage->in->src, &named) == 0)
		return named;
	return dst;
}

static enum proxy_action reply_send(struct passage *passage, unsigned status, struct span headers)
{
	const struct sip_reply reply = {
		.status = (uint16_t)status, .to_tag = to_tag(passage), .headers = headers};
	struct proxy_out *out = passage->out;
	struct sip_writer w = sip_writer_of(out->buf, out->buf_size);

	sip_build_response(passage->msg, &passage->in->src, &reply, &w);
	if (w.overflow) {
		stats_inc(passage->proxy->stats, STAT_sip_too_large);
		return PROXY_DROP;
	}
	stats_inc(passage->proxy->stats, STAT_sip_replies);
	out->len = w.len;
	out->src = passage->in->local;
	out->dst = reply_destination(passage);
	out->transport = passage->in->transport;
	out->conn = passage->in->conn;
	out->status = (uint16_t)status;
	return PROXY_REPLY;
}

static void write_retry_after(struct sip_writer *w, const struct passage *passage)
{
	sip_write_lit(w, "Retry-After: ");
	sip_write_u32(w, passage->snap->retry_after_s);
	sip_write_lit(w, "\r\n");
}

/* 8.2.6.1: a 100 gives the request's Timestamp back; that it has come at once is no delay worth a word. */
static void write_timestamp(struct sip_writer *w, const struct sip_msg *msg)
{
	const struct sip_header *header = sip_header_first(msg, SIP_HDR_TIMESTAMP);

	if (!header)
		return;
	sip_write_lit(w, "Timestamp: ");
	sip_write(w, sip_header_value(msg, header));
	sip_write_lit(w, "\r\n");
}

enum proxy_action reply_plain(struct passage *passage, unsigned status)
{
	/* The edit list is idle when we answer ourselves. */
	struct sip_edits *scratch = &passage->proxy->edits;
	struct sip_writer w = sip_writer_of(scratch->text, sizeof(scratch->text));

	if (status == 503)
		write_retry_after(&w, passage);
	if (status == 100)
		write_timestamp(&w, passage->msg);
	return reply_send(passage, status, span_of(scratch->text, w.overflow ? 0 : w.len));
}

/* Counts; true when the request is an ACK, which gets no answer (RFC 3261 17). */
static bool drop_ack(struct passage *passage, enum stat reason)
{
	stats_inc(passage->proxy->stats, reason);
	if (passage->msg->method_id != SIP_ACK)
		return false;
	stats_inc(passage->proxy->stats, STAT_sip_ack_dropped);
	return true;
}

enum proxy_action reply_refuse(struct passage *passage, unsigned status, enum stat reason)
{
	char text[40];
	struct sip_writer w = sip_writer_of(text, sizeof(text));

	tell_ended(passage, status, reason);
	if (drop_ack(passage, reason))
		return PROXY_DROP;
	if (status == 503)
		write_retry_after(&w, passage);
	return reply_send(passage, status, span_of(text, w.len));
}

enum proxy_action reply_unsupported(struct passage *passage, enum sip_header_id requires)
{
	const struct sip_header *header = sip_header_first(passage->msg, requires);
	/* The edit list is idle when we answer ourselves; its text is the only scratch that is large enough.
	 */
	struct sip_edits *scratch = &passage->proxy->edits;
	struct sip_writer w = sip_writer_of(scratch->text, sizeof(scratch->text));

	tell_ended(passage, 420, STAT_sip_proxy_require);
	if (drop_ack(passage, STAT_sip_proxy_require))
		return PROXY_DROP;
	for (; header; header = sip_header_next(passage->msg, header)) {
		sip_write_lit(&w, "Unsupported: ");
		sip_write(&w, sip_header_value(passage->msg, header));
		sip_write_lit(&w, "\r\n");
	}
	/* Rather no list than one that is cut in the middle. */
	return reply_send(passage, 420, span_of(scratch->text, w.overflow ? 0 : w.len));
}

/* RFC 3261 11.2: we take no other method ourselves, no body and no extension. */
enum proxy_action reply_options(struct passage *passage)
{
	static const struct span headers = SPAN_LIT("Allow: OPTIONS\r\n"
						    "Accept: application/sdp\r\n"
						    "Supported:\r\n");

	stats_inc(passage->proxy->stats, STAT_sip_options_answered);
	return reply_send(passage, 200, headers);
}

static enum stat parse_error_stat(enum sip_error error)
{
	static const enum stat stats[SIP_ERR_COUNT] = {
#define SIP_ERROR(name, status, doc) [SIP_ERR_##name] = STAT_sip_##name,
#include "sip/error.def"
#undef SIP_ERROR
	};

	ensure(error != SIP_ERR_NONE && error < SIP_ERR_COUNT);
	return stats[error];
}

enum proxy_action reply_parse_error(struct passage *passage)
{
	const struct sip_msg *msg = passage->msg;
	enum stat reason = parse_error_stat((enum sip_error)msg->error);
	unsigned status = sip_error_status((enum sip_error)msg->error);

	if (!msg->is_request || !msg->answerable || status == 0 || !passage->admitted) {
		stats_inc(passage->proxy->stats, reason);
		tell_ended(passage, 0, reason);
		return PROXY_DROP;
	}
	return reply_refuse(passage, status, reason);
}
