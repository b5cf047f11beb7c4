/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The To tag says which node answered, so that a request of a dialog that comes to another node is seen. What
 * a node receives is also the place to check how the balancer wrote it. Each dialog gets one NOTIFY from its
 * node, by the route set, so requests travel in both directions. What came by a connection is sometimes
 * answered after a while, so that there are requests under way when something ends.
 */
#include "server.h"

#include "answer.h"
#include "control.h"
#include "sip/msg.h"

#include <stdio.h>
#include <stdlib.h>

enum { DIALOGS = 256, DIALOG_TEXT_MAX = 2048, LATER_MAX = 64, LATER_TEXT_MAX = 4096 };

enum dialog_state { DIALOG_NONE, DIALOG_EARLY, DIALOG_CONFIRMED, DIALOG_NOTIFIED };

struct dialog {
	enum dialog_state state;
	uint16_t port;
	char call_id[64];
	char text[DIALOG_TEXT_MAX]; /* of its one NOTIFY */
};

/* An answer that takes its time. */
struct later {
	uint64_t due_ns; /* 0: the place is free */
	struct sim_datagram to;
	size_t len;
	char text[LATER_TEXT_MAX];
};

struct sim_server {
	struct sim *sim;
	unsigned node;
	bool busy;
	struct rng rng;
	struct later laters[LATER_MAX];
	unsigned notifies, notifies_answered;
	unsigned next_dialog;
	struct dialog dialogs[DIALOGS];
	struct sip_msg msg;
	char text[PACKET_MESSAGE_MAX];
};

static struct sim_host *host_of(const struct sim_server *server)
{
	return server->sim->hosts[server->node];
}

struct sim_server *sim_server_create(struct sim *sim, unsigned node)
{
	struct sim_server *server = calloc(1, sizeof(*server));

	ensure(server != NULL);
	server->sim = sim;
	server->node = node;
	rng_init(&server->rng, sim->seed * 13 + node);
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

void sim_server_forget(struct sim_server *server)
{
	for (unsigned i = 0; i < LATER_MAX; i++)
		server->laters[i].due_ns = 0;
}

static void answer_now(void *ctx, uint64_t arg)
{
	struct sim_server *server = ctx;
	struct later *later = &server->laters[arg];

	if (later->due_ns != server->sim->now_ns)
		return;
	later->due_ns = 0;
	sim_host_answer(host_of(server), &later->to, span_of(later->text, later->len));
}

/* False: no place is free. */
static bool answer_later(struct sim_server *server, const struct sim_datagram *to, size_t len)
{
	uint64_t in_ns = (1 + rng_below(&server->rng, 300)) * SIM_MS;

	for (unsigned i = 0; i < LATER_MAX && len <= LATER_TEXT_MAX; i++) {
		struct later *later = &server->laters[i];
		if (later->due_ns != 0)
			continue;
		later->due_ns = server->sim->now_ns + in_ns;
		later->to = *to;
		later->len = len;
		memcpy(later->text, server->text, len);
		sim_later(server->sim, in_ns, answer_now, server, i);
		return true;
	}
	return false;
}

static void answer(struct sim_server *server, const struct sim_datagram *datagram, const char *status_line)
{
	char contact[ENDPOINT_TEXT_MAX];
	char headers[128];
	char to_tag[16];

	endpoint_format(&datagram->dst, contact);
	snprintf(headers, sizeof(headers), "%sContact: <sip:%s%s>\r\n",
		server->busy ? "Retry-After: 2\r\n" : "", contact, datagram->stream ? ";transport=tcp" : "");
	snprintf(to_tag, sizeof(to_tag), "n%u", server->node);
	struct sim_answer answer = {status_line, to_tag, headers};
	size_t len = sim_answer_write(&server->msg, &answer, server->text, sizeof(server->text));
	if (datagram->stream == 0 || rng_below(&server->rng, 4) > 0 || !answer_later(server, datagram, len))
		sim_host_answer(host_of(server), datagram, span_of(server->text, len));
}

static struct span value_of(const struct sip_msg *msg, enum sip_header_id id)
{
	const struct sip_header *header = sip_header_first(msg, id);

