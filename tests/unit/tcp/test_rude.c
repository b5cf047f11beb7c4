/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A peer without manners: segments of any flags and options around every edge of the windows, ICMP, and an
 * application that does what it likes, while time passes. Nothing may break; what is read is right; whoever
 * is alive has a timer; all memory comes back.
 */
#include "rig.h"

#include <rte_mbuf.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { RUNS = 300, STEPS = 3000 };

static struct rig rig;
static struct rng dice;

static uint32_t below(uint32_t bound)
{
	return rng_below(&dice, bound);
}

/* Somewhere around: mostly close, sometimes anywhere. */
static uint32_t around(uint32_t number)
{
	switch (below(8)) {
	case 0:
		return (uint32_t)rng_u64(&dice);
	case 1:
		return number + 65535 - below(4);
	case 2:
	case 3:
		return number + below(3000);
	case 4:
		return number - below(2000);
	default:
		return number;
	}
}

static uint8_t any_flags(void)
{
	static const uint8_t usual[] = {F_ACK, F_ACK, F_ACK, F_ACK | F_PSH, F_ACK | F_FIN, F_SYN,
		F_SYN | F_ACK, F_RST, F_RST | F_ACK};

	return below(4) == 0 ? (uint8_t)below(32) : usual[below(sizeof(usual))];
}

static void rude_segment(uint32_t peer_nxt)
{
	struct shown shown = {.flags = any_flags(),
		.seq = around(peer_nxt),
		.ack = around(rig.our_nxt),
		.win = below(3) ? 65535 : below(3000),
		.len = below(2) ? below(1400) : 0,
		.shift = below(16) ? -1 : (int)below(15),
		.mss = below(16) ? 0 : (int)below(65536),
		.sack_ok = below(16) == 0,
		.has_ts = rig.ts_agreed ? below(20) > 0 : below(20) == 0,
		.tsval = (uint32_t)(rig.now_ns / RIG_MS) + (below(20) ? 0 : (uint32_t)rng_u64(&dice)),
		.tsecr = rig.last_tsval - below(100)};

	/* Fewer ends than the rest, or no connection would grow old. */
	if ((shown.flags & (F_RST | F_FIN)) && below(40) > 0)
		shown.flags = F_ACK;
	shown.sack_count = below(4) ? 0 : (int)below(2 + !shown.has_ts);
	for (int i = 0; i < shown.sack_count; i++) {
		shown.sack[i][0] = around(rig.our_nxt - 2000);
		shown.sack[i][1] = around(rig.our_nxt - 1000);
	}
	rig_in_cut(&rig, &shown, 1 + below(2000));
}

/* What the application or a router may do at any moment. */
static void anything_else(void)
{
	uint32_t what = below(40);

	if (what == 0)
		tcp_icmp(rig.tcp,
			&(struct tcp_icmp){
				rig.local, rig.peer, rig.our_iss + around(rig.our_nxt), below(1600)},
			rig.now_ns);
	if (!rig.tcb)
		return;
	if (what < 10)
		(void)rig_send(&rig, 1 + below(3000));
	else if (what < 20)
		(void)rig_read(&rig, below(5000));
	else if (what == 20 && below(10) == 0)
		tcp_shutdown(rig.tcb, rig.now_ns);
	else if (what == 21 && below(10) == 0)
		tcp_close(rig.tcb, rig.now_ns);
	else if (what == 22 && below(20) == 0)
		tcp_abort(rig.tcb, rig.now_ns);
}

static void begin(void)
{
	const struct shown peer = {.win = below(65536),
		.mss = 200 + (int)below(1400),
		.shift = below(2) ? -1 : (int)below(15),
		.has_ts = below(2),
		.tsval = (uint32_t)(rig.now_ns / RIG_MS),
		.sack_ok = below(2)};

	rig.config.window_bytes = 1000 + below(200000);
	rig.config.pieces_max = 1 + below(100);
	rig.config.memory_max_bytes = 20000 + below(2000000);
	rig_start(&rig);
	if (below(2))
		rig_accept(&rig, &peer);
	else
		rig_open(&rig, &peer);
}

static void check(void)
{
	struct tcp_info info;

	assert_false(rig.wrong_byte);
	if (!rig.tcb)
		return;
	tcp_info(rig.tcb, &info);
	if (!info.timer_armed)
		assert_string_equal(info.state, "CLOSED");
	assert_true(info.receive_queued_bytes <= rig.config.window_bytes + rig.config.window_bytes / 8);
}

/* Returns how many steps the connection lived. */
static unsigned run(uint64_t seed)
{
	uint32_t in_order = 1;
	unsigned steps = 0;

	rng_init(&dice, seed);
	rig_prepare(&rig, below(2) ? 4 : 6);
	begin();
	for (; steps < STEPS && rig.tcb; steps++) {
		/* What we last acknowledged is where an honest peer would go on. */
		if (rig.sent_count > 0 && (rig.sent[rig.sent_count - 1].flags & F_ACK))
			in_order = rig.sent[rig.sent_count - 1].ack;
		rig_forget(&rig);
		rude_segment(in_order);
		anything_else();
		if (below(4) == 0)
			rig_wait(&rig, below(30) ? below(100) * RIG_MS : below(20000) * RIG_MS);
		check();
	}
	if (rig.tcb)
		tcp_abort(rig.tcb, rig.now_ns);
	rig.deaf = true;
	rig_wait(&rig, 200000 * RIG_MS);
	assert_null(rig.tcb);
	assert_true(rig_finish(&rig));
	return steps;
}

static void test_nothing_a_peer_sends_breaks_anything(void **state)
{
	unsigned steps = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= RUNS; seed++)
		steps += run(seed);
	/* Connections that die at once would prove little. */
	assert_true(steps > RUNS * 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_a_peer_sends_breaks_anything)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
