/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forecast agrees with the published vectors of the hash, and with DPDK's own over the plain key. */
#include "rig.h"

#include "net/rss.h"

#include <rte_byteorder.h>
#include <rte_thash.h>

/* The key and the vectors are those of the RSS verification suite that every maker tests his devices with. */
static const uint8_t known_key[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d,
	0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80,
	0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

/* Each entry of the largest table is its own number, so that the queue shows the hash's low bits. */
static void fill(struct net_rss *rss)
{
	memset(rss, 0, sizeof(*rss));
	memcpy(rss->key, known_key, sizeof(known_key));
	rss->reta_size = RSS_RETA_MAX;
	for (uint16_t i = 0; i < RSS_RETA_MAX; i++)
		rss->reta[i] = i;
}

static void test_the_queue_is_that_of_the_published_hashes(void **state)
{
	static const struct {
		const char *remote, *local;
		uint32_t hash;
	} rows[] = {
		{"66.9.149.187:2794", "161.142.100.80:1766", 0x51ccc178},
		{"199.92.111.2:14230", "65.69.140.83:4739", 0xc626b0ea},
		{"24.19.198.95:12898", "12.22.207.184:38024", 0x5c2b394a},
		{"38.27.205.30:48228", "209.142.163.6:2217", 0xafc7327f},
		{"153.39.163.191:44251", "202.188.127.2:1303", 0x10e828a2},
		{"[3ffe:2501:200:1fff::7]:2794", "[3ffe:2501:200:3::1]:1766", 0x40207d3d},
		{"[3ffe:501:8::260:97ff:fe40:efab]:14230", "[ff02::1]:4739", 0xdde51bbf},
		{"[3ffe:1900:4545:3:200:f8ff:fe21:67cf]:44251", "[fe80::200:f8ff:fe21:67cf]:38024",
			0x02d1feef},
	};
	struct net_rss rss;

	(void)state;
	fill(&rss);
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		struct endpoint remote = endpoint_of(rows[i].remote);
		struct endpoint local = endpoint_of(rows[i].local);
		assert_int_equal(net_rss_queue(&rss, &local, &remote), rows[i].hash % RSS_RETA_MAX);
	}
}

static void test_the_queue_agrees_with_rte_softrss_for_any_key_and_ends(void **state)
{
	struct rng rng;
	struct net_rss rss;

	(void)state;
	rng_init(&rng, 1);
	for (int i = 0; i < 2000; i++) {
		struct endpoint ends[2];
		uint32_t words[9];
		uint32_t each = i & 1 ? 4 : 1;
		fill(&rss);
		for (uint32_t k = 0; k < 52; k++)
			rss.key[k] = (uint8_t)rng_u64(&rng);
		for (int e = 0; e < 2; e++) {
			ends[e] = (struct endpoint){.port = (uint16_t)rng_u64(&rng)};
			ends[e].ip.family = i & 1 ? IP_V6 : IP_V4;
			for (uint32_t k = 0; k < each * 4; k++)
				ends[e].ip.bytes[k] = (uint8_t)rng_u64(&rng);
			for (uint32_t k = 0; k < each; k++)
				words[(uint32_t)e * each + k] = (uint32_t)ends[e].ip.bytes[4 * k] << 24 |
								(uint32_t)ends[e].ip.bytes[4 * k + 1] << 16 |
								(uint32_t)ends[e].ip.bytes[4 * k + 2] << 8 |
								ends[e].ip.bytes[4 * k + 3];
		}
		words[2 * each] = (uint32_t)ends[0].port << 16 | ends[1].port;
		rss.reta_size = (uint16_t)(1U << (i % 12));
		assert_int_equal(net_rss_queue(&rss, &ends[1], &ends[0]),
			rte_softrss(words, 2 * each + 1, rss.key) % rss.reta_size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_queue_is_that_of_the_published_hashes),
		cmocka_unit_test(test_the_queue_agrees_with_rte_softrss_for_any_key_and_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
