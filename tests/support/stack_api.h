/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The balancer's TCP/IP as a library for other people's test suites (libsluicestack.so): socket-like calls
 * above, raw packets below, a clock that the caller moves. Nothing happens but within a call. docs/TESTING.md
 * says how to attach a packet-script tool or a wire-level tester.
 *
 * Results: what the call is for (0, a number, a length), or a negative errno. -EINVAL also says: this socket
 * is not in a state for the call. -EBADF: no socket has this number. Times are nanoseconds of the caller's
 * clock, which starts where it likes and never runs backwards; lengths are bytes. All calls are non-blocking.
 *
 * Instances share nothing; one may be used by one thread at a time. stack_create() and stack_destroy() of all
 * instances belong to one thread: the first call starts DPDK in this process, without huge pages, devices,
 * or files that another process could see (STACK_EAL_MEGABYTES in the environment: its memory, 512).
 */
#ifndef TESTS_SUPPORT_STACK_API_H
#define TESTS_SUPPORT_STACK_API_H

#include "stack_config.h"

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct stack;

/* -EINVAL: a field is out of range or an address is not one; -ENOMEM; -ENODEV: DPDK does not start. */
int stack_create(const struct stack_config *config, uint64_t now_ns, struct stack **ret_stack);
/* Ends everything without a word to the peers. NULL is fine. */
void stack_destroy(struct stack *stack);

/* Time is now this; timers that are due on the way fire, each at its own time. -EINVAL: it was later. */
int stack_advance(struct stack *stack, uint64_t now_ns);
/*
 * Time is now this, but no timer fires before stack_advance(): for a program on a live device, which was away
 * for a while and must take what came meanwhile before it believes that nothing came. -EINVAL as above.
 */
int stack_clock(struct stack *stack, uint64_t now_ns);
/*
 * Nothing leaves by itself before this time; it may be earlier than the first thing that does. UINT64_MAX:
 * never. With STACK_LINK_ETHERNET at most 10 ms ahead: neighbours are asked again and grow old.
 */
uint64_t stack_next_ns(const struct stack *stack);

/*
 * A packet arrives. 0 (also when the stack then drops it: stack_counter() says why), -EINVAL (too short to
 * have a header, or STACK_LINK_IP and neither version 4 nor 6), -EMSGSIZE (over 65,535 bytes), -ENOBUFS.
 */
int stack_input(struct stack *stack, const void *packet, size_t len);
/* Takes the oldest packet that leaves. Its length; 0: none waits; -EMSGSIZE: size is less, and it stays. */
ssize_t stack_output(struct stack *stack, void *packet, size_t size);

/* AF_INET or AF_INET6, SOCK_STREAM. A number from 0, -EAFNOSUPPORT, -EPROTONOSUPPORT, or -EMFILE. */
int stack_socket(struct stack *stack, int family, int type);

/* Of a listener to be: an address of ours or the unspecified one, a port. -EADDRNOTAVAIL, -EADDRINUSE. */
int stack_bind(struct stack *stack, int sock, const struct sockaddr *addr, socklen_t len);

/*
 * backlog: half-open connections before SYN cookies answer, and connections that wait for stack_accept()
 * before more are reset; 1 to 4,096, other values mean the nearest. -EDESTADDRREQ (not bound), -EADDRINUSE,
 * -ENOSPC (64 listeners are there), -EINVAL.
 */
int stack_listen(struct stack *stack, int sock, int backlog);
/* The number of a new socket, whose peer is written as by stack_getpeername() unless addr is NULL. -EAGAIN:
 * none waits; -EINVAL: it does not listen.
 */
int stack_accept(struct stack *stack, int sock, struct sockaddr *addr, socklen_t *len);

/*
 * Sends a SYN: -EINPROGRESS. POLLOUT comes with the connection, POLLERR without. Once for each socket:
 * -EALREADY, -EISCONN, -EINVAL (it failed, or listens). -EOPNOTSUPP: bound; the stack chooses source ports.
 * -EADDRNOTAVAIL (no source address or port is left), -ENOBUFS (no connection is left), -EAFNOSUPPORT.
 */
int stack_connect(struct stack *stack, int sock, const struct sockaddr *addr, socklen_t len);

