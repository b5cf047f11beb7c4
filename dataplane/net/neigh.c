/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Next hops on the link (RFC 4861 7.3 for both families). neigh_priv.h has the states, their timers, and the
 * rules on who may change an entry. Times come due by a slice of the table each tick, so that a tick's work
 * is bounded.
 */
#include "net/neigh_priv.h"

#include "base/hash.h"
#include "net/net_priv.h"
#include "net/quote_priv.h"

#include <rte_malloc.h>

#include <errno.h>

enum {
	REQUESTS_PER_SECOND = 500,
	REQUESTS_BURST = 64,
	OFFERS_PER_SECOND = 1000,
	OFFERS_BURST = 128,
	EVICT_LOOK = 16
};

static struct net_port *neigh_port(struct net *net, const struct neigh *neigh)
{
	return &net->ports[neigh->port];
}

/* Keyed, so that nobody chooses addresses that share a bucket. */
static uint32_t *bucket_of(struct neigh_table *table, uint16_t port, const struct ip_addr *ip)
{
	uint64_t words[2];

	memcpy(words, ip->bytes, sizeof(words));
	return &table->buckets[hash_mix(words[0] ^ hash_mix(words[1] ^ table->seed ^ port)) &
			       table->bucket_mask];
}

struct neigh *neigh_find(struct neigh_table *table, uint16_t port, const struct ip_addr *ip)
{
	uint32_t at = *bucket_of(table, port, ip);

	while (at != 0) {
		struct neigh *neigh = &table->entries[at - 1];
		if (neigh->port == port && ip_equal(&neigh->ip, ip))
			return neigh;
		at = neigh->next;
	}
	return NULL;
}

static uint32_t strangers_share(uint32_t of)
{
	return of - of / 2;
}

static void stranger_add(struct neigh_table *table, struct neigh *neigh)
{
	TAILQ_INSERT_TAIL(&table->strangers, neigh, stranger);
	table->stranger_count++;
}

static void stranger_remove(struct neigh_table *table, struct neigh *neigh)
{
	ensure(!neigh->known && table->stranger_count > 0);
	TAILQ_REMOVE(&table->strangers, neigh, stranger);
	table->stranger_count--;
}

static void neigh_remove(struct neigh_table *table, struct neigh *neigh)
{
	uint32_t self = (uint32_t)(neigh - table->entries) + 1;
	uint32_t *link = bucket_of(table, neigh->port, &neigh->ip);

	ensure(neigh->state != NEIGH_FREE && neigh->pending_count == 0);
	if (!neigh->known)
		stranger_remove(table, neigh);
	while (*link != self) {
		ensure(*link != 0);
		link = &table->entries[*link - 1].next;
	}
	*link = neigh->next;
	neigh->state = NEIGH_FREE;
	neigh->version++;
	neigh->next = table->free;
	table->free = self;
}

/* Makes room by forgetting the stranger that has been there longest, with the packets that wait for it. */
static void stranger_evict(struct net *net)
{
	struct neigh_table *table = &net->neighbours;
	struct neigh *oldest = TAILQ_FIRST(&table->strangers);

	ensure(oldest != NULL);
	stats_add(net->config.stats, STAT_net_neigh_full, oldest->pending_count);
	rte_pktmbuf_free_bulk(oldest->pending, oldest->pending_count);
	table->pending_count -= oldest->pending_count;
	oldest->pending_count = 0;
	neigh_remove(table, oldest);
}

/* Makes room by forgetting the longest unused of a few entries that no packet waits for. */
static bool neigh_evict(struct neigh_table *table)
{
	struct neigh *victim = NULL;
	uint32_t look = table->entries_max < EVICT_LOOK ? table->entries_max : EVICT_LOOK;

	for (uint32_t i = 0; i < look; i++) {
		struct neigh *neigh = &table->entries[table->cursor++ % table->entries_max];
		if (neigh->pending_count == 0 && (!victim || neigh->used_ns < victim->used_ns))
			victim = neigh;
	}
	if (!victim)
		return false;
	neigh_remove(table, victim);
	return true;
}

static struct neigh *neigh_add(struct net *net, uint16_t port, const struct ip_addr *ip)
{
	struct neigh_table *table = &net->neighbours;
	struct neigh *neigh;
	uint32_t *bucket;

