/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets and their life: numbers, addresses, listening, accepting, connecting, closing. A connection knows
 * its socket by the cookie {generation, number}; one whose socket was closed has cookie 0 and lives on alone.
 */
#include "stack_priv.h"

#include "net/net.h"
#include "tcp/tcp.h"

#include <errno.h>

struct stack_socket *socket_at(struct stack *stack, int sock)
{
	if (sock < 0 || (uint32_t)sock >= stack->config.sockets_max)
		return NULL;
	return stack->sockets[sock].kind == SOCKET_FREE ? NULL : &stack->sockets[sock];
}

struct stack_socket *socket_take(struct stack *stack, int family)
{
	for (uint32_t i = 0; i < stack->config.sockets_max; i++) {
		struct stack_socket *socket = &stack->sockets[i];
		if (socket->kind != SOCKET_FREE)
			continue;
		*socket = (struct stack_socket){
			.kind = SOCKET_FRESH,
			.family = (uint8_t)family,
			.generation = socket->generation + 1,
			.user_timeout_ms = stack->config.user_timeout_ms,
			.first = STACK_NONE,
			.last = STACK_NONE,
			.next = STACK_NONE,
		};
		return socket;
	}
	return NULL;
}

void socket_give(struct stack *stack, struct stack_socket *socket)
{
	ensure(socket_number(stack, socket) >= 0);
	socket->kind = SOCKET_FREE;
}

int socket_number(const struct stack *stack, const struct stack_socket *socket)
{
	return (int)(socket - stack->sockets);
}

uint64_t socket_cookie(const struct stack *stack, const struct stack_socket *socket)
{
	return (uint64_t)socket->generation << 32 | (uint32_t)socket_number(stack, socket);
}

struct stack_socket *socket_of_cookie(struct stack *stack, uint64_t cookie)
{
	struct stack_socket *socket = cookie ? socket_at(stack, (int)(uint32_t)cookie) : NULL;

	return socket && socket->generation == cookie >> 32 ? socket : NULL;
}

int socket_error_take(struct stack_socket *socket)
{
	int error = socket->error;

	socket->error = 0;
	return -error;
}

