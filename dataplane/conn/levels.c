/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people see of the connections: a list in parts, how full the stores are, and names. */
#include "conn/conn_priv.h"

static void fill_info(const struct conns *conns, const struct conn *conn, struct conn_info *ret_info)
{
	struct tcp_info info;

	conn_info_of(conns, conn, ret_info);
	tcp_info(conn->tcb, &info);
	ret_info->send_queued_bytes = info.send_queued_bytes;
}

unsigned conns_list(
	const struct conns *conns, struct conns_walk *walk, struct conn_info *ret_infos, unsigned max)
{
	uint32_t count = conns->pool.object_count;
	unsigned found = 0;

	for (uint32_t i = 0; i < walk->looks && walk->cursor < count && found < max; i++) {
		const struct conn *conn = pool_at(&conns->pool, walk->cursor++);
		if (conn->magic == CONN_MAGIC)
			fill_info(conns, conn, &ret_infos[found++]);
	}
	if (walk->cursor >= count)
		walk->cursor = 0;
	return found;
}

void conns_levels(const struct conns *conns, struct conns_levels *ret_levels)
{
	*ret_levels = (struct conns_levels){
		.connections = __atomic_load_n(&conns->pool.used, __ATOMIC_RELAXED),
		.connections_max = conns->pool.object_count,
		.connections_exhausted = __atomic_load_n(&conns->pool.exhausted, __ATOMIC_RELAXED),
		.buffers = __atomic_load_n(&conns->buffers.used, __ATOMIC_RELAXED),
		.buffers_max = conns->buffers.object_count,
		.buffers_exhausted = __atomic_load_n(&conns->buffers.exhausted, __ATOMIC_RELAXED),
		.bytes = conns->bytes,
	};
}

const char *conn_kind_name(enum conn_kind kind)
{
	static const char *const names[] = {
		[CONN_ACCEPTED] = "accepted", [CONN_NODE] = "node", [CONN_PEER] = "peer"};

	return names[kind];
}

const char *conn_state_name(enum conn_state state)
{
	static const char *const names[] = {[CONN_FREE] = "free",
		[CONN_OPENING] = "opening",
		[CONN_UP] = "up",
		[CONN_LINGERING] = "lingering"};

	return names[state];
}