	if (table->stranger_count == strangers_share(table->entries_max))
		stranger_evict(net);
	if (table->free == 0 && table->used < table->entries_max)
		table->free = ++table->used;
	else if (table->free == 0 && !neigh_evict(table))
		return NULL;
	neigh = &table->entries[table->free - 1];
	ensure(neigh->state == NEIGH_FREE);
	bucket = bucket_of(table, port, ip);
	table->free = neigh->next;
	*neigh = (struct neigh){.ip = *ip, .port = port, .version = neigh->version, .next = *bucket};
	*bucket = (uint32_t)(neigh - table->entries) + 1;
	stranger_add(table, neigh);
	return neigh;
}

/* Sends the next request of the state and sets the timer for the one after it. */
static void neigh_ask(struct net *net, struct neigh *neigh, uint64_t now_ns)
{
	bool unicast = neigh->state == NEIGH_PROBE;
	const uint8_t *mac = unicast ? neigh->mac : NULL;
	struct neigh_table *table = &net->neighbours;

	if (!budget_take(neigh->known ? &table->known_budget : &table->stranger_budget, now_ns)) {
		/* Nobody fails for want of a question: it is only asked later. */
		neigh->timer_ns = now_ns + NEIGH_PUT_OFF_NS;
		net_count(net, STAT_net_neigh_requests_limited);
		return;
	}
	neigh->timer_ns = now_ns + (unicast ? NEIGH_PROBE_NS : NEIGH_REQUEST_NS);
	neigh->requests++;
	if (neigh->ip.family == IP_V4)
		arp_request(net, neigh_port(net, neigh), &neigh->ip, mac);
	else
		nd_solicit(net, neigh_port(net, neigh), &neigh->ip, mac);
}

static void neigh_start(struct net *net, struct neigh *neigh, enum neigh_state state, uint64_t now_ns)
{
	ensure(state == NEIGH_INCOMPLETE || state == NEIGH_PROBE);
	neigh->state = state;
	neigh->requests = 0;
	neigh_ask(net, neigh, now_ns);
}

/* RFC 4861 6.3.2: the time is spread, so that neighbours learned together are not probed together. */
static void neigh_confirm(struct net *net, struct neigh *neigh, uint64_t now_ns)
{
	uint32_t percent = 50 + rng_below(net->config.rng, 101);

	if (!neigh->known)
		stranger_remove(&net->neighbours, neigh);
	neigh->known = true;
	neigh->state = NEIGH_REACHABLE;
	neigh->timer_ns = now_ns + NEIGH_REACHABLE_NS / 100 * percent;
}

static void neigh_pending_drop_oldest(struct net *net, struct neigh *neigh)
{
	rte_pktmbuf_free(neigh->pending[0]);
	neigh->pending_count--;
	net->neighbours.pending_count--;
	memmove(&neigh->pending[0], &neigh->pending[1], neigh->pending_count * sizeof(neigh->pending[0]));
	net_count(net, STAT_net_neigh_pending_full);
}

/* RFC 4861 7.2.2: the newest packets are worth the most. */
static int neigh_wait(struct net *net, struct neigh *neigh, struct rte_mbuf *packet)
{
	uint32_t places = net->neighbours.pending_max;
	uint32_t max = neigh->known ? places : strangers_share(places);

	if (neigh->pending_count == NEIGH_PENDING_MAX)
		neigh_pending_drop_oldest(net, neigh);
	if (net->neighbours.pending_count >= max) {
		rte_pktmbuf_free(packet);
		net_count(net, STAT_net_neigh_pending_full);
		return -ENOBUFS;
	}
	neigh->pending[neigh->pending_count++] = packet;
	net->neighbours.pending_count++;
	return 0;
}

static void neigh_send_pending(struct net *net, struct neigh *neigh)
{
	for (uint32_t i = 0; i < neigh->pending_count; i++)
		eth_output(net, neigh_port(net, neigh), neigh->mac, neigh->pending[i]);
	net->neighbours.pending_count -= neigh->pending_count;
	neigh->pending_count = 0;
}

