/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One instance to a control socket: whoever holds the claim may touch the devices and the socket. */
#ifndef CONTROL_CLAIM_H
#define CONTROL_CLAIM_H

#include "base/ensure.h"

#include <stddef.h>

/*
 * Claims the socket of this path; makes its folder (the last one of the path) when it is missing. 0,
 * -EADDRINUSE when another process has the claim, or -errno; then with a text for the operator.
 */
must_use int claim_take(const char *socket_path, char *error, size_t error_size, int *ret_fd);
/* The kernel does the same for a process that dies. */
void claim_drop(int fd);

#endif
