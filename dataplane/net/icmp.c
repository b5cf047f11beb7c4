/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ICMP (RFC 792) and ICMPv6 (RFC 4443): answers echo, tells the sender of a datagram to a closed port, and
 * passes on what others tell about packets of ours. Answers go back to the link address that the question
 * came from, so that a question creates no neighbour.
 */
#include "net/net_priv.h"

#include "net/addr_priv.h"
#include "net/checksum_priv.h"
#include "net/quote_priv.h"

#include <rte_icmp.h>
#include <rte_ip.h>

#include <netinet/in.h>

enum {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_UNREACHABLE = 3,
	ICMP4_ECHO = 8,
	ICMP6_UNREACHABLE = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
	ICMP6_LISTENER_QUERY = 130,
	ICMP6_ROUTER_SOLICIT = 133,
	ICMP6_REDIRECT = 137,
	CODE_TOO_BIG = 4,
	CODE_PORT4 = 3,
	CODE_PORT6 = 4,
	QUOTE4_MAX = 576 - IP4_HEADER - ICMP_HEADER,     /* RFC 1812 4.3.2.3 */
	QUOTE6_MAX = MTU_MIN - IP6_HEADER - ICMP_HEADER, /* RFC 4443 2.4 (c) */
	MTU_MIN_V4 = 576, /* less is not worth believing, and is what to try when a router names none */
	/* The part of an error that we look at: an IPv4 header with all its options, or one of IPv6. */
	ERROR_READ_MAX = ICMP_HEADER + 60 + QUOTE_L4_BYTES + QUOTE_PAYLOAD_BYTES,
};

static_assert(sizeof(struct rte_icmp_hdr) == ICMP_HEADER, "wire size");
static_assert(QUOTE6_MAX + ICMP_HEADER <= MTU_MIN, "an error fits in one mbuf of the least size");

/* RFC 792, RFC 1122 3.2.2.1 and RFC 1812 5.2.7.1. Anything else has no entry: net_unreach is a small list. */
static int unreach_of_code4(uint8_t code)
{
	static const int8_t why[] = {
		[0] = NET_UNREACH_NETWORK,
		[1] = NET_UNREACH_HOST,
		[2] = -1,
		[3] = NET_UNREACH_PORT,
		[4] = -1,
		[5] = -1,
		[6] = NET_UNREACH_NETWORK,
		[7] = NET_UNREACH_HOST,
		[8] = -1,
		[9] = NET_UNREACH_ADMIN,
		[10] = NET_UNREACH_ADMIN,
		[11] = NET_UNREACH_NETWORK,
		[12] = NET_UNREACH_HOST,
		[13] = NET_UNREACH_ADMIN,
	};

	return code < sizeof(why) ? why[code] : -1;
}

/* RFC 4443 3.1. */
static int unreach_of_code6(uint8_t code)
{
	static const int8_t why[] = {NET_UNREACH_NETWORK, NET_UNREACH_ADMIN, NET_UNREACH_NETWORK,
		NET_UNREACH_HOST, NET_UNREACH_PORT, NET_UNREACH_ADMIN, NET_UNREACH_ADMIN};

	return code < sizeof(why) ? why[code] : -1;
}

/* What packet of ours an error is about. Without TCP above, segments are none of ours. */
static int error_quote(const struct net *net, const struct packet *pkt, struct quote *ret_quote)
{
	uint8_t buf[ERROR_READ_MAX];
	uint32_t len = pkt->l4_len < sizeof(buf) ? pkt->l4_len : (uint32_t)sizeof(buf);
	const uint8_t *bytes = rte_pktmbuf_read(pkt->mbuf, pkt->l4_offset, len, buf);
	int fate;

	ensure(bytes != NULL && len >= ICMP_HEADER);
	if (len == ICMP_HEADER || bytes[ICMP_HEADER] >> 4 != (pkt->dst.family == IP_V4 ? 4 : 6))
		return STAT_net_icmp_bad_quote;
	fate = quote_read(bytes + ICMP_HEADER, len - ICMP_HEADER, ret_quote);
	if (fate != PACKET_NEXT)
		return fate;
	/* The error came to the address that the quoted packet left from, or it is not ours to believe. */
	if (!ip_equal(&ret_quote->local.ip, &pkt->dst))
		return STAT_net_icmp_foreign_quote;
	if (ret_quote->proto == IPPROTO_TCP && !net->config.tcp_unreachable)
		return STAT_net_icmp_foreign_quote;
	return PACKET_NEXT;
}

static int icmp_unreachable_input(struct net *net, struct packet *pkt, int why)
{
	struct quote quote;
	int fate;

	if (why < 0)
		return STAT_net_icmp_ignored;
	fate = error_quote(net, pkt, &quote);
	if (fate != PACKET_NEXT)
		return fate;
	net_count(net, STAT_net_icmp_unreachable);
	net_tell_unreachable(net, &quote, (enum net_unreach)why);
	return PACKET_DONE;
}

