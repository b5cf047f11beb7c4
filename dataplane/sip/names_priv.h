/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which header and which method a name is. */
#ifndef SIP_NAMES_PRIV_H
#define SIP_NAMES_PRIV_H

#include "base/span.h"
#include "sip/msg.h"

/*
 * The header with that name or compact form, any case (RFC 3261 7.3.1, 7.3.3); SIP_HDR_OTHER for every other
 * name. Loads may reach `limit`.
 */
enum sip_header_id sip_header_lookup(struct span name, const char *limit);

/* The method with that name, case-sensitive (RFC 3261 7.1); SIP_UNKNOWN for every other token. */
enum sip_method sip_method_lookup(struct span name, const char *limit);

#endif
