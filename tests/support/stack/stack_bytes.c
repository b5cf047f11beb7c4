/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of a connection, both ways, and what stack_poll() says of them. */
#include "stack_priv.h"

#include "tcp/tcp.h"

#include <rte_mbuf.h>

#include <errno.h>
#include <string.h>

enum { SPANS = 16 };

/* What tcp_send() refuses for a while: no room in this queue, or in all of them together. */
static bool is_full(ssize_t ret)
{
	return ret == -EAGAIN || ret == -ENOBUFS;
}

/*
 * One chain, so that full segments leave; smaller ones when the queues have no room for so much. Returns the
 * bytes that were queued, or what tcp_send() said to the smallest; -ENOMEM: no packet buffer is left.
 */
static ssize_t queue_some(struct stack *stack, struct stack_socket *socket, const char *bytes, size_t len)
{
	static const size_t chain_bytes[] = {32768, 8192, 2048};
	ssize_t ret = -ENOMEM;

	for (unsigned i = 0; i < sizeof(chain_bytes) / sizeof(chain_bytes[0]); i++) {
		size_t some = RTE_MIN(len, chain_bytes[i]);
		struct rte_mbuf *chain = packet_of(stack, bytes, some);
		ret = chain ? tcp_send(socket->tcb, chain, stack->now_ns) : -ENOMEM;
		if (ret == 0)
			return (ssize_t)some;
		rte_pktmbuf_free(chain);
		if (!is_full(ret) && ret != -EMSGSIZE && ret != -ENOMEM)
			break;
	}
	return ret;
}

static int send_check(struct stack_socket *socket, int flags)
{
	if (flags & ~(MSG_NOSIGNAL | MSG_DONTWAIT))
		return -EOPNOTSUPP;
	if (socket->error)
		return socket_error_take(socket);
	if (socket->kind == SOCKET_FRESH || socket->kind == SOCKET_LISTENING)
		return -ENOTCONN;
	if (socket->kind == SOCKET_ENDED || socket->shut_write)
		return -EPIPE;
	return socket->kind == SOCKET_CONNECTING ? -EAGAIN : 0;
}

ssize_t stack_send(struct stack *stack, int sock, const void *bytes, size_t len, int flags)
{
	struct stack_socket *socket = socket_at(stack, sock);
	ssize_t ret = socket ? send_check(socket, flags) : -EBADF;
	size_t done = 0;

	if (ret != 0)
		return ret;
	while (done < len) {
		ret = queue_some(stack, socket, (const char *)bytes + done, len - done);
		if (ret < 0)
			break;
		done += (size_t)ret;
	}
	/* Its end is told by TCP_WRITABLE, whatever was full. */
	socket->blocked = is_full(ret);
	if (ret == -ENOBUFS)
		ret = -EAGAIN;
	link_settle(stack);
	return done > 0 || ret >= 0 ? (ssize_t)done : ret;
}

static size_t copy_out(const struct stack_socket *socket, char *bytes, size_t len)
{
	struct span spans[SPANS];
	uint32_t count = tcp_receive(socket->tcb, spans, SPANS);
	size_t done = 0;

	for (uint32_t i = 0; i < count && done < len; i++) {
		size_t part = RTE_MIN(len - done, spans[i].len);
		memcpy(bytes + done, spans[i].p, part);
		done += part;
	}
	return done;
}

/* What came in order, as far as it was there when the call began. */
static size_t take_bytes(struct stack *stack, struct stack_socket *socket, char *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t some = copy_out(socket, bytes + done, len - done);
		if (some == 0)
			break;
		tcp_consume(socket->tcb, (uint32_t)some, stack->now_ns);
		done += some;
	}
	return done;
}

static int recv_check(const struct stack_socket *socket, int flags)
{
	if (flags & ~(MSG_PEEK | MSG_DONTWAIT))
		return -EOPNOTSUPP;
	if (socket->kind == SOCKET_FRESH || socket->kind == SOCKET_LISTENING)
		return -ENOTCONN;
	return 0;
}

static ssize_t recv_nothing(struct stack_socket *socket)
{
	if (socket->error)
		return socket_error_take(socket);
	return socket->peer_closed || socket->shut_read ? 0 : -EAGAIN;
}

ssize_t stack_recv(struct stack *stack, int sock, void *bytes, size_t len, int flags)
{
	struct stack_socket *socket = socket_at(stack, sock);
	ssize_t ret = socket ? recv_check(socket, flags) : -EBADF;
	size_t done = 0;

	if (ret != 0)
		return ret;
	if (socket->tcb && (flags & MSG_PEEK))
		done = copy_out(socket, bytes, len);
	else if (socket->tcb)
		done = take_bytes(stack, socket, bytes, len);
	link_settle(stack);
	return done > 0 || len == 0 ? (ssize_t)done : recv_nothing(socket);
}

int stack_shutdown(struct stack *stack, int sock, int how)
{
	struct stack_socket *socket = socket_at(stack, sock);

	if (!socket)
		return -EBADF;
	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		return -EINVAL;
	if (socket->kind != SOCKET_CONNECTED || !socket->tcb)
		return -ENOTCONN;
	if (how != SHUT_WR) {
		socket->shut_read = true;
		socket_drain(stack, socket);
	}
	if (how != SHUT_RD) {
		socket->shut_write = true;
		tcp_shutdown(socket->tcb, stack->now_ns);
	}
	link_settle(stack);
	return 0;
}

static bool can_read(const struct stack_socket *socket)
{
	struct span span;

	if (socket->kind == SOCKET_LISTENING)
		return socket->waiting > 0;
	if (socket->peer_closed || socket->shut_read || socket->error)
		return true;
	return socket->tcb && tcp_receive(socket->tcb, &span, 1) > 0;
}

static short answers(const struct stack_socket *socket)
{
	bool connection = socket->kind == SOCKET_CONNECTED || socket->kind == SOCKET_ENDED;
	short found = can_read(socket) ? POLLIN : 0;

	if (connection && !socket->blocked)
		found |= POLLOUT;
	if (connection && socket->peer_closed)
		found |= POLLRDHUP;
	if (socket->kind == SOCKET_ENDED || (socket->peer_closed && socket->shut_write))
		found |= POLLHUP;
	if (socket->error)
		found |= POLLERR;
	return found;
}

int stack_poll(struct stack *stack, struct pollfd *polled, nfds_t count)
{
	int ready = 0;

	for (nfds_t i = 0; i < count; i++) {
		const struct stack_socket *socket = socket_at(stack, polled[i].fd);
		short wanted = polled[i].events | POLLERR | POLLHUP;
		polled[i].revents = 0;
		if (polled[i].fd < 0)
			continue;
		polled[i].revents = (short)(socket ? answers(socket) & wanted : POLLNVAL);
		ready += polled[i].revents != 0;
	}
	return ready;
}