void net_tell_unreachable(struct net *net, const struct quote *quote, enum net_unreach why)
{
	const struct net_config *config = &net->config;

	if (quote->proto == IPPROTO_TCP) {
		if (config->tcp_unreachable)
			config->tcp_unreachable(config->ctx, &quote->local, &quote->remote, quote->seq, 0);
	} else if (config->unreachable) {
		config->unreachable(config->ctx, &quote->local, &quote->remote, why,
			span_of(quote->payload, quote->payload_len));
	}
}

/* Two bytes of the header, which the callers have seen to be there. */
static uint32_t header_be16(const struct packet *pkt, uint32_t offset)
{
	const uint8_t *bytes = packet_bytes(pkt, pkt->l4_offset + offset, 2);

	ensure(bytes != NULL);
	return (uint32_t)bytes[0] << 8 | bytes[1];
}

/*
 * RFC 1191 4: the last two bytes of the header are the MTU, or zero from a router older than that. It
 * concerns segments only: all else of ours may be fragmented on its way.
 */
static int icmp4_too_big_input(struct net *net, struct packet *pkt)
{
	uint32_t mtu = header_be16(pkt, 6);
	struct quote quote;
	int fate = error_quote(net, pkt, &quote);

	if (fate != PACKET_NEXT)
		return fate;
	if (quote.proto == IPPROTO_TCP)
		net->config.tcp_unreachable(net->config.ctx, &quote.local, &quote.remote, quote.seq,
			mtu < MTU_MIN_V4 ? MTU_MIN_V4 : mtu);
	net_count(net, STAT_net_icmp_too_big);
	return PACKET_DONE;
}

/* RFC 4443 3.2: the second word of the message is the MTU. RFC 8201 4: one below what all paths carry is a
 * lie. */
static int icmp6_too_big_input(struct net *net, struct packet *pkt)
{
	uint32_t mtu = header_be16(pkt, 4) << 16 | header_be16(pkt, 6);
	struct quote quote;
	int fate = error_quote(net, pkt, &quote);

	if (fate != PACKET_NEXT)
		return fate;
	if (mtu < MTU_MIN)
		return STAT_net_icmp_ignored;
	pmtu_lower(&net->paths, &quote.remote.ip, mtu, pkt->now_ns);
	if (quote.proto == IPPROTO_TCP)
		net->config.tcp_unreachable(net->config.ctx, &quote.local, &quote.remote, quote.seq, mtu);
	net_count(net, STAT_net_icmp_too_big);
	return PACKET_DONE;
}

/* Back to where the packet came from; valid as long as the packet is. */
static struct ip_out answer_to(const struct packet *pkt)
{
	return (struct ip_out){.port = pkt->port,
		.src = &pkt->dst,
		.dst = &pkt->src,
		.mac = pkt->mac,
		.now_ns = pkt->now_ns,
		.proto = pkt->dst.family == IP_V4 ? IPPROTO_ICMP : IPPROTO_ICMPV6,
		.hop_limit = HOP_LIMIT};
}

/* The request becomes its own answer. */
static int icmp_echo_reply(struct net *net, struct packet *pkt, uint8_t reply_type)
{
	bool v4 = pkt->dst.family == IP_V4;
	const struct checksum_pseudo pseudo = {&pkt->dst, &pkt->src, IPPROTO_ICMPV6};
	const struct ip_out out = answer_to(pkt);
	struct rte_icmp_hdr *icmp;

	if (!budget_take(&net->echo_budget, pkt->now_ns))
		return STAT_net_icmp_echo_limited;
	if (rte_mbuf_refcnt_read(pkt->mbuf) != 1 ||
		rte_pktmbuf_headroom(pkt->mbuf) + pkt->l4_offset < NET_HEADROOM)
		return STAT_net_tx_no_headroom;
	icmp = (struct rte_icmp_hdr *)(void *)rte_pktmbuf_adj(pkt->mbuf, (uint16_t)pkt->l4_offset);
	ensure(icmp != NULL);
	pkt->mbuf->ol_flags &= MBUF_MEMORY_FLAGS;
	icmp->icmp_type = reply_type;
	icmp->icmp_cksum = 0;
	icmp->icmp_cksum = checksum_mbuf(pkt->mbuf, 0, pkt->mbuf->pkt_len, v4 ? NULL : &pseudo);
	if (ip_output(net, &out, pkt->mbuf) == 0)
		net_count(net, STAT_net_icmp_echo_replies);
	return PACKET_TAKEN;
}

