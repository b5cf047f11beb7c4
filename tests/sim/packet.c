/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and writes Ethernet, ARP, IPv4, IPv6, UDP, TCP, and the few ICMP messages that hosts need. A host
 * believes nothing: every length is checked, and checksums are verified the slow way, so a wrong one that the
 * balancer sends is seen.
 */
#include "packet.h"

#include <stdio.h>
#include <string.h>

enum { ETH = 14, IP4 = 20, IP6 = 40, UDP = 8, TCP = 20, FRAG6 = 8 };
enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_FRAGMENT = 44, PROTO_ICMP6 = 58 };
enum { ND_SOLICIT = 135, ND_ADVERT = 136 };

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t sum_of(const uint8_t *bytes, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static size_t address_bytes(const struct ip_addr *ip)
{
	return ip->family == IP_V4 ? 4 : 16;
}

/* 0xffff when the checksum inside is right. */
static uint32_t transport_sum(const struct packet_view *v, uint8_t proto, const uint8_t *bytes, size_t len)
{
	uint32_t sum = (uint32_t)proto + (uint32_t)len;

	sum = sum_of(v->src.ip.bytes, address_bytes(&v->src.ip), sum);
	sum = sum_of(v->dst.ip.bytes, address_bytes(&v->dst.ip), sum);
	return sum_of(bytes, len, sum);
}

static void read_udp(struct packet_view *v, const uint8_t *at, size_t len)
{
	if (len < UDP)
		return;
	v->src.port = (uint16_t)get16(at);
	v->dst.port = (uint16_t)get16(at + 2);
	size_t udp_len = get16(at + 4);
	if (v->kind == PACKET_FRAGMENT || udp_len < UDP || udp_len > len)
		return;
	v->kind = PACKET_UDP;
	if (get16(at + 6) != 0 || v->src.ip.family == IP_V6)
		v->checksums_right = v->checksums_right && transport_sum(v, PROTO_UDP, at, udp_len) == 0xffff;
	v->payload = span_of((const char *)at + UDP, udp_len - UDP);
}

static void read_tcp(struct packet_view *v, const uint8_t *at, size_t len)
{
	if (len < TCP || v->kind == PACKET_FRAGMENT)
		return;
	v->kind = PACKET_TCP;
	v->src.port = (uint16_t)get16(at);
	v->dst.port = (uint16_t)get16(at + 2);
	v->checksums_right = v->checksums_right && transport_sum(v, PROTO_TCP, at, len) == 0xffff;
	v->payload = span_of((const char *)at, len);
}

static void read_icmp6(struct packet_view *v, const uint8_t *at, size_t len)
{
	if (len < 24 || transport_sum(v, PROTO_ICMP6, at, len) != 0xffff) {
		v->checksums_right = len < 24 && v->checksums_right;
		return;
	}
	if (at[0] == ND_SOLICIT)
		v->kind = PACKET_ARP_REQUEST;
	else if (at[0] == ND_ADVERT)
		v->kind = PACKET_ARP_REPLY;
	else if (at[0] == 1)
		v->kind = PACKET_UNREACHABLE;
	v->target = ip_from_v6(at + 8);
}

static void read_ip4(struct packet_view *v, const uint8_t *ip, size_t len)
{
	if (len < IP4 || ip[0] != 0x45 || get16(ip + 2) > len || get16(ip + 2) < IP4)
		return;
	v->checksums_right = sum_of(ip, IP4, 0) == 0xffff;
	v->src.ip = ip_from_v4(ip + 12);
	v->dst.ip = ip_from_v4(ip + 16);
	size_t left = get16(ip + 2) - IP4;
	uint32_t fragment = get16(ip + 6);
	v->more_fragments = (fragment & 0x2000) != 0;
	v->fragment_offset = (fragment & 0x1fff) * 8;
	v->fragment_id = get16(ip + 4);
	if (v->more_fragments || v->fragment_offset > 0) {
		v->kind = PACKET_FRAGMENT;
		v->payload = span_of((const char *)ip + IP4, left);
	}
	if (ip[9] == PROTO_UDP && v->fragment_offset == 0)
		read_udp(v, ip + IP4, left);
	else if (ip[9] == PROTO_TCP && v->fragment_offset == 0)
		read_tcp(v, ip + IP4, left);
	else if (ip[9] == PROTO_ICMP && left >= 8 && ip[IP4] == 3)
		v->kind = PACKET_UNREACHABLE;
}

static void read_ip6(struct packet_view *v, const uint8_t *ip, size_t len)
{
	if (len < IP6 || ip[0] >> 4 != 6 || get16(ip + 4) + IP6 > len)
		return;
	v->checksums_right = true;
	v->src.ip = ip_from_v6(ip + 8);
	v->dst.ip = ip_from_v6(ip + 24);
	size_t left = get16(ip + 4);
	const uint8_t *at = ip + IP6;
	uint8_t proto = ip[6];
	if (proto == PROTO_FRAGMENT && left >= FRAG6) {
		v->kind = PACKET_FRAGMENT;
		v->fragment_offset = get16(at + 2) & ~7u;
		v->more_fragments = (at[3] & 1) != 0;
		v->fragment_id = get16(at + 4) << 16 | get16(at + 6);
		proto = at[0];
		at += FRAG6;
		left -= FRAG6;
		v->payload = span_of((const char *)at, left);
	}
	if (proto == PROTO_UDP && v->fragment_offset == 0)
		read_udp(v, at, left);
	else if (proto == PROTO_TCP && v->fragment_offset == 0)
		read_tcp(v, at, left);
	else if (proto == PROTO_ICMP6 && v->kind != PACKET_FRAGMENT)
		read_icmp6(v, at, left);
}

static void read_arp(struct packet_view *v, const uint8_t *arp, size_t len)
{
	if (len < 28)
		return;
	v->checksums_right = true;
	v->src.ip = ip_from_v4(arp + 14);
	v->target = ip_from_v4(arp + 24);
	v->kind = get16(arp + 6) == 1 ? PACKET_ARP_REQUEST : PACKET_ARP_REPLY;
}

struct packet_view packet_read(const struct packet *packet)
{
	struct packet_view v = {.kind = PACKET_OTHER};

	if (packet->len < ETH)
		return v;
	memcpy(v.mac_dst, packet->bytes, 6);
	memcpy(v.mac_src, packet->bytes + 6, 6);
	switch (get16(packet->bytes + 12)) {
	case 0x0800:
		read_ip4(&v, packet->bytes + ETH, packet->len - ETH);
		break;
	case 0x86dd:
		read_ip6(&v, packet->bytes + ETH, packet->len - ETH);
		break;
	case 0x0806:
		read_arp(&v, packet->bytes + ETH, packet->len - ETH);
		break;
	}
	return v;
}

static uint8_t *write_ends(struct packet *p, const struct packet_ends *ends)
{
	memcpy(p->bytes, ends->mac_dst, 6);
	memcpy(p->bytes + 6, ends->mac_src, 6);
	put16(p->bytes + 12, ends->src.ip.family == IP_V4 ? 0x0800 : 0x86dd);
	return p->bytes + ETH;
}

struct piece {
	const uint8_t *bytes;
	size_t len;
	uint32_t offset; /* in the datagram */
	bool more;
	uint16_t id;
	uint8_t proto;
};

static void write_piece4(struct packet *p, const struct packet_ends *ends, const struct piece *piece)
{
	uint8_t *ip = write_ends(p, ends);

	memset(ip, 0, IP4);
	ip[0] = 0x45;
	put16(ip + 2, (uint32_t)(IP4 + piece->len));
	put16(ip + 4, piece->id);
	put16(ip + 6, piece->offset / 8 | (piece->more ? 0x2000 : 0));
	ip[8] = 64;
	ip[9] = piece->proto;
	memcpy(ip + 12, ends->src.ip.bytes, 4);
	memcpy(ip + 16, ends->dst.ip.bytes, 4);
	put16(ip + 10, ~sum_of(ip, IP4, 0) & 0xffff);
	memcpy(ip + IP4, piece->bytes, piece->len);
	p->len = ETH + IP4 + piece->len;
}

static uint8_t *write_ip6(struct packet *p, const struct packet_ends *ends, uint8_t proto, size_t len)
{
	uint8_t *ip = write_ends(p, ends);

	memset(ip, 0, IP6);
	ip[0] = 0x60;
	put16(ip + 4, (uint32_t)len);
	ip[6] = proto;
	ip[7] = 255; /* neighbour discovery wants it, the others do not mind */
	memcpy(ip + 8, ends->src.ip.bytes, 16);
	memcpy(ip + 24, ends->dst.ip.bytes, 16);
	p->len = ETH + IP6 + len;
	return ip + IP6;
}

static void write_piece6(struct packet *p, const struct packet_ends *ends, const struct piece *piece)
{
	bool whole = !piece->more && piece->offset == 0;
	size_t extension = whole ? 0 : FRAG6;
	uint8_t *at = write_ip6(p, ends, whole ? PROTO_UDP : PROTO_FRAGMENT, extension + piece->len);

	if (!whole) {
		memset(at, 0, FRAG6);
		at[0] = PROTO_UDP;
		put16(at + 2, piece->offset | (piece->more ? 1 : 0));
		put16(at + 6, piece->id);
	}
	memcpy(at + extension, piece->bytes, piece->len);
}

void packet_udp(const struct packet_ends *ends, struct span payload, uint16_t id, packet_out *out, void *ctx)
{
	uint8_t datagram[UDP + PACKET_MESSAGE_MAX];
	struct packet_view v = {.src = ends->src, .dst = ends->dst};
	struct packet packet;
	size_t len = UDP + payload.len;
	bool is_v4 = ends->src.ip.family == IP_V4;
	size_t room = PACKET_MTU - (is_v4 ? IP4 : IP6);

	put16(datagram, ends->src.port);
	put16(datagram + 2, ends->dst.port);
	put16(datagram + 4, (uint32_t)len);
	put16(datagram + 6, 0);
	memcpy(datagram + UDP, payload.p, payload.len);
	uint32_t checksum = ~transport_sum(&v, PROTO_UDP, datagram, len) & 0xffff;
	put16(datagram + 6, checksum ? checksum : 0xffff);
	if (len > room)
		room = (room - FRAG6) & ~(size_t)7;
	for (size_t offset = 0; offset < len; offset += room) {
		bool more = len - offset > room;
		struct piece piece = {
			datagram + offset, more ? room : len - offset, (uint32_t)offset, more, id, PROTO_UDP};
		if (is_v4)
			write_piece4(&packet, ends, &piece);
		else
			write_piece6(&packet, ends, &piece);
		out(ctx, &packet);
	}
}

void packet_tcp(const struct packet_ends *ends, struct span segment, struct packet *ret_packet)
{
	struct packet_view v = {.src = ends->src, .dst = ends->dst};
	uint8_t bytes[PACKET_MTU];

	memcpy(bytes, segment.p, segment.len);
	put16(bytes, ends->src.port);
	put16(bytes + 2, ends->dst.port);
	put16(bytes + 16, 0);
	put16(bytes + 16, ~transport_sum(&v, PROTO_TCP, bytes, segment.len) & 0xffff);
	if (ends->src.ip.family == IP_V4) {
		struct piece piece = {bytes, segment.len, 0, false, 0, PROTO_TCP};
		write_piece4(ret_packet, ends, &piece);
	} else {
		memcpy(write_ip6(ret_packet, ends, PROTO_TCP, segment.len), bytes, segment.len);
	}
}

bool packet_udp_right(
	const struct endpoint *src, const struct endpoint *dst, const void *datagram, size_t len)
{
	struct packet_view v = {.src = *src, .dst = *dst};
	const uint8_t *bytes = datagram;

	if (len < UDP || get16(bytes + 4) != len)
		return false;
	if (src->ip.family == IP_V4 && get16(bytes + 6) == 0)
		return true;
	return transport_sum(&v, PROTO_UDP, bytes, len) == 0xffff;
}

static void answer_arp(const struct packet_view *question, const uint8_t mac[6], struct packet *p)
{
	static const uint8_t begin[8] = {0, 1, 8, 0, 6, 4, 0, 2};
	uint8_t *arp = p->bytes + ETH;

	memcpy(p->bytes, question->mac_src, 6);
	memcpy(p->bytes + 6, mac, 6);
	put16(p->bytes + 12, 0x0806);
	memcpy(arp, begin, sizeof(begin));
	memcpy(arp + 8, mac, 6);
	memcpy(arp + 14, question->target.bytes, 4);
	memcpy(arp + 18, question->mac_src, 6);
	memcpy(arp + 24, question->src.ip.bytes, 4);
	p->len = ETH + 28;
}

void packet_answer(const struct packet_view *question, const uint8_t mac[6], struct packet *ret_packet)
{
	struct packet_ends ends = {.src.ip = question->target, .dst.ip = question->src.ip};
	struct packet_view v = {.src = ends.src, .dst = ends.dst};

	if (question->target.family == IP_V4) {
		answer_arp(question, mac, ret_packet);
		return;
	}
	memcpy(ends.mac_src, mac, 6);
	memcpy(ends.mac_dst, question->mac_src, 6);
	uint8_t *icmp = write_ip6(ret_packet, &ends, PROTO_ICMP6, 32);
	memset(icmp, 0, 32);
	icmp[0] = ND_ADVERT;
	icmp[4] = 0x60; /* solicited, override */
	memcpy(icmp + 8, question->target.bytes, 16);
	icmp[24] = 2;
	icmp[25] = 1;
	memcpy(icmp + 26, mac, 6);
	put16(icmp + 2, ~transport_sum(&v, PROTO_ICMP6, icmp, 32) & 0xffff);
}

void packet_unreachable(const struct packet *about, struct packet *ret_packet)
{
	struct packet_view v = packet_read(about);
	struct packet_ends ends = {.src.ip = v.dst.ip, .dst.ip = v.src.ip};
	size_t quoted = about->len - ETH < 500 ? about->len - ETH : 500;

	memcpy(ends.mac_src, v.mac_dst, 6);
	memcpy(ends.mac_dst, v.mac_src, 6);
	if (v.src.ip.family == IP_V6) {
		struct packet_view back = {.src = ends.src, .dst = ends.dst};
		uint8_t *icmp = write_ip6(ret_packet, &ends, PROTO_ICMP6, 8 + quoted);
		memset(icmp, 0, 8);
		icmp[0] = 1;
		icmp[1] = 4;
		memcpy(icmp + 8, about->bytes + ETH, quoted);
		put16(icmp + 2, ~transport_sum(&back, PROTO_ICMP6, icmp, 8 + quoted) & 0xffff);
		return;
	}
	uint8_t message[8 + 500] = {3, 3};
	memcpy(message + 8, about->bytes + ETH, quoted);
	put16(message + 2, ~sum_of(message, 8 + quoted, 0) & 0xffff);
	struct piece piece = {message, 8 + quoted, 0, false, 0, PROTO_ICMP};
	write_piece4(ret_packet, &ends, &piece);
}

void packet_describe(const struct packet *packet, char *buf, size_t size)
{
	static const char *const kinds[] = {
		"other", "udp", "fragment", "tcp", "who-has", "is-at", "unreachable"};
	struct packet_view v = packet_read(packet);
	char src[ENDPOINT_TEXT_MAX];
	char dst[ENDPOINT_TEXT_MAX];
	size_t line = 0;

	while (line < v.payload.len && line < 100 && v.payload.p[line] >= ' ' && v.payload.p[line] < 0x7f)
		line++;
	if (v.src.ip.family == IP_NONE || (v.kind != PACKET_UDP && v.dst.ip.family == IP_NONE)) {
		snprintf(buf, size, "%s, %zu bytes", kinds[v.kind], packet->len);
		return;
	}
	endpoint_format(&v.src, src);
	endpoint_format(&v.dst, dst);
	snprintf(buf, size, "%s > %s %s%s %zu bytes: %.*s", src, dst, kinds[v.kind],
		v.checksums_right ? "" : " BAD CHECKSUM", packet->len, (int)line, v.payload.p);
}
