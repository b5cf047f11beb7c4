/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames built by hand, byte for byte from the RFCs' pictures, and their checksums computed the slow way.
 */
#include "rig.h"

static struct frame built;

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

uint16_t slow_checksum(const uint8_t *bytes, uint32_t len, uint32_t start)
{
	uint32_t sum = start;

	for (uint32_t i = 0; i < len; i++) {
		sum += i & 1 ? bytes[i] : (uint32_t)bytes[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)~sum;
}

static uint32_t pseudo_sum(const uint8_t *addresses, uint32_t addresses_len, uint32_t proto, uint32_t len)
{
	uint32_t sum = (uint16_t)~slow_checksum(addresses, addresses_len, 0);

	return sum + proto + (len & 0xffff) + (len >> 16);
}

static struct frame *frame_start(int family, uint8_t proto, uint32_t l4_len)
{
	static const uint8_t v4[20] = {0x45, [8] = 64, [12] = 192, 0, 2, 2, 192, 0, 2, 1};
	static const uint8_t v6[40] = {
		0x60, [7] = 64, 0x20, 1, 0xd, 0xb8, [23] = 2, [24] = 0x20, 1, 0xd, 0xb8, [39] = 1};
	uint8_t *ip = built.bytes + 14;

	memset(built.bytes, 0, 128);
	memcpy(built.bytes, rig_mac, 6);
	memcpy(built.bytes + 6, peer_mac, 6);
	put16(built.bytes + 12, family == 4 ? 0x0800 : 0x86dd);
	if (family == 4) {
		memcpy(ip, v4, sizeof(v4));
		put16(ip + 2, 20 + l4_len);
		ip[9] = proto;
	} else {
		memcpy(ip, v6, sizeof(v6));
		put16(ip + 4, l4_len);
		ip[6] = proto;
	}
	built.len = 14 + (family == 4 ? 20 : 40) + l4_len;
	return &built;
}

static uint8_t *frame_l4(struct frame *frame)
{
	return frame->bytes + (frame->bytes[12] == 8 ? 14 + (frame->bytes[14] & 0xf) * 4 : 54);
}

struct frame *frame_udp(int family, const void *payload, uint32_t len)
{
	struct frame *frame = frame_start(family, 17, 8 + len);
	uint8_t *udp = frame_l4(frame);

	put16(udp, 5070);
	put16(udp + 2, 5060);
	put16(udp + 4, 8 + len);
	memcpy(udp + 8, payload, len);
	frame_seal(frame);
	return frame;
}

struct frame *frame_tcp(int family, const void *text, uint32_t len)
{
	struct frame *frame = frame_start(family, 6, 20 + len);
	uint8_t *tcp = frame_l4(frame);

	put16(tcp, 5070);
	put16(tcp + 2, 5060);
	tcp[12] = 5 << 4;
	tcp[13] = 0x18;
	memcpy(tcp + 20, text, len);
	frame_seal(frame);
	return frame;
}

struct frame *frame_icmp(int family, uint8_t type, uint8_t code, const void *body, uint32_t len)
{
	struct frame *frame = frame_start(family, family == 4 ? 1 : 58, 4 + len);
	uint8_t *icmp = frame_l4(frame);

	icmp[0] = type;
	icmp[1] = code;
	memcpy(icmp + 4, body, len);
	frame_seal(frame);
	return frame;
}

struct frame *frame_arp(uint16_t op, const char *sender, const uint8_t sender_mac[6], const char *target)
{
	static const uint8_t start[8] = {0, 1, 8, 0, 6, 4};
	struct ip_addr sender_ip = rig_ip(sender);
	struct ip_addr target_ip = rig_ip(target);
	uint8_t *arp = built.bytes + 14;

	memcpy(built.bytes, rig_mac, 6);
	if (op == 1)
		memset(built.bytes, 0xff, 6);
	memcpy(built.bytes + 6, sender_mac, 6);
	put16(built.bytes + 12, 0x0806);
	memcpy(arp, start, sizeof(start));
	put16(arp + 6, op);
	memcpy(arp + 8, sender_mac, 6);
	memcpy(arp + 14, sender_ip.bytes, 4);
	memcpy(arp + 18, rig_mac, 6);
	memcpy(arp + 24, target_ip.bytes, 4);
	built.len = 14 + 28;
	return &built;
}

struct frame *frame_nd(uint8_t type, const char *src, const char *dst, const char *target, const uint8_t *mac)
{
	struct ip_addr src_ip = rig_ip(src);
	struct ip_addr dst_ip = rig_ip(dst);
	struct ip_addr target_ip = rig_ip(target);
	struct frame *frame = frame_start(6, 58, mac ? 32 : 24);
	uint8_t *nd = frame_l4(frame);

	frame->bytes[14 + 7] = 255;
	memcpy(frame->bytes + 14 + 8, src_ip.bytes, 16);
	memcpy(frame->bytes + 14 + 24, dst_ip.bytes, 16);
	if (dst_ip.bytes[0] == 0xff) {
		memset(frame->bytes, 0x33, 2);
		memcpy(frame->bytes + 2, dst_ip.bytes + 12, 4);
	}
	nd[0] = type;
	nd[4] = type == 136 ? (dst_ip.bytes[0] == 0xff ? 0x20 : 0x60) : 0;
	memcpy(nd + 8, target_ip.bytes, 16);
	if (mac) {
		nd[24] = type == 136 ? 2 : 1;
		nd[25] = 1;
		memcpy(nd + 26, mac, 6);
		memcpy(frame->bytes + 6, mac, 6);
	}
	frame_seal(frame);
	return frame;
}

static void seal_transport(uint8_t *field, const uint8_t *l4, uint32_t len, uint32_t start)
{
	put16(field, 0);
	put16(field, slow_checksum(l4, len, start));
}

/* The transport header is looked for right behind the IP header: seal before extension headers go in. */
void frame_seal(struct frame *frame)
{
	uint8_t *ip = frame->bytes + 14;
	uint8_t *l4 = frame_l4(frame);
	bool v4 = frame->bytes[12] == 8;
	uint8_t proto = v4 ? ip[9] : ip[6];
	uint32_t len = v4 ? get16(ip + 2) - (uint32_t)(l4 - ip) : get16(ip + 4);
	uint32_t pseudo = v4 ? pseudo_sum(ip + 12, 8, proto, len) : pseudo_sum(ip + 8, 32, proto, len);

	if (v4) {
		put16(ip + 10, 0);
		put16(ip + 10, slow_checksum(ip, (uint32_t)(l4 - ip), 0));
	}
	if (len > UINT16_MAX || l4 + len > frame->bytes + frame->len)
		return;
	if (proto == 17)
		seal_transport(l4 + 6, l4, len, pseudo);
	else if (proto == 6 && len >= 20)
		seal_transport(l4 + 16, l4, len, pseudo);
	else if (proto == 1)
		seal_transport(l4 + 2, l4, len, 0);
	else if (proto == 58)
		seal_transport(l4 + 2, l4, len, pseudo);
}

bool frame_checksums_right(const struct frame *frame)
{
	const uint8_t *ip = frame->bytes + 14;
	bool v4 = frame->bytes[12] == 8;
	uint32_t header_len = v4 ? (ip[0] & 0xf) * 4U : 40;
	uint32_t len = frame->len - 14 - header_len;
	uint8_t proto = v4 ? ip[9] : ip[6];
	uint32_t start = v4 ? pseudo_sum(ip + 12, 8, proto, len) : pseudo_sum(ip + 8, 32, proto, len);

	if (v4 && slow_checksum(ip, header_len, 0) != 0)
		return false;
	return slow_checksum(ip + header_len, len, v4 && proto == 1 ? 0 : start) == 0;
}

void frame_insert(struct frame *frame, uint32_t offset, const void *bytes, uint32_t len)
{
	assert_true(offset <= frame->len && frame->len + len <= sizeof(frame->bytes));
	memmove(frame->bytes + offset + len, frame->bytes + offset, frame->len - offset);
	memcpy(frame->bytes + offset, bytes, len);
	frame->len += len;
}
