/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of frames that must be dropped, each for one reason: a good frame, some bytes changed, the counter.
 * Nothing may be delivered or answered.
 */
#include "rig.h"

#include <rte_mbuf.h>

static struct frame *udp4(void)
{
	return frame_udp(4, "hello", 5);
}

static struct frame *udp6(void)
{
	return frame_udp(6, "hello", 5);
}

/* Four bytes of options: no operation. */
static struct frame *udp4_options(void)
{
	struct frame *frame = udp4();

	frame_insert(frame, 34, "\1\1\1\1", 4);
	frame->bytes[14] = 0x46;
	frame->bytes[17] += 4;
	frame_seal(frame);
	return frame;
}

static struct frame *ext6(uint8_t kind, const uint8_t ext[8])
{
	struct frame *frame = udp6();

	frame_insert(frame, 54, ext, 8);
	frame->bytes[54] = frame->bytes[20];
	frame->bytes[20] = kind;
	frame->bytes[19] += 8;
	return frame;
}

/* At 54: next header, length, then one padding option of 4 bytes (type 1). */
static struct frame *udp6_hop_by_hop(void)
{
	return ext6(0, (const uint8_t[8]){17, 0, 1, 4});
}

static struct frame *udp6_routing(void)
{
	return ext6(43, (const uint8_t[8]){17, 0, 4, 1});
}

static struct frame *udp6_fragment(void)
{
	return ext6(44, (const uint8_t[8]){17, 0, 0, 1, 0, 0, 0, 9});
}

static struct frame *udp6_nine_extensions(void)
{
	struct frame *frame = udp6();

	for (int i = 0; i < 9; i++) {
		frame_insert(frame, 54, (const uint8_t[8]){17, 0, 1, 4}, 8);
		frame->bytes[54] = frame->bytes[20];
		frame->bytes[20] = 60;
		frame->bytes[19] += 8;
	}
	return frame;
}

static struct frame *udp6_to_all_nodes(void)
{
	struct frame *frame = udp6();

	memcpy(frame->bytes, "\x33\x33\0\0\0\1", 6);
	memset(frame->bytes + 38, 0, 16);
	memcpy(frame->bytes + 38, "\xff\2", 2);
	frame->bytes[53] = 1;
	frame_seal(frame);
	return frame;
}

static struct frame *echo4(void)
{
	return frame_icmp(4, 8, 0, "\0\1\0\1ping", 8);
}

static struct frame *echo6(void)
{
	return frame_icmp(6, 128, 0, "\0\1\0\1ping", 8);
}

/* Quotes a datagram of ours from 192.0.2.1:5060 to 192.0.2.2:5070: the quoted header is at 42, its ports
 * at 62. */
static struct frame *unreachable4(void)
{
	uint8_t body[4 + 28] = {[4] = 0x45,
		[7] = 28,
		[12] = 64,
		17,
		[16] = 192,
		0,
		2,
		1,
		192,
		0,
		2,
		2,
		0x13,
		0xc4,
		0x13,
		0xce,
		0,
		8};

	return frame_icmp(4, 3, 3, body, sizeof(body));
}

/* The quoted header is at 62, its ports at 102. */
static struct frame *unreachable6(void)
{
	uint8_t body[4 + 48] = {[4] = 0x60,
		[9] = 8,
		17,
		64,
		0x20,
		1,
		0xd,
		0xb8,
		[27] = 1,
		[28] = 0x20,
		1,
		0xd,
		0xb8,
		[43] = 2,
		0x13,
		0xc4,
		0x13,
		0xce,
		0,
		8};

	return frame_icmp(6, 1, 4, body, sizeof(body));
}

static struct frame *arp_ask(void)
{
	return frame_arp(1, "192.0.2.2", peer_mac, "192.0.2.1");
}

static struct frame *solicit(void)
{
	return frame_nd(135, "2001:db8::2", "ff02::1:ff00:1", "2001:db8::1", peer_mac);
}

