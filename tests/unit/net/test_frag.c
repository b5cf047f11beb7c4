/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams in pieces, in and out. The rig's end checks that no piece is left anywhere. */
#include "rig.h"

#include <rte_mbuf.h>

#include <errno.h>
#include <stdlib.h>

enum { PAYLOAD = 4000, PIECE = 1024, PIECES_MAX = 16 };

/* One datagram cut into pieces by hand. */
struct pieces {
	struct frame *piece[PIECES_MAX];
	uint32_t count;
	char payload[PAYLOAD];
};

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static struct frame *frame_new(void)
{
	struct frame *frame = calloc(1, sizeof(*frame));

	assert_non_null(frame);
	return frame;
}

static struct frame *piece_of(const struct frame *whole, uint32_t offset, uint32_t len, bool more)
{
	bool v4 = whole->bytes[12] == 8;
	uint32_t header = v4 ? 34 : 54;
	struct frame *piece = frame_new();

	piece->len = header + len;
	memcpy(piece->bytes, whole->bytes, header);
	memcpy(piece->bytes + header, whole->bytes + header + offset, len);
	if (v4) {
		put16(piece->bytes + 16, 20 + len);
		put16(piece->bytes + 18, 0x1234);
		put16(piece->bytes + 20, offset / 8 | (more ? 0x2000 : 0));
		put16(piece->bytes + 24, 0);
		put16(piece->bytes + 24, slow_checksum(piece->bytes + 14, 20, 0));
	} else {
		uint8_t ext[8] = {piece->bytes[20], 0, 0, 0, 0, 0, 0x12, 0x34};

		put16(ext + 2, offset | (more ? 1 : 0));
		piece->bytes[20] = 44;
		put16(piece->bytes + 18, 8 + len);
		frame_insert(piece, 54, ext, 8);
	}
	return piece;
}

static struct pieces *pieces_make(int family, uint32_t size)
{
	struct pieces *pieces = calloc(1, sizeof(*pieces));
	const struct frame *whole;
	uint32_t l4_len = PAYLOAD + 8;

	assert_non_null(pieces);
	for (uint32_t i = 0; i < PAYLOAD; i++)
		pieces->payload[i] = (char)(i ^ (i >> 8));
	whole = frame_udp(family, pieces->payload, PAYLOAD);
	for (uint32_t offset = 0; offset < l4_len; offset += size) {
		uint32_t len = RTE_MIN(size, l4_len - offset);
		assert_true(pieces->count < PIECES_MAX);
		pieces->piece[pieces->count++] = piece_of(whole, offset, len, offset + len < l4_len);
	}
	return pieces;
}

static void pieces_free(struct pieces *pieces)
{
	for (uint32_t i = 0; i < pieces->count; i++)
		free(pieces->piece[i]);
	free(pieces);
}

static void assert_delivered(struct rig *rig, const struct pieces *pieces, uint32_t times)
{
	assert_int_equal(rig->delivered_count, times);
	assert_int_equal(rig->payload_len, PAYLOAD);
	assert_memory_equal(rig->payload, pieces->payload, PAYLOAD);
}

static void test_pieces_come_together_in_any_order(void **state)
{
	struct rig *rig = *state;
	uint32_t times = 0;

	for (int family = 4; family <= 6; family += 2) {
		struct pieces *pieces = pieces_make(family, PIECE);

		assert_int_equal(pieces->count, 4);
		/* The 24 orders of four pieces. */
		for (uint32_t order = 0; order < 256; order++) {
			uint32_t at[4] = {order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6};

			if ((1 << at[0] | 1 << at[1] | 1 << at[2] | 1 << at[3]) != 15)
				continue;
			for (uint32_t i = 0; i < 4; i++) {
				assert_int_equal(rig->delivered_count, times);
				rig_input(rig, pieces->piece[at[i]]);
			}
			assert_delivered(rig, pieces, ++times);
		}
		pieces_free(pieces);
	}
	assert_int_equal(times, 48);
	assert_int_equal(rig_count(rig, STAT_net_frag_reassembled), 48);
	assert_int_equal(rig_count(rig, STAT_net_frag_refused), 0);
}