/* Nobody answered. The callback may send, and so may move the entry: the packets are taken off it first. */
static void neigh_fail(struct net *net, struct neigh *neigh, uint64_t now_ns)
{
	struct rte_mbuf *failed[NEIGH_PENDING_MAX];
	uint32_t count = neigh->pending_count;
	struct quote quote;

	memcpy(failed, neigh->pending, count * sizeof(failed[0]));
	net->neighbours.pending_count -= count;
	neigh->pending_count = 0;
	neigh->state = NEIGH_FAILED;
	neigh->timer_ns = now_ns + NEIGH_FAILED_NS;
	stats_add(net->config.stats, STAT_net_neigh_unanswered, count);
	for (uint32_t i = 0; i < count; i++) {
		if (quote_read(rte_pktmbuf_mtod(failed[i], const uint8_t *), failed[i]->data_len, &quote) ==
			PACKET_NEXT)
			net_tell_unreachable(net, &quote, NET_UNREACH_NEIGHBOUR);
		rte_pktmbuf_free(failed[i]);
	}
}

static int neigh_refuse(struct net *net, enum stat why, int ret, struct rte_mbuf *packet)
{
	net_count(net, why);
	rte_pktmbuf_free(packet);
	return ret;
}

int neigh_output(struct net *net, struct net_port *port, const struct ip_addr *next_hop,
	struct rte_mbuf *packet, uint64_t now_ns)
{
	struct neigh *neigh = neigh_find(&net->neighbours, port->index, next_hop);

	if (!neigh) {
		neigh = neigh_add(net, port->index, next_hop);
		if (!neigh)
			return neigh_refuse(net, STAT_net_neigh_full, -ENOBUFS, packet);
		neigh_start(net, neigh, NEIGH_INCOMPLETE, now_ns);
	}
	neigh->used_ns = now_ns;
	if (neigh->state == NEIGH_FAILED) {
		if (now_ns < neigh->timer_ns)
			return neigh_refuse(net, STAT_net_neigh_failed, -EHOSTUNREACH, packet);
		neigh_start(net, neigh, NEIGH_INCOMPLETE, now_ns);
	}
	if (neigh->state == NEIGH_INCOMPLETE)
		return neigh_wait(net, neigh, packet);
	if (neigh->state == NEIGH_STALE || (neigh->state == NEIGH_REACHABLE && now_ns >= neigh->timer_ns))
		neigh_start(net, neigh, NEIGH_PROBE, now_ns);
	eth_output(net, port, neigh->mac, packet);
	return 0;
}

/* A solicited answer, here or at another worker. It matters only to an entry that asks. */
static bool neigh_answered(
	struct net *net, struct neigh *neigh, const struct net_neighbour *heard, uint64_t now_ns)
{
	bool no_mac = heard->flags & NEIGH_ANSWER_NO_MAC;

	if (neigh->state == NEIGH_INCOMPLETE && !no_mac) {
		memcpy(neigh->mac, heard->mac, 6);
		neigh->version++;
		neigh_confirm(net, neigh, now_ns);
		neigh_send_pending(net, neigh);
		return true;
	}
	if (neigh->state == NEIGH_PROBE && (no_mac || memcmp(neigh->mac, heard->mac, 6) == 0)) {
		neigh_confirm(net, neigh, now_ns);
		return true;
	}
	return false;
}

/* What we did not ask for. It may be true, so it is looked into, but it changes nothing by itself. */
static void neigh_claimed(
	struct net *net, struct neigh *neigh, const struct net_neighbour *heard, uint64_t now_ns)
{
	if (neigh->state == NEIGH_FAILED) {
		neigh->timer_ns = now_ns; /* it lives: the next packet asks again at once */
		return;
	}
	if (heard->flags & NEIGH_ANSWER_NO_MAC || neigh->state == NEIGH_INCOMPLETE ||
		memcmp(neigh->mac, heard->mac, 6) == 0)
		return;
	net_count(net, STAT_net_neigh_contested);
	if (neigh->state != NEIGH_PROBE)
		neigh_start(net, neigh, NEIGH_PROBE, now_ns);
}

