/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of lines. An answer begins with "ok" or with "error NAME". Bytes are hexadecimal, times are
 * milliseconds.
 */
#include "calls.h"

#include "options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct call {
	struct calls *calls;
	char *words[CALL_WORDS_MAX]; /* [0]: the name */
	int sock;                    /* of words[1], where there is one */
	char *answer;
	struct call_wait *wait;
};

static void answer_result(struct call *call, ssize_t ret)
{
	if (ret < 0)
		snprintf(call->answer, CALL_LINE_MAX, "error %s", strerrorname_np((int)-ret));
	else
		snprintf(call->answer, CALL_LINE_MAX, "ok %zd", ret);
}

static socklen_t address_read(const struct call *call, struct sockaddr_storage *address)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	unsigned long port = strtoul(call->words[3], NULL, 10);

	v4.sin_port = v6.sin6_port = htons((uint16_t)port);
	if (port <= UINT16_MAX && inet_pton(AF_INET, call->words[2], &v4.sin_addr) == 1) {
		memcpy(address, &v4, sizeof(v4));
		return sizeof(v4);
	}
	if (port <= UINT16_MAX && inet_pton(AF_INET6, call->words[2], &v6.sin6_addr) == 1) {
		memcpy(address, &v6, sizeof(v6));
		return sizeof(v6);
	}
	return 0;
}

/* " 192.0.2.1 5060" */
static void address_write(const struct sockaddr_storage *address, char *text, size_t size)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	char ip[INET6_ADDRSTRLEN] = "?";

	memcpy(&v4, address, sizeof(v4));
	memcpy(&v6, address, sizeof(v6));
	if (address->ss_family == AF_INET)
		inet_ntop(AF_INET, &v4.sin_addr, ip, sizeof(ip));
	else
		inet_ntop(AF_INET6, &v6.sin6_addr, ip, sizeof(ip));
	snprintf(text, size, " %s %u", ip, ntohs(v4.sin_port)); /* at the same place in both */
}

static void do_socket(struct call *call)
{
	int family = strcmp(call->words[1], "v6") == 0 ? AF_INET6 : AF_INET;

	answer_result(call, stack_socket(call->calls->stack, family, SOCK_STREAM));
}

static void do_bind(struct call *call)
{
	struct sockaddr_storage address;
	socklen_t len = address_read(call, &address);

	answer_result(call, stack_bind(call->calls->stack, call->sock, (struct sockaddr *)&address, len));
}

static void do_connect(struct call *call)
{
	struct sockaddr_storage address;
	socklen_t len = address_read(call, &address);

	answer_result(call, stack_connect(call->calls->stack, call->sock, (struct sockaddr *)&address, len));
}

static void do_listen(struct call *call)
{
	answer_result(
		call, stack_listen(call->calls->stack, call->sock, (int)strtol(call->words[2], NULL, 10)));
}

static void do_accept(struct call *call)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int ret = stack_accept(call->calls->stack, call->sock, (struct sockaddr *)&address, &len);
	size_t used;

	answer_result(call, ret);
	used = strlen(call->answer);
	if (ret >= 0)
		address_write(&address, call->answer + used, CALL_LINE_MAX - used);
}

static void name_answer(struct call *call, int ret, const struct sockaddr_storage *address)
{
	answer_result(call, ret);
	if (ret == 0)
		address_write(address, call->answer + 2, CALL_LINE_MAX - 2);
}

static void do_sockname(struct call *call)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int ret = stack_getsockname(call->calls->stack, call->sock, (struct sockaddr *)&address, &len);

	name_answer(call, ret, &address);
}

static void do_peername(struct call *call)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int ret = stack_getpeername(call->calls->stack, call->sock, (struct sockaddr *)&address, &len);

	name_answer(call, ret, &address);
}

