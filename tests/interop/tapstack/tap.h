/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TAP device: whole Ethernet frames through a file descriptor. */
#ifndef TESTS_INTEROP_TAPSTACK_TAP_H
#define TESTS_INTEROP_TAPSTACK_TAP_H

/* Makes or takes the device of this name, and brings it up. A non-blocking descriptor, or -errno. */
int tap_open(const char *name);

#endif
