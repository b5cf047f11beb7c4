/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uri.h and the parts of it that Via shares, for readers that know how far loads may reach. */
#ifndef SIP_URI_PRIV_H
#define SIP_URI_PRIV_H

#include "sip/cursor_priv.h"
#include "sip/uri.h"

#include <errno.h>

/* Field by field: for a whole struct the compiler takes a string instruction, which costs more. */
static inline void uri_clear(struct sip_uri *uri)
{
	const struct span none = {NULL, 0};

	uri->whole = none;
	uri->user = none;
	uri->password = none;
	uri->host = none;
	uri->params = none;
	uri->headers = none;
	uri->port = 0;
	uri->scheme = SIP_SCHEME_OTHER;
}

/* Returns 0 or -EINVAL; *ret_uri is then undefined. */
must_use int uri_read(struct span text, const char *limit, struct sip_uri *ret_uri);

/* Takes an IPv6 reference with its brackets. Returns 0 or -EINVAL. */
must_use int ipv6_take(struct cursor *c, struct span *ret_host);

/* Takes a name, an IPv4 address, or an IPv6 reference with its brackets. Returns 0 or -EINVAL. */
must_use static inline int host_take(struct cursor *c, struct span *ret_host)
{
	if (unlikely_true(cursor_at(c, '[')))
		return ipv6_take(c, ret_host);
	*ret_host = cursor_take(c, &class_host);
	return span_empty(*ret_host) ? -EINVAL : 0;
}

/* Takes a port from 1 to 65535; the cursor stands behind the colon. Returns 0 or -EINVAL. */
must_use static inline int port_take(struct cursor *c, uint16_t *ret_port)
{
	uint32_t port;

	if (!cursor_take_number(c, UINT16_MAX, &port) || port == 0)
		return -EINVAL;
	*ret_port = (uint16_t)port;
	return 0;
}

#endif
