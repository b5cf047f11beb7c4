/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of everything a configuration asks for, where it leaves that open ("auto"): packet buffers, what
 * connections may hold of them, and the memory that DPDK is given for all of it. Pure.
 */
#ifndef SIZE_H
#define SIZE_H

#include "config/model.h"
#include "conn/config.h"
#include "tcp/config.h"

#include <stdint.h>

/* Packet buffers of each worker. */
uint32_t size_mbufs(const struct config *config);

/* Limits, timeouts and the range of ports of the workers' TCP; the secret is the caller's. */
struct tcp_config size_tcp(const struct config *config);

/* What the workers' connections may take, and how long they wait. */
struct conns_limits size_streams(const struct config *config);

/* MiB that the EAL needs. */
uint32_t size_memory_mb(const struct config *config);

#endif
