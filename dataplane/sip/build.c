/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Responses of our own and the rules of the topmost Via. Called by the proxy. The request may be one that
 * failed to parse: then only what `answerable` promises is there, and a response carries back what the peer
 * gave.
 */
#include "sip/build.h"

#include <errno.h>

struct span sip_reason(unsigned status)
{
	static const struct {
		unsigned status;
		struct span text;
	} reasons[] = {
		{100, SPAN_LIT("Trying")},
		{200, SPAN_LIT("OK")},
		{400, SPAN_LIT("Bad Request")},
		{403, SPAN_LIT("Forbidden")},
		{404, SPAN_LIT("Not Found")},
		{408, SPAN_LIT("Request Timeout")},
		{416, SPAN_LIT("Unsupported URI Scheme")},
		{420, SPAN_LIT("Bad Extension")},
		{482, SPAN_LIT("Loop Detected")},
		{483, SPAN_LIT("Too Many Hops")},
		{487, SPAN_LIT("Request Terminated")},
		{503, SPAN_LIT("Service Unavailable")},
		{505, SPAN_LIT("Version Not Supported")},
		{513, SPAN_LIT("Message Too Large")},
	};

	for (unsigned i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status)
			return reasons[i].text;
	}
	return span_str("Unknown");
}

/* The end of the parameter at `begin`; a ';' inside quotes ends nothing. */
static const char *param_end(const char *begin, const char *end)
{
	const char *semicolon = memchr(begin, ';', (size_t)(end - begin));
	const char *p = semicolon ? semicolon : end;
	bool quoted = false;

	if (!memchr(begin, '"', (size_t)(p - begin)))
		return p;
	for (p = begin; p < end && (quoted || *p != ';'); p++) {
		if (quoted && *p == '\\' && p + 1 < end)
			p++;
		else if (*p == '"')
			quoted = !quoted;
	}
	return p;
}

/* Takes the next ';'-separated parameter off, as written. */
static bool next_param(struct span *rest, struct span *ret_param)
{
	const char *end = span_end(*rest);
	const char *p;

	if (rest->len == 0)
		return false;
	p = param_end(rest->p, end);
	*ret_param = span_from(rest->p, p);
	*rest = p < end ? span_from(p + 1, end) : span_of(end, 0);
	return true;
}

static struct span param_name(struct span param)
{
	const char *equal = param.len > 0 ? memchr(param.p, '=', param.len) : NULL;

	return span_trim(equal ? span_from(param.p, equal) : param);
}

static bool host_is(struct span host, const struct ip_addr *ip)
{
	struct ip_addr addr;

	return ip_parse(host, &addr) == 0 && ip_equal(&addr, ip);
}

bool sip_via_is_from(const struct sip_via *via, const struct endpoint *src)
{
	return !via->has_rport && via->received.len == 0 && host_is(via->host, &src->ip);
}

/* What was written from `begin` on. */
static struct span written_since(const struct sip_writer *w, size_t begin)
{
	return span_of(w->buf + begin, w->len - begin);
}

static void write_rport(struct sip_writer *w, const struct endpoint *src, struct sip_via *kept)
{
	size_t begin;

	sip_write_lit(w, "=");
	begin = w->len;
	sip_write_u32(w, src->port);
	kept->rport = written_since(w, begin);
	kept->rport_filled = true;
}

/* Can the Via stay as it is, but for what is added? Nearly all can. */
static bool is_to_be_filled(const struct sip_via *via)
{
	static const char rport[] = {';', 'r', 'p', 'o', 'r', 't'};

	if (via->received.len > 0 || via->rport_filled)
		return false;
	return !via->has_rport || memcmp(via->rport.p - sizeof(rport), rport, sizeof(rport)) == 0;
}

static void write_filled(
	struct sip_writer *w, const struct sip_via *via, const struct endpoint *src, struct sip_via *kept)
{
	const char *end = span_end(via->whole);

	if (!via->has_rport) {
		sip_write(w, via->whole);
		return;
	}
	sip_write(w, span_from(via->whole.p, via->rport.p));
	write_rport(w, src, kept);
	sip_write(w, span_from(via->rport.p, end));
}

/* Values that are ours to write are left out where the peer wrote them. */
static void write_replaced(
	struct sip_writer *w, const struct sip_via *via, const struct endpoint *src, struct sip_via *kept)
{
	struct span rest = via->whole;
	struct span param;

