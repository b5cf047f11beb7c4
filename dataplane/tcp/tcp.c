/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One worker's TCP: its memory, the way of a segment to whom it belongs, and time. Nothing is allocated after
 * tcp_create() and tcp_add_source().
 */
#include "tcp/tcp.h"

#include "tcp/stages_priv.h"

#include <rte_malloc.h>
#include <rte_mbuf.h>

#include <errno.h>

enum { TCP_MAGIC = 0x74637021 };

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
	return value ? value : fallback;
}

static void fill_limits(struct tcp_config *config)
{
	config->connections_max = or_default(config->connections_max, 16384);
	config->half_open_max = or_default(config->half_open_max, 4096);
	config->time_wait_max = or_default(config->time_wait_max, 16384);
	config->pieces_max = or_default(config->pieces_max, 65536);
	config->memory_max_bytes = config->memory_max_bytes ? config->memory_max_bytes : 256ULL << 20;
	config->window_bytes = or_default(config->window_bytes, 65535);
	config->send_max_bytes = or_default(config->send_max_bytes, 262144);
	config->mtu = (uint16_t)or_default(config->mtu, 1500);
	config->port_first = (uint16_t)or_default(config->port_first, 32768);
	config->port_last = (uint16_t)or_default(config->port_last, 60999);
}

static void fill_times(struct tcp_config *config)
{
	config->connect_timeout_ms = or_default(config->connect_timeout_ms, 10000);
	config->user_timeout_ms = or_default(config->user_timeout_ms, 100000);
	config->idle_timeout_ms = or_default(config->idle_timeout_ms, 1800000);
	config->keepalive_idle_ms = or_default(config->keepalive_idle_ms, 60000);
	config->keepalive_every_ms = or_default(config->keepalive_every_ms, 10000);
	config->keepalive_probes = or_default(config->keepalive_probes, 5);
	config->close_limit_ms = or_default(config->close_limit_ms, 60000);
	config->time_wait_ms = or_default(config->time_wait_ms, 60000);
	config->delayed_ack_ms = or_default(config->delayed_ack_ms, 40);
}

/* An mbuf must hold all headers and a text worth sending. */
static int check(const struct tcp_config *config)
{
	if (!config->pool || !config->stats || !config->rng || !config->output || !config->event)
		return -EINVAL;
	if (config->window_bytes > TCP_WINDOW_MAX_BYTES || config->port_first > config->port_last)
		return -EINVAL;
	if (config->delayed_ack_ms > 500 || config->mtu < 576 || config->keepalive_probes > UINT8_MAX)
		return -EINVAL;
	if (rte_pktmbuf_data_room_size(config->pool) < TCP_HEADROOM + TCP_HEADER_MAX + TCP_MSS_MIN)
		return -EINVAL;
	return 0;
}

static int take_pool(struct pool *pool, size_t object_bytes, uint32_t count, int socket_id)
{
	void *memory = rte_zmalloc_socket("tcp pool", object_bytes * count, RTE_CACHE_LINE_SIZE, socket_id);
	uint32_t *next = rte_zmalloc_socket("tcp pool", sizeof(*next) * count, 0, socket_id);

	/* Also when one is missing: tcp_destroy() frees what the pool names. */
	pool_init(pool, memory, next, object_bytes, memory && next ? count : 0);
	return memory && next ? 0 : -ENOMEM;
}

static uint32_t entries_of(const struct tcp_config *config)
{
	return config->connections_max + config->half_open_max + config->time_wait_max;
}

static uint32_t slots_of(const struct tcp_config *config)
{
	uint32_t slots = 2;

	while (slots < entries_of(config) * 2)
		slots *= 2;
	return slots;
}

static int table_create(struct table *table, uint32_t slots, int socket_id)
{
	table->slots = rte_zmalloc_socket("tcp table", slots * sizeof(*table->slots), 64, socket_id);
	table->mask = slots - 1;
	return table->slots ? 0 : -ENOMEM;
}

static int memory_create(struct tcp *tcp)
{
	const struct tcp_config *config = &tcp->config;
	int socket_id = config->socket_id;

	if (take_pool(&tcp->tcbs, sizeof(struct tcb), config->connections_max, socket_id) != 0 ||
		take_pool(&tcp->halves, sizeof(struct half), config->half_open_max, socket_id) != 0 ||
		take_pool(&tcp->waits, sizeof(struct wait), config->time_wait_max, socket_id) != 0 ||
		take_pool(&tcp->pieces, sizeof(struct piece), config->pieces_max, socket_id) != 0 ||
		take_pool(&tcp->flights, sizeof(struct flight), config->pieces_max, socket_id) != 0)
		return -ENOMEM;
	return table_create(&tcp->table, slots_of(config), socket_id);
}

uint64_t tcp_memory_bytes(const struct tcp_config *given)
{
	struct tcp_config config = *given;
	uint64_t objects;

	fill_limits(&config);
	objects = (uint64_t)config.connections_max * sizeof(struct tcb) +
		  (uint64_t)config.half_open_max * sizeof(struct half) +
		  (uint64_t)config.time_wait_max * sizeof(struct wait) +
		  (uint64_t)config.pieces_max * (sizeof(struct piece) + sizeof(struct flight));
	return sizeof(struct tcp) + objects +
	       sizeof(uint32_t) * ((uint64_t)entries_of(&config) + 2ULL * config.pieces_max) +
	       (uint64_t)slots_of(&config) * sizeof(struct table_slot) +
	       sizeof(uint16_t) * (config.port_last - config.port_first + 1ULL);
}

