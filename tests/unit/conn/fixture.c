/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fixture.h"

struct rig rig;

int fixture_setup(void **state)
{
	(void)state;
	rig_prepare(&rig);
	return 0;
}

int fixture_teardown(void **state)
{
	(void)state;
	assert_true(rig_finish(&rig));
	return 0;
}
