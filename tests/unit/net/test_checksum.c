/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checksum against published values and against the slow way, for each length, alignment and cut. */
#include "rig.h"

#include "net/checksum_priv.h"

#include <rte_byteorder.h>
#include <rte_mbuf.h>

static void test_published_sums_come_out(void **state)
{
	/* RFC 1071 3: the sum is ddf2. */
	static const uint8_t rfc1071[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	/* The well-known header whose checksum is b861. */
	static const uint8_t header[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8,
		0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};

	(void)state;
	assert_int_equal(rte_be_to_cpu_16(checksum_header(rfc1071, sizeof(rfc1071))), (uint16_t)~0xddf2);
	assert_int_equal(checksum_header(header, sizeof(header)), 0);
}

static void fill(uint8_t *bytes, uint32_t len, bool ones)
{
	for (uint32_t i = 0; i < len; i++)
		bytes[i] = ones ? 0xff : (uint8_t)(i * 151 + 7);
}

static void test_every_length_and_alignment_is_summed_right(void **state)
{
	uint8_t bytes[600];

	(void)state;
	for (int ones = 0; ones < 2; ones++) {
		fill(bytes, sizeof(bytes), ones);
		for (uint32_t len = 0; len < 200; len++)
			for (uint32_t start = 0; start < 9; start++)
				assert_int_equal(rte_be_to_cpu_16(checksum_header(bytes + start, len)),
					slow_checksum(bytes + start, len, 0));
	}
}

/* All zero and all ones take the sums of a whole datagram as far as they can go. */
static void test_the_longest_datagram_is_summed_right(void **state)
{
	static uint8_t bytes[65535];

	(void)state;
	for (int value = 0; value <= 0xff; value += 0x33) {
		memset(bytes, value, sizeof(bytes));
		for (uint32_t len = sizeof(bytes) - 70; len <= sizeof(bytes); len++)
			assert_int_equal(
				rte_be_to_cpu_16(checksum_header(bytes, len)), slow_checksum(bytes, len, 0));
	}
}

static void test_segments_of_any_size_make_no_difference(void **state)
{
	struct rig *rig = *state;
	uint8_t bytes[600];

	for (int ones = 0; ones < 2; ones++) {
		fill(bytes, sizeof(bytes), ones);
		for (uint32_t segment = 1; segment < 80; segment++) {
			struct rte_mbuf *mbuf = rig_mbuf(rig, bytes, sizeof(bytes), segment);
			for (uint32_t offset = 0; offset < 90; offset += 7)
				assert_int_equal(rte_be_to_cpu_16(checksum_mbuf(mbuf, offset, 500, NULL)),
					slow_checksum(bytes + offset, 500, 0));
			rte_pktmbuf_free(mbuf);
		}
	}
}

static void test_the_pseudo_header_counts(void **state)
{
	struct rig *rig = *state;
	struct ip_addr src = rig_ip("2001:db8::2");
	struct ip_addr dst = rig_ip("2001:db8::1");
	const struct checksum_pseudo pseudo = {&src, &dst, 17};
	struct frame *frame = frame_udp(6, "abc", 3);
	struct rte_mbuf *mbuf = rig_mbuf(rig, frame->bytes, frame->len, 59);

	assert_int_equal(checksum_mbuf(mbuf, 54, 11, &pseudo), 0);
	src.bytes[7] ^= 1;
	assert_int_not_equal(checksum_mbuf(mbuf, 54, 11, &pseudo), 0);
	rte_pktmbuf_free(mbuf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_published_sums_come_out),
		RIG_TEST(test_every_length_and_alignment_is_summed_right),
		RIG_TEST(test_the_longest_datagram_is_summed_right),
		RIG_TEST(test_segments_of_any_size_make_no_difference),
		RIG_TEST(test_the_pseudo_header_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
