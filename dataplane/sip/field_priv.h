/* SPDX-License-Identifier: GPL-2.0-or-later */
/* field.h for readers that know how far loads may reach. */
#ifndef SIP_FIELD_PRIV_H
#define SIP_FIELD_PRIV_H

#include "sip/cursor_priv.h"
#include "sip/field.h"

/* Reads what is left of the cursor's text. Returns 0 or -EINVAL; *ret_name_addr is then undefined. */
must_use __attribute__((noinline)) int name_addr_read(
	const struct cursor *at, struct sip_name_addr *ret_name_addr);

/*
 * The short way for a value in a message that is one address in brackets, behind at most one word or a quoted
 * name without backslashes; *ret_params as in sip_name_addr. Returns false for every other one, of which
 * name_addr_read() knows more.
 */
must_use bool plain_address_read(struct span value, const char *limit, struct span *ret_params);

/*
 * Takes one parameter and the ';' behind it. Returns 1, 0 at the end, or -EINVAL when a quoted value never
 * ends or something else than ';' follows; the cursor then stands there.
 */
int param_next(struct cursor *c, struct span *ret_name, struct span *ret_value);

/* Moves behind a parameter that cannot be read: to the next ';' outside quotes, or to the end. */
void param_skip(struct cursor *c);

#endif