static void test_pieces_with_padding_or_in_segments_come_together(void **state)
{
	struct rig *rig = *state;

	for (int family = 4; family <= 6; family += 2) {
		struct pieces *pieces = pieces_make(family, PIECE);

		for (uint32_t i = 0; i < pieces->count; i++) {
			pieces->piece[i]->len += 5;
			rig_input_cut(rig, pieces->piece[i], 300);
		}
		assert_delivered(rig, pieces, (uint32_t)family / 2 - 1);
		pieces_free(pieces);
	}
}

static void test_pieces_behind_other_extensions_come_together(void **state)
{
	struct rig *rig = *state;
	struct pieces *pieces = pieces_make(6, PIECE);

	for (uint32_t i = 0; i < pieces->count; i++) {
		struct frame *piece = pieces->piece[i];

		frame_insert(piece, 54, (const uint8_t[8]){44, 0, 1, 4}, 8);
		piece->bytes[20] = 0;
		put16(piece->bytes + 18, piece->len - 54);
		rig_input(rig, piece);
	}
	assert_delivered(rig, pieces, 1);
	pieces_free(pieces);
}

static void test_an_atomic_fragment_needs_no_others(void **state)
{
	struct rig *rig = *state;
	struct frame *frame = frame_udp(6, "hello", 5);

	frame_insert(frame, 54, (const uint8_t[8]){17}, 8);
	frame->bytes[20] = 44;
	frame->bytes[19] += 8;
	rig_input(rig, frame);
	assert_int_equal(rig->delivered_count, 1);
	assert_int_equal(rig_count(rig, STAT_net_frag_reassembled), 0);
}

static void test_a_wrong_byte_in_any_piece_is_noticed(void **state)
{
	struct rig *rig = *state;
	struct pieces *pieces = pieces_make(4, PIECE);

	for (uint32_t bad = 0; bad < 4; bad++) {
		pieces->piece[bad]->bytes[200] ^= 1;
		for (uint32_t i = 0; i < 4; i++)
			rig_input(rig, pieces->piece[i]);
		pieces->piece[bad]->bytes[200] ^= 1;
	}
	assert_int_equal(rig->delivered_count, 0);
	assert_int_equal(rig_count(rig, STAT_net_udp_bad_checksum), 4);
	pieces_free(pieces);
}

/* What a duplicate costs is its datagram; never a wrong datagram, never an mbuf. */
static void test_a_duplicate_spoils_its_datagram_alone(void **state)
{
	struct rig *rig = *state;

	for (int family = 4; family <= 6; family += 2) {
		for (uint32_t twice = 0; twice < 3; twice++) {
			struct pieces *pieces = pieces_make(family, PIECE);
			uint32_t before = rig->delivered_count;

			rig_input(rig, pieces->piece[twice]);
			rig_input(rig, pieces->piece[twice]);
			for (uint32_t i = 0; i < 4; i++)
				if (i != twice)
					rig_input(rig, pieces->piece[i]);
			rig_wait(rig, 6 * RIG_S);
			assert_true(rig->delivered_count <= before + 1);
			for (uint32_t i = 0; i < 4; i++)
				rig_input(rig, pieces->piece[i]);
			assert_memory_equal(rig->payload, pieces->payload, PAYLOAD);
			pieces_free(pieces);
		}
	}
	assert_int_equal(rte_mempool_avail_count(rig->pool), RIG_MBUFS);
	assert_true(rig_count(rig, STAT_net_frag_refused) > 0);
}

static void test_overlapping_pieces_are_refused(void **state)
{
	struct rig *rig = *state;

	for (int family = 4; family <= 6; family += 2) {
		struct pieces *pieces = pieces_make(family, PIECE);
		const struct frame *whole = frame_udp(family, pieces->payload, PAYLOAD);
		struct frame *overlapping = piece_of(whole, PIECE - 8, PIECE, true);

		rig_input(rig, pieces->piece[0]);
		rig_input(rig, overlapping);
		rig_input(rig, pieces->piece[2]);
		rig_input(rig, pieces->piece[3]);
		free(overlapping);
		pieces_free(pieces);
	}
	assert_int_equal(rig->delivered_count, 0);
	assert_true(rig_count(rig, STAT_net_frag_refused) >= 6);
	assert_int_equal(rig_count(rig, STAT_net_frag_timeout), 0);
	assert_int_equal(rte_mempool_avail_count(rig->pool), RIG_MBUFS);
}

