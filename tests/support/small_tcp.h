/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits of a worker's TCP that fit the little memory tests give DPDK. */
#ifndef TESTS_SUPPORT_SMALL_TCP_H
#define TESTS_SUPPORT_SMALL_TCP_H

#include "tcp/config.h"

static inline struct tcp_config small_tcp(void)
{
	return (struct tcp_config){
		.secret = {7, 8},
		.connections_max = 256,
		.half_open_max = 256,
		.time_wait_max = 256,
		.pieces_max = 512,
		.memory_max_bytes = 2 << 20,
		.port_first = 32768,
		.port_last = 60999,
	};
}

#endif
