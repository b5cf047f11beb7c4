/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Called by forward.c for each request that goes on. TLS ends with us: what is written then is TCP. */
#include "proxy/own_text.h"

#include "proxy/cookie.h"

static void line_end(struct own_line *line, const struct sip_writer *w)
{
	ensure(!w->overflow);
	line->len = (uint32_t)w->len;
}

static void compose_via(struct own_text *text)
{
	struct sip_writer w = sip_writer_of(text->via.text, sizeof(text->via.text));

	if (text->transport == TRANSPORT_UDP)
		sip_write_lit(&w, "Via: SIP/2.0/UDP ");
	else
		sip_write_lit(&w, "Via: SIP/2.0/TCP ");
	sip_write_endpoint(&w, &text->at);
	sip_write_lit(&w, ";branch=");
	line_end(&text->via, &w);
}

static void compose_record_route(struct own_text *text)
{
	struct sip_writer w = sip_writer_of(text->record_route.text, sizeof(text->record_route.text));

	sip_write_lit(&w, "Record-Route: <sip:");
	sip_write_endpoint(&w, &text->at);
	if (text->transport != TRANSPORT_UDP)
		sip_write_lit(&w, ";transport=tcp");
	sip_write_lit(&w, ";lr;" COOKIE_PARAM "=");
	line_end(&text->record_route, &w);
}

void own_text_compose(struct own_text *text, const struct endpoint *at, enum transport transport)
{
	text->at = *at;
	text->transport = (uint8_t)transport;
	compose_via(text);
	compose_record_route(text);
}
