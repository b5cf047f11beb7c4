/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The balancer's TCP/IP on a TAP device, by real time: through the stack library, of which it is one more
 * user. What it does is said by options (connections that echo, swallow or send by themselves) and by lines
 * on its control socket (each a call of the library). --help lists the options.
 */
#include "control.h"
#include "process.h"
#include "tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_MAX = 10000, FRAMES_BURST = 1024, LISTENERS_MAX = 16, BACKLOG = 1024, ROLE_ROUNDS_MAX = 8 };

struct listener {
	struct role role;
	uint16_t port;
};

struct tapstack {
	struct stack_config config;
	const char *device;
	const char *control_path;
	struct listener listeners[LISTENERS_MAX];
	int listener_count;
	int address_count, gateway_count;

	int tap;
	struct stack *stack;
	struct roles roles;
	struct control control;
	struct calls calls;
};

static void frames_in(struct tapstack *tapstack)
{
	static char frame[FRAME_MAX];

	for (int i = 0; i < FRAMES_BURST; i++) {
		ssize_t len = read(tapstack->tap, frame, sizeof(frame));
		if (len <= 0)
			return;
		/* What finds no buffer is lost, as on any wire; the counters tell. */
		if (stack_input(tapstack->stack, frame, (size_t)len) != 0)
			return;
	}
}

static void frames_out(struct tapstack *tapstack)
{
	static char frame[FRAME_MAX];
	ssize_t len;

	while ((len = stack_output(tapstack->stack, frame, sizeof(frame))) > 0) {
		if (write(tapstack->tap, frame, (size_t)len) != len && errno != EAGAIN && errno != EIO)
			perror("tapstack: write to the device");
	}
}

static void wait_for_something(struct tapstack *tapstack, bool more)
{
	struct pollfd polled[CONTROL_CLIENTS_MAX + 2] = {{.fd = tapstack->tap, .events = POLLIN}};
	nfds_t count = 1 + control_polled(&tapstack->control, polled + 1);
	uint64_t next_ns = stack_next_ns(tapstack->stack);
	uint64_t control_ns = control_next_ns(&tapstack->control);
	uint64_t now = process_now_ns();
	struct timespec timeout = {0, 0};

	if (control_ns < next_ns)
		next_ns = control_ns;
	if (!more && next_ns > now)
		timeout.tv_nsec = (long)(next_ns - now < 10000000 ? next_ns - now : 10000000);
	if (ppoll(polled, count, &timeout, NULL) < 0 && errno != EINTR)
		perror("tapstack: poll");
}

/* What has come is taken before timers may find that it has not. */
static void turn(struct tapstack *tapstack)
{
	struct calls *calls = &tapstack->calls;
	uint64_t now = process_now_ns();

	if (calls->now_ns && now - calls->now_ns > calls->away_max_ns)
		calls->away_max_ns = now - calls->now_ns;
	calls->now_ns = now;
	(void)stack_clock(tapstack->stack, now);
	frames_in(tapstack);
	(void)stack_advance(tapstack->stack, now);
}

static void run(struct tapstack *tapstack)
{
	while (!process_stopping()) {
		bool more = false;
		turn(tapstack);
		control_run(&tapstack->control, &tapstack->calls);
		/* Several rounds, but the frames must not wait for the last of them. */
		for (int i = 0; i < ROLE_ROUNDS_MAX; i++) {
			more = roles_run(&tapstack->roles);
			if (!more)
				break;
		}
		frames_out(tapstack);
		wait_for_something(tapstack, more);
	}
}

/* On each of our addresses: the unspecified ones, of both families. */
static int listen_on(struct tapstack *tapstack, const struct listener *listener, int family)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(listener->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(listener->port)};
	const struct sockaddr *address = family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	int sock = stack_socket(tapstack->stack, family, SOCK_STREAM);
	int ret = sock < 0 ? sock
			   : stack_bind(tapstack->stack, sock, address,
				     family == AF_INET ? sizeof(v4) : sizeof(v6));

	if (ret == 0)
		ret = stack_listen(tapstack->stack, sock, BACKLOG);
	if (ret == 0)
		role_begin(&tapstack->roles, sock, &listener->role);
	return ret;
}

static int begin(struct tapstack *tapstack)
{
	int ret = tap_open(tapstack->device);

	if (ret < 0)
		return ret;
	tapstack->tap = ret;
	ret = stack_create(&tapstack->config, process_now_ns(), &tapstack->stack);
	if (ret == 0)
		ret = roles_init(&tapstack->roles, tapstack->stack, tapstack->config.sockets_max);
	if (ret == 0)
		ret = control_init(&tapstack->control, tapstack->control_path);
	for (int i = 0; i < tapstack->listener_count && ret == 0; i++) {
		ret = listen_on(tapstack, &tapstack->listeners[i], AF_INET);
		if (ret == 0)
			ret = listen_on(tapstack, &tapstack->listeners[i], AF_INET6);
	}
	tapstack->calls = (struct calls){.stack = tapstack->stack, .roles = &tapstack->roles};
	return ret;
}

