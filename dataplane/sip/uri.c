/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * URIs (RFC 3261 19.1 and 25.1, RFC 3966). What routing needs is checked: scheme, user with its escapes,
 * host, port, and that no byte stands where none of its kind may. Parameters are found later by name.
 */
#include "sip/uri.h"
#include "sip/uri_priv.h"
#include "sip/literal_priv.h"
#include "base/addr.h"

#include <ctype.h>

int ipv6_take(struct cursor *c, struct span *ret_host)
{
	const char *begin = c->p++;
	struct ip_addr ignored;

	cursor_take(c, &class_ipv6);
	if (!cursor_accept(c, ']'))
		return -EINVAL;
	*ret_host = span_from(begin, c->p);
	return ip_parse(*ret_host, &ignored);
}

/* The scheme and its colon (RFC 3986 3.1); schemes compare without case. */
static inline int scheme_take(struct cursor *c, struct sip_uri *uri)
{
	struct span scheme;

	if (likely_true(c->end - c->p > 4 && c->p[3] == ':' && NAME_IS(span_of(c->p, 3), "sip"))) {
		uri->scheme = SIP_SCHEME_SIP;
		c->p += 4;
		return 0;
	}
	scheme = cursor_take(c, &class_scheme);
	if (span_empty(scheme) || !isalpha((unsigned char)scheme.p[0]) || !cursor_accept(c, ':'))
		return -EINVAL;
	if (NAME_IS(scheme, "sip"))
		uri->scheme = SIP_SCHEME_SIP;
	else if (NAME_IS(scheme, "sips"))
		uri->scheme = SIP_SCHEME_SIPS;
	else if (NAME_IS(scheme, "tel"))
		uri->scheme = SIP_SCHEME_TEL;
	else
		uri->scheme = SIP_SCHEME_OTHER;
	return 0;
}

/* user [":" password], each escape with its two digits. */
static inline int userinfo_read(struct span userinfo, const char *limit, struct sip_uri *uri)
{
	struct cursor c = cursor_of(userinfo, limit);
	const char *colon = NULL;

	for (cursor_skip_until(&c, &class_user_stop); !cursor_done(&c);
		cursor_skip_until(&c, &class_user_stop)) {
		if (*c.p == '%') {
			if (c.end - c.p < 3 || !isxdigit((unsigned char)c.p[1]) ||
				!isxdigit((unsigned char)c.p[2]))
				return -EINVAL;
			c.p += 3;
			continue;
		}
		if (colon == NULL)
			colon = c.p;
		c.p++;
	}
	uri->user = colon == NULL ? userinfo : span_from(userinfo.p, colon);
	if (colon != NULL)
		uri->password = span_from(colon + 1, c.end);
	return span_empty(uri->user) ? -EINVAL : 0;
}

/* [";" params] ["?" headers] to the end. */
static inline int tail_read(struct cursor *c, struct sip_uri *uri)
{
	if (cursor_accept(c, ';'))
		uri->params = cursor_take(c, &class_uri_params);
	if (cursor_accept(c, '?')) {
		uri->headers = span_from(c->p, c->end);
		cursor_take(c, &class_uri);
	}
	return cursor_done(c) ? 0 : -EINVAL;
}

/* [userinfo "@"] host [":" port] params headers. Only userinfo may hold an unescaped @ behind it. */
static inline int sip_uri_rest_read(struct cursor *c, struct sip_uri *uri)
{
	const char *begin = c->p;
	struct span userinfo = cursor_take(c, &class_userinfo);

	if (cursor_accept(c, '@')) {
		if (userinfo_read(userinfo, c->limit, uri) < 0)
			return -EINVAL;
	} else {
		c->p = begin;
	}
	if (host_take(c, &uri->host) < 0)
		return -EINVAL;
	if (cursor_accept(c, ':') && port_take(c, &uri->port) < 0)
		return -EINVAL;
	return tail_read(c, uri);
}

/* number params (RFC 3966 3) */
static int tel_rest_read(struct cursor *c, struct sip_uri *uri)
{
	uri->user = cursor_take(c, &class_telephone);
	if (span_empty(uri->user))
		return -EINVAL;
	return tail_read(c, uri);
}

int uri_read(struct span text, const char *limit, struct sip_uri *ret_uri)
{
	struct cursor c = cursor_of(text, limit);

	uri_clear(ret_uri);
	ret_uri->whole = text;
	if (scheme_take(&c, ret_uri) < 0)
		return -EINVAL;
	switch (ret_uri->scheme) {
	case SIP_SCHEME_SIP:
	case SIP_SCHEME_SIPS:
		return sip_uri_rest_read(&c, ret_uri);
	case SIP_SCHEME_TEL:
		return tel_rest_read(&c, ret_uri);
	default:
		return !span_empty(cursor_take(&c, &class_uri)) && cursor_done(&c) ? 0 : -EINVAL;
	}
}

int sip_uri_parse(struct span text, struct sip_uri *ret_uri)
{
	struct sip_uri uri;
	int rc = uri_read(text, span_end(text), &uri);

	if (rc == 0)
		*ret_uri = uri;
	return rc;
}
