/* SPDX-License-Identifier: GPL-2.0-or-later */
/* via.h for readers that know how far loads may reach. */
#ifndef SIP_VIA_PRIV_H
#define SIP_VIA_PRIV_H

#include "sip/cursor_priv.h"
#include "sip/via.h"

/* Field by field, as in uri_clear(). */
static inline void via_clear(struct sip_via *via)
{
	const struct span none = {NULL, 0};

	via->whole = none;
	via->transport = none;
	via->host = none;
	via->params = none;
	via->branch = none;
	via->received = none;
	via->maddr = none;
	via->rport = none;
	via->port = 0;
	via->has_rport = false;
	via->rport_filled = false;
}

/*
 * Reads one element of a Via value and stops at the comma behind it or at the end. Returns 0 or -EINVAL;
 * what was read before the fault is then in *ret_via: a host there says that sent-by was good.
 */
must_use __attribute__((noinline)) int via_read(struct cursor *c, struct sip_via *ret_via);

/*
 * The short way for the first element of a value in a message; *ret_via was cleared. Returns false when it is
 * not of the usual shape (no blanks but one before sent-by, no quotes, no IPv6), or not good: via_read()
 * knows then, and *ret_via is undefined.
 */
must_use bool plain_via_read(struct span value, const char *limit, struct sip_via *ret_via);

#endif