static struct frame *solicit_without_address(void)
{
	return frame_nd(135, "::", "ff02::1:ff00:1", "2001:db8::1", NULL);
}

static struct frame *solicit_longer_than_sensible(void)
{
	struct frame *frame = solicit();
	static const uint8_t nonce[8] = {14, 1};

	while (frame->len < 14 + 40 + 257)
		frame_insert(frame, frame->len, nonce, sizeof(nonce));
	frame->bytes[18] = (uint8_t)((frame->len - 54) >> 8);
	frame->bytes[19] = (uint8_t)(frame->len - 54);
	frame_seal(frame);
	return frame;
}

static struct frame *solicit_in_a_fragment(void)
{
	struct frame *frame = solicit();

	frame_insert(frame, 54, (const uint8_t[8]){58}, 8);
	frame->bytes[20] = 44;
	frame->bytes[19] += 8;
	return frame;
}

static struct frame *listener_query(void)
{
	uint8_t body[20] = {0x03, 0xe8};
	struct frame *frame = frame_icmp(6, 130, 0, body, sizeof(body));

	frame->bytes[21] = 1;
	frame->bytes[22] = 0xfe;
	frame->bytes[23] = 0x80;
	frame_seal(frame);
	return frame;
}

static struct frame *advert(void)
{
	return frame_nd(136, "2001:db8::2", "2001:db8::1", "2001:db8::2", peer_mac);
}

static struct frame *advert_to_all(void)
{
	return frame_nd(136, "2001:db8::2", "ff02::1", "2001:db8::2", peer_mac);
}

enum { SEAL = 1 }; /* the checksums are made right again after the change */

