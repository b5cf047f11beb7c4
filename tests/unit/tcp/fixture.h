/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One rig for each cmocka test, and the segments that most of them send. */
#ifndef TESTS_UNIT_TCP_FIXTURE_H
#define TESTS_UNIT_TCP_FIXTURE_H

#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

extern struct rig rig;

/* A peer without options: window 65,535, MSS 1,000. */
extern const struct shown plain;

/* A segment of such a peer. */
void in(uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len);

/* Starts the rig; such a peer connects, and what was sent until then is forgotten. */
void accept_plain(void);

/* The connection of the rig is gone, its memory with it. */
void end_connection(void);

#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
int fixture_setup(void **state);    /* rig_prepare() for IPv4 */
int fixture_teardown(void **state); /* asserts that all memory came back */

#endif
