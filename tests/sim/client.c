/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client checks that what it gets is for it: its own Via alone on top, its own branch, the port it sent
 * from. Over UDP it repeats requests with doubling intervals; it gives up after a while. Over TCP calls of
 * one client and port share a connection, and its port is only a name: of where the client listens, too.
 */
#include "client.h"

#include "answer.h"
#include "base/hash.h"
#include "sip/msg.h"
#include "worker/worker.h"

#include <stdio.h>
#include <stdlib.h>

static const uint64_t t1_ns = 500 * SIM_MS;        /* RFC 3261 17.1.1.1 */
static const uint64_t t2_ns = 4 * SIM_S;           /* 17.1.2.1 */
static const uint64_t give_up_ns = 12 * SIM_S;     /* shorter than 64 * T1, to keep runs short */
static const uint64_t failover_ns = 1000 * SIM_MS; /* a call begun later than that after a crash must work */

static const uint64_t burst_every_ns = 1500 * SIM_MS;

static const char *method_of(const struct sim_call *call)
{
	if (call->state == CALL_ENDING)
		return "BYE";
	if (call->state == CALL_TALKING)
		return "ACK";
	return call->invite ? "INVITE" : "MESSAGE";
}

static struct sim_host *host_of(const struct sim_call *call)
{
	return call->sim->hosts[SIM_NODES + call->client];
}

static void send_text(const struct sim_call *call, const struct endpoint *balancer, struct span text)
{
	if (call->sim->plan.clients_tcp)
		sim_host_say(host_of(call), balancer, call->port, text);
	else
		sim_host_send(host_of(call), balancer, call->port, text);
}

static void send_copy(struct sim_call *call)
{
	struct sim *sim = call->sim;
	bool tcp = sim->plan.clients_tcp;
	struct endpoint self = {.ip = sim_host_ip(host_of(call), sim->plan.clients_v6), .port = call->port};
	struct endpoint balancer = {.ip = sim_balancer_ip(sim->plan.clients_v6), .port = SIM_PORT};
	const char *method = method_of(call);
	bool in_dialog = call->state == CALL_TALKING || call->state == CALL_ENDING;
	char own[ENDPOINT_TEXT_MAX];
	char text[PACKET_MESSAGE_MAX];

	endpoint_format(&self, own);
	int len = snprintf(text, sizeof(text),
		"%s %s SIP/2.0\r\n"
		"Via: SIP/2.0/%s %s;branch=z9hG4bKc%u-%u-%s;rport%s\r\n"
		"%s"
		"Max-Forwards: 70\r\n"
		"From: <sip:c%u@client.example>;tag=f%u\r\n"
		"To: <sip:bob@%s>%s%s\r\n"
		"Call-ID: s%llu-%u\r\n"
		"CSeq: %u %s\r\n"
		"Contact: <sip:c%u@%s%s>\r\n"
		"Content-Length: %u\r\n\r\n%*s",
		method,
		in_dialog      ? call->target
		: call->shared ? "sip:bob@shared.net"
			       : "sip:bob@example.com",
		tcp ? "TCP" : "UDP", own, call->index, call->cseq, method,
		tcp && sim->plan.alias ? ";alias" : "", in_dialog ? call->routes : "", call->client,
		call->index, call->shared ? "shared.net" : "example.com", in_dialog ? ";tag=" : "",
		in_dialog ? call->to_tag : "", (unsigned long long)sim->seed, call->index, call->cseq, method,
		call->client, own, tcp ? ";transport=tcp" : "", call->filler, (int)call->filler, "");
	ensure(len > 0 && (size_t)len < sizeof(text));
	send_text(call, &balancer, span_of(text, (size_t)len));
}

static void on_timer(void *ctx, uint64_t arg);

static void wait_until(struct sim_call *call, uint64_t at_ns)
{
	call->timer_ns = at_ns;
	sim_later(call->sim, at_ns - call->sim->now_ns, on_timer, call, at_ns);
}

static void send_and_wait(struct sim_call *call)
{
	send_copy(call);
	call->resent += call->sent > 0;
	call->sent++;
	/* TCP repeats by itself (17.1.1.2). */
	wait_until(call, call->sim->plan.clients_tcp ? call->give_up_ns : call->sim->now_ns + call->wait_ns);
	call->wait_ns = 2 * call->wait_ns < t2_ns ? 2 * call->wait_ns : t2_ns;
}