static void test_more_than_eight_pieces_are_refused(void **state)
{
	struct rig *rig = *state;
	struct pieces *pieces = pieces_make(4, 400);

	for (uint32_t i = 0; i < pieces->count; i++)
		rig_input(rig, pieces->piece[i]);
	assert_int_equal(rig->delivered_count, 0);
	assert_int_equal(rig_count(rig, STAT_net_frag_refused), 8);
	pieces_free(pieces);
}

static void test_a_missing_piece_is_waited_for_and_then_given_up(void **state)
{
	struct rig *rig = *state;

	for (int family = 4; family <= 6; family += 2) {
		struct pieces *pieces = pieces_make(family, PIECE);
		uint64_t before = rig_count(rig, STAT_net_frag_timeout);

		for (uint32_t i = 0; i < 3; i++)
			rig_input(rig, pieces->piece[i]);
		rig_wait(rig, 4900 * RIG_MS);
		assert_int_equal(rig_count(rig, STAT_net_frag_timeout), before);
		assert_int_equal(rte_mempool_avail_count(rig->pool), RIG_MBUFS - 3);
		rig_wait(rig, 200 * RIG_MS);
		assert_int_equal(rig_count(rig, STAT_net_frag_timeout), before + 3);
		assert_int_equal(rte_mempool_avail_count(rig->pool), RIG_MBUFS);
		/* Alone, the late piece is the beginning of another datagram. */
		rig_input(rig, pieces->piece[3]);
		assert_int_equal(rig->delivered_count, 0);
		rig_wait(rig, 6 * RIG_S);
		pieces_free(pieces);
	}
}

static void input_beginning(struct rig *rig, struct frame *piece, uint32_t id)
{
	put16(piece->bytes + 18, id);
	put16(piece->bytes + 24, 0);
	put16(piece->bytes + 24, slow_checksum(piece->bytes + 14, 20, 0));
	rig_input(rig, piece);
}

static void test_a_flood_of_first_pieces_stays_in_its_bounds(void **state)
{
	struct rig *rig = *state;
	struct pieces *pieces = pieces_make(4, PIECE);

	for (uint32_t id = 0; id < 5000; id++)
		input_beginning(rig, pieces->piece[0], id);
	assert_true(rte_mempool_avail_count(rig->pool) >= RIG_MBUFS - 256);
	/* They came in one moment: none is old enough to make room for another. */
	assert_true(rig_count(rig, STAT_net_frag_refused) >= 5000 - 256);
	assert_int_equal(rig_count(rig, STAT_net_frag_evicted), 0);
	rig_wait(rig, 6 * RIG_S);
	assert_int_equal(rte_mempool_avail_count(rig->pool), RIG_MBUFS);
	pieces_free(pieces);
}

static void test_beginnings_without_end_keep_nobody_out_for_long(void **state)
{
	struct rig *rig = *state;
	struct pieces *beginning = pieces_make(4, PIECE);
	struct pieces *honest = pieces_make(4, PIECE);
	uint32_t refused = 0;

	for (uint32_t i = 0; i < 5000; i++) {
		input_beginning(rig, beginning->piece[0], 0x2000 + i);
		rig->now_ns += RIG_MS;
		if (i % 10 != 0)
			continue;
		uint32_t before = rig->delivered_count;
		for (uint32_t k = 0; k < honest->count; k++)
			rig_input(rig, honest->piece[k]);
		refused += rig->delivered_count == before;
	}
	/* A request that is lost so is repeated; without room made it would be lost for all of five seconds.
	 */
	assert_true(refused < 20);
	assert_int_equal(rig->delivered_count, 500 - refused);
	assert_true(rig_count(rig, STAT_net_frag_evicted) > 4000);
	rig_wait(rig, 6 * RIG_S);
	assert_int_equal(rte_mempool_avail_count(rig->pool), RIG_MBUFS);
	pieces_free(beginning);
	pieces_free(honest);
}