int icmp4_input(struct net *net, struct packet *pkt)
{
	const struct rte_icmp_hdr *icmp = packet_bytes(pkt, pkt->l4_offset, ICMP_HEADER);

	if (!icmp || pkt->l4_len < ICMP_HEADER)
		return STAT_net_icmp_short;
	if (checksum_mbuf(pkt->mbuf, pkt->l4_offset, pkt->l4_len, NULL) != 0)
		return STAT_net_icmp_bad_checksum;
	if (icmp->icmp_type == ICMP4_ECHO)
		return icmp_echo_reply(net, pkt, ICMP4_ECHO_REPLY);
	if (icmp->icmp_type != ICMP4_UNREACHABLE)
		return STAT_net_icmp_ignored;
	if (icmp->icmp_code == CODE_TOO_BIG)
		return icmp4_too_big_input(net, pkt);
	return icmp_unreachable_input(net, pkt, unreach_of_code4(icmp->icmp_code));
}

int icmp6_input(struct net *net, struct packet *pkt)
{
	const struct rte_icmp_hdr *icmp = packet_bytes(pkt, pkt->l4_offset, ICMP_HEADER);
	const struct checksum_pseudo pseudo = {&pkt->src, &pkt->dst, IPPROTO_ICMPV6};

	if (!icmp || pkt->l4_len < ICMP_HEADER)
		return STAT_net_icmp_short;
	if (checksum_mbuf(pkt->mbuf, pkt->l4_offset, pkt->l4_len, &pseudo) != 0)
		return STAT_net_icmp_bad_checksum;
	if (icmp->icmp_type >= ICMP6_ROUTER_SOLICIT && icmp->icmp_type <= ICMP6_REDIRECT)
		return nd_input(net, pkt);
	if (icmp->icmp_type == ICMP6_LISTENER_QUERY)
		return mld_query_input(net, pkt);
	/* What follows has an answer or a cause, and those have unicast addresses; pings to a group stay
	 * silent. */
	if (!pkt->to_us || ip_is_unspecified(&pkt->src))
		return STAT_net_icmp_ignored;
	switch (icmp->icmp_type) {
	case ICMP6_ECHO:
		return icmp_echo_reply(net, pkt, ICMP6_ECHO_REPLY);
	case ICMP6_UNREACHABLE:
		return icmp_unreachable_input(net, pkt, unreach_of_code6(icmp->icmp_code));
	case ICMP6_TOO_BIG:
		return icmp6_too_big_input(net, pkt);
	default:
		return STAT_net_icmp_ignored;
	}
}

/* The error header and as much of the packet as the RFC of its family allows. */
static struct rte_mbuf *error_build(struct net *net, const struct packet *pkt, uint8_t type, uint8_t code)
{
	uint32_t quote_max = pkt->dst.family == IP_V4 ? QUOTE4_MAX : QUOTE6_MAX;
	uint32_t len = pkt->mbuf->pkt_len - ETH_HEADER;
	struct rte_mbuf *mbuf = net_mbuf(net);
	struct rte_icmp_hdr *icmp;
	const void *quoted;

	if (!mbuf)
		return NULL;
	if (len > quote_max)
		len = quote_max;
	icmp = (struct rte_icmp_hdr *)(void *)rte_pktmbuf_append(mbuf, (uint16_t)(ICMP_HEADER + len));
	ensure(icmp != NULL);
	*icmp = (struct rte_icmp_hdr){.icmp_type = type, .icmp_code = code};
	quoted = rte_pktmbuf_read(pkt->mbuf, ETH_HEADER, len, icmp + 1);
	if (quoted != icmp + 1)
		memcpy(icmp + 1, quoted, len);
	return mbuf;
}

/* Called for datagrams to a unicast address of ours from a unicast address: RFC 1122 3.2.2 forbids the
 * others. */
void icmp_port_unreachable(struct net *net, const struct packet *pkt)
{
	bool v4 = pkt->dst.family == IP_V4;
	const struct checksum_pseudo pseudo = {&pkt->dst, &pkt->src, IPPROTO_ICMPV6};
	const struct ip_out out = answer_to(pkt);
	struct rte_icmp_hdr *icmp;
	struct rte_mbuf *mbuf;

	ensure(pkt->to_us && pkt->link_unicast);
	if (!budget_take(&net->error_budget, pkt->now_ns)) {
		net_count(net, STAT_net_icmp_error_limited);
		return;
	}
	mbuf = v4 ? error_build(net, pkt, ICMP4_UNREACHABLE, CODE_PORT4)
		  : error_build(net, pkt, ICMP6_UNREACHABLE, CODE_PORT6);
	if (!mbuf)
		return;
	icmp = rte_pktmbuf_mtod(mbuf, struct rte_icmp_hdr *);
	icmp->icmp_cksum = checksum_mbuf(mbuf, 0, mbuf->pkt_len, v4 ? NULL : &pseudo);
	if (ip_output(net, &out, mbuf) == 0)
		net_count(net, STAT_net_icmp_errors_sent);
}
