/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Request-Line and Status-Line (RFC 3261 7.1, 7.2, 25.1). Exactly one SP stands between the parts and none at
 * the end: two elements that disagree about which bytes are the URI would route one message twice.
 */
#include "sip/start_priv.h"
#include "sip/cursor_priv.h"
#include "sip/names_priv.h"
#include "sip/stops_priv.h"
#include "sip/uri_priv.h"

/* SIP-Version is case-insensitive (RFC 3261 7.1). */
static bool version_prefix(struct span text)
{
	return text.len >= 4 && (text.p[0] | 0x20) == 's' && (text.p[1] | 0x20) == 'i' &&
	       (text.p[2] | 0x20) == 'p' && text.p[3] == '/';
}

/* What a version that is not "SIP/2.0" is: "SIP/" digits "." digits, another version; or none at all. */
static enum sip_error other_version(struct span version, const char *limit)
{
	struct cursor c = cursor_of(version, limit);
	struct span major, minor;

	if (!version_prefix(version))
		return SIP_ERR_bad_start_line;
	c.p += 4;
	major = cursor_take(&c, &class_digit);
	if (span_empty(major) || !cursor_accept(&c, '.'))
		return SIP_ERR_bad_start_line;
	minor = cursor_take(&c, &class_digit);
	if (span_empty(minor) || !cursor_done(&c))
		return SIP_ERR_bad_start_line;
	return SIP_ERR_bad_version;
}

static inline enum sip_error version_check(struct span version, const char *limit)
{
	if (likely_true(version.len == 7 && version_prefix(version) && memcmp(version.p + 3, "/2.0", 4) == 0))
		return SIP_ERR_NONE;
	return other_version(version, limit);
}

/* SIP-Version SP 3DIGIT SP Reason-Phrase; a peer may leave out the last SP with an empty reason. */
static enum sip_error status_line_read(struct sip_msg *msg, const char *limit)
{
	struct cursor c = cursor_of(msg->start_line, limit);
	const char *begin = c.p;
	struct span digits;
	enum sip_error error;

	cursor_skip_until(&c, &class_space);
	error = version_check(span_from(begin, c.p), limit);
	if (error != SIP_ERR_NONE)
		return error;
	if (!cursor_accept(&c, ' '))
		return SIP_ERR_bad_start_line;
	digits = cursor_take(&c, &class_digit);
	if (span_empty(digits) || (!cursor_done(&c) && !cursor_accept(&c, ' ')))
		return SIP_ERR_bad_start_line;
	if (digits.len != 3 || digits.p[0] < '1' || digits.p[0] > '6')
		return SIP_ERR_bad_status;
	msg->status = (uint16_t)((digits.p[0] - '0') * 100 + (digits.p[1] - '0') * 10 + (digits.p[2] - '0'));
	msg->reason = span_from(c.p, c.end);
	return SIP_ERR_NONE;
}

/* " SIP/2.0" and "sip:" in lower case, as little-endian words, and the bits that make their letters so. */
#define VERSION       0x302e322f70697320ULL
#define VERSION_LOWER 0x0000000020202000ULL
#define SCHEME        0x3a706973U
#define SCHEME_LOWER  0x00202020U

/*
 * host [":" port] [";" params] up to `end`, the host's end being that stop. Parameters are left to the long
 * way when there is no user: an @ may stand in what looks like them.
 */
static inline bool plain_host_read(
	struct stops *stops, const char *stop, const char *end, const char *limit, struct sip_uri *uri)
{
	const char *p;
	int64_t port;

	if (*stop == ':') {
		p = stop + 1;
		stop = stops_next(stops, limit, &class_host);
		port = number_in(p, stop, UINT16_MAX);
		if (port <= 0)
			return false;
		uri->port = (uint16_t)port;
	}
	if (likely_true(stop == end))
		return true;
	if (*stop != ';' || span_empty(uri->user))
		return false;
	p = stop + 1;
	do
		stop = stops_next(stops, limit, &class_host);
	while (scan_has(&class_uri_params, *stop));
	uri->params = span_from(p, stop);
	return stop == end;
}

/*
 * The short way: Method SP "sip:" [user "@"] host ... SP "SIP/2.0", the user without password and escapes.
 * Returns false when the line is of another shape, or not good; the URI is then undefined.
 */
static bool plain_request_line_read(struct sip_msg *msg, const char *limit)
{
	const char *begin = msg->start_line.p;
	const char *end = span_end(msg->start_line) - 8; /* of the URI */
	struct sip_uri *uri = &msg->uri;
	struct stops stops;
	const char *stop, *p;
	uint64_t version;
	uint32_t scheme;

	if (msg->start_line.len < 16)
		return false;
	memcpy(&version, end, sizeof(version));
	if ((version | VERSION_LOWER) != VERSION)
		return false;
	stops = stops_look(begin, limit, &class_host);
	stop = stops_next(&stops, limit, &class_host);
	memcpy(&scheme, stop + 1, sizeof(scheme));
	if (stop == begin || *stop != ' ' || (scheme | SCHEME_LOWER) != SCHEME)
		return false;
	msg->method = span_from(begin, stop);
	uri->whole = span_from(stop + 1, end);
	uri->scheme = SIP_SCHEME_SIP;
	p = stops_next(&stops, limit, &class_host) + 1; /* behind the scheme */
	stop = stops_next(&stops, limit, &class_host);
	if (*stop == '+' && stop == p) {
		stop = stops_next(&stops, limit, &class_host);
		if (*stop != '@')
			return false;
	}
	if (*stop == '@') {
		uri->user = span_from(p, stop);
		if (stop == p)
			return false;
		p = stop + 1;
		stop = stops_next(&stops, limit, &class_host);
	}
	uri->host = span_from(p, stop);
	return stop != p && plain_host_read(&stops, stop, end, limit, uri);
}

/* Method SP Request-URI SP SIP-Version */
static enum sip_error request_line_read(struct sip_msg *msg, const char *limit)
{
	struct cursor c = cursor_of(msg->start_line, limit);
	struct span uri;
	const char *begin;
	enum sip_error error;

	msg->is_request = true;
	if (SCAN_WIDE && likely_true(plain_request_line_read(msg, limit))) {
		msg->method_id = (uint8_t)sip_method_lookup(msg->method, limit);
		return SIP_ERR_NONE;
	}
	uri_clear(&msg->uri);
	msg->method = cursor_take(&c, &class_token);
	msg->method_id = (uint8_t)sip_method_lookup(msg->method, limit);
	if (span_empty(msg->method) || !cursor_accept(&c, ' '))
		return SIP_ERR_bad_start_line;
	begin = c.p;
	cursor_skip_until(&c, &class_space);
	uri = span_from(begin, c.p);
	if (span_empty(uri) || !cursor_accept(&c, ' '))
		return SIP_ERR_bad_start_line;
	error = version_check(span_from(c.p, c.end), limit);
	if (error != SIP_ERR_NONE)
		return error;
	if (uri_read(uri, limit, &msg->uri) < 0) {
		uri_clear(&msg->uri);
		return SIP_ERR_bad_uri;
	}
	/* Headers may not stand in a Request-URI (RFC 3261 19.1.1), and a proxy may not pass them on (RFC
	 * 4475 3.1.2.11). */
	return span_empty(msg->uri.headers) ? SIP_ERR_NONE : SIP_ERR_bad_uri;
}

enum sip_error start_line_read(struct sip_msg *msg, const char *limit)
{
	return version_prefix(msg->start_line) ? status_line_read(msg, limit) : request_line_read(msg, limit);
}
