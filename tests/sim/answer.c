/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answer.h"

#include <stdio.h>

static size_t append(char *buf, size_t size, size_t len, struct span text)
{
	ensure(len + text.len < size);
	memcpy(buf + len, text.p, text.len);
	buf[len + text.len] = '\0';
	return len + text.len;
}

static size_t append_str(char *buf, size_t size, size_t len, const char *text)
{
	return append(buf, size, len, span_str(text));
}

size_t sim_copy_headers(const struct sip_msg *msg, enum sip_header_id id, char *buf, size_t size, size_t len)
{
	const struct sip_header *header = sip_header_first(msg, id);

	for (; header; header = sip_header_next(msg, header)) {
		len = append(buf, size, len, span_trim(sip_header_line(msg, header)));
		len = append_str(buf, size, len, "\r\n");
	}
	return len;
}

size_t sim_answer_write(
	const struct sip_msg *request, const struct sim_answer *answer, char *buf, size_t size)
{
	const struct sip_header *to = sip_header_first(request, SIP_HDR_TO);
	size_t len = 0;

	ensure(to != NULL); /* else it had not parsed */
	len = append_str(buf, size, len, "SIP/2.0 ");
	len = append_str(buf, size, len, answer->status_line);
	len = append_str(buf, size, len, "\r\n");
	len = sim_copy_headers(request, SIP_HDR_VIA, buf, size, len);
	len = sim_copy_headers(request, SIP_HDR_RECORD_ROUTE, buf, size, len);
	len = sim_copy_headers(request, SIP_HDR_FROM, buf, size, len);
	len = append(buf, size, len, span_trim(sip_header_line(request, to)));
	if (request->to_tag.len == 0) {
		len = append_str(buf, size, len, ";tag=");
		len = append_str(buf, size, len, answer->to_tag);
	}
	len = append_str(buf, size, len, "\r\n");
	len = sim_copy_headers(request, SIP_HDR_CALL_ID, buf, size, len);
	len = sim_copy_headers(request, SIP_HDR_CSEQ, buf, size, len);
	len = append_str(buf, size, len, answer->headers);
	return append_str(buf, size, len, "Content-Length: 0\r\n\r\n");
}
