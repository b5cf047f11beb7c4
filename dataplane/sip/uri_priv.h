/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uri.h and the parts of it that Via shares, for readers that know how far loads may reach. */
#ifndef SIP_URI_PRIV_H
#define SIP_URI_PRIV_H

#include "sip/cursor_priv.h"
#include "sip/uri.h"

must_use int uri_read(struct span text, const char *limit, struct sip_uri *ret_uri);

/* Takes a name, an IPv4 address, or an IPv6 reference with its brackets. Returns 0 or -EINVAL. */
must_use int host_take(struct cursor *c, struct span *ret_host);

/* Takes a port from 1 to 65535; the cursor stands behind the colon. Returns 0 or -EINVAL. */
must_use int port_take(struct cursor *c, uint16_t *ret_port);

#endif
