/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an instance of the stack library is given at its start: addresses, sizes, timeouts. */
#ifndef TESTS_SUPPORT_STACK_CONFIG_H
#define TESTS_SUPPORT_STACK_CONFIG_H

#include <stdint.h>

enum stack_link {
	STACK_LINK_IP,      /* packets begin with the IP header; every destination can be reached */
	STACK_LINK_ETHERNET /* frames without their checksum; ARP and neighbour discovery are the caller's */
};

enum { STACK_ADDRESSES_MAX = 8 };

/* A field left 0 or NULL takes the default beside it, which is the product's but for the sizes. */
struct stack_config {
	enum stack_link link;
	const char *addresses[STACK_ADDRESSES_MAX]; /* "192.0.2.1/24", "2001:db8::1/64"; at least one */
	const char *gateways[2]; /* STACK_LINK_ETHERNET: none; one of each family at most */
	uint8_t mac[6];          /* STACK_LINK_ETHERNET: 02:00:00:00:00:01 */
	uint64_t seed;           /* the same seed and calls give the same packets, ports and numbers */
	uint16_t mtu;            /* 1,500 bytes of IP packet; 1,280 to 9,000 */
	uint16_t port_first;     /* 32,768: source ports of stack_connect(), */
	uint16_t port_last;      /* 60,999: of each address */
	uint32_t sockets_max;    /* 1,024: the numbers of sockets are below this */
	uint32_t buffers;        /* 8,191 packet buffers of 2 KB */
	uint32_t outputs_max;    /* 4,096 packets that wait for stack_output(); more are lost, as on a wire */
	uint32_t window_bytes;   /* 65,535: receive window; more than that is scaled (RFC 7323) */
	uint32_t send_max_bytes; /* 262,144 of buffers that a connection's send queue may pin */
	uint32_t connect_timeout_ms; /* 10,000 */
	uint32_t user_timeout_ms;    /* 100,000 */
	uint32_t idle_timeout_ms;    /* 1,800,000 */
	uint32_t keepalive_idle_ms;  /* 60,000 */
	uint32_t keepalive_every_ms; /* 10,000 */
	uint32_t keepalive_probes;   /* 5 */
	uint32_t close_limit_ms;     /* 60,000: after stack_close() the peer must finish in time */
	uint32_t time_wait_ms;       /* 60,000 */
	uint32_t delayed_ack_ms;     /* 40; at most 500 */
};

#endif