static void begin_request(struct sim_call *call, enum call_state state)
{
	call->state = state;
	call->sent = 0;
	call->wait_ns = t1_ns;
	call->give_up_ns = call->sim->now_ns + give_up_ns;
	if (state == CALL_ENDING)
		call->cseq++;
	send_and_wait(call);
}

static void on_timer(void *ctx, uint64_t arg)
{
	struct sim_call *call = ctx;

	if (call->timer_ns != arg)
		return;
	switch (call->state) {
	case CALL_NEW:
		begin_request(call, CALL_ASKED);
		break;
	case CALL_TALKING:
		begin_request(call, CALL_ENDING);
		break;
	case CALL_ASKED:
	case CALL_ENDING:
		if (call->sim->now_ns >= call->give_up_ns)
			call->state = CALL_LOST;
		else
			send_and_wait(call);
		break;
	case CALL_DONE:
	case CALL_LOST:
		break;
	}
}

static void copy_text(char *to, size_t size, struct span from)
{
	ensure(from.len < size);
	memcpy(to, from.p, from.len);
	to[from.len] = '\0';
}

/* RFC 3261 12.1.2: the route set is the Record-Route headers in reverse; the target is the Contact. */
static void keep_dialog(struct sim_call *call, const struct sip_msg *msg)
{
	char routes[CALL_ROUTES_MAX] = "";
	const struct sip_header *header = sip_header_first(msg, SIP_HDR_RECORD_ROUTE);
	const struct sip_header *contact = sip_header_first(msg, SIP_HDR_CONTACT);

	for (; header; header = sip_header_next(msg, header)) {
		struct span value = sip_header_value(msg, header);
		char longer[CALL_ROUTES_MAX];
		int len = snprintf(longer, sizeof(longer), "Route: %.*s\r\n%s", SPAN_ARG(value), routes);
		ensure(len > 0 && (size_t)len < sizeof(longer));
		memcpy(routes, longer, (size_t)len + 1);
	}
	memcpy(call->routes, routes, sizeof(routes));
	copy_text(call->to_tag, sizeof(call->to_tag), msg->to_tag);
	if (contact) {
		struct span value = sip_header_value(msg, contact);

		if (value.len > 2)
			copy_text(call->target, sizeof(call->target), span_of(value.p + 1, value.len - 2));
	}
	if (routes[0] == '\0' || call->target[0] == '\0')
		sim_violate(call->sim, "the answer to an INVITE came without Record-Route or Contact");
	/* Two values when the node has another transport: ours must be the one that we come to first. */
	const char *end = strchr(routes, '>');
	if (end && call->sim->plan.clients_tcp !=
			   (memmem(routes, (size_t)(end - routes), ";transport=tcp", 14) != NULL))
		sim_violate(call->sim, "call %u has a route over the wrong transport: %.90s", call->index,
			routes);
}

static void on_final(struct sim_call *call, const struct sip_msg *msg)
{
	call->status = msg->status;
	if (call->state == CALL_ASKED && call->invite && msg->status < 300) {
		keep_dialog(call, msg);
		call->state = CALL_TALKING;
		send_copy(call);
		wait_until(call, call->sim->now_ns + SIM_S + call->index % 7 * SIM_MS * 500);
		return;
	}
	call->state = CALL_DONE;
}

static void check_response(
	struct sim_call *call, const struct sim_datagram *datagram, const struct sip_msg *msg)
{
	const struct sip_header *via = sip_header_first(msg, SIP_HDR_VIA);
	char own[64];

	snprintf(own, sizeof(own), "z9hG4bKc%u-", call->index);
	if (datagram->dst.port != call->port)
		sim_violate(call->sim, "call %u got a response on another port", call->index);
	if (msg->via.branch.len < strlen(own) || memcmp(msg->via.branch.p, own, strlen(own)) != 0 ||
		sip_header_next(msg, via))
		sim_violate(call->sim, "call %u got a response whose Via is not its own alone", call->index);
}