/* Pieces that contradict each other are spoiled by themselves, and no reason to give up others. */
static void test_spoiled_datagrams_take_no_room_from_others(void **state)
{
	struct rig *rig = *state;
	struct pieces *slow = pieces_make(4, PIECE);
	struct pieces *spoiled = pieces_make(6, PIECE);

	rig_input(rig, slow->piece[0]);
	for (uint32_t i = 0; i < 100; i++) {
		rig->now_ns += RIG_MS;
		rig_input(rig, spoiled->piece[i % 2]);
		rig_input(rig, spoiled->piece[i % 2]);
	}
	for (uint32_t k = 1; k < slow->count; k++)
		rig_input(rig, slow->piece[k]);
	assert_delivered(rig, slow, 1);
	assert_int_equal(rig_count(rig, STAT_net_frag_evicted), 0);
	pieces_free(slow);
	pieces_free(spoiled);
}

static void test_pieces_still_waiting_at_the_end_are_freed(void **state)
{
	struct rig *rig = *state;
	struct pieces *pieces = pieces_make(6, PIECE);

	rig_input(rig, pieces->piece[1]);
	rig_input(rig, pieces->piece[0]);
	pieces_free(pieces);
}

/* Puts the sent pieces together by the RFC's rules and compares with what rig_send() sent. */
static void assert_sent_whole(struct rig *rig, int family, uint32_t len, uint32_t mtu)
{
	static struct frame whole;
	uint32_t header = family == 4 ? 34 : 62;
	uint32_t total = 0;
	uint32_t end = 0;

	whole.len = 0;
	net_flush(rig->net);
	assert_true(rig->sent_count > 1);
	for (uint32_t i = 0; i < rig->sent_count; i++) {
		const struct frame *piece = rig_sent(rig, i);
		const uint8_t *field = piece->bytes + (family == 4 ? 20 : 56);
		uint32_t offset = family == 4 ? ((uint32_t)(field[0] & 0x1f) << 8 | field[1]) * 8
					      : ((uint32_t)field[0] << 8 | field[1]) & ~7U;
		bool more = family == 4 ? field[0] & 0x20 : field[1] & 1;
		uint32_t piece_len = piece->len - header;

		assert_true(piece->len - 14 <= mtu);
		assert_int_equal(rig->sent[i]->nb_segs, 1);
		assert_true(!more || piece_len % 8 == 0);
		if (family == 4) {
			assert_int_equal(slow_checksum(piece->bytes + 14, 20, 0), 0);
			assert_int_equal(piece->bytes[16] << 8 | piece->bytes[17], piece->len - 14);
		} else {
			assert_int_equal(piece->bytes[18] << 8 | piece->bytes[19], piece->len - 54);
			assert_int_equal(piece->bytes[20], 44);
		}
		memcpy(whole.bytes + (family == 4 ? 34 : 54) + offset, piece->bytes + header, piece_len);
		total += piece_len;
		if (!more)
			end = offset + piece_len;
		memcpy(whole.bytes, piece->bytes, family == 4 ? 34 : 54);
	}
	assert_int_equal(total, len + 8);
	assert_int_equal(end, len + 8);
	whole.len = (family == 4 ? 34 : 54) + total;
	if (family == 6)
		whole.bytes[20] = 17;
	else
		memcpy(whole.bytes + 24, "\0\0", 2); /* the sum of one piece's header */
	if (family == 4)
		put16(whole.bytes + 24, slow_checksum(whole.bytes + 14, 20, 0));
	assert_true(frame_checksums_right(&whole));
}

static void test_what_exceeds_the_mtu_leaves_in_pieces(void **state)
{
	static const uint16_t mtus[] = {1280, 1400, 1500, 9000};
	struct rig *rig = *state;

	for (size_t m = 0; m < RTE_DIM(mtus); m++) {
		rig->wire.mtu = mtus[m];
		rig_restart(rig);
		for (int family = 4; family <= 6; family += 2) {
			static const uint32_t lens[] = {9001, 12001, 30000, 65507};
			const char *peer = family == 4 ? "192.0.2.2" : "2001:db8::2";

			rig_learn(rig, peer, peer_mac);
			for (size_t i = 0; i < RTE_DIM(lens); i++) {
				assert_int_equal(rig_send(rig, peer, lens[i]), 0);
				assert_sent_whole(rig, family, lens[i], mtus[m]);
				rig_forget_sent(rig);
			}
		}
	}
}

