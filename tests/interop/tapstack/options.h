/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of sockets by their names, as the control socket's lines have them. */
#ifndef TESTS_INTEROP_TAPSTACK_OPTIONS_H
#define TESTS_INTEROP_TAPSTACK_OPTIONS_H

#include "support/stack_api.h"

/* "SO_ERROR", "TCP_MAXSEG"...; 0 or -ENOPROTOOPT. */
int option_named(const char *name, struct stack_option *ret_option);

#endif