static uint64_t exhausted(const struct sim *sim)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < sim->plan.workers; i++)
		sum += stats_get(worker_stats(sim->workers[i]), STAT_sip_txn_exhausted);
	return sum;
}

/*
 * Whatever nodes a request was sent to, its client sees one transaction: one final response, as often as it
 * comes. Only of a successful INVITE there may be two (RFC 3261 13.2.2.4).
 */
static void check_final(struct sim_call *call, const struct sip_msg *msg)
{
	uint64_t key = hash_bytes(msg->to_tag.p, msg->to_tag.len, msg->status);
	bool again = call->final_cseq == msg->cseq;

	call->final_cseq = msg->cseq;
	if (call->sim->plan.stateless || (msg->method_id == SIP_INVITE && msg->status < 300))
		return;
	if (again && key != call->final_key && exhausted(call->sim) == 0)
		sim_violate(call->sim, "call %u got another final response to the same %.*s", call->index,
			SPAN_ARG(msg->method));
	call->final_key = key;
}

/* "s<seed>-<index>" */
static struct sim_call *call_of(struct sim *sim, struct span call_id)
{
	char text[64];
	unsigned long long seed;
	unsigned index;

	if (call_id.len >= sizeof(text))
		return NULL;
	copy_text(text, sizeof(text), call_id);
	if (sscanf(text, "s%llu-%u", &seed, &index) != 2 || seed != sim->seed || index >= sim->plan.calls)
		return NULL;
	return &sim->calls[index];
}

/* The node's NOTIFY: must be about a dialog of ours and name our Contact, then it is answered. */
static void on_request(struct sim_call *call, const struct sim_datagram *datagram, const struct sip_msg *msg)
{
	struct endpoint self = {
		.ip = sim_host_ip(host_of(call), call->sim->plan.clients_v6), .port = call->port};
	struct sim_answer answer = {"200 OK", "", ""};
	char uri[ENDPOINT_TEXT_MAX];
	char text[PACKET_MESSAGE_MAX];

	endpoint_format(&self, uri);
	if (msg->method_id != SIP_NOTIFY || datagram->dst.port != call->port || !call->invite ||
		!memmem(msg->start_line.p, msg->start_line.len, uri, strlen(uri)))
		sim_violate(call->sim, "call %u got a request that is not for it: %.*s", call->index,
			SPAN_ARG(msg->start_line));
	size_t len = sim_answer_write(msg, &answer, text, sizeof(text));
	sim_host_answer(host_of(call), datagram, span_of(text, len));
}

static void receive(void *ctx, const struct sim_datagram *datagram)
{
	static struct sip_msg msg;
	struct sim *sim = ctx;

	if (sip_parse(datagram->payload, true, &msg) != PARSE_OK) {
		sim_violate(sim, "a client got something that is not SIP");
		return;
	}
	struct sim_call *call = call_of(sim, msg.call_id);
	if (!call) {
		sim_violate(sim, "a client got a message of a call that nobody made");
		return;
	}
	if (msg.is_request) {
		on_request(call, datagram, &msg);
		return;
	}
	check_response(call, datagram, &msg);
	if (msg.status == 500)
		sim_violate(sim, "call %u got 500: nothing that peers do is the balancer's own failure",
			call->index);
	if (msg.status < 200)
		return;
	check_final(call, &msg);
	bool expected = call->state == CALL_ASKED || call->state == CALL_ENDING;
	if (expected && msg.cseq == call->cseq)
		on_final(call, &msg);
	else if (call->state == CALL_TALKING && msg.cseq == call->cseq && msg.status < 300)
		send_copy(call); /* the 200 again: so the ACK again (RFC 3261 13.2.2.4) */
}

struct sim_host_owner sim_client_owner(struct sim *sim)
{
	return (struct sim_host_owner){.ctx = sim, .receive = receive};
}

