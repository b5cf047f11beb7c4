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

/* Can the Via stay as it is, but for what is added? Nearly all can. */
static bool is_to_be_filled(const struct sip_via *via)
{
	static const char rport[] = {';', 'r', 'p', 'o', 'r', 't'};

	if (via->received.len > 0 || via->rport_filled)
		return false;
	return !via->has_rport || memcmp(via->rport.p - sizeof(rport), rport, sizeof(rport)) == 0;
}

/* Values that are ours to write are left out where the peer wrote them. */
static void write_believed(struct sip_writer *w, const struct sip_via *via)
{
	struct span rest = via->whole;
	struct span param;

	/* What stands before the first ';' is protocol and sent-by; neither can hold one. */
	if (next_param(&rest, &param))
		sip_write(w, param);
	while (next_param(&rest, &param)) {
		struct span name = param_name(param);

		if (span_ieq_str(name, "received") || span_ieq_str(name, "rport"))
			continue;
		sip_write_lit(w, ";");
		sip_write(w, param);
	}
	if (via->has_rport)
		sip_write_lit(w, ";rport");
}

struct span sip_via_unreceived(const struct sip_via *via)
{
	if (unlikely_true(!is_to_be_filled(via)))
		return via->whole;
	return via->has_rport ? via->rport : span_of(span_end(via->whole), 0);
}

void sip_write_via_received(
	struct sip_writer *w, const struct sip_via *via, struct span old, const struct endpoint *src)
{
	char *at;

	if (unlikely_true(old.len > 0))
		write_believed(w, via);
	at = sip_put_begin(w, SIP_RECEIVED_MAX);
	if (at)
		sip_put_end(w, sip_put_via_received(at, via, src));
}

char *sip_put_via_received(char *at, const struct sip_via *via, const struct endpoint *src)
{
	if (via->has_rport)
		at = sip_put_u32(sip_put_lit(at, "="), src->port);
	return sip_put_ip(sip_put_lit(at, ";received="), &src->ip, false);
}

int sip_via_source(const struct sip_via *via, struct endpoint *ret_source)
{
	struct endpoint source = {.port = 0};
	uint64_t rport;

	if (ip_parse(via->received.len > 0 ? via->received : via->host, &source.ip) != 0)
		return -EINVAL;
	if (via->rport_filled) {
		if (span_to_u64(via->rport, UINT16_MAX, &rport) != 0 || rport == 0)
			return -EINVAL;
		source.port = (uint16_t)rport;
	}
	*ret_source = source;
	return 0;
}

int sip_via_target(const struct sip_via *via, const struct endpoint *source, struct endpoint *ret_target)
{
	struct endpoint target = *source;

	if (via->maddr.len > 0) {
		if (ip_parse(via->maddr, &target.ip) != 0)
			return -EINVAL;
		target.port = 0;
	}
	if (ip_is_multicast(&target.ip) || ip_is_unspecified(&target.ip))
		return -EINVAL;
	if (target.port == 0)
		target.port = via->port ? via->port : transport_default_port(TRANSPORT_UDP);
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
	struct span old;

	ensure(via);
	value = sip_header_value(request, via);
	sip_write_lit(w, "Via: ");
	if (sip_via_is_from(&request->via, src)) {
		sip_write(w, value);
	} else {
		old = sip_via_unreceived(&request->via);
		sip_write(w, span_from(value.p, old.p));
		sip_write_via_received(w, &request->via, old, src);
		sip_write(w, span_from(span_end(old), span_end(value)));
	}
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
