/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams in and out: what arrives whole is delivered whole, what leaves is right to the last bit. */
#include "rig.h"

#include "net/net.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <errno.h>

static void test_a_datagram_is_delivered_with_its_endpoints(void **state)
{
	struct rig *rig = *state;

	for (int family = 4; family <= 6; family += 2) {
		struct endpoint src = endpoint_of(family == 4 ? "192.0.2.2:5070" : "[2001:db8::2]:5070");
		struct endpoint dst = endpoint_of(family == 4 ? "192.0.2.1:5060" : "[2001:db8::1]:5060");

		rig_input(rig, frame_udp(family, "hello", 5));
		assert_true(endpoint_equal(&rig->src, &src));
		assert_true(endpoint_equal(&rig->dst, &dst));
		assert_int_equal(rig->payload_len, 5);
		assert_memory_equal(rig->payload, "hello", 5);
		assert_true(rig->payload_was_linear);
	}
	assert_int_equal(rig->delivered_count, 2);
	assert_int_equal(rig_count(rig, STAT_net_udp_delivered), 2);
}

static void test_ethernet_padding_is_no_payload(void **state)
{
	struct rig *rig = *state;
	struct frame *frame = frame_udp(4, "x", 1);

	memset(frame->bytes + frame->len, 0xee, 60 - frame->len);
	frame->len = 60;
	rig_input(rig, frame);
	assert_int_equal(rig->payload_len, 1);
}

static void test_a_payload_across_segments_is_copied_together(void **state)
{
	struct rig *rig = *state;
	char payload[300];

	for (uint32_t i = 0; i < sizeof(payload); i++)
		payload[i] = (char)i;
	for (int family = 4; family <= 6; family += 2) {
		rig_input_cut(rig, frame_udp(family, payload, sizeof(payload)), 65);
		assert_int_equal(rig->payload_len, sizeof(payload));
		assert_false(rig->payload_was_linear);
		assert_memory_equal(rig->payload, payload, sizeof(payload));
	}
}

static void test_a_buffer_too_small_for_a_scattered_payload_gets_nothing(void **state)
{
	struct rig *rig = *state;
	struct frame *frame = frame_udp(4, "0123456789", 10);
	struct udp_datagram datagram = {
		.mbuf = rig_mbuf(rig, frame->bytes, frame->len, 46), .payload_offset = 42, .payload_len = 10};
	char buf[10];

	assert_null(net_udp_linear(&datagram, buf, 9));
	assert_memory_equal(net_udp_linear(&datagram, buf, 10), "0123456789", 10);
	rte_pktmbuf_free(datagram.mbuf);
}

static void test_every_truncation_is_dropped(void **state)
{
	struct rig *rig = *state;

	for (int family = 4; family <= 6; family += 2) {
		struct frame *frame = frame_udp(family, "some payload", 12);
		uint32_t whole = frame->len;

		for (uint32_t len = 1; len < whole; len++) {
			frame->len = len;
			rig_input(rig, frame);
			rig_input_cut(rig, frame, 16);
		}
	}
	assert_int_equal(rig->delivered_count, 0);
	assert_int_equal(rig->sent_count, 0);
	assert_true(rig_count(rig, STAT_net_ip4_truncated) > 0 && rig_count(rig, STAT_net_ip6_truncated) > 0);
}

static void test_no_checksum_is_fine_for_ipv4_alone(void **state)
{
	struct rig *rig = *state;
	struct frame *frame = frame_udp(4, "x", 1);

	frame->bytes[14 + 20 + 6] = frame->bytes[14 + 20 + 7] = 0;
	rig_input(rig, frame);
	assert_int_equal(rig->delivered_count, 1);
}

static void test_only_a_trusted_good_verdict_replaces_the_checksum(void **state)
{
	static const struct {
		uint64_t offloads;
		uint64_t flags;
		uint32_t delivered;
	} rows[] = {
		{0, RTE_MBUF_F_RX_L4_CKSUM_GOOD, 0},
		{RTE_ETH_RX_OFFLOAD_UDP_CKSUM, RTE_MBUF_F_RX_L4_CKSUM_NONE, 0},
		{RTE_ETH_RX_OFFLOAD_UDP_CKSUM, RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN, 0},
		{RTE_ETH_RX_OFFLOAD_UDP_CKSUM, RTE_MBUF_F_RX_L4_CKSUM_GOOD, 1},
	};
	struct rig *rig = *state;

	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		struct frame *frame = frame_udp(4, "x", 1);

		frame->bytes[frame->len - 1] ^= 1;
		rig->wire.rx_offloads = rows[i].offloads;
		rig->delivered_count = 0;
		rig_input_judged(rig, frame, rows[i].flags);
		assert_int_equal(rig->delivered_count, rows[i].delivered);
	}
	assert_int_equal(rig_count(rig, STAT_net_udp_bad_checksum), 3);
}

