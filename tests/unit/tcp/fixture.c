/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rig of the tests that need but one. */
#include "fixture.h"

struct rig rig;

const struct shown plain = {.win = 65535, .mss = 1000, .shift = -1};

void in(uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	rig_in(&rig, &(struct shown){
			     .flags = flags, .seq = seq, .ack = ack, .len = len, .win = 65535, .shift = -1});
}

void accept_plain(void)
{
	rig_start(&rig);
	rig_accept(&rig, &plain);
}

void end_connection(void)
{
	tcp_abort(rig.tcb, rig.now_ns);
	rig_wait(&rig, RIG_MS);
}

int fixture_setup(void **state)
{
	(void)state;
	rig_prepare(&rig, 4);
	return 0;
}

int fixture_teardown(void **state)
{
	(void)state;
	rig.deaf = true;
	if (rig.tcb)
		end_connection();
	assert_true(rig_finish(&rig));
	return 0;
}
