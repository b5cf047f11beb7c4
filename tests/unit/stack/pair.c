/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wire between the two, their clock, and their first connection. */
#include "pair.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

struct stack_config pair_config(int host)
{
	return (struct stack_config){
		.addresses = {host == 1 ? "192.0.2.1/24" : "192.0.2.2/24",
			host == 1 ? "2001:db8::1/64" : "2001:db8::2/64"},
		.mac = {2, 0, 0, 0, 0, (uint8_t)host},
		.seed = (uint64_t)host,
		.sockets_max = 16,
		.buffers = 2047,
	};
}

void pair_start(struct pair *pair, const struct stack_config *a, const struct stack_config *b)
{
	*pair = (struct pair){.now_ns = 7000 * PAIR_MS};
	assert_int_equal(stack_create(a, pair->now_ns, &pair->a), 0);
	assert_int_equal(stack_create(b, pair->now_ns, &pair->b), 0);
}

void pair_stop(struct pair *pair)
{
	stack_destroy(pair->a);
	stack_destroy(pair->b);
}

static bool pass(struct pair *pair, struct stack *from, struct stack *to)
{
	char packet[2048];
	ssize_t len = stack_output(from, packet, sizeof(packet));

	assert_true(len >= 0);
	if (len == 0)
		return false;
	pair->passed++;
	if (pair->cut || pair->lose_next > 0)
		pair->lose_next -= pair->lose_next > 0;
	else
		assert_int_equal(stack_input(to, packet, (size_t)len), 0);
	return true;
}

void pair_settle(struct pair *pair)
{
	bool more = true;

	while (more) {
		more = pass(pair, pair->a, pair->b);
		more |= pass(pair, pair->b, pair->a);
	}
}

void pair_wait(struct pair *pair, uint64_t ms)
{
	uint64_t end_ns = pair->now_ns + ms * PAIR_MS;

	pair_settle(pair);
	while (pair->now_ns < end_ns) {
		uint64_t a_ns = stack_next_ns(pair->a);
		uint64_t b_ns = stack_next_ns(pair->b);
		uint64_t next_ns = a_ns < b_ns ? a_ns : b_ns;
		if (next_ns <= pair->now_ns)
			next_ns = pair->now_ns + PAIR_MS;
		pair->now_ns = next_ns < end_ns ? next_ns : end_ns;
		assert_int_equal(stack_advance(pair->a, pair->now_ns), 0);
		assert_int_equal(stack_advance(pair->b, pair->now_ns), 0);
		pair_settle(pair);
	}
}

socklen_t pair_address(int family, int host, uint16_t port, struct sockaddr_storage *ret_address)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	v4.sin_addr.s_addr = htonl(0xc0000200U + (uint32_t)host);
	memcpy(&v6.sin6_addr, (const uint8_t[]){0x20, 1, 0xd, 0xb8}, 4);
	v6.sin6_addr.s6_addr[15] = (uint8_t)host;
	memset(ret_address, 0, sizeof(*ret_address));
	if (family == AF_INET)
		memcpy(ret_address, &v4, sizeof(v4));
	else
		memcpy(ret_address, &v6, sizeof(v6));
	return family == AF_INET ? sizeof(v4) : sizeof(v6);
}

int pair_listen(struct pair *pair, int family, int backlog)
{
	struct sockaddr_storage address;
	socklen_t len = pair_address(family, 2, PAIR_PORT, &address);
	int sock = stack_socket(pair->b, family, SOCK_STREAM | SOCK_NONBLOCK);

	assert_true(sock >= 0);
	assert_int_equal(stack_bind(pair->b, sock, (struct sockaddr *)&address, len), 0);
	assert_int_equal(stack_listen(pair->b, sock, backlog), 0);
	return sock;
}

void pair_connect(struct pair *pair, int family, int *ret_a, int *ret_b)
{
	struct sockaddr_storage address;
	socklen_t len = pair_address(family, 2, PAIR_PORT, &address);
	int listener = pair_listen(pair, family, 4);

	*ret_a = stack_socket(pair->a, family, SOCK_STREAM);
	assert_true(*ret_a >= 0);
	assert_int_equal(stack_connect(pair->a, *ret_a, (struct sockaddr *)&address, len), -EINPROGRESS);
	assert_int_equal(stack_accept(pair->b, listener, NULL, NULL), -EAGAIN);
	pair_wait(pair, 5);
	*ret_b = stack_accept(pair->b, listener, NULL, NULL);
	assert_true(*ret_b >= 0);
	assert_string_equal(stack_state(pair->a, *ret_a), "ESTABLISHED");
	assert_string_equal(stack_state(pair->b, *ret_b), "ESTABLISHED");
}

short pair_poll(struct stack *stack, int sock)
{
	struct pollfd polled = {.fd = sock, .events = POLLIN | POLLOUT | POLLRDHUP};
	int ready = stack_poll(stack, &polled, 1);

	assert_int_equal(ready, polled.revents != 0);
	return polled.revents;
}
