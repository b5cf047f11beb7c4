/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes take turns: while one is under way the others wait, in the order they came. A node's administrative
 * state does not wait with them: it is in force at once, by the node's word, and only its way into the model
 * has a place in the row.
 */
#include "control/handlers.h"

#include <string.h>

static bool row_is_full(struct daemon *daemon, struct call *call)
{
	if (daemon->waiting_count < DAEMON_TURNS_MAX)
		return false;
	call_error(call, API_BUSY, "too many changes wait already; try again");
	return true;
}

bool change_is_under_way(const struct daemon *daemon)
{
	return daemon->change.stage != CHANGE_NONE;
}

bool change_must_wait(struct daemon *daemon, struct call *call)
{
	if (!change_is_under_way(daemon))
		return false;
	if (!row_is_full(daemon, call))
		daemon->waiting[daemon->waiting_count++] = (struct turn){.ticket = call_defer(call)};
	return true;
}

void change_admin_ahead(
	struct daemon *daemon, struct call *call, struct node_record *record, enum node_admin admin)
{
	struct turn turn = {.is_admin = true, .admin = (uint8_t)admin};

	if (row_is_full(daemon, call))
		return;
	memcpy(turn.node, record->node.name, sizeof(turn.node));
	record->ahead++;
	daemon->waiting[daemon->waiting_count++] = turn;
	nodes_set_admin(daemon->nodes, record, admin, reactor_now_ns());
	call_result(call, json_pack("{s:I, s:s}", "generation", (json_int_t)daemon->journal.number, "note",
				  "in force; its generation follows the change that is under way"));
}

static void take_turn(struct daemon *daemon, const struct turn *turn)
{
	struct node_record *record;
	struct call *call;

	if (!turn->is_admin) {
		call = server_resume(daemon->server, turn->ticket);
		if (call)
			dispatch_call(daemon, call);
		return;
	}
	record = nodes_named(daemon->nodes, turn->node);
	if (record && record->ahead > 0)
		record->ahead--;
	operate_admin(daemon, turn->node, (enum node_admin)turn->admin);
}

void change_next(struct daemon *daemon)
{
	while (!change_is_under_way(daemon) && daemon->waiting_count > 0) {
		struct turn turn = daemon->waiting[0];
		daemon->waiting_count--;
		memmove(daemon->waiting, daemon->waiting + 1,
			daemon->waiting_count * sizeof(daemon->waiting[0]));
		take_turn(daemon, &turn);
	}
	if (change_is_under_way(daemon))
		return;
	if (daemon->reload_wanted) {
		daemon->reload_wanted = false;
		change_reload(daemon, NULL);
		return;
	}
	merge_consider(daemon);
}
