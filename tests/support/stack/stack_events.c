/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What TCP tells of connections, kept in their sockets until a call or stack_poll() asks. Runs inside of
 * tcp_tick() and tcp_input(), whose rules it obeys.
 */
#include "stack_priv.h"

#include "tcp/tcp.h"

#include <errno.h>

static int errno_of(enum tcp_reason why)
{
	static const int errors[TCP_WHY_COUNT] = {
		[TCP_WHY_RESET] = ECONNRESET,
		[TCP_WHY_REFUSED] = ECONNREFUSED,
		[TCP_WHY_UNREACHABLE] = EHOSTUNREACH,
		[TCP_WHY_CONNECT_TIMEOUT] = ETIMEDOUT,
		[TCP_WHY_USER_TIMEOUT] = ETIMEDOUT,
		[TCP_WHY_KEEPALIVE] = ETIMEDOUT,
		[TCP_WHY_IDLE] = ETIMEDOUT,
		[TCP_WHY_CLOSE_LIMIT] = ETIMEDOUT,
		[TCP_WHY_DATA_AFTER_CLOSE] = ECONNRESET,
		[TCP_WHY_ABORTED] = ECONNABORTED,
	};

	ensure(why < TCP_WHY_COUNT);
	return errors[why];
}

static void accept_last(struct stack *stack, struct stack_socket *listener, struct stack_socket *socket)
{
	uint32_t index = (uint32_t)socket_number(stack, socket);

	if (listener->last == STACK_NONE)
		listener->first = index;
	else
		stack->sockets[listener->last].next = index;
	listener->last = index;
	listener->waiting++;
}

/* Refused by RST when nobody listens any more, or too many wait, or no number is free. */
static void accepted(struct stack *stack, struct tcb *tcb)
{
	struct stack_socket *listener = socket_of_cookie(stack, tcp_cookie(tcb));
	struct stack_socket *socket = NULL;
	struct tcp_info info;

	if (listener && listener->kind == SOCKET_LISTENING && listener->waiting < listener->backlog)
		socket = socket_take(stack, listener->family);
	if (!socket) {
		tcp_set_cookie(tcb, 0);
		tcp_abort(tcb, stack->now_ns);
		return;
	}
	tcp_info(tcb, &info);
	socket->kind = SOCKET_CONNECTED;
	socket->tcb = tcb;
	socket->local = info.local;
	socket->peer = info.remote;
	tcp_set_cookie(tcb, socket_cookie(stack, socket));
	socket_set_user_timeout(stack, socket, listener->user_timeout_ms);
	accept_last(stack, listener, socket);
}

void socket_drain(struct stack *stack, struct stack_socket *socket)
{
	struct tcp_info info;

	tcp_info(socket->tcb, &info);
	tcp_consume(socket->tcb, info.receive_queued_bytes, stack->now_ns);
}

static void ended(struct stack_socket *socket, enum tcp_reason why)
{
	socket->tcb = NULL;
	socket->kind = SOCKET_ENDED;
	socket->error = errno_of(why);
	socket->peer_closed = true;
	socket->blocked = false;
}

static void event(void *ctx, struct tcb *tcb, enum tcp_event event, enum tcp_reason why)
{
	struct stack *stack = ctx;
	struct stack_socket *socket;

	if (event == TCP_ACCEPTED) {
		accepted(stack, tcb);
		return;
	}
	socket = socket_of_cookie(stack, tcp_cookie(tcb));
	if (!socket)
		return;
	if (event == TCP_CONNECTED)
		socket->kind = SOCKET_CONNECTED;
	else if (event == TCP_READABLE && socket->shut_read)
		socket_drain(stack, socket);
	else if (event == TCP_PEER_CLOSED)
		socket->peer_closed = true;
	else if (event == TCP_WRITABLE)
		socket->blocked = false;
	else if (event == TCP_ENDED)
		ended(socket, why);
}

void events_install(struct stack *stack, struct tcp_config *config)
{
	config->ctx = stack;
	config->event = event;
}
