/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket calls of the stack library: what each answers, and when. */
#include "pair.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

static char sent[PAIR_BYTES_MAX];
static char received[PAIR_BYTES_MAX];

static struct pair *start(void)
{
	static struct pair pair;
	struct stack_config a = pair_config(1);
	struct stack_config b = pair_config(2);

	pair_start(&pair, &a, &b);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 31 + (i >> 8) * 7 + 1);
	return &pair;
}

/* All of it, through however many calls that takes. */
static void carry(struct pair *pair, int from_a, int to_b, size_t len)
{
	size_t out = 0;
	size_t in = 0;

	memset(received, 0, len);
	while (in < len) {
		ssize_t n = out < len ? stack_send(pair->a, from_a, sent + out, len - out, 0) : 0;
		assert_true(n >= 0 || n == -EAGAIN);
		out += n > 0 ? (size_t)n : 0;
		pair_wait(pair, 1);
		n = stack_recv(pair->b, to_b, received + in, sizeof(received) - in, 0);
		assert_true(n > 0 || n == -EAGAIN);
		in += n > 0 ? (size_t)n : 0;
	}
	assert_int_equal(in, len);
	assert_memory_equal(sent, received, len);
}

static void bytes_arrive(int family)
{
	struct pair *pair = start();
	int a, b;

	pair_connect(pair, family, &a, &b);
	assert_int_equal(pair_poll(pair->b, b), POLLOUT);
	carry(pair, a, b, sizeof(sent));
	assert_int_equal(stack_send(pair->b, b, "pong", 4, MSG_NOSIGNAL), 4);
	pair_wait(pair, 1);
	assert_int_equal(pair_poll(pair->a, a), POLLIN | POLLOUT);
	assert_int_equal(stack_recv(pair->a, a, received, 2, MSG_PEEK), 2);
	assert_int_equal(stack_recv(pair->a, a, received, 100, 0), 4);
	assert_memory_equal(received, "pong", 4);
	pair_stop(pair);
}

static void a_megabyte_arrives_over_ipv4(void **state)
{
	(void)state;
	bytes_arrive(AF_INET);
}

static void a_megabyte_arrives_over_ipv6(void **state)
{
	(void)state;
	bytes_arrive(AF_INET6);
}

static void lost_packets_are_sent_again_as_the_clock_moves(void **state)
{
	struct pair *pair = start();
	int a, b;

	(void)state;
	pair_connect(pair, AF_INET, &a, &b);
	pair->lose_next = 1;
	assert_int_equal(stack_send(pair->a, a, "lost", 4, 0), 4);
	pair_settle(pair);
	assert_int_equal(stack_recv(pair->b, b, received, 4, 0), -EAGAIN);
	pair_wait(pair, 1000);
	assert_int_equal(stack_recv(pair->b, b, received, 4, 0), 4);
	pair_stop(pair);
}

static void a_connection_nobody_listens_for_is_refused_once(void **state)
{
	struct pair *pair = start();
	struct sockaddr_storage address;
	socklen_t len = pair_address(AF_INET6, 2, 9, &address);
	int a = stack_socket(pair->a, AF_INET6, SOCK_STREAM);
	int error = 0;
	socklen_t error_len = sizeof(error);

	(void)state;
	assert_int_equal(stack_connect(pair->a, a, (struct sockaddr *)&address, len), -EINPROGRESS);
	assert_int_equal(stack_connect(pair->a, a, (struct sockaddr *)&address, len), -EALREADY);
	assert_int_equal(stack_send(pair->a, a, "early", 5, 0), -EAGAIN);
	pair_wait(pair, 5);
	assert_true(pair_poll(pair->a, a) & POLLERR);
	assert_int_equal(
		stack_getsockopt(pair->a, a, (struct stack_option){SOL_SOCKET, SO_ERROR}, &error, &error_len),
		0);
	assert_int_equal(error, ECONNREFUSED);
	assert_int_equal(stack_send(pair->a, a, "late", 4, 0), -EPIPE);
	assert_int_equal(stack_recv(pair->a, a, received, 4, 0), 0);
	assert_int_equal(stack_connect(pair->a, a, (struct sockaddr *)&address, len), -EINVAL);
	pair_stop(pair);
}

static void a_connection_that_nobody_answers_times_out(void **state)
{
	struct pair *pair = start();
	struct sockaddr_storage address;
	socklen_t len = pair_address(AF_INET, 2, PAIR_PORT, &address);
	int a = stack_socket(pair->a, AF_INET, SOCK_STREAM);

	(void)state;
	pair->cut = true;
	assert_int_equal(stack_connect(pair->a, a, (struct sockaddr *)&address, len), -EINPROGRESS);
	pair_wait(pair, 9000);
	assert_string_equal(stack_state(pair->a, a), "SYN-SENT");
	pair_wait(pair, 2000);
	assert_int_equal(stack_recv(pair->a, a, received, 4, 0), -ETIMEDOUT);
	pair_stop(pair);
}

