/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a connection ended, by name. */
#ifndef TCP_REASON_H
#define TCP_REASON_H

enum tcp_reason {
	TCP_WHY_NONE,
	TCP_WHY_CLOSED,           /* both sides closed in order */
	TCP_WHY_RESET,            /* the peer's RST */
	TCP_WHY_REFUSED,          /* RST in answer to our SYN */
	TCP_WHY_UNREACHABLE,      /* ICMP in answer to our SYN */
	TCP_WHY_CONNECT_TIMEOUT,  /* no answer to our SYN */
	TCP_WHY_USER_TIMEOUT,     /* data was not acknowledged in time */
	TCP_WHY_KEEPALIVE,        /* probes were not answered */
	TCP_WHY_IDLE,             /* no data either way for too long */
	TCP_WHY_CLOSE_LIMIT,      /* the peer did not finish closing */
	TCP_WHY_DATA_AFTER_CLOSE, /* bytes that nobody would read: we reset (RFC 2525 2.17) */
	TCP_WHY_ABORTED,          /* tcp_abort() */
	TCP_WHY_COUNT
};

/* "closed", "reset", "connect-timeout": for logs and tests. */
const char *tcp_reason_name(enum tcp_reason why);

#endif
