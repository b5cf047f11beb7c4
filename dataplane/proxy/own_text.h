/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What our own header lines say before they say anything about the message: composed when an address of ours
 * is first written, and copied from then on. One worker's own.
 */
#ifndef PROXY_OWN_TEXT_H
#define PROXY_OWN_TEXT_H

#include "base/addr.h"
#include "sip/write.h"

enum { OWN_LINE_MAX = 128, OWN_TEXT_SLOTS = 32 };

struct own_line {
	char text[OWN_LINE_MAX]; /* to be copied with sip_put() */
	uint32_t len;
};

static_assert(OWN_LINE_MAX % SIP_PUT_SLACK == 0, "whole blocks can be read");

struct own_text {
	struct endpoint at;           /* family IP_NONE: nothing is here yet */
	uint8_t transport;            /* enum transport */
	struct own_line via;          /* "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=" */
	struct own_line record_route; /* "Record-Route: <sip:192.0.2.1:5060;lr;sl=" */
};

/* All zero is an empty one. An address has one place; another that comes there is composed anew. */
struct own_texts {
	struct own_text slots[OWN_TEXT_SLOTS];
};

/* Composes what belongs there. */
void own_text_compose(struct own_text *text, const struct endpoint *at, enum transport transport);

/* The texts for an address of ours and what is spoken there. Valid until the next call. */
static inline const struct own_text *own_text_at(
	struct own_texts *texts, const struct endpoint *at, enum transport transport)
{
	/* Where addresses of either family differ most. */
	unsigned place = at->ip.bytes[3] + at->ip.bytes[15] + at->port + transport;
	struct own_text *text = &texts->slots[place % OWN_TEXT_SLOTS];

	if (unlikely_true(!endpoint_equal(&text->at, at) || text->transport != transport))
		own_text_compose(text, at, transport);
	return text;
}

static inline char *own_line_put(char *at, const struct own_line *line)
{
	return sip_put(at, line->text, line->len);
}

#endif
