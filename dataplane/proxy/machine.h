/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transaction machines of RFC 3261 17 with the corrections of RFC 6026 and RFC 4320, as a pure step: an
 * event or a point in time goes in, a new state and a set of things to do come out. Who sends, and what, is
 * the caller's; so is the clock.
 */
#ifndef PROXY_MACHINE_H
#define PROXY_MACHINE_H

#include "base/ensure.h"

#include <stdbool.h>
#include <stdint.h>

enum machine_kind {
	MACHINE_SERVER_INVITE, /* 17.2.1 */
	MACHINE_SERVER_OTHER,  /* 17.2.2 */
	MACHINE_CLIENT_INVITE, /* 17.1.1 */
	MACHINE_CLIENT_OTHER,  /* 17.1.2 */
	MACHINE_KINDS
};

enum machine_state {
	MACHINE_CALLING,
	MACHINE_TRYING,
	MACHINE_PROCEEDING,
	MACHINE_COMPLETED,
	MACHINE_CONFIRMED,
	MACHINE_ACCEPTED, /* RFC 6026 */
	MACHINE_TERMINATED,
	MACHINE_STATES
};

enum machine_event {
	/* server: from the client */
	MACHINE_REQUEST, /* it came again */
	MACHINE_ACK,
	/* server: from the proxy core */
	MACHINE_SEND_1XX,
	MACHINE_SEND_2XX,
	MACHINE_SEND_FINAL, /* 300 to 699 */
	MACHINE_SEND_NONE,  /* there will be no response (RFC 4320 4.2) */
	/* client: from the next hop */
	MACHINE_100,
	MACHINE_1XX, /* 101 to 199 */
	MACHINE_2XX,
	MACHINE_FINAL, /* 300 to 699 */
	/* client: from the proxy core */
	MACHINE_FAILED, /* the transport, or what is known of the next hop, says that no answer will come */
	MACHINE_CANCELLED, /* a CANCEL was sent after it (9.1) */
	MACHINE_EVENTS
};

/* What the caller is to do; bits. */
enum machine_do {
	MACHINE_DO_SEND = 1,     /* client: the request again. Server: the latest response, if there is one */
	MACHINE_DO_ACK = 2,      /* acknowledge the final response (17.1.1.3) */
	MACHINE_DO_PASS = 4,     /* client: the response is news for the core. Server: the ACK goes on */
	MACHINE_DO_TRYING = 8,   /* send 100 */
	MACHINE_DO_DOUBT = 16,   /* no answer for so long that another next hop might be better */
	MACHINE_DO_CANCEL = 32,  /* timer C: send CANCEL (16.8) */
	MACHINE_DO_TIMEOUT = 64, /* ended by time: no response (B, F), or no ACK (H) */
	MACHINE_DO_FAIL = 128,   /* ended by MACHINE_FAILED */
};

#define MACHINE_NEVER UINT64_MAX

struct machine {
	uint64_t repeat_ns;   /* A, E, G; MACHINE_NEVER: not running */
	uint64_t end_ns;      /* B, C, D, F, H, I, J, K, L, M, or when 100 is due */
	uint64_t doubt_ns;    /* failover_timeout_ms */
	uint32_t interval_ms; /* the repetition after the next one comes so long after it */
	uint8_t kind;         /* enum machine_kind */
	uint8_t state;        /* enum machine_state */
	bool reliable;        /* the transport is: no repetitions, and nothing to wait for at the end */
	bool cancelled;
};

static_assert(sizeof(struct machine) == 32, "two of them in each transaction");

/*
 * Begins. A client's request is sent at once by the caller; `doubt_ms` is how long it waits for any response
 * before MACHINE_DO_DOUBT, 0: for ever.
 */
void machine_start(struct machine *machine, enum machine_kind kind, bool reliable, uint64_t now_ns);
void machine_doubt_after(struct machine *machine, uint64_t deadline_ns);

/* One event. Returns what to do; the state may be MACHINE_TERMINATED afterwards. */
unsigned machine_step(struct machine *machine, enum machine_event event, uint64_t now_ns);

/* What time asks for. Called at any time; returns 0 when nothing is due. */
must_use unsigned machine_time(struct machine *machine, uint64_t now_ns);

/* However often timer C starts again (16.7 step 2), it ends then. For an INVITE client that has had a
 * response. */
void machine_end_by(struct machine *machine, uint64_t deadline_ns);

/* Nothing is due before. */
uint64_t machine_next_ns(const struct machine *machine);

/* Repeats the request no more: the next hop was given up, but what it may still say is heard. */
void machine_hush(struct machine *machine);

/* A final response went out (server) or came in (client), or none ever will. */
static inline bool machine_is_final(const struct machine *machine)
{
	return machine->state >= MACHINE_COMPLETED;
}

const char *machine_kind_name(enum machine_kind kind);
const char *machine_state_name(enum machine_state state);

#endif
