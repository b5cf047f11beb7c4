/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The neighbours of one worker: link addresses of the next hops it sends to, for ARP and neighbour discovery
 * alike. The states are those of RFC 4861 7.3.2, without DELAY: nothing above UDP tells us that a neighbour
 * is reachable, so there is no hint to wait for before probing.
 *
 *  INCOMPLETE  asked everybody; packets wait               timer: ask again, after 3 requests FAILED
 *  REACHABLE   answered                                    timer: STALE after 15 to 45 s
 *  STALE       link address still used; next use -> PROBE  timer: forgotten after 10 min without use
 *  PROBE       link address used, being asked to confirm   timer: ask again, after 3 requests INCOMPLETE
 *  FAILED      packets are refused                         timer: forgotten, next use asks again
 *
 * Who may change an entry is the security of the link, such as it is:
 *  - Only our own wish to send creates an entry. Requests, advertisements and packets from others never do.
 *  - Only an answer while we ask (INCOMPLETE, PROBE) makes an entry REACHABLE; in PROBE only with the link
 * address that we have. RFC 826 would overwrite at any time, which lets anybody on the link take over a next
 * hop.
 *  - A claim of another link address (gratuitous ARP, unsolicited or overriding advertisement) starts a PROBE
 * of the old one. If its owner still answers, the claim was false or early. If not, everybody is asked, and
 * the new owner answers: a moved address is picked up in about one second.
 *
 * Who may take whose place: anybody can make us want to answer addresses that nobody has, thousands a second.
 * Whoever has never answered is a stranger. Strangers have half of the table and of the places for packets at
 * most, and questions of their own; one more takes the place of the oldest of them. So they cost each other,
 * and those that answered once are neither forgotten for them nor asked later.
 */
#ifndef NET_NEIGH_PRIV_H
#define NET_NEIGH_PRIV_H

#include "base/addr.h"
#include "base/budget.h"
#include "limits.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct net;
struct net_port;
struct rte_mbuf;

enum neigh_limits {
	NEIGH_REQUESTS = 3,     /* RFC 4861 10: MAX_MULTICAST_SOLICIT, MAX_UNICAST_SOLICIT */
	NEIGH_TICK_ENTRIES = 64 /* looked at in one tick */
};

#define NEIGH_REQUEST_NS                                                                                    \
	1000000000ULL                   /* RFC 1122 2.3.2.1: one broadcast a second; RFC 4861 RETRANS_TIMER \
					 */
#define NEIGH_PUT_OFF_NS   50000000ULL  /* when too many ask at once */
#define NEIGH_PROBE_NS     250000000ULL /* unicast, to one that was there moments ago */
#define NEIGH_REACHABLE_NS 30000000000ULL
#define NEIGH_FAILED_NS    1000000000ULL
#define NEIGH_FORGET_NS    600000000000ULL

enum neigh_state { NEIGH_FREE, NEIGH_INCOMPLETE, NEIGH_REACHABLE, NEIGH_STALE, NEIGH_PROBE, NEIGH_FAILED };

struct neigh {
	struct ip_addr ip;
	uint8_t mac[6];
	uint8_t state;    /* enum neigh_state */
	uint8_t requests; /* sent in this state */
	uint8_t pending_count;
	bool known; /* has answered since the entry was made; otherwise it stands among the strangers */
	uint16_t port;
	uint32_t version;  /* another one when the entry passes to another address, or gets a link address */
	uint32_t next;     /* in the bucket or the free list: index + 1, 0 ends it */
	uint64_t timer_ns; /* see the table above */
	uint64_t used_ns;
	TAILQ_ENTRY(neigh) stranger;
	struct rte_mbuf *pending[NEIGH_PENDING_MAX]; /* oldest first; IP packets without link header */
};

struct neigh_table {
	struct neigh *entries;
	uint32_t *buckets; /* index + 1 of the first entry, 0: empty */
	uint32_t entries_max;
	uint32_t bucket_mask;
	uint32_t free; /* index + 1 */
	uint32_t used; /* entries that were ever taken: those beyond are untouched */
	uint32_t cursor;
	uint32_t pending_count;
	uint32_t pending_max;
	TAILQ_HEAD(, neigh) strangers; /* oldest first */
	uint32_t stranger_count;
	uint64_t seed;
	/* Over all neighbours: scanning us must not make us flood the link. */
	struct budget stranger_budget;
	struct budget known_budget;
	struct budget offer_budget;
};

/* In net_neighbour.flags. */
enum {
	NEIGH_ANSWER_SOLICITED = 1, /* answers a request of ours; otherwise a claim */
	NEIGH_ANSWER_NO_MAC = 2     /* confirms the address without naming it (RFC 4861 4.4) */
};

struct net_neighbour;

must_use int neigh_init(struct net *net);
void neigh_fini(struct net *net);

/* Sends an IP packet to a neighbour, now or when its link address is known. 0 or -errno; the mbuf passes. */
int neigh_output(struct net *net, struct net_port *port, const struct ip_addr *next_hop,
	struct rte_mbuf *packet, uint64_t now_ns);

/* NULL: it was never sent to, or has been forgotten. */
struct neigh *neigh_find(struct neigh_table *table, uint16_t port, const struct ip_addr *ip);

/* An answer or claim from the link, by ARP or ND, for this worker and the others. */
void neigh_heard(struct net *net, const struct net_neighbour *heard, uint64_t now_ns);
void neigh_tick(struct net *net, uint64_t now_ns);

/* Requests; mac NULL asks everybody. */
void arp_request(struct net *net, struct net_port *port, const struct ip_addr *target, const uint8_t *mac);
void nd_solicit(struct net *net, struct net_port *port, const struct ip_addr *target, const uint8_t *mac);
void arp_announce(struct net *net, struct net_port *port, const struct ip_addr *addr);
void nd_announce(struct net *net, struct net_port *port, const struct ip_addr *addr);

#endif