static void test_a_datagram_sent_has_right_headers_and_checksums(void **state)
{
	struct rig *rig = *state;

	for (uint32_t len = 0; len < 64; len++) {
		for (int family = 4; family <= 6; family += 2) {
			const char *peer = family == 4 ? "192.0.2.2" : "2001:db8::2";
			const struct frame *frame;

			if (len == 0)
				rig_learn(rig, peer, peer_mac);
			assert_int_equal(rig_send(rig, peer, len), 0);
			frame = rig_sent(rig, 0);
			assert_int_equal(frame->len, 14 + (family == 4 ? 20 : 40) + 8 + len);
			assert_memory_equal(frame->bytes, peer_mac, 6);
			assert_memory_equal(frame->bytes + 6, rig_mac, 6);
			assert_true(frame_checksums_right(frame));
			rig_forget_sent(rig);
		}
	}
	assert_int_equal(rig_count(rig, STAT_net_udp_sent), 2 * 64 + 2);
}

/* A sum of zero would say "none": the payload is chosen so that the sum comes out as zero. */
static void test_a_checksum_of_zero_is_sent_as_all_ones(void **state)
{
	struct rig *rig = *state;
	struct endpoint src = endpoint_of("[2001:db8::1]:5060");
	struct endpoint dst = endpoint_of("[2001:db8::2]:5060");
	const struct frame *frame;
	uint8_t payload[2];
	struct rte_mbuf *mbuf;

	rig_learn(rig, "2001:db8::2", peer_mac);
	for (uint32_t word = 0; word < 65536; word++) {
		payload[0] = (uint8_t)(word >> 8);
		payload[1] = (uint8_t)word;
		mbuf = rig_mbuf(rig, payload, 2, UINT32_MAX);
		assert_int_equal(net_udp_send(rig->net, &src, &dst, mbuf, rig->now_ns), 0);
		frame = rig_sent(rig, 0);
		assert_true(frame->bytes[60] != 0 || frame->bytes[61] != 0);
		if (frame->bytes[60] == 0xff && frame->bytes[61] == 0xff) {
			assert_true(frame_checksums_right(frame));
			return;
		}
		rig_forget_sent(rig);
	}
	fail_msg("no payload has this sum");
}

static void test_a_device_that_computes_gets_the_pseudo_header(void **state)
{
	struct rig *rig = *state;
	const struct frame *frame;

	rig->wire.tx_offloads = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	rig_learn(rig, "192.0.2.2", peer_mac);
	assert_int_equal(rig_send(rig, "192.0.2.2", 100), 0);
	frame = rig_sent(rig, 0);
	rig_expect_left_to_device(rig, RTE_MBUF_F_TX_UDP_CKSUM);
	assert_int_equal(frame->bytes[24] | frame->bytes[25], 0);
	/* 192.0.2.1 + 192.0.2.2 + UDP + length, folded */
	assert_int_equal(frame->bytes[40] << 8 | frame->bytes[41],
		(uint16_t)~slow_checksum(
			(const uint8_t *)"\xc0\x00\x02\x01\xc0\x00\x02\x02\x00\x11\x00\x6c", 12, 0));
}

static void test_a_fragmented_datagram_is_never_left_to_the_device(void **state)
{
	struct rig *rig = *state;

	rig->wire.tx_offloads = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	rig_learn(rig, "192.0.2.2", peer_mac);
	assert_int_equal(rig_send(rig, "192.0.2.2", 1800), 0);
	net_flush(rig->net);
	assert_int_equal(rig->sent_count, 2);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(rig->sent[i]->ol_flags, 0);
}

static void test_what_the_wire_refuses_is_dropped_and_counted(void **state)
{
	struct rig *rig = *state;

	rig_learn(rig, "192.0.2.2", peer_mac);
	rig->wire_room = 3;
	for (int i = 0; i < 10; i++)
		assert_int_equal(rig_send(rig, "192.0.2.2", 10), 0);
	net_flush(rig->net);
	assert_int_equal(rig->sent_count, 3);
	assert_int_equal(rig_count(rig, STAT_net_tx_ring_full), 7);
}

static void test_a_full_stage_leaves_without_a_flush(void **state)
{
	struct rig *rig = *state;

	rig_learn(rig, "192.0.2.2", peer_mac);
	for (int i = 0; i < 64; i++)
		assert_int_equal(rig_send(rig, "192.0.2.2", 10), 0);
	assert_int_equal(rig->sent_count, 64);
	assert_int_equal(
		rig_count(rig, STAT_tx_packets), 64 + 2); /* and the request and packet of the learning */
}

