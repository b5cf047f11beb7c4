/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of sockets: what the stack has, told; what it does not have, -ENOPROTOOPT. Nearly all of it is the
 * configuration of the instance, so little can be set.
 */
#include "stack_priv.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

static int whole_seconds(uint32_t ms)
{
	return ms < 1000 ? 1 : (int)(ms / 1000);
}

static int get_socket_level(const struct stack *stack, struct stack_socket *socket, int name, int *ret_value)
{
	switch (name) {
	case SO_ERROR:
		*ret_value = -socket_error_take(socket);
		return 0;
	case SO_TYPE:
		*ret_value = SOCK_STREAM;
		return 0;
	case SO_DOMAIN:
		*ret_value = socket->family == IP_V4 ? AF_INET : AF_INET6;
		return 0;
	case SO_PROTOCOL:
		*ret_value = IPPROTO_TCP;
		return 0;
	case SO_ACCEPTCONN:
		*ret_value = socket->kind == SOCKET_LISTENING;
		return 0;
	case SO_RCVBUF:
		*ret_value = (int)stack->config.window_bytes;
		return 0;
	case SO_SNDBUF:
		*ret_value = (int)stack->config.send_max_bytes;
		return 0;
	case SO_KEEPALIVE:
	case SO_REUSEADDR:
		*ret_value = 1;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int get_tcp_level(
	const struct stack *stack, const struct stack_socket *socket, int name, int *ret_value)
{
	const struct stack_config *config = &stack->config;
	struct socket_figures figures;

	switch (name) {
	case TCP_NODELAY:
		*ret_value = 1;
		return 0;
	case TCP_MAXSEG:
		socket_figures(socket, &figures);
		*ret_value = (int)figures.mss_bytes;
		return 0;
	case TCP_KEEPIDLE:
		*ret_value = whole_seconds(config->keepalive_idle_ms);
		return 0;
	case TCP_KEEPINTVL:
		*ret_value = whole_seconds(config->keepalive_every_ms);
		return 0;
	case TCP_KEEPCNT:
		*ret_value = (int)config->keepalive_probes;
		return 0;
	case TCP_USER_TIMEOUT:
		*ret_value = (int)socket->user_timeout_ms;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static void write_cut(const void *from, socklen_t size, void *value, socklen_t *len)
{
	if (*len > size)
		*len = size;
	memcpy(value, from, *len);
}

static uint32_t segments(uint32_t bytes, uint32_t mss)
{
	return mss ? (bytes + mss - 1) / mss : 0;
}

/* The numbers of RFC 9293's states in Linux's header are those of its own list. */
static uint8_t state_number(const char *name)
{
	static const char *const names[] = {[TCP_ESTABLISHED] = "ESTABLISHED",
		[TCP_SYN_SENT] = "SYN-SENT",
		[TCP_SYN_RECV] = "SYN-RECEIVED",
		[TCP_FIN_WAIT1] = "FIN-WAIT-1",
		[TCP_FIN_WAIT2] = "FIN-WAIT-2",
		[TCP_CLOSE_WAIT] = "CLOSE-WAIT",
		[TCP_LAST_ACK] = "LAST-ACK",
		[TCP_LISTEN] = "LISTEN",
		[TCP_CLOSING] = "CLOSING"};

	for (uint8_t i = 1; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i] && strcmp(names[i], name) == 0)
			return i;
	}
	return TCP_CLOSE;
}

static void get_info(
	const struct stack *stack, const struct stack_socket *socket, void *value, socklen_t *len)
{
	struct socket_figures figures;
	struct tcp_info info = {0};

	socket_figures(socket, &figures);
	info.tcpi_state = state_number(figures.state);
	info.tcpi_options = (uint8_t)((figures.has_ts ? TCPI_OPT_TIMESTAMPS : 0) |
				      (figures.has_sack ? TCPI_OPT_SACK : 0) |
				      (figures.snd_shift || figures.rcv_shift ? TCPI_OPT_WSCALE : 0));
	info.tcpi_snd_wscale = figures.snd_shift & 15;
	info.tcpi_rcv_wscale = figures.rcv_shift & 15;
	info.tcpi_rto = figures.rto_us;
	info.tcpi_snd_mss = figures.mss_bytes;
	info.tcpi_rcv_mss = figures.rcv_mss_bytes;
	info.tcpi_unacked = segments(figures.flight_bytes, figures.mss_bytes);
	info.tcpi_rtt = figures.srtt_us;
	info.tcpi_rttvar = figures.rttvar_us;
	info.tcpi_snd_ssthresh = segments(figures.ssthresh_bytes, figures.mss_bytes);
	info.tcpi_snd_cwnd = segments(figures.cwnd_bytes, figures.mss_bytes);
	info.tcpi_pmtu = stack->config.mtu;
	write_cut(&info, sizeof(info), value, len);
}

int stack_getsockopt(struct stack *stack, int sock, struct stack_option option, void *value, socklen_t *len)
{
	struct stack_socket *socket = socket_at(stack, sock);
	int number = 0;
	int ret = -ENOPROTOOPT;

	if (!socket)
		return -EBADF;
	if (option.level == IPPROTO_TCP && option.name == TCP_INFO) {
		get_info(stack, socket, value, len);
		return 0;
	}
	if (*len < sizeof(number))
		return -EINVAL;
	if (option.level == SOL_SOCKET)
		ret = get_socket_level(stack, socket, option.name, &number);
	else if (option.level == IPPROTO_TCP)
		ret = get_tcp_level(stack, socket, option.name, &number);
	if (ret == 0)
		write_cut(&number, sizeof(number), value, len);
	return ret;
}

int stack_setsockopt(
	struct stack *stack, int sock, struct stack_option option, const void *value, socklen_t len)
{
	bool always = (option.level == SOL_SOCKET &&
			      (option.name == SO_KEEPALIVE || option.name == SO_REUSEADDR)) ||
		      (option.level == IPPROTO_TCP && option.name == TCP_NODELAY);
	bool timeout = option.level == IPPROTO_TCP && option.name == TCP_USER_TIMEOUT;
	struct stack_socket *socket = socket_at(stack, sock);
	int number;

	if (!socket)
		return -EBADF;
	if (!always && !timeout)
		return -ENOPROTOOPT;
	if (len < sizeof(number))
		return -EINVAL;
	memcpy(&number, value, sizeof(number));
	if (always)
		return number != 0 ? 0 : -ENOPROTOOPT;
	if (number < 0)
		return -EINVAL;
	socket_set_user_timeout(stack, socket, number > 0 ? (uint32_t)number : stack->config.user_timeout_ms);
	return 0;
}