static ssize_t hex_read(const char *hex, char *bytes)
{
	size_t len = strlen(hex);

	if (len % 2 || len / 2 > CALL_BYTES_MAX)
		return -EMSGSIZE;
	for (size_t i = 0; i < len / 2; i++) {
		char two[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
		char *end;
		bytes[i] = (char)strtoul(two, &end, 16);
		if (end != two + 2)
			return -EILSEQ;
	}
	return (ssize_t)(len / 2);
}

static void do_send(struct call *call)
{
	static char bytes[CALL_BYTES_MAX];
	ssize_t len = hex_read(call->words[2], bytes);

	if (len >= 0)
		len = stack_send(call->calls->stack, call->sock, bytes, (size_t)len, 0);
	answer_result(call, len);
}

static void do_recv(struct call *call)
{
	static char bytes[CALL_BYTES_MAX];
	unsigned long max = strtoul(call->words[2], NULL, 10);
	ssize_t len = stack_recv(
		call->calls->stack, call->sock, bytes, max < CALL_BYTES_MAX ? max : CALL_BYTES_MAX, 0);
	size_t used;

	answer_result(call, len);
	used = strlen(call->answer);
	for (ssize_t i = 0; i < len; i++)
		snprintf(call->answer + used + (i ? 1 + 2 * i : 0), CALL_LINE_MAX - used,
			i ? "%02x" : " %02x", (unsigned char)bytes[i]);
}

static void do_shutdown(struct call *call)
{
	int how = strcmp(call->words[2], "rd") == 0   ? SHUT_RD
		  : strcmp(call->words[2], "wr") == 0 ? SHUT_WR
						      : SHUT_RDWR;

	answer_result(call, stack_shutdown(call->calls->stack, call->sock, how));
}

static void do_close(struct call *call)
{
	answer_result(call, stack_close(call->calls->stack, call->sock));
}

static void do_abort(struct call *call)
{
	answer_result(call, stack_abort(call->calls->stack, call->sock));
}

static void events_write(short events, char *answer)
{
	snprintf(answer, CALL_LINE_MAX, "ok%s%s%s%s%s%s", events & POLLIN ? " in" : "",
		events & POLLOUT ? " out" : "", events & POLLRDHUP ? " rdhup" : "",
		events & POLLHUP ? " hup" : "", events & POLLERR ? " err" : "",
		events & POLLNVAL ? " nval" : "");
}

static void do_poll(struct call *call)
{
	struct pollfd polled = {.fd = call->sock, .events = POLLIN | POLLOUT | POLLRDHUP};

	stack_poll(call->calls->stack, &polled, 1);
	events_write(polled.revents, call->answer);
}

static void do_wait(struct call *call)
{
	short events = strcmp(call->words[2], "in") == 0    ? POLLIN
		       : strcmp(call->words[2], "out") == 0 ? POLLOUT
							    : POLLHUP;
	uint64_t for_ms = strtoul(call->words[3], NULL, 10);

	*call->wait = (struct call_wait){call->sock, events, call->calls->now_ns + for_ms * 1000000};
}

static void do_state(struct call *call)
{
	const char *state = stack_state(call->calls->stack, call->sock);

	if (state)
		snprintf(call->answer, CALL_LINE_MAX, "ok %s", state);
	else
		answer_result(call, -EBADF);
}

static void do_getsockopt(struct call *call)
{
	struct stack_option option;
	int value = 0;
	socklen_t len = sizeof(value);
	int ret = option_named(call->words[2], &option);

	if (ret == 0)
		ret = stack_getsockopt(call->calls->stack, call->sock, option, &value, &len);
	answer_result(call, ret == 0 ? value : ret);
}

static void do_setsockopt(struct call *call)
{
	int value = (int)strtol(call->words[3], NULL, 10);
	struct stack_option option;
	int ret = option_named(call->words[2], &option);

	if (ret == 0)
		ret = stack_setsockopt(call->calls->stack, call->sock, option, &value, sizeof(value));
	answer_result(call, ret);
}

static void do_error(struct call *call)
{
	const struct stack_option option = {SOL_SOCKET, SO_ERROR};
	int error = 0;
	socklen_t len = sizeof(error);
	int ret = stack_getsockopt(call->calls->stack, call->sock, option, &error, &len);

	answer_result(call, ret);
	if (ret == 0)
		snprintf(call->answer, CALL_LINE_MAX, "ok %s", error ? strerrorname_np(error) : "none");
}

static void do_info(struct call *call)
{
	const struct stack_option option = {IPPROTO_TCP, TCP_INFO};
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);
	int ret = stack_getsockopt(call->calls->stack, call->sock, option, &info, &len);

	answer_result(call, ret);
	if (ret == 0)
		snprintf(call->answer, CALL_LINE_MAX, "ok mss=%u cwnd=%u unacked=%u rtt_us=%u rto_us=%u",
			info.tcpi_snd_mss, info.tcpi_snd_cwnd, info.tcpi_unacked, info.tcpi_rtt,
			info.tcpi_rto);
}

static void do_counter(struct call *call)
{
	uint64_t value = 0;
	int ret = stack_counter(call->calls->stack, call->words[1], &value);

	answer_result(call, ret);
	if (ret == 0)
		snprintf(call->answer, CALL_LINE_MAX, "ok %llu", (unsigned long long)value);
}

/* All that are not zero. */
static void do_counters(struct call *call)
{
	size_t used = (size_t)snprintf(call->answer, CALL_LINE_MAX, "ok");
	const char *name;

	for (unsigned i = 0; (name = stack_counter_name(i)) != NULL; i++) {
		uint64_t value = 0;
		if (stack_counter(call->calls->stack, name, &value) == 0 && value > 0)
			used += (size_t)snprintf(call->answer + used, CALL_LINE_MAX - used, " %s=%llu", name,
				(unsigned long long)value);
	}
}

/* Above 10 ms the machine had other things to do. */
static void do_away(struct call *call)
{
	answer_result(call, (ssize_t)(call->calls->away_max_ns / 1000000));
}