static const struct row {
	const char *what;
	struct frame *(*base)(void);
	enum stat why;
	int flags;
	uint32_t len; /* of the frame, 0: as it is */
	struct {
		uint16_t at;
		uint8_t value;
	} patch[8]; /* up to a zero offset, which no row patches twice */
} rows[] = {
	{"a frame without a type", udp4, STAT_net_eth_short, 0, 13, {{0}}},
	{"another station", udp4, STAT_net_eth_not_ours, 0, 0, {{5, 9}}},
	{"a group of IPv4", udp4, STAT_net_eth_not_ours, 0, 0, {{1, 0}, {2, 0x5e}, {3, 1}, {4, 1}}},
	{"a group as source", udp4, STAT_net_eth_bad_source, 0, 0, {{6, 3}}},
	{"no source", udp4, STAT_net_eth_bad_source, 0, 0, {{6, 0}, {11, 0}}},
	{"LLDP", udp4, STAT_net_eth_unknown_type, 0, 0, {{12, 0x88}, {13, 0xcc}}},
	{"802.3 with a length", udp4, STAT_net_eth_unknown_type, 0, 0, {{12, 0}, {13, 40}}},
	{"802.1Q", udp4, STAT_net_eth_vlan, 0, 0, {{12, 0x81}, {13, 0}}},
	{"802.1ad", udp4, STAT_net_eth_vlan, 0, 0, {{12, 0x88}, {13, 0xa8}}},

	{"IPv4 of 19 bytes", udp4, STAT_net_ip4_short, 0, 14 + 19, {{0}}},
	{"version 5", udp4, STAT_net_ip4_bad_version, SEAL, 0, {{14, 0x55}}},
	{"header of 16 bytes", udp4, STAT_net_ip4_bad_header_len, 0, 0, {{14, 0x44}}},
	{"header beyond the frame", udp4, STAT_net_ip4_bad_header_len, 0, 0, {{14, 0x4f}}},
	{"total length 19", udp4, STAT_net_ip4_bad_length, SEAL, 0, {{17, 19}}},
	{"total length beyond the frame", udp4, STAT_net_ip4_truncated, SEAL, 0, {{17, 34}}},
	{"total length 65535", udp4, STAT_net_ip4_truncated, SEAL, 0, {{16, 255}, {17, 255}}},
	{"a changed TTL", udp4, STAT_net_ip4_bad_checksum, 0, 0, {{22, 63}}},
	{"multicast source", udp4, STAT_net_ip4_bad_source, SEAL, 0, {{26, 224}}},
	{"loopback source", udp4, STAT_net_ip4_bad_source, SEAL, 0, {{26, 127}}},
	{"reserved source", udp4, STAT_net_ip4_bad_source, SEAL, 0, {{26, 240}}},
	{"broadcast source", udp4, STAT_net_ip4_bad_source, SEAL, 0,
		{{26, 255}, {27, 255}, {28, 255}, {29, 255}}},
	{"source in 0/8", udp4, STAT_net_ip4_bad_source, SEAL, 0, {{26, 0}}},
	{"our own address as source", udp4, STAT_net_ip4_bad_source, SEAL, 0, {{29, 1}}},
	{"the subnet's broadcast as source", udp4, STAT_net_ip4_bad_source, SEAL, 0, {{29, 255}}},
	{"the subnet itself as source", udp4, STAT_net_ip4_bad_source, SEAL, 0, {{29, 0}}},
	{"another's address", udp4, STAT_net_ip4_not_ours, SEAL, 0, {{33, 3}}},
	{"the subnet's broadcast", udp4, STAT_net_ip4_not_ours, SEAL, 0, {{33, 255}}},
	{"a multicast address", udp4, STAT_net_ip4_not_ours, SEAL, 0, {{30, 224}}},
	{"our address in a broadcast frame", udp4, STAT_net_ip_in_group_frame, 0, 0,
		{{0, 255}, {1, 255}, {2, 255}, {3, 255}, {4, 255}, {5, 255}}},
	{"an option without a length", udp4_options, STAT_net_ip4_bad_options, SEAL, 0, {{37, 7}}},
	{"an option of length 1", udp4_options, STAT_net_ip4_bad_options, SEAL, 0, {{34, 7}, {35, 1}}},
	{"an option beyond the header", udp4_options, STAT_net_ip4_bad_options, SEAL, 0, {{34, 7}, {35, 5}}},
	{"a loose source route", udp4_options, STAT_net_ip4_source_route, SEAL, 0, {{34, 131}, {35, 3}}},
	{"a strict source route", udp4_options, STAT_net_ip4_source_route, SEAL, 0, {{35, 137}, {36, 3}}},
	{"TCP", udp4, STAT_net_ip4_unknown_proto, SEAL, 0, {{23, 6}}},
	{"an empty last fragment", udp4, STAT_net_frag_bad_length, SEAL, 14 + 20, {{17, 20}, {21, 1}}},
	{"a first fragment of 13 bytes", udp4, STAT_net_frag_bad_length, SEAL, 0, {{20, 0x20}}},
	{"a fragment beyond 65535", udp4, STAT_net_frag_beyond_end, SEAL, 0, {{20, 0x1f}, {21, 0xff}}},

	{"IPv6 of 39 bytes", udp6, STAT_net_ip6_short, 0, 14 + 39, {{0}}},
	{"version 4 in an IPv6 frame", udp6, STAT_net_ip6_bad_version, 0, 0, {{14, 0x45}}},
	{"payload length beyond the frame", udp6, STAT_net_ip6_truncated, 0, 0, {{19, 14}}},
	{"multicast source of IPv6", udp6, STAT_net_ip6_bad_source, SEAL, 0, {{22, 0xff}}},
	{"no source at all", udp6, STAT_net_ip6_bad_source, SEAL, 0,
		{{22, 0}, {23, 0}, {24, 0}, {25, 0}, {37, 0}}},
	{"loopback source of IPv6", udp6, STAT_net_ip6_bad_source, SEAL, 0,
		{{22, 0}, {23, 0}, {24, 0}, {25, 0}, {37, 1}}},
	{"an IPv4 source in IPv6", udp6, STAT_net_ip6_bad_source, SEAL, 0,
		{{22, 0}, {23, 0}, {24, 0}, {25, 0}, {32, 255}, {33, 255}, {34, 192}}},
	{"our own IPv6 source", udp6, STAT_net_ip6_bad_source, SEAL, 0, {{37, 1}}},
	{"another's IPv6 address", udp6, STAT_net_ip6_not_ours, SEAL, 0, {{53, 3}}},
	{"a group we are not in", udp6, STAT_net_ip6_not_ours, SEAL, 0, {{38, 0xff}}},
	{"our IPv6 address in a group frame", udp6, STAT_net_ip_in_group_frame, 0, 0, {{1, 0x33}, {0, 0x33}}},
	{"TCP over IPv6", udp6, STAT_net_ip6_unknown_proto, 0, 0, {{20, 6}}},
	{"no next header", udp6, STAT_net_ip6_unknown_proto, 0, 0, {{20, 59}}},
	{"an option to discard on", udp6_hop_by_hop, STAT_net_ip6_unknown_option, 0, 0, {{56, 0x45}}},
	{"an option to report", udp6_hop_by_hop, STAT_net_ip6_unknown_option, 0, 0, {{56, 0xc2}}},
	{"an option beyond its header", udp6_hop_by_hop, STAT_net_ip6_bad_extension, 0, 0, {{57, 5}}},
	{"an option without length", udp6_hop_by_hop, STAT_net_ip6_bad_extension, 0, 0, {{57, 3}, {61, 1}}},
	{"an extension beyond the packet", udp6_hop_by_hop, STAT_net_ip6_bad_extension, 0, 0, {{55, 2}}},
	{"an extension cut off", udp6_hop_by_hop, STAT_net_ip6_bad_extension, 0, 14 + 47, {{19, 7}}},
	{"hop-by-hop twice", udp6_hop_by_hop, STAT_net_ip6_bad_extension, 0, 0, {{54, 0}}},
	{"nine extensions", udp6_nine_extensions, STAT_net_ip6_bad_extension, 0, 0, {{0}}},
	{"a route to go on", udp6_routing, STAT_net_ip6_routing_header, 0, 0, {{0}}},
	{"a routing header cut off", udp6_routing, STAT_net_ip6_bad_extension, 0, 0, {{55, 9}}},
	{"a fragment header cut off", udp6_fragment, STAT_net_ip6_bad_extension, 0, 14 + 46, {{19, 6}}},
	{"a first fragment of 13 bytes, IPv6", udp6_fragment, STAT_net_frag_bad_length, 0, 0, {{0}}},
	{"an empty fragment", udp6_fragment, STAT_net_frag_bad_length, 0, 14 + 48, {{19, 8}}},
	{"an IPv6 fragment beyond 65535", udp6_fragment, STAT_net_frag_beyond_end, 0, 0,
		{{56, 0xff}, {57, 0xf8}}},

	{"UDP of 7 bytes", udp4, STAT_net_udp_short, SEAL, 14 + 27, {{17, 27}}},
	{"UDP length 7", udp4, STAT_net_udp_bad_length, SEAL, 0, {{39, 7}}},
	{"UDP length 0", udp6, STAT_net_udp_bad_length, SEAL, 0, {{59, 0}}},
	{"UDP length beyond the packet", udp4, STAT_net_udp_bad_length, SEAL, 0, {{39, 14}}},
	{"UDP to port 0", udp4, STAT_net_udp_port_zero, SEAL, 0, {{36, 0}, {37, 0}}},
	{"UDP from port 0", udp6, STAT_net_udp_port_zero, SEAL, 0, {{54, 0}, {55, 0}}},
	{"a changed byte", udp4, STAT_net_udp_bad_checksum, 0, 0, {{42, 'H'}}},
	{"a changed byte, IPv6", udp6, STAT_net_udp_bad_checksum, 0, 0, {{62, 'H'}}},
	{"UDP over IPv6 without checksum", udp6, STAT_net_udp_no_checksum, 0, 0, {{60, 0}, {61, 0}}},
	{"UDP to all nodes", udp6_to_all_nodes, STAT_net_udp_not_unicast, 0, 0, {{0}}},

	{"ICMP of 7 bytes", echo4, STAT_net_icmp_short, SEAL, 14 + 27, {{17, 27}}},
	{"ICMPv6 of 7 bytes", echo6, STAT_net_icmp_short, SEAL, 14 + 47, {{19, 7}}},
	{"a changed ping", echo4, STAT_net_icmp_bad_checksum, 0, 0, {{42, 'P'}}},
	{"a changed ping, IPv6", echo6, STAT_net_icmp_bad_checksum, 0, 0, {{62, 'P'}}},
	{"a timestamp request", echo4, STAT_net_icmp_ignored, SEAL, 0, {{34, 13}}},
	{"a redirect", echo4, STAT_net_icmp_ignored, SEAL, 0, {{34, 5}}},
	{"protocol unreachable", unreachable4, STAT_net_icmp_ignored, SEAL, 0, {{35, 2}}},
	{"an unknown code", unreachable4, STAT_net_icmp_ignored, SEAL, 0, {{35, 16}}},
	{"an unknown code, IPv6", unreachable6, STAT_net_icmp_ignored, SEAL, 0, {{55, 7}}},
	{"an unknown ICMPv6 type", echo6, STAT_net_icmp_ignored, SEAL, 0, {{54, 150}}},
	{"fragmentation needed", unreachable4, STAT_net_icmp_too_big, SEAL, 0, {{35, 4}}},
	{"packet too big for 1279", unreachable6, STAT_net_icmp_ignored, SEAL, 0,
		{{54, 2}, {60, 4}, {61, 255}}},
	{"packet too big without a packet", echo6, STAT_net_icmp_bad_quote, SEAL, 0, {{54, 2}}},
	{"a quote without ports", unreachable4, STAT_net_icmp_bad_quote, SEAL, 14 + 20 + 8 + 27, {{17, 55}}},
	{"a quote of version 6", unreachable4, STAT_net_icmp_bad_quote, SEAL, 0, {{42, 0x65}}},
	{"a quote with a short header", unreachable4, STAT_net_icmp_bad_quote, SEAL, 0, {{42, 0x44}}},
	{"a quote with a long header", unreachable4, STAT_net_icmp_bad_quote, SEAL, 0, {{42, 0x4f}}},
	{"fragmentation needed without ports", unreachable4, STAT_net_icmp_bad_quote, SEAL, 14 + 20 + 8 + 27,
		{{17, 55}, {35, 4}}},
	{"a quote of TCP", unreachable4, STAT_net_icmp_foreign_quote, SEAL, 0, {{51, 6}}},
	{"a quote of a later fragment", unreachable4, STAT_net_icmp_foreign_quote, SEAL, 0, {{49, 1}}},
	{"a quote of another's datagram", unreachable4, STAT_net_icmp_foreign_quote, SEAL, 0, {{57, 3}}},
	{"a quote of version 4", unreachable6, STAT_net_icmp_bad_quote, SEAL, 0, {{62, 0x45}}},
	{"a quote without ports, IPv6", unreachable6, STAT_net_icmp_bad_quote, SEAL, 14 + 40 + 8 + 47,
		{{19, 55}}},
	{"a quote of a fragment cut off", unreachable6, STAT_net_icmp_bad_quote, SEAL, 14 + 40 + 8 + 44,
		{{19, 52}, {68, 44}}},
	{"a quote of a later fragment, IPv6", unreachable6, STAT_net_icmp_foreign_quote, SEAL, 0, {{68, 44}}},
	{"a quote of TCP, IPv6", unreachable6, STAT_net_icmp_foreign_quote, SEAL, 0, {{68, 6}}},
	{"a quote of another's datagram, IPv6", unreachable6, STAT_net_icmp_foreign_quote, SEAL, 0,
		{{85, 3}}},

	{"ARP of 27 bytes", arp_ask, STAT_net_arp_short, 0, 14 + 27, {{0}}},
	{"ARP for token ring", arp_ask, STAT_net_arp_bad_format, 0, 0, {{15, 6}}},
	{"ARP for another protocol", arp_ask, STAT_net_arp_bad_format, 0, 0, {{16, 9}}},
	{"ARP with 8-byte link addresses", arp_ask, STAT_net_arp_bad_format, 0, 0, {{18, 8}}},
	{"ARP with 16-byte addresses", arp_ask, STAT_net_arp_bad_format, 0, 0, {{19, 16}}},
	{"reverse ARP", arp_ask, STAT_net_arp_bad_format, 0, 0, {{21, 3}}},
	{"ARP from a group's link address", arp_ask, STAT_net_arp_bad_sender, 0, 0, {{22, 3}}},
	{"ARP from a loopback address", arp_ask, STAT_net_arp_bad_sender, 0, 0, {{28, 127}}},
	{"ARP from the subnet's broadcast", arp_ask, STAT_net_arp_bad_sender, 0, 0, {{31, 255}}},
	{"ARP of our own", arp_ask, STAT_net_arp_own, 0, 0, {{27, 1}, {31, 1}}},
	{"ARP for another", arp_ask, STAT_net_arp_not_ours, 0, 0, {{41, 3}}},

	{"a solicitation from afar", solicit, STAT_net_nd_hop_limit, SEAL, 0, {{21, 254}}},
	{"a solicitation of 23 bytes", solicit, STAT_net_nd_short, SEAL, 14 + 40 + 23, {{19, 23}}},
	{"a solicitation with a code", solicit, STAT_net_nd_bad_code, SEAL, 0, {{55, 1}}},
	{"an option of length 0", solicit, STAT_net_nd_bad_option, SEAL, 0, {{79, 0}}},
	{"an option beyond the message", solicit, STAT_net_nd_bad_option, SEAL, 0, {{79, 2}}},
	{"a group as link address", solicit, STAT_net_nd_bad_option, SEAL, 0, {{80, 3}}},
	{"an advertisement with a bad option", advert, STAT_net_nd_bad_option, SEAL, 0, {{79, 0}}},
	{"options without end", solicit_longer_than_sensible, STAT_net_nd_bad_option, 0, 0, {{0}}},
	{"a group as target", solicit, STAT_net_nd_bad_target, SEAL, 0, {{62, 0xff}}},
	{"an answer to a group", advert_to_all, STAT_net_nd_bad_target, SEAL, 0, {{58, 0x60}}},
	{"an advertised group", advert, STAT_net_nd_bad_target, SEAL, 0, {{62, 0xff}}},
	{"a link address without an address", solicit, STAT_net_nd_bad_source, SEAL, 0,
		{{22, 0}, {23, 0}, {24, 0}, {25, 0}, {37, 0}}},
	{"no address and to all nodes", solicit_without_address, STAT_net_nd_bad_source, SEAL, 0,
		{{49, 0}, {50, 0}, {53, 1}}},
	{"an advertisement without address", advert_to_all, STAT_net_nd_bad_source, SEAL, 0,
		{{22, 0}, {23, 0}, {24, 0}, {25, 0}, {37, 0}}},
	{"a solicitation for another", solicit, STAT_net_nd_not_ours, SEAL, 0, {{75, 1}}},
	{"a listener query of 23 bytes", listener_query, STAT_net_mld_bad_query, SEAL, 14 + 40 + 23,
		{{19, 23}}},
	{"a listener query from afar", listener_query, STAT_net_mld_bad_query, SEAL, 0, {{21, 64}}},
	{"a listener query from another link", listener_query, STAT_net_mld_bad_query, SEAL, 0, {{22, 0x20}}},
	{"a router solicitation", advert_to_all, STAT_net_nd_router, SEAL, 0, {{54, 133}}},
	{"a router advertisement", advert_to_all, STAT_net_nd_router, SEAL, 0, {{54, 134}}},
	{"a redirect, IPv6", advert, STAT_net_nd_router, SEAL, 0, {{54, 137}}},
	{"our address advertised by another", advert, STAT_net_nd_conflict, SEAL, 0, {{77, 1}}},
	{"a solicitation in a fragment", solicit_in_a_fragment, STAT_net_nd_fragmented, 0, 0, {{0}}},
};

