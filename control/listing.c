/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A worker's table is read by the worker, so the answer comes in letters, one for each row, then a MAIL_LIST
 * that says where to go on. Each question has a serial number; what answers an earlier one, given up
 * meanwhile, is void.
 */
#include "control/listing.h"

#include "conn/conn.h"
#include "control/handlers.h"
#include "net/neighbours.h"
#include "worker/worker.h"

enum { LISTING_MAX_MS = 1000 /* for one letter's answer: a worker's loop takes microseconds */ };

static void end(struct daemon *daemon, const char *failure)
{
	struct listing *listing = &daemon->listing;
	struct call *call = server_resume(daemon->server, listing->ticket);
	json_t *rows = listing->rows;

	listing->active = false;
	listing->rows = NULL;
	if (!call) {
		json_decref(rows);
	} else if (failure) {
		json_decref(rows);
		call_error(call, API_UNAVAILABLE, "%s", failure);
	} else {
		call_rows(call, cursor_of_rows(rows));
	}
}

static void ask(struct daemon *daemon, uint32_t cursor)
{
	struct listing *listing = &daemon->listing;
	struct mail mail = {.kind = MAIL_LIST,
		.from = UINT8_MAX,
		.list = {.cursor = cursor, .serial = ++listing->serial, .what = (uint8_t)listing->what}};

	listing->asked_ns = reactor_now_ns();
	listing->rows_sure = json_array_size(listing->rows);
	if (!worker_tell(plane_worker(daemon->plane, listing->worker), &mail)) {
		end(daemon, "a worker's mailbox is full; try again");
		return;
	}
	plane_wake(daemon->plane, listing->worker);
}

static void begin(struct daemon *daemon, struct call *call, enum mail_listing what)
{
	struct listing *listing = &daemon->listing;

	if (listing->active) {
		call_error(call, API_BUSY, "somebody else is asking the workers for a list; try again");
		return;
	}
	listing->active = true;
	listing->what = what;
	listing->worker = 0;
	listing->rows = json_array();
	listing->ticket = call_defer(call);
	ask(daemon, 0);
}

void show_neighbour(struct daemon *daemon, struct call *call)
{
	begin(daemon, call, MAIL_LIST_NEIGHBOURS);
}

void show_connection(struct daemon *daemon, struct call *call)
{
	begin(daemon, call, MAIL_LIST_CONNECTIONS);
}

static json_t *listed_row(const struct daemon *daemon, unsigned worker, const struct mail_listed *listed)
{
	static const uint8_t unknown[6];
	char address[IP_TEXT_MAX];
	char mac[24];
	const uint8_t *m = listed->mac;

	ip_format(&listed->ip, address);
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
	return json_pack("[i, s, s, o, s, I]", (int)worker,
		listed->port < daemon->plane_config.port_count ? daemon->plane_ports[listed->port].name : "",
		address, memcmp(m, unknown, sizeof(unknown)) == 0 ? json_null() : json_string(mac),
		net_neighbour_state_name(listed->state), (json_int_t)listed->unused_ms);
}

static json_t *connection_row(
	const struct daemon *daemon, unsigned worker, const struct mail_connection *connection)
{
	const struct node_record *record = nodes_at(daemon->nodes, connection->node_slot);
	char remote[ENDPOINT_TEXT_MAX];

	endpoint_format(&connection->remote, remote);
	return json_pack("[i, s, i, s, s, s, s, I]", (int)worker, remote, (int)connection->local_port,
		conn_kind_name((enum conn_kind)connection->kind),
		conn_state_name((enum conn_state)connection->state),
		connection->kind == CONN_NODE && record ? record->node.name : "",
		connection->choked ? "yes" : "no", (json_int_t)connection->send_queued_bytes);
}

/* Takes away what a listing before this one had still in the mailbox. */
static void forget_since_asking(struct listing *listing)
{
	while (json_array_size(listing->rows) > listing->rows_sure)
		json_array_remove(listing->rows, json_array_size(listing->rows) - 1);
}

void listing_hear(struct daemon *daemon, const struct mail *mail)
{
	struct listing *listing = &daemon->listing;

	if (!listing->active || mail->from != listing->worker)
		return;
	if (mail->kind == MAIL_LISTED) {
		json_array_append_new(listing->rows, listed_row(daemon, mail->from, &mail->listed));
	} else if (mail->kind == MAIL_CONNECTION) {
		json_array_append_new(listing->rows, connection_row(daemon, mail->from, &mail->connection));
	} else if (mail->list.serial != listing->serial) {
		forget_since_asking(listing);
	} else if (mail->list.cursor != 0) {
		ask(daemon, mail->list.cursor);
	} else if (++listing->worker < plane_worker_count(daemon->plane)) {
		ask(daemon, 0);
	} else {
		end(daemon, NULL);
	}
}

void listing_tick(struct daemon *daemon, uint64_t now_ns)
{
	if (daemon->listing.active && now_ns > daemon->listing.asked_ns + LISTING_MAX_MS * 1000000ull)
		end(daemon, "a worker does not answer; see show worker");
}
