/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What we ask both ends of a dialog to remember for us: a parameter of our Record-Route URI that comes back
 * in Route. It names the node that has the dialog and the other side's address, and says who began, so that a
 * request inside the dialog finds its way without state here, also after failback (R-LB-3).
 */
#ifndef PROXY_COOKIE_H
#define PROXY_COOKIE_H

#include "base/addr.h"
#include "base/ensure.h"
#include "base/span.h"
#include "proxy/seal.h"
#include "sip/write.h"
#include "snapshot.h"

#include <stdbool.h>
#include <stdint.h>

struct cookie {
	uint32_t node_id;         /* the side that is a node */
	uint16_t listener_id;     /* the other side is reached from there */
	uint32_t originator_hash; /* of the From tag that began the dialog: tells the two directions apart */
	bool node_began;
	uint8_t flow_transport; /* enum transport */
	struct endpoint flow;   /* the other side */
};

/* The name of the URI parameter. */
#define COOKIE_PARAM "sl"

enum { COOKIE_TEXT_MAX = 80 };

/*
 * Signs with the current key, of which `call` is seal_call(): a cookie is of no use in another dialog. Puts
 * at most COOKIE_TEXT_MAX bytes (sip_put_begin).
 */
char *cookie_put(
	char *at, const struct cookie_keys *keys, const struct seal *call, const struct cookie *cookie);

/* Returns 0, -EINVAL when the form is wrong, -EBADMSG when it is not ours or of another Call-ID. */
must_use int cookie_read(
	struct span text, const struct cookie_keys *keys, struct span call_id, struct cookie *ret_cookie);

uint32_t cookie_tag_hash(struct span tag);

#endif
