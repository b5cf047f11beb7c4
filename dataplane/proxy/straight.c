/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The request as nearly all are, written straight into the outgoing buffer: start line, our own lines, the
 * peer's Via with what we add to it, Max-Forwards, and the rest as it came. What forward.c would make with a
 * list of edits is the same byte for byte, and it makes what is refused here.
 */
#include "proxy/proxy_priv.h"
#include "sip/build.h"

/* More than the message itself. */
enum { GROWTH_MAX = OWN_LINES_MAX + SIP_RECEIVED_MAX + SIP_U32_MAX + SIP_PUT_SLACK };

/* Where the received bytes are cut, in this order. */
struct cuts {
	bool fill_via;
	const char *via;      /* what is added to the topmost Via goes there */
	struct span max_hops; /* the value of Max-Forwards */
};

static bool find_cuts(const struct passage *passage, struct cuts *ret_cuts)
{
	const struct sip_msg *msg = passage->msg;
	const struct sip_header *max_forwards = sip_header_first(msg, SIP_HDR_MAX_FORWARDS);
	struct span old;

	if (!max_forwards || sip_header_next(msg, max_forwards) || !msg->has_content_length)
		return false;
	ret_cuts->max_hops = sip_header_value(msg, max_forwards);
	ret_cuts->fill_via = !sip_via_is_from(&msg->via, &passage->in->src);
	old = ret_cuts->fill_via ? sip_via_unreceived(&msg->via) : span_of(ret_cuts->max_hops.p, 0);
	ret_cuts->via = old.p;
	return old.len == 0 && old.p <= ret_cuts->max_hops.p;
}

static char *put_received(char *at, const struct passage *passage)
{
	struct known_source *source = passage->source;
	unsigned skip;

	if (!source)
		return sip_put_via_received(at, &passage->msg->via, &passage->in->src);
	if (source->text_len == 0)
		known_source_compose(source);
	skip = passage->msg->via.has_rport ? 0 : source->port_len;
	return sip_put(at, source->text + skip, source->text_len - skip);
}

bool straight_render(struct passage *passage, const struct forward *forward, const struct egress *egress)
{
	const struct sip_msg *msg = passage->msg;
	const struct span message = passage_message(passage);
	const char *first_line = sip_first_line(msg);
	struct proxy_out *out = passage->out;
	char *at = out->buf;
	struct span rest;
	struct cuts cuts;

	if (route_set_edits(forward->set) || out->buf_size < message.len + GROWTH_MAX ||
		!find_cuts(passage, &cuts))
		return false;
	/* What comes before it may be read a little too far. */
	rest = span_from(span_end(cuts.max_hops), span_end(message));
	if (rest.len < SIP_PUT_LONG_MIN)
		return false;
	at = sip_put(at, message.p, (size_t)(first_line - message.p));
	at = own_lines_put(at, passage, forward, egress);
	at = sip_put(at, first_line, (size_t)(cuts.via - first_line));
	if (cuts.fill_via)
		at = put_received(at, passage);
	at = sip_put(at, cuts.via, (size_t)(cuts.max_hops.p - cuts.via));
	at = sip_put_u32(at, (uint32_t)msg->max_forwards - 1);
	at = sip_put_long(at, rest.p, rest.len);
	out->len = (size_t)(at - out->buf);
	return true;
}
