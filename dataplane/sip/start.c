/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Request-Line and Status-Line (RFC 3261 7.1, 7.2, 25.1). Exactly one SP stands between the parts and none at
 * the end: two elements that disagree about which bytes are the URI would route one message twice.
 */
#include "sip/start_priv.h"
#include "sip/cursor_priv.h"
#include "sip/names_priv.h"
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

/* Method SP Request-URI SP SIP-Version */
static enum sip_error request_line_read(struct sip_msg *msg, const char *limit)
{
	struct cursor c = cursor_of(msg->start_line, limit);
	struct span uri;
	const char *begin;
	enum sip_error error;

	msg->is_request = true;
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