static void test_each_malformed_frame_is_counted_under_its_reason(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		const struct row *row = &rows[i];
		struct frame *frame = row->base();
		uint64_t before = rig_count(rig, row->why);

		for (size_t p = 0; p < RTE_DIM(row->patch); p++)
			if (row->patch[p].at != 0 || row->patch[p].value != 0)
				frame->bytes[row->patch[p].at] = row->patch[p].value;
		if (row->len != 0)
			frame->len = row->len;
		if (row->flags & SEAL)
			frame_seal(frame);
		rig_input(rig, frame);
		if (rig_count(rig, row->why) != before + 1)
			fail_msg("%s: %s did not count", row->what, stat_infos[row->why].name);
		net_flush(rig->net);
		if (rig->delivered_count != 0 || rig->sent_count != 0 || rig->error_count != 0)
			fail_msg("%s: something came of it", row->what);
	}
}

/* The rows prove something only if their bases are accepted. */
static void test_the_frames_that_the_rows_spoil_are_good(void **state)
{
	struct rig *rig = *state;
	struct frame *(*const delivered[])(void) = {udp4, udp6, udp4_options, udp6_hop_by_hop};
	struct frame *(*const answered[])(void) = {echo4, echo6, arp_ask, solicit, solicit_without_address};

	for (size_t i = 0; i < RTE_DIM(delivered); i++) {
		rig_input(rig, delivered[i]());
		assert_int_equal(rig->delivered_count, i + 1);
	}
	for (size_t i = 0; i < RTE_DIM(answered); i++) {
		rig_input(rig, answered[i]());
		net_flush(rig->net);
		assert_int_equal(rig->sent_count, i + 1);
	}
	rig_input(rig, unreachable4());
	rig_input(rig, unreachable6());
	assert_int_equal(rig->error_count, 2);
}