static void usage(void)
{
	fputs("usage: tapstack --device NAME --address ADDRESS/LENGTH [...]\n"
	      "  --gateway ADDRESS        of hosts beyond the subnets; once for each family\n"
	      "  --control PATH           unix socket: a line is a call, \"help\" lists them\n"
	      "  --echo PORT              listens; connections send back what they get\n"
	      "  --discard PORT           listens; connections swallow what they get\n"
	      "  --source PORT:BYTES      listens; connections send so many bytes, then FIN\n"
	      "  --window BYTES           receive window (65535)\n"
	      "  --ports FIRST-LAST       source ports of connections (32768-60999)\n"
	      "  --sockets N              at most (8192)\n"
	      "  --buffers N              of 2 KB, for packets (65535)\n"
	      "  --time-wait-ms MS        length of TIME-WAIT (60000)\n"
	      "  --mtu BYTES              of IP packet (1500)\n",
		stderr);
}

static bool add_listener(struct tapstack *tapstack, enum role_kind kind, const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);
	uint64_t bytes = *end == ':' ? strtoull(end + 1, &end, 10) : 0;

	if (tapstack->listener_count == LISTENERS_MAX || port == 0 || port > UINT16_MAX || *end != '\0')
		return false;
	tapstack->listeners[tapstack->listener_count++] =
		(struct listener){{.kind = kind, .left_bytes = bytes, .listens = true}, (uint16_t)port};
	return true;
}

static bool set_number(struct stack_config *config, int option, unsigned long number)
{
	switch (option) {
	case 'w':
		config->window_bytes = (uint32_t)number;
		return true;
	case 'n':
		config->sockets_max = (uint32_t)number;
		return true;
	case 'b':
		config->buffers = (uint32_t)number;
		return true;
	case 't':
		config->time_wait_ms = (uint32_t)number;
		return true;
	case 'm':
		config->mtu = (uint16_t)number;
		return true;
	default:
		return false;
	}
}

static bool set_option(struct tapstack *tapstack, int option, const char *text)
{
	struct stack_config *config = &tapstack->config;
	char *end;

	switch (option) {
	case 'd':
		tapstack->device = text;
		return true;
	case 'a':
		if (tapstack->address_count == STACK_ADDRESSES_MAX)
			return false;
		config->addresses[tapstack->address_count++] = text;
		return true;
	case 'g':
		if (tapstack->gateway_count == 2)
			return false;
		config->gateways[tapstack->gateway_count++] = text;
		return true;
	case 'c':
		tapstack->control_path = text;
		return true;
	case 'p':
		config->port_first = (uint16_t)strtoul(text, &end, 10);
		config->port_last = (uint16_t)strtoul(*end == '-' ? end + 1 : text, &end, 10);
		return *end == '\0';
	default:
		return set_number(config, option, strtoul(text, &end, 10)) && *end == '\0';
	}
}

static bool read_options(struct tapstack *tapstack, int argc, char **argv)
{
	static const struct option options[] = {{"device", 1, NULL, 'd'}, {"address", 1, NULL, 'a'},
		{"gateway", 1, NULL, 'g'}, {"control", 1, NULL, 'c'}, {"echo", 1, NULL, ROLE_ECHO},
		{"discard", 1, NULL, ROLE_DISCARD}, {"source", 1, NULL, ROLE_SOURCE},
		{"window", 1, NULL, 'w'}, {"ports", 1, NULL, 'p'}, {"sockets", 1, NULL, 'n'},
		{"buffers", 1, NULL, 'b'}, {"time-wait-ms", 1, NULL, 't'}, {"mtu", 1, NULL, 'm'},
		{NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		bool right = option == '?'         ? false
			     : option < ROLE_KINDS ? add_listener(tapstack, (enum role_kind)option, optarg)
						   : set_option(tapstack, option, optarg);
		if (!right)
			return false;
	}
	return tapstack->device && tapstack->address_count > 0 && optind == argc;
}

int main(int argc, char **argv)
{
	static struct tapstack tapstack = {
		.config = {.link = STACK_LINK_ETHERNET, .sockets_max = 8192, .buffers = 65535}};
	int ret;

	if (!read_options(&tapstack, argc, argv)) {
		usage();
		return 2;
	}
	process_stop_on_signals();
	ret = begin(&tapstack);
	if (ret != 0) {
		fprintf(stderr, "tapstack: cannot begin on %s: %s\n", tapstack.device, strerror(-ret));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	run(&tapstack);
	control_fini(&tapstack.control);
	roles_fini(&tapstack.roles);
	stack_destroy(tapstack.stack);
	close(tapstack.tap);
	return 0;
}