/* RFC 7323 2.3: the least shift with which the header can name the whole window. */
static uint8_t shift_of_window(uint32_t bytes)
{
	uint8_t shift = 0;

	while (bytes >> shift > UINT16_MAX)
		shift++;
	return shift;
}

int tcp_create(const struct tcp_config *config, uint64_t now_ns, struct tcp **ret_tcp)
{
	struct tcp *tcp = rte_zmalloc_socket("tcp", sizeof(*tcp), RTE_CACHE_LINE_SIZE, config->socket_id);
	int ret = -ENOMEM;

	if (!tcp)
		return -ENOMEM;
	tcp->config = *config;
	fill_limits(&tcp->config);
	fill_times(&tcp->config);
	ret = check(&tcp->config);
	if (ret == 0)
		ret = memory_create(tcp);
	tcp->magic = TCP_MAGIC;
	if (ret != 0) {
		tcp_destroy(tcp);
		return ret;
	}
	tcp->now_ns = now_ns;
	timer_wheel_init(&tcp->wheel, now_ns);
	timer_init(&tcp->wait_timer, wait_fire);
	tcp->wait_first = tcp->wait_last = POOL_NONE;
	line_init(&tcp->starved);
	line_init(&tcp->closing);
	tcp->challenge_budget = budget_of(TCP_CHALLENGES_PER_S, TCP_CHALLENGES_PER_S / 10);
	tcp->reset_budget = budget_of(TCP_RESETS_PER_S, TCP_RESETS_PER_S / 10);
	tcp->window_shift = shift_of_window(tcp->config.window_bytes);
	tcp->text_max =
		rte_pktmbuf_data_room_size(tcp->config.pool) - (uint32_t)TCP_HEADROOM - TCP_HEADER_MAX;
	*ret_tcp = tcp;
	return 0;
}

static void give_pool(struct pool *pool)
{
	rte_free(pool->memory);
	rte_free(pool->next);
}

/* The buffers of all connections; the table names each one that is not at its end. */
static void connections_free(struct tcp *tcp)
{
	for (uint32_t i = 0; i < tcp->tcbs.object_count; i++) {
		struct tcb *tcb = pool_at(&tcp->tcbs, i);
		text_free_all(tcb);
		chain_free(tcb->snd_head);
		chain_free(tcb->rcv_head);
	}
}

void tcp_destroy(struct tcp *tcp)
{
	if (!tcp)
		return;
	ensure(tcp->magic == TCP_MAGIC);
	connections_free(tcp);
	sources_free(tcp);
	rte_free(tcp->table.slots);
	give_pool(&tcp->tcbs);
	give_pool(&tcp->halves);
	give_pool(&tcp->waits);
	give_pool(&tcp->pieces);
	give_pool(&tcp->flights);
	rte_free(tcp);
}

static void segment_input(struct tcp *tcp, struct segment *seg)
{
	enum table_kind kind;
	void *entry = table_find(tcp, &seg->key, &kind);

	if (kind == TABLE_TCB)
		tcb_input(entry, seg);
	else if (kind == TABLE_HALF)
		half_input(entry, seg);
	else if (kind == TABLE_WAIT)
		wait_input(tcp, entry, seg);
	else
		listen_input(tcp, seg);
}

void tcp_input(struct tcp *tcp, const struct tcp_packet *packet, uint64_t now_ns)
{
	struct segment seg;
	int drop;

	ensure(tcp->magic == TCP_MAGIC && now_ns >= tcp->now_ns);
	tcp->now_ns = now_ns;
	tcp_count(tcp, STAT_tcp_segments_received);
	drop = segment_read(packet, &seg);
	if (drop != 0) {
		tcp_count(tcp, (enum stat)drop);
		rte_pktmbuf_free(packet->mbuf);
		return;
	}
	segment_input(tcp, &seg);
	chain_free(seg.text);
	tcp_dispatch(tcp);
}

void tcp_tick(struct tcp *tcp, uint64_t now_ns)
{
	ensure(tcp->magic == TCP_MAGIC && now_ns >= tcp->now_ns);
	tcp->now_ns = now_ns;
	timer_wheel_run(&tcp->wheel, now_ns, TCP_TIMERS_PER_TICK);
	tcp_dispatch(tcp);
}

uint64_t tcp_next_ns(const struct tcp *tcp)
{
	bool at_once = tcp->event_first || starved_can_grant(tcp);

	return at_once ? tcp->now_ns : timer_wheel_next_ns(&tcp->wheel);
}

static uint32_t level(const struct pool *pool)
{
	return __atomic_load_n(&pool->used, __ATOMIC_RELAXED);
}

void tcp_levels(const struct tcp *tcp, struct tcp_levels *ret_levels)
{
	*ret_levels = (struct tcp_levels){
		.connections = level(&tcp->tcbs),
		.half_open = level(&tcp->halves),
		.time_wait = level(&tcp->waits),
		.pieces = level(&tcp->pieces),
		.under_way = level(&tcp->flights),
		.pinned_bytes = __atomic_load_n(&tcp->snd_pinned_bytes, __ATOMIC_RELAXED) +
				__atomic_load_n(&tcp->rcv_pinned_bytes, __ATOMIC_RELAXED),
	};
	sources_levels(tcp, ret_levels);
}