static void test_what_cannot_be_sent_says_why(void **state)
{
	static const struct {
		const char *src;
		const char *dst;
		int ret;
		enum stat why;
	} rows[] = {
		{"192.0.2.9:5060", "192.0.2.2", -EADDRNOTAVAIL, STAT_net_tx_bad_source},
		{"192.0.2.1:5060", "2001:db8::2", -EADDRNOTAVAIL, STAT_net_tx_bad_source},
		{"192.0.2.1:5060", "192.0.2.1", -EINVAL, STAT_net_tx_bad_destination},
		{"192.0.2.1:5060", "192.0.2.255", -EINVAL, STAT_net_tx_bad_destination},
		{"192.0.2.1:5060", "255.255.255.255", -EINVAL, STAT_net_tx_bad_destination},
		{"192.0.2.1:5060", "224.0.0.1", -EINVAL, STAT_net_tx_bad_destination},
		{"192.0.2.1:5060", "127.0.0.1", -EINVAL, STAT_net_tx_bad_destination},
		{"192.0.2.1:5060", "0.0.0.0", -EINVAL, STAT_net_tx_bad_destination},
		{"[2001:db8::1]:5060", "ff02::1", -EINVAL, STAT_net_tx_bad_destination},
		{"[2001:db8::1]:5060", "::1", -EINVAL, STAT_net_tx_bad_destination},
		{"[2001:db8::1]:5060", "::ffff:192.0.2.2", -EINVAL, STAT_net_tx_bad_destination},
		{"[fe80::ff:fe00:1]:5060", "2001:db9::2", -ENETUNREACH, STAT_net_tx_no_route},
	};
	struct rig *rig = *state;

	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		struct endpoint src = endpoint_of(rows[i].src);
		struct endpoint dst = endpoint_of(rows[i].dst);
		uint64_t before = rig_count(rig, rows[i].why);

		assert_int_equal(net_udp_send(rig->net, &src, &dst, rig_mbuf(rig, "x", 1, 1), rig->now_ns),
			rows[i].ret);
		assert_int_equal(rig_count(rig, rows[i].why), before + 1);
	}
	net_flush(rig->net);
	assert_int_equal(rig->sent_count, 0);
}

static void test_without_a_gateway_only_the_subnet_is_reached(void **state)
{
	struct rig *rig = *state;

	rig->config.ports[0].gateway_v4.family = IP_NONE;
	rig_restart(rig);
	assert_int_equal(rig_send(rig, "198.51.100.7", 10), -ENETUNREACH);
	assert_int_equal(rig_count(rig, STAT_net_tx_no_route), 1);
	assert_int_equal(rig_send(rig, "192.0.2.7", 10), 0);
}

static void test_a_payload_that_cannot_take_headers_is_refused(void **state)
{
	struct rig *rig = *state;
	struct endpoint src = endpoint_of("192.0.2.1");
	struct endpoint dst = endpoint_of("192.0.2.2");
	struct rte_mbuf *mbuf = rig_mbuf(rig, "x", 1, 1);

	assert_non_null(rte_pktmbuf_prepend(mbuf, RTE_PKTMBUF_HEADROOM - NET_HEADROOM + 1));
	assert_int_equal(net_udp_send(rig->net, &src, &dst, mbuf, rig->now_ns), -ENOBUFS);
	mbuf = rig_mbuf(rig, "x", 1, 1);
	rte_mbuf_refcnt_update(mbuf, 1);
	assert_int_equal(net_udp_send(rig->net, &src, &dst, mbuf, rig->now_ns), -ENOBUFS);
	rte_pktmbuf_free(mbuf);
	assert_int_equal(rig_count(rig, STAT_net_tx_no_headroom), 2);
}

static void test_a_datagram_longer_than_udp_allows_is_refused(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(rig_send(rig, "192.0.2.2", 65508), -EMSGSIZE);
	assert_int_equal(rig_send(rig, "2001:db8::2", 65528), -EMSGSIZE);
	assert_int_equal(rig_count(rig, STAT_net_tx_too_long), 2);
}

