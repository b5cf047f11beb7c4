/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message is known by what no proxy may change: Call-ID, CSeq, and a response's status. Of a fragmented one
 * the first fragment has them. Checked at once, where a wrong frame leaves: no more copies out than came in,
 * no request to a node that is known to be down while another one is up. What crosses by connections is
 * booked where the hosts' TCP takes it and has it whole: between that, bytes may be lost only with their
 * connection.
 */
#include "ledger.h"

#include "base/hash.h"
#include "control.h"
#include "host.h"
#include "sim.h"
#include "worker/worker.h"

#include <stdlib.h>

enum { ROWS = 1 << 14 };

struct row {
	uint64_t key;
	uint32_t in;
	uint32_t out;
};

struct sim_ledger {
	struct sim *sim;
	uint64_t datagrams_out; /* whole ones and first fragments */
	uint64_t heard;         /* messages that hosts had by connections */
	uint64_t frames_in;
	struct row rows[ROWS];
};

struct sim_ledger *sim_ledger_create(struct sim *sim)
{
	struct sim_ledger *ledger = calloc(1, sizeof(*ledger));

	ensure(ledger != NULL);
	ledger->sim = sim;
	return ledger;
}

void sim_ledger_destroy(struct sim_ledger *ledger)
{
	free(ledger);
}

static struct span header(struct span text, const char *name)
{
	const char *at = text.len > 0 ? memmem(text.p, text.len, name, strlen(name)) : NULL;

	if (!at)
		return span_of(NULL, 0);
	at += strlen(name);
	const char *end = memchr(at, '\r', (size_t)(span_end(text) - at));
	return end ? span_from(at, end) : span_of(NULL, 0);
}

static bool is_response(struct span text)
{
	return text.len > 12 && memcmp(text.p, "SIP/2.0 ", 8) == 0;
}

/* 0: no message of a client or a node. Probes are the balancer's own. */
static uint64_t key_of(struct span text, unsigned status)
{
	struct span call_id = header(text, "\nCall-ID: ");
	struct span cseq = header(text, "\nCSeq: ");

	if (call_id.len == 0 || cseq.len == 0 || memmem(text.p, text.len, "-slprobe-", 9))
		return 0;
	return hash_bytes(call_id.p, call_id.len, hash_bytes(cseq.p, cseq.len, status + 1)) | 1;
}

static struct row *row_of(struct sim_ledger *ledger, uint64_t key)
{
	uint32_t i = (uint32_t)(key >> 8) % ROWS;

	for (uint32_t tried = 0; tried < ROWS; tried++, i = (i + 1) % ROWS) {
		struct row *row = &ledger->rows[i];
		if (row->key == key || row->key == 0) {
			row->key = key;
			return row;
		}
	}
	ensure(!"the ledger holds every message of a run");
}

/* The SIP text of a datagram or of its first fragment; empty when there is none. */
static struct span text_of(const struct packet_view *v)
{
	if (v->kind == PACKET_UDP)
		return v->payload;
	if (v->kind == PACKET_FRAGMENT && v->fragment_offset == 0 && v->payload.len > 8)
		return span_of(v->payload.p + 8, v->payload.len - 8);
	return span_of(NULL, 0);
}

static unsigned status_of(struct span text)
{
	uint64_t status = 0;

	if (is_response(text) && span_to_u64(span_of(text.p + 8, 3), 699, &status) != 0)
		status = 0;
	return (unsigned)status;
}

void sim_ledger_into(struct sim_ledger *ledger, const struct packet *packet, bool intact)
{
	struct packet_view v = packet_read(packet);
	struct span text = text_of(&v);
	uint64_t key = key_of(text, status_of(text));

	(void)intact; /* a damaged one that is forwarded all the same must keep the books too */
	ledger->frames_in++;
	if (key != 0)
		row_of(ledger, key)->in++;
}