/*
 * Queues a copy of as many bytes as there is room for, and returns how many; the first ones may have left
 * already. -EAGAIN (no room, or still connecting: POLLOUT tells), -ENOMEM (no packet buffer is left: nothing
 * tells), -EPIPE (shut down for sending, or ended), -ENOTCONN, -EOPNOTSUPP (flags: MSG_NOSIGNAL,
 * MSG_DONTWAIT, which change nothing), or the reason of the end, once, as in SO_ERROR.
 */
ssize_t stack_send(struct stack *stack, int sock, const void *bytes, size_t len, int flags);

/*
 * Up to len bytes that came in order. 0: the peer sent FIN, or it is shut down for receiving, and nothing
 * waits. -EAGAIN, -ENOTCONN, -EOPNOTSUPP (flags: MSG_PEEK, MSG_DONTWAIT), or the reason of the end, once.
 */
ssize_t stack_recv(struct stack *stack, int sock, void *bytes, size_t len, int flags);

/* SHUT_WR: FIN after what is queued. SHUT_RD: what waits or comes is acknowledged and thrown away. */
int stack_shutdown(struct stack *stack, int sock, int how);

/*
 * The number is free again. FIN after what is queued; but RST at once when bytes wait unread, and when bytes
 * come later (RFC 2525 2.17). A listener's connections that nobody accepted are reset.
 */
int stack_close(struct stack *stack, int sock);
/* RST now, and the number is free: what SO_LINGER with a time of 0 does elsewhere. */
int stack_abort(struct stack *stack, int sock);

/*
 * How many of the sockets have what is asked, or one of the answers that are always given. POLLIN: a
 * connection, bytes, the end or an error can be taken. POLLOUT: bytes can be queued, or stack_send() says why
 * not. POLLRDHUP: the peer sent FIN. POLLHUP: both directions ended. POLLERR, POLLNVAL. fd < 0 is passed
 * over. Returns at once.
 */
int stack_poll(struct stack *stack, struct pollfd *polled, nfds_t count);

struct stack_option {
	int level;
	int name;
};

/*
 * An int each, unless said otherwise. What is not listed here is -ENOPROTOOPT. *len: the room, then the
 * length.
 *   SOL_SOCKET   SO_ERROR (once), SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ACCEPTCONN; SO_RCVBUF, SO_SNDBUF (bytes
 *                of the configuration); SO_KEEPALIVE, SO_REUSEADDR (1: always)
 *   IPPROTO_TCP  TCP_NODELAY (1: always), TCP_MAXSEG (bytes of text without options), TCP_KEEPIDLE,
 *                TCP_KEEPINTVL (whole seconds, at least 1), TCP_KEEPCNT, TCP_USER_TIMEOUT (ms); TCP_INFO:
 *                struct tcp_info of <linux/tcp.h> with tcpi_state, _options, _snd_wscale, _rcv_wscale, _rto,
 *                _snd_mss, _rcv_mss, _unacked, _lost, _rtt, _rttvar, _snd_ssthresh, _snd_cwnd, _pmtu; the
 *                rest is 0
 */
int stack_getsockopt(struct stack *stack, int sock, struct stack_option option, void *value, socklen_t *len);
/*
 * TCP_USER_TIMEOUT: ms, 0 for the configuration's; a listener's is that of what it accepts from then on.
 * SO_KEEPALIVE, SO_REUSEADDR and TCP_NODELAY can be set to what they are (not 0). All else belongs to struct
 * stack_config: -ENOPROTOOPT.
 */
int stack_setsockopt(
	struct stack *stack, int sock, struct stack_option option, const void *value, socklen_t len);

/* *len: the room, then the true length; what does not fit is cut off. -ENOTCONN: no peer. */
int stack_getsockname(struct stack *stack, int sock, struct sockaddr *addr, socklen_t *len);
int stack_getpeername(struct stack *stack, int sock, struct sockaddr *addr, socklen_t *len);

/* "ESTABLISHED" and its likes (RFC 9293 3.3.2); "CLOSED" when there is no connection, NULL: no such socket.
 */
const char *stack_state(struct stack *stack, int sock);

/* A counter by its name, for example "tcp_retransmissions"; -ENOENT. The names, from 0 on; NULL after them.
 */
int stack_counter(const struct stack *stack, const char *name, uint64_t *ret_value);
const char *stack_counter_name(unsigned index);

#endif
