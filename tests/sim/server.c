/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The To tag says which node answered, so that a request of a dialog that comes to another node is seen. What
 * a node receives is also the place to check how the balancer wrote it.
 */
#include "server.h"

#include "control.h"
#include "sip/msg.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct sim_server {
	struct sim *sim;
	unsigned node;
	bool busy;
	uint64_t served_since_ns; /* a dialog younger than that is its own */
	struct sip_msg msg;
	size_t len;
	char text[PACKET_MESSAGE_MAX];
};

struct sim_server *sim_server_create(struct sim *sim, unsigned node)
{
	struct sim_server *server = calloc(1, sizeof(*server));

	ensure(server != NULL);
	server->sim = sim;
	server->node = node;
	return server;
}

void sim_server_destroy(struct sim_server *server)
{
	free(server);
}

void sim_server_busy(struct sim_server *server, bool busy)
{
	server->busy = busy;
}

__attribute__((format(printf, 2, 3))) static void say(struct sim_server *server, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int len = vsnprintf(server->text + server->len, sizeof(server->text) - server->len, format, args);
	va_end(args);
	ensure(len >= 0 && server->len + (size_t)len < sizeof(server->text));
	server->len += (size_t)len;
}

static void say_all(struct sim_server *server, enum sip_header_id id)
{
	const struct sip_header *header = sip_header_first(&server->msg, id);

	for (; header; header = sip_header_next(&server->msg, header))
		say(server, "%.*s\r\n", SPAN_ARG(span_trim(header->line)));
}

/* RFC 3261 8.2.6: headers of the request come back as they are. */
static void answer(struct sim_server *server, const struct sim_datagram *datagram, const char *status_line)
{
	struct sip_msg *msg = &server->msg;
	const struct sip_header *to = sip_header_first(msg, SIP_HDR_TO);
	char contact[ENDPOINT_TEXT_MAX];

	ensure(to != NULL); /* else it had not parsed */
	endpoint_format(&datagram->dst, contact);
	server->len = 0;
	say(server, "SIP/2.0 %s\r\n", status_line);
	say_all(server, SIP_HDR_VIA);
	say_all(server, SIP_HDR_RECORD_ROUTE);
	say_all(server, SIP_HDR_FROM);
	say(server, "%.*s", SPAN_ARG(span_trim(to->line)));
	if (msg->to_tag.len == 0)
		say(server, ";tag=n%u-%zu", server->node, msg->call_id.len);
	say(server, "\r\n");
	say_all(server, SIP_HDR_CALL_ID);
	say_all(server, SIP_HDR_CSEQ);
	if (server->busy)
		say(server, "Retry-After: 2\r\n");
	say(server, "Contact: <sip:%s>\r\nContent-Length: 0\r\n\r\n", contact);
	sim_host_send(server->sim->hosts[server->node], &datagram->src, datagram->dst.port,
		span_of(server->text, server->len));
}

/* Our own Via on top must lead back to where the packet came from. */
static void check_via(struct sim_server *server, const struct sim_datagram *datagram)
{
	const struct sip_via *via = &server->msg.via;
	char text[ENDPOINT_TEXT_MAX + 8];
	char src[ENDPOINT_TEXT_MAX];

	endpoint_format(&datagram->src, src);
	snprintf(text, sizeof(text), "%.*s:%u", SPAN_ARG(via->host), via->port);
	if (strcmp(text, src) != 0)
		sim_violate(server->sim, "a request came from %s, but its Via says %s", src, text);
	if (datagram->src.port < SIM_SOURCE_PORT_BASE ||
		datagram->src.port >= SIM_SOURCE_PORT_BASE + server->sim->plan.workers)
		sim_violate(
			server->sim, "a request came from port %u, which is no worker's", datagram->src.port);
}

/* A dialog stays with its node as long as that node can serve it (R-LB-3). */
static void check_dialog(struct sim_server *server)
{
	struct span tag = server->msg.to_tag;

	if (tag.len < 2 || tag.p[0] != 'n')
		return;
	unsigned owner = (unsigned)(tag.p[1] - '0');
	if (owner >= SIM_NODES || owner == server->node)
		return;
	uint64_t grace_ns = SIM_S; /* for what was on its way, or waited for a neighbour */
	if (sim_control_served_since(server->sim->control, owner, server->sim->now_ns - grace_ns))
		sim_violate(server->sim, "a %.*s of a dialog with node %u came to node %u",
			SPAN_ARG(server->msg.method), owner, server->node);
}

static void receive(void *ctx, const struct sim_datagram *datagram)
{
	struct sim_server *server = ctx;
	struct sip_msg *msg = &server->msg;
	bool probe = memmem(datagram->payload.p, datagram->payload.len, "-slprobe-", 9) != NULL;

	if (sip_parse(datagram->payload, true, msg) != PARSE_OK) {
		sim_violate(server->sim, "node %u got something that is not SIP: %s", server->node,
			sip_error_name((enum sip_error)msg->error));
		return;
	}
	if (!msg->is_request) {
		sim_violate(server->sim, "node %u got a response and had asked nothing", server->node);
		return;
	}
	check_via(server, datagram);
	check_dialog(server);
	if (msg->method_id == SIP_ACK)
		return;
	answer(server, datagram, probe && server->busy ? "503 Service Unavailable" : "200 OK");
}

struct sim_host_owner sim_server_owner(struct sim_server *server)
{
	return (struct sim_host_owner){.ctx = server, .receive = receive};
}