static void check_node(struct sim_ledger *ledger, const struct endpoint *dst, struct span text)
{
	struct sim *sim = ledger->sim;
	int node = sim_control_node_of(sim->control, dst);
	uint64_t since_ns;

	if (node < 0 || is_response(text))
		return;
	enum node_health health = sim_control_health(sim->control, (unsigned)node, &since_ns);
	/* Since it was routed, a packet may have waited for the neighbour's answer: longer when that got
	 * lost. */
	uint64_t waited_ns = sim->plan.clean ? 50 * SIM_MS : 4 * SIM_S;
	if (health == NODE_DOWN && sim->now_ns - since_ns > waited_ns &&
		sim_control_other_is_up(sim->control, (unsigned)node))
		sim_violate(sim, "a request went to node %d, down for %llu ms, while another is up", node,
			(unsigned long long)((sim->now_ns - since_ns) / SIM_MS));
}

static void book_out(struct sim_ledger *ledger, const struct endpoint *dst, struct span text)
{
	unsigned status = status_of(text);
	uint64_t key = key_of(text, status);

	if (key == 0)
		return;
	check_node(ledger, dst, text);
	/* The balancer's own answers stand for the request they answer. */
	struct row *row = row_of(ledger, key);
	if (is_response(text) && row->in == 0)
		row = row_of(ledger, key_of(text, 0));
	row->out++;
	/* Transactions repeat by themselves; how often they answer is counted in sim_ledger_balance(). */
	if (ledger->sim->plan.stateless && row->out > row->in)
		sim_violate(ledger->sim, "%u copies of a message left, but only %u had come: %.*s", row->out,
			row->in, (int)(text.len < 40 ? text.len : 40), text.p);
}

void sim_ledger_out(struct sim_ledger *ledger, const struct packet *packet)
{
	struct packet_view v = packet_read(packet);
	struct span text = text_of(&v);

	if (text.len == 0)
		return;
	ledger->datagrams_out++;
	book_out(ledger, &v.dst, text);
}

void sim_ledger_said(struct sim_ledger *ledger, struct span text)
{
	uint64_t key = key_of(text, status_of(text));

	if (key != 0)
		row_of(ledger, key)->in++;
}

void sim_ledger_heard(struct sim_ledger *ledger, const struct sim_datagram *message)
{
	ledger->heard++;
	book_out(ledger, &message->dst, message->payload);
}

static uint64_t total(const struct sim *sim, enum stat stat)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < sim->plan.workers; i++)
		sum += stats_get(worker_stats(sim->workers[i]), stat);
	return sum;
}

static uint64_t total_of(const struct sim *sim, const enum stat *stats, unsigned count)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += total(sim, stats[i]);
	return sum;
}

/* Messages that end here without anything being sent for them: each reason once for each message. */
static const enum stat silent_ends[] = {
	STAT_sip_ack_dropped,
	STAT_sip_acl_dropped,
	STAT_sip_keepalives,
	STAT_sip_response_bad_branch,
	STAT_sip_response_bad_next_via,
	STAT_sip_response_foreign,
	STAT_sip_response_forged,
	STAT_sip_response_no_target,
	STAT_worker_no_mbuf,
	STAT_worker_probe_answers,
	STAT_worker_probe_forged,
	STAT_worker_probe_late,
};

/* What parsing refused: answered when it can be, so these end in silence or in a reply. */
static const enum stat refused[] = {
#define SIP_ERROR(name, status, doc) STAT_sip_##name,
#include "sip/error.def"
#undef SIP_ERROR
	STAT_sip_no_egress, STAT_sip_too_large,
	STAT_worker_given_messages_full, /* what was given may have been on its way in, or on its way out */
};

