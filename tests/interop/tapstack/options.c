/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that the library has no answer to are here, too: it must say so itself. */
#include "options.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

static const struct {
	const char *name;
	struct stack_option option;
} options[] = {
	{"SO_ACCEPTCONN", {SOL_SOCKET, SO_ACCEPTCONN}},
	{"SO_DOMAIN", {SOL_SOCKET, SO_DOMAIN}},
	{"SO_ERROR", {SOL_SOCKET, SO_ERROR}},
	{"SO_KEEPALIVE", {SOL_SOCKET, SO_KEEPALIVE}},
	{"SO_LINGER", {SOL_SOCKET, SO_LINGER}},
	{"SO_PROTOCOL", {SOL_SOCKET, SO_PROTOCOL}},
	{"SO_RCVBUF", {SOL_SOCKET, SO_RCVBUF}},
	{"SO_REUSEADDR", {SOL_SOCKET, SO_REUSEADDR}},
	{"SO_SNDBUF", {SOL_SOCKET, SO_SNDBUF}},
	{"SO_TYPE", {SOL_SOCKET, SO_TYPE}},
	{"TCP_CORK", {IPPROTO_TCP, TCP_CORK}},
	{"TCP_KEEPCNT", {IPPROTO_TCP, TCP_KEEPCNT}},
	{"TCP_KEEPIDLE", {IPPROTO_TCP, TCP_KEEPIDLE}},
	{"TCP_KEEPINTVL", {IPPROTO_TCP, TCP_KEEPINTVL}},
	{"TCP_MAXSEG", {IPPROTO_TCP, TCP_MAXSEG}},
	{"TCP_NODELAY", {IPPROTO_TCP, TCP_NODELAY}},
	{"TCP_USER_TIMEOUT", {IPPROTO_TCP, TCP_USER_TIMEOUT}},
};

int option_named(const char *name, struct stack_option *ret_option)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(options[i].name, name) == 0) {
			*ret_option = options[i].option;
			return 0;
		}
	}
	return -ENOPROTOOPT;
}
