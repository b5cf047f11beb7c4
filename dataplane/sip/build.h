/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that SIP asks a server to make out of a request: its own responses, and the topmost Via as received.
 */
#ifndef SIP_BUILD_H
#define SIP_BUILD_H

#include "base/addr.h"
#include "sip/msg.h"
#include "sip/write.h"

struct sip_reply {
	uint16_t status;
	uint64_t to_tag;     /* written into To when the request has no To tag (RFC 3261 8.2.6.2) */
	struct span headers; /* further header lines, each with its line end */
};

/*
 * Writes a whole response without a body (RFC 3261 8.2.6): Via, From, To, Call-ID and CSeq come from the
 * request, as far as it has them; it must be `answerable`. `src` is where it came from. What does not fit
 * sets w->overflow.
 */
void sip_build_response(const struct sip_msg *request, const struct endpoint *src,
	const struct sip_reply *reply, struct sip_writer *w);

/* Does sent-by tell the truth, so that the Via stays as it is? */
bool sip_via_is_from(const struct sip_via *via, const struct endpoint *src);

/*
 * A Via as the server that received it must keep it (RFC 3261 18.2.1, RFC 3581 4): `received` is the source
 * address, `rport` gets the source port if the peer asked. Values that the peer put there itself are not
 * believed. What is written stands in the place of `old`, which is sip_via_unreceived(): a part of the
 * element, mostly an empty one.
 */
struct span sip_via_unreceived(const struct sip_via *via);
void sip_write_via_received(
	struct sip_writer *w, const struct sip_via *via, struct span old, const struct endpoint *src);
/* The same where `old` is empty: puts at most SIP_RECEIVED_MAX bytes (sip_put_begin). */
enum { SIP_RECEIVED_MAX = sizeof("=65535;received=") + SIP_IP_MAX };
char *sip_put_via_received(char *at, const struct sip_via *via, const struct endpoint *src);

/*
 * Where the server that filled a Via in saw it come from: `received`, else the sent-by host, and the port in
 * rport, or 0. Names are not resolved here. Returns 0 or -EINVAL.
 */
must_use int sip_via_source(const struct sip_via *via, struct endpoint *ret_source);

/*
 * Where a response with this topmost Via goes (RFC 3261 18.2.2, RFC 3581 4, over UDP): maddr, else the source
 * with its port or the sent-by port. Must mean a single machine. Returns 0 or -EINVAL.
 */
must_use int sip_via_target(
	const struct sip_via *via, const struct endpoint *source, struct endpoint *ret_target);

/* The reason phrase of a status, "Unknown" for one that we never send. */
struct span sip_reason(unsigned status);

#endif
