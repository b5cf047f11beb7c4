/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the ends that connections come to. */
#include "tcp/reason.h"

#include "base/ensure.h"

const char *tcp_reason_name(enum tcp_reason why)
{
	static const char *const names[TCP_WHY_COUNT] = {
		[TCP_WHY_NONE] = "none",
		[TCP_WHY_CLOSED] = "closed",
		[TCP_WHY_RESET] = "reset",
		[TCP_WHY_REFUSED] = "refused",
		[TCP_WHY_UNREACHABLE] = "unreachable",
		[TCP_WHY_CONNECT_TIMEOUT] = "connect-timeout",
		[TCP_WHY_USER_TIMEOUT] = "user-timeout",
		[TCP_WHY_KEEPALIVE] = "keepalive",
		[TCP_WHY_IDLE] = "idle",
		[TCP_WHY_CLOSE_LIMIT] = "close-limit",
		[TCP_WHY_DATA_AFTER_CLOSE] = "data-after-close",
		[TCP_WHY_ABORTED] = "aborted",
	};

	ensure(why < TCP_WHY_COUNT);
	return names[why];
}