int stack_socket(struct stack *stack, int family, int type)
{
	struct stack_socket *socket;

	if (family != AF_INET && family != AF_INET6)
		return -EAFNOSUPPORT;
	if ((type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM)
		return -EPROTONOSUPPORT;
	socket = socket_take(stack, family == AF_INET ? IP_V4 : IP_V6);
	return socket ? socket_number(stack, socket) : -EMFILE;
}

static bool is_local(const struct stack *stack, const struct ip_addr *ip)
{
	for (uint16_t i = 0; i < stack->local_count; i++) {
		if (ip_equal(&stack->local[i].addr, ip))
			return true;
	}
	return ip_is_unspecified(ip);
}

/* Only listeners take a port of their own: connections have theirs from a range that no listener should use.
 */
static bool is_taken(const struct stack *stack, const struct endpoint *local)
{
	for (uint32_t i = 0; i < stack->config.sockets_max; i++) {
		const struct stack_socket *socket = &stack->sockets[i];
		if ((socket->kind == SOCKET_LISTENING || (socket->kind == SOCKET_FRESH && socket->bound)) &&
			endpoint_equal(&socket->local, local))
			return true;
	}
	return false;
}

int stack_bind(struct stack *stack, int sock, const struct sockaddr *addr, socklen_t len)
{
	struct stack_socket *socket = socket_at(stack, sock);
	struct endpoint local;
	int ret;

	if (!socket)
		return -EBADF;
	ret = endpoint_of_sockaddr(addr, len, &local);
	if (ret != 0)
		return ret;
	if (local.ip.family != socket->family)
		return -EAFNOSUPPORT;
	if (socket->kind != SOCKET_FRESH || socket->bound || local.port == 0)
		return -EINVAL;
	if (!is_local(stack, &local.ip))
		return -EADDRNOTAVAIL;
	if (is_taken(stack, &local))
		return -EADDRINUSE;
	socket->local = local;
	socket->bound = true;
	return 0;
}

int stack_listen(struct stack *stack, int sock, int backlog)
{
	struct stack_socket *socket = socket_at(stack, sock);
	uint32_t half_open = backlog < 1                   ? 1
			     : backlog > STACK_BACKLOG_MAX ? STACK_BACKLOG_MAX
							   : (uint32_t)backlog;
	int ret;

	if (!socket)
		return -EBADF;
	if (socket->kind != SOCKET_FRESH)
		return -EINVAL;
	if (!socket->bound)
		return -EDESTADDRREQ;
	ret = tcp_listen(stack->tcp, &socket->local, half_open, socket_cookie(stack, socket));
	if (ret != 0)
		return ret;
	socket->kind = SOCKET_LISTENING;
	socket->backlog = half_open;
	return 0;
}

static struct stack_socket *accept_first(struct stack *stack, struct stack_socket *listener)
{
	struct stack_socket *socket;

	if (listener->waiting == 0)
		return NULL;
	socket = &stack->sockets[listener->first];
	listener->first = socket->next;
	if (listener->first == STACK_NONE)
		listener->last = STACK_NONE;
	listener->waiting--;
	socket->next = STACK_NONE;
	return socket;
}

int stack_accept(struct stack *stack, int sock, struct sockaddr *addr, socklen_t *len)
{
	struct stack_socket *listener = socket_at(stack, sock);
	struct stack_socket *socket;

	if (!listener)
		return -EBADF;
	if (listener->kind != SOCKET_LISTENING)
		return -EINVAL;
	socket = accept_first(stack, listener);
	if (!socket)
		return -EAGAIN;
	if (addr && len)
		sockaddr_write(&socket->peer, addr, len);
	return socket_number(stack, socket);
}

static int connect_check(const struct stack_socket *socket, const struct endpoint *peer)
{
	if (socket->kind == SOCKET_CONNECTING)
		return -EALREADY;
	if (socket->kind == SOCKET_CONNECTED)
		return -EISCONN;
	if (socket->kind != SOCKET_FRESH || peer->port == 0)
		return -EINVAL;
	if (socket->bound)
		return -EOPNOTSUPP;
	return peer->ip.family == socket->family ? 0 : -EAFNOSUPPORT;
}

int stack_connect(struct stack *stack, int sock, const struct sockaddr *addr, socklen_t len)
{
	struct stack_socket *socket = socket_at(stack, sock);
	struct endpoint peer;
	struct tcp_info info;
	int ret;

	if (!socket)
		return -EBADF;
	ret = endpoint_of_sockaddr(addr, len, &peer);
	if (ret == 0)
		ret = connect_check(socket, &peer);
	if (ret == 0)
		ret = tcp_connect(
			stack->tcp, &peer, socket_cookie(stack, socket), stack->now_ns, &socket->tcb);
	if (ret != 0)
		return ret;
	tcp_info(socket->tcb, &info);
	socket->local = info.local;
	socket->peer = peer;
	socket->kind = SOCKET_CONNECTING;
	socket_set_user_timeout(stack, socket, socket->user_timeout_ms);
	link_settle(stack);
	return -EINPROGRESS;
}

/* The connection goes on, or ends, without a socket. */
static void part(struct stack *stack, struct stack_socket *socket, void (*end)(struct tcb *, uint64_t))
{
	struct tcb *tcb = socket->tcb;

	socket->tcb = NULL;
	if (!tcb)
		return;
	tcp_set_cookie(tcb, 0);
	end(tcb, stack->now_ns);
}

static void unlisten(struct stack *stack, struct stack_socket *listener)
{
	struct stack_socket *socket;

	ensure(tcp_unlisten(stack->tcp, &listener->local) == 0);
	while ((socket = accept_first(stack, listener)) != NULL) {
		part(stack, socket, tcp_abort);
		socket_give(stack, socket);
	}
}

static int leave(struct stack *stack, int sock, void (*end)(struct tcb *, uint64_t))
{
	struct stack_socket *socket = socket_at(stack, sock);

	if (!socket)
		return -EBADF;
	if (socket->kind == SOCKET_LISTENING)
		unlisten(stack, socket);
	part(stack, socket, end);
	socket_give(stack, socket);
	link_settle(stack);
	return 0;
}

int stack_close(struct stack *stack, int sock)
{
	return leave(stack, sock, tcp_close);
}

int stack_abort(struct stack *stack, int sock)
{
	return leave(stack, sock, tcp_abort);
}

int stack_getsockname(struct stack *stack, int sock, struct sockaddr *addr, socklen_t *len)
{
	const struct stack_socket *socket = socket_at(stack, sock);
	struct endpoint local = {.port = 0};

	if (!socket)
		return -EBADF;
	local = socket->local;
	local.ip.family = socket->family; /* unbound: all zero, but of the family */
	sockaddr_write(&local, addr, len);
	return 0;
}

int stack_getpeername(struct stack *stack, int sock, struct sockaddr *addr, socklen_t *len)
{
	const struct stack_socket *socket = socket_at(stack, sock);

	if (!socket)
		return -EBADF;
	if (socket->peer.port == 0)
		return -ENOTCONN;
	sockaddr_write(&socket->peer, addr, len);
	return 0;
}