	/* What stands before the first ';' is protocol and sent-by; neither can hold one. */
	if (next_param(&rest, &param))
		sip_write(w, param);
	while (next_param(&rest, &param)) {
		struct span name = param_name(param);

		if (span_ieq_str(name, "received"))
			continue;
		sip_write_lit(w, ";");
		if (!span_ieq_str(name, "rport")) {
			sip_write(w, param);
			continue;
		}
		sip_write_lit(w, "rport");
		write_rport(w, src, kept);
	}
}

void sip_write_via_received(
	struct sip_writer *w, const struct sip_via *via, const struct endpoint *src, struct sip_via *ret_kept)
{
	size_t begin;

	*ret_kept = *via;
	if (likely_true(is_to_be_filled(via)))
		write_filled(w, via, src, ret_kept);
	else
		write_replaced(w, via, src, ret_kept);
	sip_write_lit(w, ";received=");
	begin = w->len;
	sip_write_ip(w, &src->ip, false);
	ret_kept->received = written_since(w, begin);
}

/* A host to send to must be an address, and one that means a single machine. */
static int host_to_ip(struct span host, struct ip_addr *ret_ip)
{
	struct ip_addr ip;

	if (ip_parse(host, &ip) != 0 || ip_is_multicast(&ip) || ip_is_unspecified(&ip))
		return -EINVAL;
	*ret_ip = ip;
	return 0;
}

int sip_via_target(const struct sip_via *via, struct endpoint *ret_target)
{
	struct endpoint target = {.port = via->port ? via->port : transport_default_port(TRANSPORT_UDP)};
	uint64_t rport;

	if (via->maddr.len > 0) {
		if (host_to_ip(via->maddr, &target.ip) != 0)
			return -EINVAL;
	} else if (host_to_ip(via->received.len > 0 ? via->received : via->host, &target.ip) != 0) {
		return -EINVAL;
	} else if (via->rport_filled) {
		if (span_to_u64(via->rport, UINT16_MAX, &rport) != 0 || rport == 0)
			return -EINVAL;
		target.port = (uint16_t)rport;
	}
	*ret_target = target;
	return 0;
}

/* A request that did not parse may lack it. */
static void write_header(struct sip_writer *w, const struct sip_msg *request, const struct sip_header *header)
{
	if (!header)
		return;
	sip_write(w, sip_header_name(request, header));
	sip_write_lit(w, ": ");
	sip_write(w, sip_header_value(request, header));
	sip_write_lit(w, "\r\n");
}

static void write_vias(struct sip_writer *w, const struct sip_msg *request, const struct endpoint *src)
{
	const struct sip_header *via = sip_header_first(request, SIP_HDR_VIA);
	struct span value;
	struct sip_via kept;

	ensure(via);
	value = sip_header_value(request, via);
	sip_write_lit(w, "Via: ");
	sip_write(w, span_from(value.p, request->via.whole.p));
	if (sip_via_is_from(&request->via, src))
		sip_write(w, request->via.whole);
	else
		sip_write_via_received(w, &request->via, src, &kept);
	sip_write(w, span_from(span_end(request->via.whole), span_end(value)));
	sip_write_lit(w, "\r\n");
	while ((via = sip_header_next(request, via)))
		write_header(w, request, via);
}

static void write_to(struct sip_writer *w, const struct sip_msg *request, uint64_t tag)
{
	const struct sip_header *to = sip_header_first(request, SIP_HDR_TO);

	if (!to)
		return;
	sip_write_lit(w, "To: ");
	sip_write(w, sip_header_value(request, to));
	if (request->to_tag.len == 0) {
		sip_write_lit(w, ";tag=");
		sip_write_hex(w, &tag, sizeof(tag));
	}
	sip_write_lit(w, "\r\n");
}

void sip_build_response(const struct sip_msg *request, const struct endpoint *src,
	const struct sip_reply *reply, struct sip_writer *w)
{
	ensure(request->answerable && request->is_request);
	sip_write_lit(w, "SIP/2.0 ");
	sip_write_u32(w, reply->status);
	sip_write_lit(w, " ");
	sip_write(w, sip_reason(reply->status));
	sip_write_lit(w, "\r\n");
	write_vias(w, request, src);
	write_header(w, request, sip_header_first(request, SIP_HDR_FROM));
	write_to(w, request, reply->to_tag);
	write_header(w, request, sip_header_first(request, SIP_HDR_CALL_ID));
	write_header(w, request, sip_header_first(request, SIP_HDR_CSEQ));
	sip_write(w, reply->headers);
	sip_write_lit(w, "Content-Length: 0\r\n\r\n");
}
