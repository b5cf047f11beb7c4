/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An instance of the stack library: its beginning and end, its clock, its counters. */
#include "stack_priv.h"

#include "net/net.h"
#include "tcp/tcp.h"

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUFFER_BYTES = 2048 + RTE_PKTMBUF_HEADROOM,
	MTU_LEAST = 1280,
	MTU_MOST = 9000,
	BUFFERS_LEAST = 64,
	SOCKETS_MOST = 1 << 20,
	ETHERNET_STEP_MS = 10, /* net's own timers */
	IP_STEP_MS = 1000,
};

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
	return value ? value : otherwise;
}

static void fill_defaults(struct stack_config *config)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	static const uint8_t none[6];

	if (memcmp(config->mac, none, sizeof(none)) == 0)
		memcpy(config->mac, mac, sizeof(mac));
	config->mtu = (uint16_t)or_default(config->mtu, 1500);
	config->sockets_max = or_default(config->sockets_max, 1024);
	config->buffers = or_default(config->buffers, 8191);
	config->outputs_max = or_default(config->outputs_max, 4096);
	config->window_bytes = or_default(config->window_bytes, 65535);
	config->send_max_bytes = or_default(config->send_max_bytes, 262144);
	config->user_timeout_ms = or_default(config->user_timeout_ms, 100000);
	config->keepalive_idle_ms = or_default(config->keepalive_idle_ms, 60000);
	config->keepalive_every_ms = or_default(config->keepalive_every_ms, 10000);
	config->keepalive_probes = or_default(config->keepalive_probes, 5);
}

static int check(const struct stack_config *config)
{
	if (config->link != STACK_LINK_IP && config->link != STACK_LINK_ETHERNET)
		return -EINVAL;
	if (config->mtu < MTU_LEAST || config->mtu > MTU_MOST || config->buffers < BUFFERS_LEAST)
		return -EINVAL;
	return config->sockets_max <= SOCKETS_MOST ? 0 : -EINVAL;
}

static int read_addresses(struct stack *stack)
{
	const struct stack_config *config = &stack->config;

	for (int i = 0; i < STACK_ADDRESSES_MAX && config->addresses[i]; i++) {
		struct ip_prefix *local = &stack->local[stack->local_count];
		if (ip_prefix_parse(span_str(config->addresses[i]), local) != 0)
			return -EINVAL;
		stack->local_count++;
	}
	return stack->local_count > 0 ? 0 : -EINVAL;
}

/* With STACK_LINK_IP addresses that no host has; gateway.c answers for them. */
static int read_gateways(const struct stack_config *config, struct net_port_config *port)
{
	static const char *const everybody[2] = {"169.254.255.254", "fe80::ffff:fffe"};
	const char *const *texts = config->link == STACK_LINK_IP ? everybody : config->gateways;
	struct ip_addr gateway;

	for (int i = 0; i < 2 && texts[i]; i++) {
		if (ip_parse(span_str(texts[i]), &gateway) != 0)
			return -EINVAL;
		if (gateway.family == IP_V4)
			port->gateway_v4 = gateway;
		else
			port->gateway_v6 = gateway;
	}
	return 0;
}

static enum net_verdict no_datagrams(void *ctx, struct udp_datagram *datagram)
{
	(void)ctx;
	(void)datagram;
	return NET_NO_LISTENER;
}

static void segment_in(void *ctx, const struct net_segment *segment)
{
	struct stack *stack = ctx;
	const struct tcp_packet packet = {
		.mbuf = segment->mbuf,
		.src = &segment->src,
		.dst = &segment->dst,
		.l4_offset = segment->l4_offset,
		.l4_len = segment->l4_len,
	};

	tcp_input(stack->tcp, &packet, stack->now_ns);
}

static void unreachable_in(void *ctx, const struct endpoint *local, const struct endpoint *remote,
	uint32_t quoted_seq, uint32_t mtu)
{
	struct stack *stack = ctx;
	const struct tcp_icmp icmp = {
		.local = *local, .remote = *remote, .quoted_seq = quoted_seq, .mtu = mtu};

	tcp_icmp(stack->tcp, &icmp, stack->now_ns);
}

/* What net cannot send it counts; TCP sends it again. */
static void segment_out(
	void *ctx, const struct ip_addr *src, const struct ip_addr *dst, struct rte_mbuf *mbuf)
{
	struct stack *stack = ctx;
	int ret = net_tcp_send(stack->net, src, dst, mbuf, stack->now_ns);

	(void)ret;
}

static int create_net(struct stack *stack)
{
	struct net_config config = {
		.port_count = 1,
		.socket_id = SOCKET_ID_ANY,
		.pool = stack->pool,
		.stats = &stack->stats,
		.rng = &stack->rng,
		.ctx = stack,
		.udp_deliver = no_datagrams,
		.tcp_deliver = segment_in,
		.tcp_unreachable = unreachable_in,
	};
	struct net_port_config *port = &config.ports[0];

	link_wire(stack);
	port->wire = &stack->wire;
	port->local_count = stack->local_count;
	memcpy(port->local, stack->local, sizeof(stack->local));
	if (read_gateways(&stack->config, port) != 0)
		return -EINVAL;
	return net_create(&config, &stack->net);
}

