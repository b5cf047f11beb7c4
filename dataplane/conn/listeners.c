/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The addresses at which connections are accepted. A listener that goes takes nothing with it: connections
 * that it accepted go on (R-LI-2).
 */
#include "conn/conn_priv.h"

static bool is_among(const struct endpoint *local, const struct endpoint *locals, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (endpoint_equal(local, &locals[i]))
			return true;
	}
	return false;
}

static void drop_old(struct conns *conns, const struct endpoint *locals, unsigned count)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < conns->listen_count; i++) {
		if (is_among(&conns->listening[i], locals, count)) {
			conns->listening[kept++] = conns->listening[i];
			continue;
		}
		int ret = tcp_unlisten(conns->config.tcp, &conns->listening[i]);
		ensure(ret == 0); /* it was opened here */
	}
	conns->listen_count = kept;
}

unsigned conns_listen(struct conns *conns, const struct endpoint *locals, unsigned count)
{
	unsigned failed = 0;

	drop_old(conns, locals, count);
	for (unsigned i = 0; i < count; i++) {
		if (is_among(&locals[i], conns->listening, conns->listen_count))
			continue;
		if (conns->listen_count < LISTENERS_MAX &&
			tcp_listen(conns->config.tcp, &locals[i], CONN_BACKLOG, CONN_NONE) == 0)
			conns->listening[conns->listen_count++] = locals[i];
		else
			failed++;
	}
	return failed;
}
