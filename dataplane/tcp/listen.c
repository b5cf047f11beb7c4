/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments of no connection: RFC 9293 3.10.7.1 (CLOSED) and 3.10.7.2 (LISTEN). Listeners are few and asked
 * only for these, so they are a list.
 */
#include "tcp/stages_priv.h"

#include <errno.h>

struct tcp_listener *listener_find(struct tcp *tcp, const struct tcp_key *key)
{
	struct ip_addr ip = key_local(key);

	for (uint32_t i = 0; i < TCP_LISTENERS_MAX; i++) {
		struct tcp_listener *listener = &tcp->listeners[i];
		if (!listener->used || listener->local.port != key->local_port)
			continue;
		if (ip_equal(&listener->local.ip, &ip) ||
			(ip_is_unspecified(&listener->local.ip) && listener->local.ip.family == ip.family))
			return listener;
	}
	return NULL;
}

static struct tcp_listener *listener_at(struct tcp *tcp, const struct endpoint *local)
{
	for (uint32_t i = 0; i < TCP_LISTENERS_MAX; i++) {
		if (tcp->listeners[i].used && endpoint_equal(&tcp->listeners[i].local, local))
			return &tcp->listeners[i];
	}
	return NULL;
}

int tcp_listen(struct tcp *tcp, const struct endpoint *local, uint32_t backlog, uint64_t cookie)
{
	if (listener_at(tcp, local))
		return -EADDRINUSE;
	for (uint32_t i = 0; i < TCP_LISTENERS_MAX; i++) {
		struct tcp_listener *listener = &tcp->listeners[i];
		if (listener->used)
			continue;
		/* Half-open connections of an earlier listener go on, but count in its place no more. */
		*listener = (struct tcp_listener){.local = *local,
			.cookie = cookie,
			.backlog = backlog,
			.life = listener->life + 1,
			.used = true};
		return 0;
	}
	return -ENOSPC;
}

int tcp_unlisten(struct tcp *tcp, const struct endpoint *local)
{
	struct tcp_listener *listener = listener_at(tcp, local);

	if (!listener)
		return -ENOENT;
	listener->used = false;
	return 0;
}

/* An ACK may be the answer to a cookie; else there is nothing that it could acknowledge. */
static void stray_ack(struct tcp *tcp, const struct tcp_listener *listener, struct segment *seg)
{
	if (listener && !(seg->flags & TCP_SYN) && cookie_input(tcp, listener, seg))
		return;
	tcp_count(tcp, STAT_tcp_no_connection);
	reset_answer(tcp, seg);
}

void listen_input(struct tcp *tcp, struct segment *seg)
{
	struct tcp_listener *listener = listener_find(tcp, &seg->key);

	if (seg->flags & TCP_RST) {
		tcp_count(tcp, STAT_tcp_rst_unknown);
	} else if (!listener || (seg->flags & TCP_ACK)) {
		stray_ack(tcp, listener, seg);
	} else if (!(seg->flags & TCP_SYN)) {
		tcp_count(tcp, STAT_tcp_no_syn);
	} else {
		half_open(tcp, listener, seg, isn_choose(tcp, &seg->key));
	}
}