	ensure(header);
	return sip_header_value(msg, header);
}

/*
 * RFC 3261 12.1.1: the route set is the Record-Route headers as they came, the remote target the Contact.
 * From and To change places. The text of the NOTIFY is made now and sent when the ACK has come.
 */
static void keep_dialog(struct sim_server *server, const struct sim_datagram *datagram)
{
	const struct sip_msg *msg = &server->msg;
	struct span from = value_of(msg, SIP_HDR_FROM);
	struct span to = value_of(msg, SIP_HDR_TO);
	struct span contact = value_of(msg, SIP_HDR_CONTACT);
	const struct sip_header *route = sip_header_first(msg, SIP_HDR_RECORD_ROUTE);
	struct dialog *dialog = &server->dialogs[server->next_dialog % DIALOGS];
	char own[ENDPOINT_TEXT_MAX];
	char routes[1024] = "";
	bool tcp = datagram->stream != 0;
	size_t len = 0;

	ensure(contact.len > 2);
	for (; route; route = sip_header_next(msg, route)) {
		struct span value = sip_header_value(msg, route);
		int n = snprintf(routes + len, sizeof(routes) - len, "Route: %.*s\r\n", SPAN_ARG(value));
		ensure(n > 0 && len + (size_t)n < sizeof(routes));
		len += (size_t)n;
	}
	endpoint_format(&datagram->dst, own);
	int n = snprintf(dialog->text, sizeof(dialog->text),
		"NOTIFY %.*s SIP/2.0\r\n"
		"Via: SIP/2.0/%s %s;branch=z9hG4bKnotify%u-%u\r\n"
		"%s"
		"Max-Forwards: 70\r\n"
		"From: %.*s;tag=n%u\r\n"
		"To: %.*s\r\n"
		"Call-ID: %.*s\r\n"
		"CSeq: 1 NOTIFY\r\n"
		"Contact: <sip:%s%s>\r\n"
		"Content-Length: 0\r\n\r\n",
		(int)contact.len - 2, contact.p + 1, tcp ? "TCP" : "UDP", own, server->node,
		server->next_dialog, routes, SPAN_ARG(to), server->node, SPAN_ARG(from),
		SPAN_ARG(msg->call_id), own, tcp ? ";transport=tcp" : "");
	ensure(n > 0 && (size_t)n < sizeof(dialog->text) && msg->call_id.len < sizeof(dialog->call_id));
	memcpy(dialog->call_id, msg->call_id.p, msg->call_id.len);
	dialog->call_id[msg->call_id.len] = '\0';
	dialog->state = DIALOG_EARLY;
	dialog->port = datagram->dst.port;
	server->next_dialog++;
}

static struct dialog *dialog_of(struct sim_server *server)
{
	for (unsigned i = 0; i < DIALOGS; i++) {
		struct dialog *dialog = &server->dialogs[i];
		if (dialog->state != DIALOG_NONE && span_eq_str(server->msg.call_id, dialog->call_id))
			return dialog;
	}
	return NULL;
}

/* To the host of the topmost Route, as a proxy's Record-Route demands (RFC 3261 12.2.1.1). */
static void send_notify(void *ctx, uint64_t arg)
{
	struct sim_server *server = ctx;
	struct dialog *dialog = &server->dialogs[arg];
	const char *begin = strstr(dialog->text, "\r\nRoute: <sip:");
	struct endpoint to;

	if (!begin) {
		sim_violate(server->sim, "a dialog with node %u has no route back", server->node);
		return;
	}
	begin += strlen("\r\nRoute: <sip:");
	bool tcp = memmem(begin, strcspn(begin, ">"), ";transport=tcp", 14) != NULL;
	if (tcp != server->sim->plan.nodes_tcp)
		sim_violate(server->sim, "node %u has a route over the wrong transport: %.90s", server->node,
			begin);
	if (endpoint_parse(span_of(begin, strcspn(begin, ";>")), 5060, &to) != 0) {
		sim_violate(server->sim, "the route set names no address: %.60s", begin);
		return;
	}
	server->notifies++;
	if (tcp)
		sim_host_say(host_of(server), &to, dialog->port, span_str(dialog->text));
	else
		sim_host_send(host_of(server), &to, dialog->port, span_str(dialog->text));
}

static void on_ack(struct sim_server *server)
{
	struct dialog *dialog = dialog_of(server);

	if (!dialog || dialog->state != DIALOG_EARLY)
		return;
	dialog->state = DIALOG_CONFIRMED;
	sim_later(server->sim, 200 * SIM_MS, send_notify, server, (uint64_t)(dialog - server->dialogs));
}

static void on_response(struct sim_server *server)
{
	struct dialog *dialog = dialog_of(server);
	const struct sip_header *via = sip_header_first(&server->msg, SIP_HDR_VIA);

	if (!dialog || sip_header_next(&server->msg, via))
		sim_violate(
			server->sim, "node %u got a response that is not to its own NOTIFY", server->node);
	else if (server->msg.status == 500)
		sim_violate(server->sim, "node %u got 500 to its NOTIFY", server->node);
	else if (dialog->state == DIALOG_CONFIRMED && server->msg.status == 200) {
		dialog->state = DIALOG_NOTIFIED;
		server->notifies_answered++;
	}
}

/* A stream is answered on itself; when it has ended, a new one must find the balancer. */
static void check_stream_via(struct sim_server *server)
{
	const struct sip_via *via = &server->msg.via;

	if (!span_eq_str(via->transport, "TCP") || via->port != SIM_PORT)
		sim_violate(server->sim, "a request came by a connection, but its Via is %.*s",
			SPAN_ARG(via->whole));
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
	const struct sim_plan *plan = &server->sim->plan;
	/* For what was on its way, or waited for a neighbour, or for TCP to repeat it; a transaction repeats
	 * a request that left its node in time. */
	uint64_t way_ns = plan->nodes_tcp && !plan->clean ? 12 * SIM_S : SIM_S;
	uint64_t grace_ns = plan->stateless ? way_ns : 33 * SIM_S;
	uint64_t since_ns = server->sim->now_ns > grace_ns ? server->sim->now_ns - grace_ns : 0;
	if (sim_control_served_since(server->sim->control, owner, since_ns))
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
		on_response(server);
		return;
	}
	if (datagram->stream)
		check_stream_via(server);
	else
		check_via(server, datagram);
	check_dialog(server);
	if (msg->method_id == SIP_ACK) {
		on_ack(server);
		return;
	}
	if (msg->method_id == SIP_INVITE && !dialog_of(server))
		keep_dialog(server, datagram);
	answer(server, datagram, probe && server->busy ? "503 Service Unavailable" : "200 OK");
}

void sim_server_check(const struct sim_server *server)
{
	const struct sim_plan *plan = &server->sim->plan;

	/* A NOTIFY is sent once, so only a wire that loses nothing, between hosts that live, must bring it.
	 */
	if (plan->clean && plan->hang_up_count == 0 && plan->crash != SIM_CRASH_SILENT &&
		plan->crash != SIM_CRASH_UNREACHABLE && server->notifies_answered != server->notifies)
		sim_violate(server->sim, "node %u sent %u NOTIFYs, but %u were answered", server->node,
			server->notifies, server->notifies_answered);
}

struct sim_host_owner sim_server_owner(struct sim_server *server)
{
	return (struct sim_host_owner){.ctx = server, .receive = receive};
}
