/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One rig for each cmocka test. */
#ifndef TESTS_UNIT_CONN_FIXTURE_H
#define TESTS_UNIT_CONN_FIXTURE_H

#include "messages.h"
#include "rig.h"

#include "support/eal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

extern struct rig rig;

#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
int fixture_setup(void **state);    /* rig_prepare() */
int fixture_teardown(void **state); /* asserts that all memory came back */

#endif