static void test_the_source_address_fits_the_destination(void **state)
{
	static const char *const rows[][2] = {
		{"192.0.2.77", "192.0.2.1"},
		{"198.51.100.1", "192.0.2.1"},
		{"2001:db8::77", "2001:db8::1"},
		{"2001:db9::77", "2001:db8::1"},
		{"fe80::77", "fe80::ff:fe00:1"},
	};
	struct rig *rig = *state;
	struct ip_addr src;
	struct ip_addr dst;

	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		struct ip_addr expected = rig_ip(rows[i][1]);
		dst = rig_ip(rows[i][0]);
		assert_int_equal(net_source_for(rig->net, &dst, &src), 0);
		assert_true(ip_equal(&src, &expected));
	}
	rig->config.ports[0].gateway_v6.family = IP_NONE;
	rig_restart(rig);
	dst = rig_ip("2001:db9::77");
	assert_int_equal(net_source_for(rig->net, &dst, &src), -ENETUNREACH);
}

static void test_a_connection_begins_at_an_address_of_the_way_to_its_peer(void **state)
{
	static const struct {
		const char *src;
		const char *dst;
		bool fits;
	} rows[] = {
		{"192.0.2.1", "192.0.2.77", true},
		{"192.0.2.3", "192.0.2.77", true},
		{"10.0.0.1", "192.0.2.77", false}, /* its port does not lead there */
		{"10.0.0.1", "10.0.0.2", true},
		{"192.0.2.1", "10.0.0.2", false},
		{"192.0.2.1", "198.51.100.7", true}, /* by the gateway, which one port has */
		{"10.0.0.1", "198.51.100.7", false},
		{"192.0.2.9", "192.0.2.77", false}, /* nobody's address */
		{"2001:db8::1", "192.0.2.77", false},
		{"2001:db8::1", "2001:db9::7", true},
		{"fe80::ff:fe00:1", "2001:db9::7", false},
		{"fe80::ff:fe00:1", "fe80::77", true},
	};
	struct rig *rig = *state;
	struct wire other = rig->wire;

	other.mac[5] = 9;
	rig->config.port_count = 2;
	rig->config.ports[0].local[2] = (struct ip_prefix){rig_ip("192.0.2.3"), 24};
	rig->config.ports[0].local_count = 3;
	rig->config.ports[1] = (struct net_port_config){
		.wire = &other, .local = {{rig_ip("10.0.0.1"), 24}}, .local_count = 1};
	rig_restart(rig);
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		struct ip_addr src = rig_ip(rows[i].src);
		struct ip_addr dst = rig_ip(rows[i].dst);
		if (net_source_fits(rig->net, &src, &dst) != rows[i].fits)
			fail_msg("%s to %s", rows[i].src, rows[i].dst);
	}
}

static void test_a_configuration_that_cannot_work_is_refused(void **state)
{
	struct rig *rig = *state;
	struct net *none = NULL;

	rig->wire.mtu = 1279;
	assert_int_equal(net_create(&rig->config, &none), -EINVAL);
	rig->wire.mtu = 1500;
	rig->config.port_count = 0;
	assert_int_equal(net_create(&rig->config, &none), -EINVAL);
	rig->config.port_count = 1;
	rig->config.ports[0].wire = NULL;
	assert_int_equal(net_create(&rig->config, &none), -EINVAL);
	assert_null(none);
	net_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_a_datagram_is_delivered_with_its_endpoints),
		RIG_TEST(test_ethernet_padding_is_no_payload),
		RIG_TEST(test_a_payload_across_segments_is_copied_together),
		RIG_TEST(test_a_buffer_too_small_for_a_scattered_payload_gets_nothing),
		RIG_TEST(test_every_truncation_is_dropped),
		RIG_TEST(test_no_checksum_is_fine_for_ipv4_alone),
		RIG_TEST(test_only_a_trusted_good_verdict_replaces_the_checksum),
		RIG_TEST(test_a_datagram_sent_has_right_headers_and_checksums),
		RIG_TEST(test_a_checksum_of_zero_is_sent_as_all_ones),
		RIG_TEST(test_a_device_that_computes_gets_the_pseudo_header),
		RIG_TEST(test_a_fragmented_datagram_is_never_left_to_the_device),
		RIG_TEST(test_what_the_wire_refuses_is_dropped_and_counted),
		RIG_TEST(test_a_full_stage_leaves_without_a_flush),
		RIG_TEST(test_what_cannot_be_sent_says_why),
		RIG_TEST(test_without_a_gateway_only_the_subnet_is_reached),
		RIG_TEST(test_a_payload_that_cannot_take_headers_is_refused),
		RIG_TEST(test_a_datagram_longer_than_udp_allows_is_refused),
		RIG_TEST(test_the_source_address_fits_the_destination),
		RIG_TEST(test_a_connection_begins_at_an_address_of_the_way_to_its_peer),
		RIG_TEST(test_a_configuration_that_cannot_work_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