static void test_a_route_at_its_end_is_passed_over(void **state)
{
	struct rig *rig = *state;
	struct frame *frame = udp6_routing();

	frame->bytes[57] = 0;
	rig_input(rig, frame);
	assert_int_equal(rig->delivered_count, 1);
}

static void test_a_frame_with_a_stripped_tag_is_dropped(void **state)
{
	struct rig *rig = *state;
	struct frame *frame = udp4();
	struct rte_mbuf *mbuf = rig_mbuf(rig, frame->bytes, frame->len, UINT32_MAX);

	mbuf->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	net_input(rig->net, 0, &mbuf, 1, rig->now_ns);
	assert_int_equal(rig_count(rig, STAT_net_eth_vlan), 1);
}

static void test_padding_of_whole_segments_is_dropped(void **state)
{
	struct rig *rig = *state;

	for (int family = 4; family <= 6; family += 2) {
		struct frame *frame = frame_udp(family, "hello", 5);

		memset(frame->bytes + frame->len, 0, 200);
		frame->len += 200;
		rig_input_cut(rig, frame, 100);
	}
	assert_int_equal(rig_count(rig, STAT_net_eth_padding), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_each_malformed_frame_is_counted_under_its_reason),
		RIG_TEST(test_the_frames_that_the_rows_spoil_are_good),
		RIG_TEST(test_a_route_at_its_end_is_passed_over),
		RIG_TEST(test_a_frame_with_a_stripped_tag_is_dropped),
		RIG_TEST(test_padding_of_whole_segments_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