static int create_tcp(struct stack *stack)
{
	const struct stack_config *given = &stack->config;
	struct tcp_config config = {
		.pool = stack->pool,
		.stats = &stack->stats,
		.rng = &stack->rng,
		.secret = {rng_u64(&stack->rng), rng_u64(&stack->rng)},
		.socket_id = SOCKET_ID_ANY,
		.connections_max = given->sockets_max,
		.half_open_max = STACK_BACKLOG_MAX,
		.pieces_max = given->buffers,
		/* A quarter of the buffers is for what is on its way through. */
		.memory_max_bytes = (uint64_t)given->buffers * BUFFER_BYTES / 4 * 3,
		.window_bytes = given->window_bytes,
		.send_max_bytes = given->send_max_bytes,
		.mtu = given->mtu,
		.port_first = given->port_first,
		.port_last = given->port_last,
		.connect_timeout_ms = given->connect_timeout_ms,
		.user_timeout_ms = given->user_timeout_ms,
		.idle_timeout_ms = given->idle_timeout_ms,
		.keepalive_idle_ms = given->keepalive_idle_ms,
		.keepalive_every_ms = given->keepalive_every_ms,
		.keepalive_probes = given->keepalive_probes,
		.close_limit_ms = given->close_limit_ms,
		.time_wait_ms = given->time_wait_ms,
		.delayed_ack_ms = given->delayed_ack_ms,
		.output = segment_out,
	};
	int ret;

	events_install(stack, &config);
	ret = tcp_create(&config, stack->now_ns, &stack->tcp);
	for (uint16_t i = 0; i < stack->local_count && ret == 0; i++)
		ret = tcp_add_source(stack->tcp, &stack->local[i].addr);
	return ret == -EEXIST ? -EINVAL : ret;
}

static int create_memory(struct stack *stack)
{
	static unsigned number;
	const struct stack_config *config = &stack->config;
	char name[32];

	stack->outbox.capacity = config->outputs_max;
	stack->outbox.mbufs = calloc(config->outputs_max, sizeof(struct rte_mbuf *));
	stack->sockets = calloc(config->sockets_max, sizeof(struct stack_socket));
	if (!stack->outbox.mbufs || !stack->sockets)
		return -ENOMEM;
	snprintf(name, sizeof(name), "stack%u", number++);
	stack->pool = rte_pktmbuf_pool_create(name, config->buffers, 0, 0, BUFFER_BYTES, SOCKET_ID_ANY);
	return stack->pool ? 0 : -ENOMEM;
}

int stack_create(const struct stack_config *config, uint64_t now_ns, struct stack **ret_stack)
{
	struct stack *stack = calloc(1, sizeof(*stack));
	int ret;

	if (!stack)
		return -ENOMEM;
	stack->config = *config;
	stack->now_ns = now_ns;
	rng_init(&stack->rng, config->seed);
	fill_defaults(&stack->config);
	ret = check(&stack->config);
	if (ret == 0)
		ret = read_addresses(stack);
	if (ret == 0)
		ret = stack_eal_start();
	if (ret == 0)
		ret = create_memory(stack);
	if (ret == 0)
		ret = create_net(stack);
	if (ret == 0)
		ret = create_tcp(stack);
	if (ret != 0) {
		stack_destroy(stack);
		return ret;
	}
	*ret_stack = stack;
	return 0;
}

void stack_destroy(struct stack *stack)
{
	if (!stack)
		return;
	tcp_destroy(stack->tcp);
	net_destroy(stack->net);
	rte_pktmbuf_free_bulk(stack->answers, stack->answer_count);
	outbox_free(&stack->outbox);
	rte_mempool_free(stack->pool);
	free(stack->outbox.mbufs);
	free(stack->sockets);
	free(stack);
}

uint64_t stack_next_ns(const struct stack *stack)
{
	uint64_t tcp_ns = tcp_next_ns(stack->tcp);
	uint64_t net_ns = stack->now_ns + ETHERNET_STEP_MS * STACK_MS;

	return stack->config.link == STACK_LINK_IP || tcp_ns < net_ns ? tcp_ns : net_ns;
}

int stack_clock(struct stack *stack, uint64_t now_ns)
{
	if (now_ns < stack->now_ns)
		return -EINVAL;
	stack->now_ns = now_ns;
	return 0;
}

int stack_advance(struct stack *stack, uint64_t now_ns)
{
	bool ip = stack->config.link == STACK_LINK_IP;
	uint64_t step_ns = (ip ? IP_STEP_MS : ETHERNET_STEP_MS) * STACK_MS;

	if (now_ns < stack->now_ns)
		return -EINVAL;
	do {
		uint64_t due_ns = tcp_next_ns(stack->tcp);
		uint64_t next_ns = RTE_MIN(now_ns, stack->now_ns + step_ns);
		/* What was due already goes on in steps: a tick has a limit. */
		if (due_ns <= stack->now_ns)
			due_ns = stack->now_ns + STACK_MS;
		stack->now_ns = RTE_MIN(next_ns, due_ns);
		net_tick(stack->net, stack->now_ns);
		tcp_tick(stack->tcp, stack->now_ns);
		link_settle(stack);
	} while (stack->now_ns < now_ns);
	return 0;
}

int stack_counter(const struct stack *stack, const char *name, uint64_t *ret_value)
{
	for (unsigned i = 0; i < STAT_COUNT; i++) {
		if (strcmp(stat_infos[i].name, name) == 0) {
			*ret_value = stats_get(&stack->stats, (enum stat)i);
			return 0;
		}
	}
	return -ENOENT;
}

const char *stack_counter_name(unsigned index)
{
	return index < STAT_COUNT ? stat_infos[index].name : NULL;
}
