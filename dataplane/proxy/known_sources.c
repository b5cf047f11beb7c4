/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Called by request.c for sources that sent nothing lately, and by straight.c for the text of one. */
#include "proxy/known_sources.h"

#include "proxy/trust.h"
#include "sip/build.h"

static_assert(KNOWN_SOURCES == 1 << 8, "places are the highest eight bits of a hash");
static_assert(sizeof(struct known_source) == KNOWN_SOURCE_BYTES, "two cache lines");
static_assert((int)SIP_RECEIVED_MAX <= (int)SIP_PUT_SLACK, "one block holds the text");
static_assert(
	sizeof("=65535") + SIP_PUT_SLACK <= KNOWN_SOURCE_TEXT, "and can be read from where a part begins");

void known_source_learn(
	struct known_source *known, const struct snapshot *snap, const struct endpoint *source)
{
	struct trust trust = trust_of(snap, &source->ip);

	known->serial = snap->serial;
	known->at = *source;
	known->node = trust.node;
	known->admitted = trust.admitted;
	known->text_len = 0;
}

void known_source_compose(struct known_source *known)
{
	char text[SIP_RECEIVED_MAX + SIP_PUT_SLACK];
	char *at = sip_put_u32(sip_put_lit(text, "="), known->at.port);

	known->port_len = (uint8_t)(at - text);
	at = sip_put_ip(sip_put_lit(at, ";received="), &known->at.ip, false);
	known->text_len = (uint8_t)(at - text);
	memcpy(known->text, text, known->text_len);
}