/* What was given to net or to a connection for sending and never left, each with its reason. */
static const enum stat unsent[] = {
	STAT_conn_no_mbuf,
	STAT_conn_node_choked,
	STAT_conn_node_not_connected,
	STAT_conn_not_opened,
	STAT_conn_send_full,
	STAT_conn_send_gone,
	STAT_net_neigh_failed,
	STAT_net_neigh_full,
	STAT_net_neigh_pending_full,
	STAT_net_neigh_unanswered,
	STAT_net_no_mbuf,
	STAT_net_tx_bad_destination,
	STAT_net_tx_bad_source,
	STAT_net_tx_no_headroom,
	STAT_net_tx_no_route,
	STAT_net_tx_ring_full,
	STAT_net_tx_too_long,
	STAT_worker_given_full,
	STAT_worker_given_lost,
	STAT_worker_given_messages_full,
	STAT_worker_given_tx_refused,
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void balance_messages(struct sim *sim)
{
	uint64_t in = total(sim, STAT_net_udp_delivered) + total(sim, STAT_conn_messages) +
		      total(sim, STAT_sip_unsent); /* counted as forwarded, too, before it was refused */
	uint64_t sent = total(sim, STAT_sip_requests_forwarded) + total(sim, STAT_sip_responses_forwarded) +
			total(sim, STAT_sip_replies);
	uint64_t silent = total_of(sim, silent_ends, COUNT_OF(silent_ends));
	uint64_t doubtful = total_of(sim, refused, COUNT_OF(refused));

	if (in < sent + silent || in > sent + silent + doubtful)
		sim_violate(sim,
			"%llu messages came in, but %llu were sent, %llu ended for a counted reason, and "
			"%llu were refused",
			(unsigned long long)in, (unsigned long long)sent, (unsigned long long)silent,
			(unsigned long long)doubtful);
}

/*
 * With transactions a message may be absorbed, and one may make several: what must agree is that each request
 * which was taken got one final response, or none for a reason that is counted.
 */
static void balance_transactions(struct sim *sim)
{
	uint64_t begun = total(sim, STAT_sip_txn_begun);
	uint64_t answered = total(sim, STAT_sip_txn_answered);
	uint64_t unanswered = total(sim, STAT_sip_txn_unanswered);

	if (begun != answered + unanswered)
		sim_violate(sim,
			"%llu transactions began, but %llu were answered and %llu left without an answer",
			(unsigned long long)begun, (unsigned long long)answered,
			(unsigned long long)unanswered);
}

/* Then what was given to a connection arrives: nothing ends it before all has been read. */
static bool connections_are_safe(const struct sim_plan *plan)
{
	bool dies = plan->crash == SIM_CRASH_SILENT || plan->crash == SIM_CRASH_UNREACHABLE;

	return (!plan->nodes_tcp && !plan->clients_tcp) ||
	       (plan->clean && plan->hang_up_count == 0 && !(plan->nodes_tcp && dies));
}

static void balance_sent(struct sim_ledger *ledger)
{
	struct sim *sim = ledger->sim;
	uint64_t left = ledger->datagrams_out + ledger->heard;
	uint64_t made = total(sim, STAT_sip_requests_forwarded) + total(sim, STAT_sip_responses_forwarded) +
			total(sim, STAT_sip_replies) + total(sim, STAT_worker_probe_sent) +
			total(sim, STAT_sip_txn_repeated) + total(sim, STAT_sip_txn_acks_made) +
			total(sim, STAT_sip_txn_cancels_made);
	uint64_t lost = total_of(sim, unsent, COUNT_OF(unsent));

	if (left > made || (connections_are_safe(&sim->plan) && left + lost < made))
		sim_violate(sim, "%llu messages were made, %llu left, and only %llu are counted as dropped",
			(unsigned long long)made, (unsigned long long)left, (unsigned long long)lost);
}

void sim_ledger_balance(struct sim_ledger *ledger)
{
	struct sim *sim = ledger->sim;
	uint64_t received = total(sim, STAT_rx_packets);

	if (received != ledger->frames_in)
		sim_violate(sim, "%llu frames were given, %llu are counted",
			(unsigned long long)ledger->frames_in, (unsigned long long)received);
	if (sim->plan.stateless)
		balance_messages(sim);
	balance_transactions(sim);
	balance_sent(ledger);
}
