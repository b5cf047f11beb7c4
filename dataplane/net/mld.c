/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multicast listener reports (MLDv2, RFC 3810): a switch that snoops forwards neighbour solicitations only to
 * ports from which their groups were reported. We report at the start and when asked; we have no sources and
 * never leave. Called by net.c's tick and by icmp.c for queries.
 */
#include "net/net_priv.h"

#include "net/addr_priv.h"
#include "net/checksum_priv.h"

#include <netinet/in.h>

enum {
	MLD_REPORT = 143,
	MLD_QUERY_LEN = 24,          /* of version 1, with which version 2 begins */
	RECORD_IS_EXCLUDE = 2,       /* "I listen", asked for */
	RECORD_TO_EXCLUDE = 4,       /* "I begin to listen" */
	RESPONSE_LINEAR_MAX = 0x7fff /* above, the code is a floating point number: RFC 3810 5.1.3 */
};

struct mld_record {
	uint8_t type;
	uint8_t aux_len;
	rte_be16_t source_count;
	uint8_t group[16];
};
static_assert(sizeof(struct mld_record) == 20, "wire size");

/* The report behind its hop-by-hop header: a router alert, then padding (RFC 2711). */
struct mld_report {
	uint8_t next_header;
	uint8_t ext_len;
	uint8_t alert[4];
	uint8_t pad[2];
	uint8_t type;
	uint8_t code;
	rte_be16_t checksum;
	rte_be16_t reserved;
	rte_be16_t record_count;
	struct mld_record records[ADDRESSES_PER_PORT_MAX + 1];
};

static bool record_has(const struct mld_report *report, uint16_t count, const struct ip_addr *group)
{
	for (uint16_t i = 0; i < count; i++)
		if (memcmp(report->records[i].group, group->bytes, 16) == 0)
			return true;
	return false;
}

/* One record for each solicited-node group; addresses that end alike share theirs. */
static uint16_t report_fill(const struct net_port *port, uint8_t record_type, struct mld_report *report)
{
	uint16_t count = 0;

	for (uint16_t i = 0; i < port->local_count; i++) {
		struct ip_addr group = ip6_solicited_node(&port->local[i].addr);

		if (port->local[i].addr.family != IP_V6 || record_has(report, count, &group))
			continue;
		report->records[count].type = record_type;
		memcpy(report->records[count].group, group.bytes, 16);
		count++;
	}
	report->record_count = rte_cpu_to_be_16(count);
	return count;
}

static void report_send(struct net *net, struct net_port *port, uint8_t record_type)
{
	static const struct ip_addr routers = {{0xff, 0x02, [15] = 0x16}, IP_V6};
	struct mld_report report = {IPPROTO_ICMPV6, 0, {5, 2, 0, 0}, {1, 0}, MLD_REPORT};
	struct ip_out out = {.port = port,
		.src = &port->local[port->local_count - 1].addr,
		.dst = &routers,
		.proto = IPPROTO_HOPOPTS,
		.hop_limit = 1};
	const struct checksum_pseudo pseudo = {out.src, out.dst, IPPROTO_ICMPV6};
	uint32_t begin = offsetof(struct mld_report, type);
	uint32_t len = offsetof(struct mld_report, records) +
		       report_fill(port, record_type, &report) * (uint32_t)sizeof(struct mld_record);
	struct rte_mbuf *mbuf = net_mbuf(net);
	uint8_t group_mac[6];
	char *start;

	if (!mbuf)
		return;
	ip6_group_mac(&routers, group_mac);
	out.mac = group_mac;
	start = rte_pktmbuf_append(mbuf, (uint16_t)len);
	ensure(start != NULL);
	memcpy(start, &report, len);
	report.checksum = checksum_mbuf(mbuf, begin, len - begin, &pseudo);
	memcpy(start, &report, len);
	/* It names its link address and is short, so nothing can hold it up. */
	ensure(ip_output(net, &out, mbuf) == 0);
	net_count(net, STAT_net_mld_reports);
}

void mld_announce(struct net *net, struct net_port *port)
{
	report_send(net, port, RECORD_TO_EXCLUDE);
}

void mld_tick(struct net *net, uint64_t now_ns)
{
	for (uint16_t i = 0; i < net->port_count; i++) {
		struct net_port *port = &net->ports[i];

		if (port->report_due_ns == 0 || now_ns < port->report_due_ns)
			continue;
		port->report_due_ns = 0;
		report_send(net, port, RECORD_IS_EXCLUDE);
	}
}

/* The answer waits a random part of the time that the querier grants, lest all listeners answer at once. */
int mld_query_input(struct net *net, struct packet *pkt)
{
	const uint8_t *query = packet_bytes(pkt, pkt->l4_offset, MLD_QUERY_LEN);
	uint32_t response_ms;

	/* RFC 3810 6.2: a querier is on this link, and its hop limit kept the query there. */
	if (!query || pkt->l4_len < MLD_QUERY_LEN || pkt->hop_limit != 1 || !ip6_is_link_local(&pkt->src))
		return STAT_net_mld_bad_query;
	response_ms = (uint32_t)query[4] << 8 | query[5];
	if (response_ms > RESPONSE_LINEAR_MAX)
		response_ms = RESPONSE_LINEAR_MAX;
	if (pkt->port->report_due_ns == 0)
		pkt->port->report_due_ns =
			pkt->now_ns + 1 + rng_below(net->config.rng, response_ms + 1) * 1000000ULL;
	net_count(net, STAT_net_mld_queries);
	return PACKET_DONE;
}