void sim_calls_create(struct sim *sim)
{
	struct rng rng;
	uint32_t ports = sim->plan.clients_tcp ? SIM_STREAM_PORTS : 32;

	rng_init(&rng, sim->seed * 5 + 2);
	sim->calls = calloc(sim->plan.calls, sizeof(*sim->calls));
	ensure(sim->calls != NULL);
	for (unsigned i = 0; i < sim->plan.calls; i++) {
		struct sim_call *call = &sim->calls[i];
		call->sim = sim;
		call->index = i;
		call->client = rng_below(&rng, SIM_CLIENTS);
		call->invite = rng_below(&rng, 2) == 0;
		call->shared = rng_below(&rng, 3) == 0;
		call->filler = rng_below(&rng, 8) == 0 ? 1000 + rng_below(&rng, 5000) : rng_below(&rng, 300);
		call->port = (uint16_t)(SIM_PORT + rng_below(&rng, 32) % ports);
		call->cseq = 1 + rng_below(&rng, 1000);
		uint64_t after_ns = rng_u64(&rng) % (sim->plan.calls_end_ns - 2 * SIM_S);
		if (sim->plan.bursts)
			after_ns -= after_ns % burst_every_ns;
		call->begun_ns = sim->now_ns + 2 * SIM_S + after_ns;
		wait_until(call, call->begun_ns);
	}
}

void sim_calls_destroy(struct sim *sim)
{
	free(sim->calls);
}

void sim_calls_hurt(struct sim *sim, unsigned host, uint16_t port)
{
	for (unsigned i = 0; i < sim->plan.calls; i++) {
		struct sim_call *call = &sim->calls[i];
		bool lives = call->state != CALL_NEW && call->state != CALL_DONE;
		if (lives && host < SIM_NODES)
			call->node_hurt = true;
		else if (lives && host == SIM_NODES + call->client && port == call->port)
			call->hurt = true;
	}
}

/* A transaction carries a MESSAGE over the death of its node: it must be answered, if not by the first copy.
 */
static bool is_saved(const struct sim *sim, const struct sim_call *call)
{
	return !sim->plan.stateless && !call->invite && exhausted(sim) == 0;
}

/* Nothing that is sent is lost: there are no faults on the wire, or TCP on both sides mends them. */
static bool nothing_is_lost(const struct sim *sim)
{
	const struct sim_plan *plan = &sim->plan;
	/* On a bad wire even SYNs may be lost for longer than a client waits. */
	bool mends = plan->faults.loss <= 10000;
	bool tcp = plan->nodes_tcp && plan->clients_tcp && !plan->stateless && exhausted(sim) == 0;

	return plan->clean || (tcp && mends);
}

/* Of a node that was rebooted: the first request on it is reset, and nobody but a transaction sends it again.
 */
static bool may_meet_a_stale_connection(const struct sim_plan *plan)
{
	return plan->nodes_tcp && plan->forgets && plan->crash == SIM_CRASH_SILENT;
}

/* Then only the plan's crash can hurt, and only calls around it. */
static bool must_work(const struct sim *sim, const struct sim_call *call)
{
	const struct sim_plan *plan = &sim->plan;
	uint64_t took_ns = 8 * SIM_S; /* a call with its talk */

	if (!nothing_is_lost(sim) || call->hurt)
		return false;
	if (call->node_hurt && !is_saved(sim, call))
		return false;
	if (plan->crash == SIM_NO_CRASH || plan->crash == SIM_CRASH_BUSY)
		return true;
	if (is_saved(sim, call))
		return true;
	return call->begun_ns + took_ns < plan->crash_ns ||
	       (!call->invite && !may_meet_a_stale_connection(plan) &&
		       call->begun_ns > plan->crash_ns + failover_ns);
}

void sim_calls_check(struct sim *sim, struct sim_result *ret_result)
{
	for (unsigned i = 0; i < sim->plan.calls; i++) {
		const struct sim_call *call = &sim->calls[i];
		bool good = call->state == CALL_DONE && call->status == 200;

		ret_result->calls++;
		ret_result->answered += good;
		ret_result->refused += call->state == CALL_DONE && !good;
		ret_result->unanswered += call->state != CALL_DONE;
		ret_result->retransmissions += call->resent;
		bool quick = call->resent == 0 || is_saved(sim, call);
		if (must_work(sim, call) && (!good || !quick))
			sim_violate(sim,
				"call %u, begun at %llu ms, had nothing in its way, but ended with %u after "
				"%u repetitions",
				i, (unsigned long long)(call->begun_ns / SIM_MS), call->status, call->resent);
	}
}