void net_neigh_learn(struct net *net, const struct net_neighbour *neighbour, uint64_t now_ns)
{
	struct neigh *neigh = neigh_find(&net->neighbours, neighbour->port, &neighbour->ip);

	if (!neigh)
		return;
	if (neighbour->flags & NEIGH_ANSWER_SOLICITED && neigh_answered(net, neigh, neighbour, now_ns))
		return;
	neigh_claimed(net, neigh, neighbour, now_ns);
}

void neigh_heard(struct net *net, const struct net_neighbour *heard, uint64_t now_ns)
{
	if (!neigh_find(&net->neighbours, heard->port, &heard->ip))
		net_count(net, STAT_net_neigh_unknown);
	net_neigh_learn(net, heard, now_ns);
	if (!net->config.neigh_offer)
		return;
	if (budget_take(&net->neighbours.offer_budget, now_ns))
		net->config.neigh_offer(net->config.ctx, heard);
	else
		net_count(net, STAT_net_neigh_offers_limited);
}

static void neigh_due(struct net *net, struct neigh *neigh, uint64_t now_ns)
{
	switch ((enum neigh_state)neigh->state) {
	case NEIGH_INCOMPLETE:
		if (neigh->requests < NEIGH_REQUESTS)
			neigh_ask(net, neigh, now_ns);
		else
			neigh_fail(net, neigh, now_ns);
		break;
	case NEIGH_PROBE:
		if (neigh->requests < NEIGH_REQUESTS)
			neigh_ask(net, neigh, now_ns);
		else
			neigh_start(net, neigh, NEIGH_INCOMPLETE, now_ns);
		break;
	case NEIGH_REACHABLE:
		neigh->state = NEIGH_STALE;
		neigh->timer_ns = neigh->used_ns + NEIGH_FORGET_NS;
		break;
	case NEIGH_STALE:
		neigh->timer_ns = neigh->used_ns + NEIGH_FORGET_NS;
		if (now_ns >= neigh->timer_ns)
			neigh_remove(&net->neighbours, neigh);
		break;
	case NEIGH_FAILED:
		/* One that is known stays so while somebody wants it: it is asked before strangers. */
		if (!neigh->known || now_ns >= neigh->used_ns + NEIGH_FORGET_NS)
			neigh_remove(&net->neighbours, neigh);
		break;
	case NEIGH_FREE:
		break;
	}
}

void neigh_tick(struct net *net, uint64_t now_ns)
{
	struct neigh_table *table = &net->neighbours;
	uint32_t look = table->used < NEIGH_TICK_ENTRIES ? table->used : NEIGH_TICK_ENTRIES;

	for (uint32_t i = 0; i < look; i++) {
		struct neigh *neigh = &table->entries[table->cursor++ % table->used];
		if (neigh->state != NEIGH_FREE && now_ns >= neigh->timer_ns)
			neigh_due(net, neigh, now_ns);
	}
}

int neigh_init(struct net *net)
{
	struct neigh_table *table = &net->neighbours;
	uint32_t buckets = rte_align32pow2(net->config.neighbours_max);

	table->entries_max = net->config.neighbours_max;
	table->pending_max = net->config.pending_max;
	table->bucket_mask = buckets - 1;
	table->seed = rng_u64(net->config.rng);
	TAILQ_INIT(&table->strangers);
	table->stranger_budget = budget_of(REQUESTS_PER_SECOND, REQUESTS_BURST);
	table->known_budget = budget_of(REQUESTS_PER_SECOND, REQUESTS_BURST);
	table->offer_budget = budget_of(OFFERS_PER_SECOND, OFFERS_BURST);
	table->entries = rte_calloc_socket("neighbours", table->entries_max, sizeof(struct neigh),
		RTE_CACHE_LINE_SIZE, net->config.socket_id);
	table->buckets = rte_calloc_socket(
		"neighbours", buckets, sizeof(uint32_t), RTE_CACHE_LINE_SIZE, net->config.socket_id);
	if (table->entries && table->buckets)
		return 0;
	rte_free(table->entries);
	rte_free(table->buckets);
	return -ENOMEM;
}

void neigh_fini(struct net *net)
{
	struct neigh_table *table = &net->neighbours;

	for (uint32_t i = 0; i < table->used; i++)
		rte_pktmbuf_free_bulk(table->entries[i].pending, table->entries[i].pending_count);
	rte_free(table->entries);
	rte_free(table->buckets);
}