static void test_the_last_byte_that_fits_is_not_split(void **state)
{
	struct rig *rig = *state;

	for (int family = 4; family <= 6; family += 2) {
		const char *peer = family == 4 ? "192.0.2.2" : "2001:db8::2";
		uint32_t fits = 1500 - 8 - (family == 4 ? 20 : 40);

		rig_learn(rig, peer, peer_mac);
		assert_int_equal(rig_send(rig, peer, fits), 0);
		net_flush(rig->net);
		assert_int_equal(rig->sent_count, 1);
		rig_forget_sent(rig);
		assert_int_equal(rig_send(rig, peer, fits + 1), 0);
		net_flush(rig->net);
		assert_int_equal(rig->sent_count, 2);
		assert_sent_whole(rig, family, fits + 1, 1500);
		rig_forget_sent(rig);
	}
}

static void test_two_datagrams_in_pieces_have_two_ids(void **state)
{
	struct rig *rig = *state;
	uint8_t id[4];

	rig_learn(rig, "2001:db8::2", peer_mac);
	assert_int_equal(rig_send(rig, "2001:db8::2", 1800), 0);
	assert_int_equal(rig_send(rig, "2001:db8::2", 1800), 0);
	memcpy(id, rig_sent(rig, 0)->bytes + 58, 4);
	assert_memory_equal(rig_sent(rig, 1)->bytes + 58, id, 4);
	assert_memory_not_equal(rig_sent(rig, 2)->bytes + 58, id, 4);
}

static void test_a_chain_is_copied_together_for_a_wire_that_cannot_gather(void **state)
{
	struct rig *rig = *state;
	struct endpoint src = endpoint_of("192.0.2.1");
	struct endpoint dst = endpoint_of("192.0.2.2");
	char payload[500] = "chained";

	rig_learn(rig, "192.0.2.2", peer_mac);
	assert_int_equal(
		net_udp_send(rig->net, &src, &dst, rig_mbuf(rig, payload, sizeof(payload), 100), rig->now_ns),
		0);
	net_flush(rig->net);
	assert_int_equal(rig->sent_count, 1);
	assert_int_equal(rig->sent[0]->nb_segs, 1);
	assert_true(frame_checksums_right(rig_sent(rig, 0)));
	assert_int_equal(rig_count(rig, STAT_net_frag_sent), 0);
}

static void test_an_empty_pool_stops_pieces_without_harm(void **state)
{
	struct rig *rig = *state;
	struct rte_mbuf *held[RIG_MBUFS];
	uint32_t count;

	rig_learn(rig, "192.0.2.2", peer_mac);
	/* rig_send() needs one mbuf for 1,800 bytes; the two pieces find nothing. */
	count = rte_mempool_avail_count(rig->pool) - 1;
	assert_int_equal(rte_pktmbuf_alloc_bulk(rig->pool, held, count), 0);
	assert_int_equal(rig_send(rig, "192.0.2.2", 1800), -ENOBUFS);
	assert_int_equal(rig_count(rig, STAT_net_no_mbuf), 1);
	rte_pktmbuf_free_bulk(held, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_pieces_come_together_in_any_order),
		RIG_TEST(test_pieces_with_padding_or_in_segments_come_together),
		RIG_TEST(test_pieces_behind_other_extensions_come_together),
		RIG_TEST(test_an_atomic_fragment_needs_no_others),
		RIG_TEST(test_a_wrong_byte_in_any_piece_is_noticed),
		RIG_TEST(test_a_duplicate_spoils_its_datagram_alone),
		RIG_TEST(test_overlapping_pieces_are_refused),
		RIG_TEST(test_more_than_eight_pieces_are_refused),
		RIG_TEST(test_a_missing_piece_is_waited_for_and_then_given_up),
		RIG_TEST(test_a_flood_of_first_pieces_stays_in_its_bounds),
		RIG_TEST(test_beginnings_without_end_keep_nobody_out_for_long),
		RIG_TEST(test_spoiled_datagrams_take_no_room_from_others),
		RIG_TEST(test_pieces_still_waiting_at_the_end_are_freed),
		RIG_TEST(test_what_exceeds_the_mtu_leaves_in_pieces),
		RIG_TEST(test_the_last_byte_that_fits_is_not_split),
		RIG_TEST(test_two_datagrams_in_pieces_have_two_ids),
		RIG_TEST(test_a_chain_is_copied_together_for_a_wire_that_cannot_gather),
		RIG_TEST(test_an_empty_pool_stops_pieces_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
