/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a connection is and measures, for the options of sockets. */
#include "stack_priv.h"

#include "tcp/tcp.h"

void socket_figures(const struct stack_socket *socket, struct socket_figures *ret_figures)
{
	struct tcp_info info;

	*ret_figures =
		(struct socket_figures){.state = socket->kind == SOCKET_LISTENING ? "LISTEN" : "CLOSED"};
	if (!socket->tcb)
		return;
	tcp_info(socket->tcb, &info);
	*ret_figures = (struct socket_figures){
		.state = info.state,
		.mss_bytes = info.mss_bytes,
		.rcv_mss_bytes = info.rcv_mss_bytes,
		.cwnd_bytes = info.cwnd_bytes,
		.ssthresh_bytes = info.ssthresh_bytes,
		.flight_bytes = info.flight_bytes,
		.srtt_us = info.srtt_us,
		.rttvar_us = info.rttvar_us,
		.rto_us = info.rto_us,
		.snd_shift = info.snd_shift,
		.rcv_shift = info.rcv_shift,
		.has_ts = info.has_timestamps,
		.has_sack = info.has_sack,
	};
}

/* Of a socket without a connection it is kept for the one to come; of a listener, for those it accepts. */
void socket_set_user_timeout(struct stack *stack, struct stack_socket *socket, uint32_t timeout_ms)
{
	socket->user_timeout_ms = timeout_ms;
	if (socket->tcb)
		tcp_set_user_timeout(socket->tcb, timeout_ms, stack->now_ns);
}

const char *stack_state(struct stack *stack, int sock)
{
	const struct stack_socket *socket = socket_at(stack, sock);
	struct socket_figures figures;

	if (!socket)
		return NULL;
	socket_figures(socket, &figures);
	return figures.state;
}
