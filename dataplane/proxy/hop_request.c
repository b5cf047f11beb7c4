/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two requests that a client transaction makes itself, out of the one it sent: ACK to a failure (RFC 3261
 * 17.1.1.3) and CANCEL (9.1). Both have its Request-URI, its topmost Via alone, its Route, From, Call-ID and
 * CSeq number.
 */
#include "proxy/txn_stages_priv.h"

#include <errno.h>

static void write_headers(struct sip_writer *w, const struct sip_msg *sent, enum sip_header_id id)
{
	const struct sip_header *header = sip_header_first(sent, id);

	for (; header; header = sip_header_next(sent, header)) {
		sip_write(w, sip_header_name(sent, header));
		sip_write_lit(w, ": ");
		sip_write(w, sip_header_value(sent, header));
		sip_write_lit(w, "\r\n");
	}
}

int hop_request_write(
	struct sip_writer *w, const struct sip_msg *sent, enum sip_method method, struct span to)
{
	struct span name = span_str(sip_method_name(method));

	sip_write(w, name);
	sip_write_lit(w, " ");
	sip_write(w, sent->uri.whole);
	sip_write_lit(w, " SIP/2.0\r\nVia: ");
	sip_write(w, sent->via.whole);
	sip_write_lit(w, "\r\nMax-Forwards: 70\r\n");
	write_headers(w, sent, SIP_HDR_ROUTE);
	write_headers(w, sent, SIP_HDR_FROM);
	sip_write_lit(w, "To: ");
	sip_write(w, to);
	sip_write_lit(w, "\r\n");
	write_headers(w, sent, SIP_HDR_CALL_ID);
	sip_write_lit(w, "CSeq: ");
	sip_write_u32(w, sent->cseq);
	sip_write_lit(w, " ");
	sip_write(w, name);
	sip_write_lit(w, "\r\nContent-Length: 0\r\n\r\n");
	return w->overflow ? -E2BIG : 0;
}