static void do_role(struct call *call)
{
	struct role role = {.kind = role_named(call->words[2])};

	if (role.kind == ROLE_NONE || !stack_state(call->calls->stack, call->sock) ||
		role_has(call->calls->roles, call->sock)) {
		answer_result(call, -EINVAL);
		return;
	}
	role.listens = strcmp(stack_state(call->calls->stack, call->sock), "LISTEN") == 0;
	role.left_bytes = call->words[3] ? strtoull(call->words[3], NULL, 10) : 0;
	role_begin(call->calls->roles, call->sock, &role);
	answer_result(call, 0);
}

static void do_roles(struct call *call)
{
	const struct role_figures *figures = &call->calls->roles->figures[role_named(call->words[1])];

	snprintf(call->answer, CALL_LINE_MAX, "ok begun=%llu ended=%llu failed=%llu in=%llu out=%llu",
		(unsigned long long)figures->begun, (unsigned long long)figures->ended,
		(unsigned long long)figures->failed, (unsigned long long)figures->in_bytes,
		(unsigned long long)figures->out_bytes);
}

static void do_help(struct call *call);

static const struct entry {
	const char *name;
	const char *parameters; /* SOCK first: a socket of this program, which no role has */
	int words;              /* that must be there after the name */
	void (*run)(struct call *call);
} entries[] = {
	{"socket", "v4|v6", 1, do_socket},
	{"bind", "SOCK ADDRESS PORT", 3, do_bind},
	{"listen", "SOCK BACKLOG", 2, do_listen},
	{"accept", "SOCK", 1, do_accept},
	{"connect", "SOCK ADDRESS PORT", 3, do_connect},
	{"send", "SOCK HEX", 2, do_send},
	{"recv", "SOCK MAX", 2, do_recv},
	{"shutdown", "SOCK rd|wr|rdwr", 2, do_shutdown},
	{"close", "SOCK", 1, do_close},
	{"abort", "SOCK", 1, do_abort},
	{"poll", "SOCK", 1, do_poll},
	{"wait", "SOCK in|out|hup MS", 3, do_wait},
	{"sockname", "SOCK", 1, do_sockname},
	{"peername", "SOCK", 1, do_peername},
	{"state", "SOCK", 1, do_state},
	{"getsockopt", "SOCK NAME", 2, do_getsockopt},
	{"setsockopt", "SOCK NAME VALUE", 3, do_setsockopt},
	{"error", "SOCK", 1, do_error},
	{"info", "SOCK", 1, do_info},
	{"role", "SOCK echo|discard|source [BYTES]", 2, do_role},
	{"roles", "echo|discard|source", 1, do_roles},
	{"counter", "NAME", 1, do_counter},
	{"counters", "", 0, do_counters},
	{"away", "", 0, do_away},
	{"help", "", 0, do_help},
};

static void do_help(struct call *call)
{
	size_t used = (size_t)snprintf(call->answer, CALL_LINE_MAX, "ok");

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		used += (size_t)snprintf(call->answer + used, CALL_LINE_MAX - used, " %s %s;",
			entries[i].name, entries[i].parameters);
}

static const struct entry *entry_named(const char *name)
{
	for (size_t i = 0; name && i < sizeof(entries) / sizeof(entries[0]); i++) {
		if (strcmp(entries[i].name, name) == 0)
			return &entries[i];
	}
	return NULL;
}

static bool sock_read(const struct entry *entry, struct call *call)
{
	char *end;

	call->sock = -1;
	if (strncmp(entry->parameters, "SOCK", 4) != 0)
		return true;
	call->sock = (int)strtol(call->words[1], &end, 10);
	return *end == '\0' && !role_has(call->calls->roles, call->sock);
}

void calls_line(
	struct calls *calls, char *line, char answer[static CALL_LINE_MAX], struct call_wait *ret_wait)
{
	struct call call = {.calls = calls, .answer = answer, .wait = ret_wait};
	const struct entry *entry;

	for (int i = 0; i < CALL_WORDS_MAX && line; i++) {
		call.words[i] = strsep(&line, " ");
		while (line && *line == ' ')
			line++;
	}
	entry = entry_named(call.words[0]);
	if (!entry)
		snprintf(answer, CALL_LINE_MAX, "error ENOSYS no such call: help lists them");
	else if (entry->words > 0 && !call.words[entry->words])
		snprintf(answer, CALL_LINE_MAX, "error EINVAL %s %s", entry->name, entry->parameters);
	else if (!sock_read(entry, &call))
		snprintf(answer, CALL_LINE_MAX, "error EBADF no number, or it has a role");
	else
		entry->run(&call);
}

bool calls_waited(struct calls *calls, struct call_wait *wait, char answer[static CALL_LINE_MAX])
{
	struct pollfd polled = {.fd = wait->sock, .events = wait->events};

	if (stack_poll(calls->stack, &polled, 1) > 0)
		events_write(polled.revents, answer);
	else if (calls->now_ns >= wait->until_ns)
		snprintf(answer, CALL_LINE_MAX, "error ETIMEDOUT");
	else
		return false;
	wait->events = 0;
	return true;
}
