/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Behind STACK_LINK_IP there are no neighbours: one that answers every request (RFC 826, RFC 4861 7.2.4)
 * stands for all. Its answers go back into net when the call is done (link_settle): net must not be entered
 * from its own output.
 */
#include "stack_priv.h"

#include <rte_mbuf.h>

#include <string.h>

const uint8_t gateway_mac[6] = {0x02, 0, 0, 0, 0xff, 0xfe};

enum {
	ARP_LEN = STACK_ETHERNET_HEADER + 28,
	IP6_HEADER_LEN = 40,
	SOLICIT_LEN = STACK_ETHERNET_HEADER + IP6_HEADER_LEN + 24,
	ADVERT_LEN = SOLICIT_LEN + 8,
	NEXT_ICMP6 = 58,
	NEIGHBOUR_SOLICITATION = 135,
};

static void answer_put(struct stack *stack, const uint8_t *bytes, size_t len)
{
	struct rte_mbuf *mbuf = stack->answer_count < STACK_ANSWERS_MAX ? packet_of(stack, bytes, len) : NULL;

	/* Without one the request is repeated, as with a neighbour whose answer is lost. */
	if (mbuf)
		stack->answers[stack->answer_count++] = mbuf;
}

static void ethernet_put(uint8_t *answer, const uint8_t *question)
{
	memcpy(answer, question + 6, 6);
	memcpy(answer + 6, gateway_mac, 6);
	memcpy(answer + 12, question + 12, 2);
}

/* Sender and target change places; an announcement, which asks for its own address, is not answered. */
static void arp_answer(struct stack *stack, const uint8_t *question)
{
	const uint8_t *arp = question + STACK_ETHERNET_HEADER;
	uint8_t answer[ARP_LEN];

	if (arp[7] != 1 || memcmp(arp + 14, arp + 24, 4) == 0)
		return;
	ethernet_put(answer, question);
	memcpy(answer + 14, arp, 8);
	answer[14 + 7] = 2;
	memcpy(answer + 14 + 8, gateway_mac, 6);
	memcpy(answer + 14 + 14, arp + 24, 4);
	memcpy(answer + 14 + 18, arp + 8, 10);
	answer_put(stack, answer, sizeof(answer));
}

/* RFC 4443 2.3, over the pseudo header of RFC 8200 8.1. */
static uint16_t icmp6_checksum(const uint8_t *ip, uint32_t len)
{
	uint32_t sum = len + NEXT_ICMP6;

	for (uint32_t i = 8; i < IP6_HEADER_LEN + len; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void nd_answer(struct stack *stack, const uint8_t *question)
{
	const uint8_t *target = question + STACK_ETHERNET_HEADER + IP6_HEADER_LEN + 8;
	uint8_t answer[ADVERT_LEN] = {0};
	uint8_t *ip = answer + STACK_ETHERNET_HEADER;
	uint8_t *icmp = ip + IP6_HEADER_LEN;
	uint16_t sum;

	ethernet_put(answer, question);
	memcpy(ip, (const uint8_t[]){0x60, 0, 0, 0, 0, 32, NEXT_ICMP6, 255}, 8);
	memcpy(ip + 8, target, 16);
	memcpy(ip + 24, question + STACK_ETHERNET_HEADER + 8, 16);
	icmp[0] = NEIGHBOUR_SOLICITATION + 1;
	icmp[4] = 0x60; /* solicited, overrides */
	memcpy(icmp + 8, target, 16);
	icmp[24] = 2; /* target link-layer address */
	icmp[25] = 1;
	memcpy(icmp + 26, gateway_mac, 6);
	sum = icmp6_checksum(ip, 32);
	icmp[2] = (uint8_t)(sum >> 8);
	icmp[3] = (uint8_t)sum;
	answer_put(stack, answer, sizeof(answer));
}

/* All that has no meaning behind a link of IP alone ends here: ARP, solicitations, whatever is multicast. */
bool gateway_takes(struct stack *stack, const struct rte_mbuf *frame)
{
	uint8_t copy[SOLICIT_LEN] = {0};
	const uint8_t *bytes = rte_pktmbuf_read(frame, 0, RTE_MIN(frame->pkt_len, sizeof(copy)), copy);
	const uint8_t *ip = bytes + STACK_ETHERNET_HEADER;

	ensure(bytes != NULL);
	if (frame->pkt_len >= ARP_LEN && bytes[12] == 0x08 && bytes[13] == 0x06) {
		arp_answer(stack, bytes);
		return true;
	}
	if (frame->pkt_len >= SOLICIT_LEN && bytes[12] == 0x86 && ip[6] == NEXT_ICMP6 &&
		ip[IP6_HEADER_LEN] == NEIGHBOUR_SOLICITATION) {
		nd_answer(stack, bytes);
		return true;
	}
	return (bytes[0] & 1) != 0;
}
