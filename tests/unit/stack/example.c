/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet script by hand, as a tool would drive the stack library: an application above, packets that we
 * make and judge below, and our own clock. It is run as a test, and docs/TESTING.md explains it. To build it
 * alone: cc -I tests tests/unit/stack/example.c build/tests/support/stack/libsluicestack.so
 */
#include "support/stack_api.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS 1000000ULL

enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16, OUR_ISS = 1000, PACKET_MAX = 2000 };

/* IPv4 and TCP without options, as they lie on the wire. */
struct packet {
	uint8_t ip[12];
	uint32_t src, dst;
	uint16_t src_port, dst_port;
	uint32_t seq, ack;
	uint8_t offset, flags;
	uint16_t window, checksum, urgent;
	char text[64];
};

static void expect(int right, const char *what)
{
	printf("%s: %s\n", right ? "ok" : "NOT AS EXPECTED", what);
	if (!right)
		exit(1);
}

static uint16_t checksum(const void *bytes, size_t len, uint32_t sum)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)at[i] << (i % 2 ? 0 : 8);
	sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t) ~((sum & 0xffff) + (sum >> 16)));
}

/* "inject": a segment from 192.0.2.9:40000 to the listener. */
static void inject(struct stack *stack, uint8_t flags, uint32_t seq, uint32_t ack, const char *text)
{
	struct packet packet = {.ip = {0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, IPPROTO_TCP}};
	uint16_t l4_len = (uint16_t)(20 + strlen(text));
	uint16_t total = htons((uint16_t)(20 + l4_len));
	uint16_t sum;

	packet.src = inet_addr("192.0.2.9");
	packet.dst = inet_addr("192.0.2.1");
	packet.src_port = htons(40000);
	packet.dst_port = htons(5060);
	packet.seq = htonl(seq);
	packet.ack = htonl(ack);
	packet.offset = 5 << 4;
	packet.flags = flags;
	packet.window = htons(65535);
	memcpy(packet.text, text, strlen(text));
	memcpy(packet.ip + 2, &total, 2);
	sum = checksum(&packet, 20, 0);
	memcpy(packet.ip + 10, &sum, 2);
	/* The pseudo header's sum: both addresses, which lie before the ports, the protocol, the length. */
	packet.checksum = checksum(&packet.src, 8U + l4_len, (uint32_t)IPPROTO_TCP + l4_len);
	expect(stack_input(stack, &packet, 20U + l4_len) == 0, "the packet is taken");
}

/* "expect": the next packet that leaves has these flags and acknowledges this number. Its own number. */
static uint32_t expect_segment(struct stack *stack, uint8_t flags, uint32_t ack, const char *what)
{
	uint8_t bytes[PACKET_MAX];
	struct packet packet;
	ssize_t len = stack_output(stack, bytes, sizeof(bytes));

	expect(len >= 40, what);
	memcpy(&packet, bytes, (size_t)len < sizeof(packet) ? (size_t)len : sizeof(packet));
	expect(packet.flags == flags && ntohl(packet.ack) == ack, what);
	return ntohl(packet.seq);
}

int main(void)
{
	const struct stack_config config = {.addresses = {"192.0.2.1/24"}, .seed = 1};
	struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(5060)};
	uint64_t now_ns = 1000 * MS;
	struct stack *stack;
	char text[64];
	uint32_t iss;
	int listener, sock;

	expect(stack_create(&config, now_ns, &stack) == 0, "an instance begins");
	listener = stack_socket(stack, AF_INET, SOCK_STREAM);
	expect(stack_bind(stack, listener, (struct sockaddr *)&local, sizeof(local)) == 0, "bind");
	expect(stack_listen(stack, listener, 8) == 0, "listen");

	inject(stack, SYN, OUR_ISS, 0, "");
	iss = expect_segment(stack, SYN | ACK, OUR_ISS + 1, "our SYN is answered");
	inject(stack, ACK, OUR_ISS + 1, iss + 1, "");
	sock = stack_accept(stack, listener, NULL, NULL);
	expect(sock >= 0, "accept");

	inject(stack, PSH | ACK, OUR_ISS + 1, iss + 1, "hello");
	expect(stack_recv(stack, sock, text, sizeof(text), 0) == 5, "five bytes came");
	expect(stack_output(stack, text, sizeof(text)) == 0, "no acknowledgement at once: it is delayed");
	now_ns += 41 * MS;
	expect(stack_advance(stack, now_ns) == 0, "41 ms pass");
	expect_segment(stack, ACK, OUR_ISS + 6, "now it comes (RFC 9293 3.8.6.3)");

	expect(stack_close(stack, sock) == 0, "close");
	expect_segment(stack, FIN | ACK, OUR_ISS + 6, "and the FIN leaves");
	stack_destroy(stack);
	return 0;
}