static void half_a_connection_goes_on_after_shutdown(void **state)
{
	struct pair *pair = start();
	int a, b;

	(void)state;
	pair_connect(pair, AF_INET, &a, &b);
	assert_int_equal(stack_send(pair->a, a, "last", 4, 0), 4);
	assert_int_equal(stack_shutdown(pair->a, a, SHUT_WR), 0);
	assert_int_equal(stack_send(pair->a, a, "more", 4, 0), -EPIPE);
	pair_wait(pair, 100);
	assert_true(pair_poll(pair->b, b) & POLLRDHUP);
	assert_int_equal(stack_recv(pair->b, b, received, 100, 0), 4);
	assert_int_equal(stack_recv(pair->b, b, received, 100, 0), 0);
	assert_int_equal(stack_send(pair->b, b, "answer", 6, 0), 6);
	pair_wait(pair, 100);
	assert_int_equal(stack_recv(pair->a, a, received, 100, 0), 6);
	assert_string_equal(stack_state(pair->a, a), "FIN-WAIT-2");
	assert_string_equal(stack_state(pair->b, b), "CLOSE-WAIT");
	assert_int_equal(stack_close(pair->b, b), 0);
	pair_wait(pair, 100);
	assert_int_equal(pair_poll(pair->a, a), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	assert_int_equal(stack_recv(pair->a, a, received, 100, 0), 0);
	pair_stop(pair);
}

static void what_comes_after_shutdown_for_reading_is_thrown_away(void **state)
{
	struct pair *pair = start();
	int a, b;

	(void)state;
	pair_connect(pair, AF_INET, &a, &b);
	assert_int_equal(stack_shutdown(pair->b, b, SHUT_RD), 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(stack_send(pair->a, a, sent, 2000, 0), 2000);
		pair_wait(pair, 1);
	}
	assert_int_equal(stack_recv(pair->b, b, received, 100, 0), 0);
	assert_string_equal(stack_state(pair->b, b), "ESTABLISHED");
	pair_stop(pair);
}

static void bytes_that_nobody_read_reset_the_connection_at_close(void **state)
{
	struct pair *pair = start();
	int a, b;

	(void)state;
	pair_connect(pair, AF_INET6, &a, &b);
	assert_int_equal(stack_send(pair->a, a, "unread", 6, 0), 6);
	pair_wait(pair, 1);
	assert_int_equal(stack_close(pair->b, b), 0);
	assert_null(stack_state(pair->b, b));
	pair_wait(pair, 1);
	assert_int_equal(stack_send(pair->a, a, "more", 4, 0), -ECONNRESET);
	assert_int_equal(stack_send(pair->a, a, "more", 4, 0), -EPIPE);
	pair_stop(pair);
}

static void abort_resets_the_peer(void **state)
{
	struct pair *pair = start();
	int a, b;

	(void)state;
	pair_connect(pair, AF_INET, &a, &b);
	assert_int_equal(stack_abort(pair->a, a), 0);
	pair_wait(pair, 1);
	assert_int_equal(pair_poll(pair->b, b), POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	assert_int_equal(stack_recv(pair->b, b, received, 1, 0), -ECONNRESET);
	assert_int_equal(stack_recv(pair->b, b, received, 1, 0), 0);
	pair_stop(pair);
}

static void a_full_queue_says_again_and_poll_tells_when_it_has_room(void **state)
{
	struct pair *pair = start();
	size_t queued = 0;
	ssize_t n;
	int a, b;

	(void)state;
	pair_connect(pair, AF_INET, &a, &b);
	while ((n = stack_send(pair->a, a, sent, sizeof(sent), 0)) > 0)
		queued += (size_t)n;
	assert_int_equal(n, -EAGAIN);
	assert_true(queued > 100000);
	assert_int_equal(pair_poll(pair->a, a), 0);
	for (int i = 0; i < 200; i++) {
		pair_wait(pair, 5);
		(void)stack_recv(pair->b, b, received, sizeof(received), 0);
	}
	assert_int_equal(pair_poll(pair->a, a), POLLOUT);
	pair_stop(pair);
}

static void more_connections_than_the_backlog_are_reset(void **state)
{
	struct pair *pair = start();
	struct sockaddr_storage address;
	socklen_t len = pair_address(AF_INET, 2, PAIR_PORT, &address);
	int listener = pair_listen(pair, AF_INET, 2);
	int socks[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		socks[i] = stack_socket(pair->a, AF_INET, SOCK_STREAM);
		assert_int_equal(
			stack_connect(pair->a, socks[i], (struct sockaddr *)&address, len), -EINPROGRESS);
		pair_wait(pair, 1);
	}
	pair_wait(pair, 10);
	assert_string_equal(stack_state(pair->a, socks[1]), "ESTABLISHED");
	assert_string_equal(stack_state(pair->a, socks[2]), "CLOSED");
	/* The listener goes, and with it those that nobody accepted. */
	assert_int_equal(stack_close(pair->b, listener), 0);
	pair_wait(pair, 10);
	assert_int_equal(stack_recv(pair->a, socks[0], received, 1, 0), -ECONNRESET);
	pair_stop(pair);
}

static int get_int(struct stack *stack, int sock, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);
	int ret = stack_getsockopt(stack, sock, (struct stack_option){level, name}, &value, &len);

	return ret == 0 ? value : ret;
}

static void options_are_those_that_the_stack_has(void **state)
{
	struct pair *pair = start();
	int on = 1;
	int off = 0;
	int a, b;

	(void)state;
	pair_connect(pair, AF_INET, &a, &b);
	assert_int_equal(get_int(pair->a, a, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(get_int(pair->a, a, IPPROTO_TCP, TCP_MAXSEG), 1460);
	assert_int_equal(get_int(pair->a, a, IPPROTO_TCP, TCP_KEEPIDLE), 60);
	assert_int_equal(get_int(pair->a, a, IPPROTO_TCP, TCP_USER_TIMEOUT), 100000);
	assert_int_equal(get_int(pair->a, a, IPPROTO_TCP, TCP_CONGESTION), -ENOPROTOOPT);
	assert_int_equal(get_int(pair->a, a, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(get_int(pair->a, a, SOL_SOCKET, SO_RCVBUF), 65535);
	assert_int_equal(get_int(pair->a, a, SOL_SOCKET, SO_DOMAIN), AF_INET);
	assert_int_equal(get_int(pair->a, a, SOL_SOCKET, SO_LINGER), -ENOPROTOOPT);
	assert_int_equal(stack_setsockopt(pair->a, a, (struct stack_option){IPPROTO_TCP, TCP_NODELAY}, &on,
				 sizeof(on)),
		0);
	assert_int_equal(stack_setsockopt(pair->a, a, (struct stack_option){IPPROTO_TCP, TCP_NODELAY}, &off,
				 sizeof(off)),
		-ENOPROTOOPT);
	assert_int_equal(
		stack_setsockopt(pair->a, a, (struct stack_option){SOL_SOCKET, SO_RCVBUF}, &on, sizeof(on)),
		-ENOPROTOOPT);
	pair_stop(pair);
}

static void a_user_timeout_is_the_sockets_own(void **state)
{
	struct pair *pair = start();
	const struct stack_option option = {IPPROTO_TCP, TCP_USER_TIMEOUT};
	int timeout_ms = 3000;
	int a, b;

	(void)state;
	pair_connect(pair, AF_INET, &a, &b);
	assert_int_equal(stack_setsockopt(pair->a, a, option, &timeout_ms, sizeof(timeout_ms)), 0);
	assert_int_equal(get_int(pair->a, a, IPPROTO_TCP, TCP_USER_TIMEOUT), 3000);
	pair->cut = true;
	assert_int_equal(stack_send(pair->a, a, "into the void", 13, 0), 13);
	pair_wait(pair, 2900);
	assert_string_equal(stack_state(pair->a, a), "ESTABLISHED");
	pair_wait(pair, 200);
	assert_int_equal(stack_recv(pair->a, a, received, 1, 0), -ETIMEDOUT);
	timeout_ms = -1;
	assert_int_equal(stack_setsockopt(pair->a, a, option, &timeout_ms, sizeof(timeout_ms)), -EINVAL);
	pair_stop(pair);
}

static void tcp_info_shows_the_connection(void **state)
{
	struct pair *pair = start();
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int a, b;

	(void)state;
	pair_connect(pair, AF_INET, &a, &b);
	assert_int_equal(stack_send(pair->a, a, sent, 2000, 0), 2000);
	assert_int_equal(
		stack_getsockopt(pair->a, a, (struct stack_option){IPPROTO_TCP, TCP_INFO}, &info, &len), 0);
	assert_int_equal(len, sizeof(info));
	assert_int_equal(info.tcpi_state, TCP_ESTABLISHED);
	assert_int_equal(info.tcpi_options & (TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK),
		TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK);
	assert_int_equal(info.tcpi_snd_mss, 1460);
	assert_int_equal(info.tcpi_unacked, 2);
	assert_int_equal(info.tcpi_snd_cwnd, 10);
	pair_stop(pair);
}

static void names_of_both_ends_agree(void **state)
{
	struct pair *pair = start();
	struct sockaddr_in6 near, far;
	socklen_t near_len = sizeof(near);
	socklen_t far_len = sizeof(far);
	int a, b;

	(void)state;
	pair_connect(pair, AF_INET6, &a, &b);
	assert_int_equal(stack_getsockname(pair->a, a, (struct sockaddr *)&near, &near_len), 0);
	assert_int_equal(stack_getpeername(pair->b, b, (struct sockaddr *)&far, &far_len), 0);
	assert_int_equal(near_len, sizeof(near));
	assert_memory_equal(&near, &far, sizeof(near));
	assert_true(ntohs(near.sin6_port) >= 32768);
	far_len = 2;
	assert_int_equal(stack_getpeername(pair->b, b, (struct sockaddr *)&far, &far_len), 0);
	assert_int_equal(far_len, sizeof(far));
	assert_int_equal(stack_getpeername(pair->b, 0, (struct sockaddr *)&far, &far_len), -ENOTCONN);
	pair_stop(pair);
}

static void a_call_in_the_wrong_state_says_so(void **state)
{
	struct pair *pair = start();
	struct sockaddr_storage address;
	socklen_t len = pair_address(AF_INET, 2, PAIR_PORT, &address);
	int listener = pair_listen(pair, AF_INET, 1);
	int sock = stack_socket(pair->b, AF_INET, SOCK_STREAM);

	(void)state;
	assert_int_equal(stack_socket(pair->b, AF_UNIX, SOCK_STREAM), -EAFNOSUPPORT);
	assert_int_equal(stack_socket(pair->b, AF_INET, SOCK_DGRAM), -EPROTONOSUPPORT);
	assert_int_equal(stack_listen(pair->b, sock, 1), -EDESTADDRREQ);
	assert_int_equal(stack_bind(pair->b, sock, (struct sockaddr *)&address, len), -EADDRINUSE);
	assert_int_equal(stack_bind(pair->b, sock, (struct sockaddr *)&address, 4), -EINVAL);
	assert_int_equal(stack_accept(pair->b, sock, NULL, NULL), -EINVAL);
	assert_int_equal(stack_recv(pair->b, sock, received, 1, 0), -ENOTCONN);
	assert_int_equal(stack_send(pair->b, listener, "x", 1, 0), -ENOTCONN);
	assert_int_equal(stack_send(pair->b, sock, "x", 1, MSG_OOB), -EOPNOTSUPP);
	assert_int_equal(stack_shutdown(pair->b, sock, SHUT_WR), -ENOTCONN);
	assert_int_equal(stack_close(pair->b, 99), -EBADF);
	assert_int_equal(pair_poll(pair->b, 15), POLLNVAL);
	pair_address(AF_INET, 7, PAIR_PORT, &address);
	assert_int_equal(stack_bind(pair->b, sock, (struct sockaddr *)&address, len), -EADDRNOTAVAIL);
	pair_address(AF_INET, 2, 5061, &address);
	assert_int_equal(stack_bind(pair->b, sock, (struct sockaddr *)&address, len), 0);
	assert_int_equal(stack_connect(pair->b, sock, (struct sockaddr *)&address, len), -EOPNOTSUPP);
	pair_stop(pair);
}

static void all_numbers_of_sockets_can_be_used_and_used_again(void **state)
{
	struct pair *pair = start();

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 16; i++)
			assert_int_equal(stack_socket(pair->a, AF_INET, SOCK_STREAM), i);
		assert_int_equal(stack_socket(pair->a, AF_INET, SOCK_STREAM), -EMFILE);
		for (int i = 0; i < 16; i++)
			assert_int_equal(stack_close(pair->a, i), 0);
	}
	pair_stop(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_megabyte_arrives_over_ipv4),
		cmocka_unit_test(a_megabyte_arrives_over_ipv6),
		cmocka_unit_test(lost_packets_are_sent_again_as_the_clock_moves),
		cmocka_unit_test(a_connection_nobody_listens_for_is_refused_once),
		cmocka_unit_test(a_connection_that_nobody_answers_times_out),
		cmocka_unit_test(half_a_connection_goes_on_after_shutdown),
		cmocka_unit_test(what_comes_after_shutdown_for_reading_is_thrown_away),
		cmocka_unit_test(bytes_that_nobody_read_reset_the_connection_at_close),
		cmocka_unit_test(abort_resets_the_peer),
		cmocka_unit_test(a_full_queue_says_again_and_poll_tells_when_it_has_room),
		cmocka_unit_test(more_connections_than_the_backlog_are_reset),
		cmocka_unit_test(options_are_those_that_the_stack_has),
		cmocka_unit_test(a_user_timeout_is_the_sockets_own),
		cmocka_unit_test(tcp_info_shows_the_connection),
		cmocka_unit_test(names_of_both_ends_agree),
		cmocka_unit_test(a_call_in_the_wrong_state_says_so),
		cmocka_unit_test(all_numbers_of_sockets_can_be_used_and_used_again),
	};

	return cmocka_run_group_tests_name("stack-calls", tests, NULL, NULL);
}
