/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The four machines as tables: what an event does in a state, and which timers run in it. Called by the
 * transaction core for each message and each expired timer; it changes nothing but the struct given.
 *
 * The timers of RFC 3261 17 and annex A, RFC 6026 and RFC 4320, all of them. T1 is 500 ms, T2 4 s, T4 5 s.
 * "-" under reliable: the timer does not run over a stream, or is zero there.
 *
 *   name      unreliable          reliable   what ends or repeats
 *   A         T1, doubling        -          INVITE again, until a response comes (17.1.1.2)
 *   B         64*T1               64*T1      no response to INVITE: given up (17.1.1.2)
 *   C         181 s               181 s      INVITE without news since a provisional response: CANCEL (16.8)
 *   D         64*T1               -          absorbs repetitions of a 3xx-6xx to INVITE (17.1.1.2)
 *   E         T1, doubling to T2  -          other request again; every T2 after a provisional (17.1.2.2)
 *   F         64*T1               64*T1      no final response to another request: given up (17.1.2.2)
 *   G         T1, doubling to T2  -          3xx-6xx to INVITE again, until the ACK comes (17.2.1)
 *   H         64*T1               64*T1      no ACK: given up (17.2.1)
 *   I         T4                  -          absorbs repetitions of the ACK (17.2.1)
 *   J         64*T1               -          answers repetitions of another request (17.2.2)
 *   K         T4                  -          absorbs repetitions of a final response (17.1.2.2)
 *   L         64*T1               64*T1      2xx to INVITE sent: absorbs INVITE, lets 2xx pass (RFC 6026 7.1)
 *   M         64*T1               64*T1      2xx to INVITE came: lets further 2xx pass (RFC 6026 7.2)
 *   trying    200 ms              200 ms     INVITE unanswered: 100 (17.2.1)
 *   delayed   3.5 s               3.5 s      other request unanswered: 100 once E is T2 (RFC 4320 4.1)
 *   cancelled 64*T1               64*T1      INVITE unanswered after CANCEL: given up (9.1)
 *   doubt     failover_timeout_ms same       no response at all: perhaps another next hop
 *   ringing   ringing_max_s       same       INVITE unanswered, whatever came: as timer C
 */
#include "proxy/machine.h"

enum { T1_MS = 500, T2_MS = 4000, T4_MS = 5000, C_MS = 181000, TRYING_MS = 200, DELAYED_MS = 3500 };

static const uint64_t ms = 1000000;

/* How long a state lasts, and whether something is repeated in it. */
struct stay {
	uint32_t repeat_ms;     /* 0: nothing is; over a stream nothing ever is */
	uint32_t unreliable_ms; /* until the end of the state; 0: no end */
	uint32_t reliable_ms;
	bool keeps_end; /* the timer of the state before goes on: F does */
	bool passing;   /* over by itself: a length of 0 means that there is none, not that there is no end */
};

static const struct stay stays[MACHINE_KINDS][MACHINE_STATES] =
	{
		[MACHINE_SERVER_INVITE] =
			{
				[MACHINE_PROCEEDING] = {0, TRYING_MS, TRYING_MS, false, false},
				[MACHINE_COMPLETED] = {T1_MS, 64 * T1_MS, 64 * T1_MS, false, true}, /* G, H */
				[MACHINE_CONFIRMED] = {0, T4_MS, 0, false, true},                   /* I */
				[MACHINE_ACCEPTED] = {0, 64 * T1_MS, 64 * T1_MS, false, true},      /* L */
			},
		[MACHINE_SERVER_OTHER] =
			{
				[MACHINE_TRYING] = {0, DELAYED_MS, DELAYED_MS, false, false},
				[MACHINE_COMPLETED] = {0, 64 * T1_MS, 0, false, true}, /* J */
			},
		[MACHINE_CLIENT_INVITE] =
			{
				[MACHINE_CALLING] = {T1_MS, 64 * T1_MS, 64 * T1_MS, false, true}, /* A, B */
				[MACHINE_PROCEEDING] = {0, C_MS, C_MS, false, true},
				[MACHINE_COMPLETED] = {0, 64 * T1_MS, 0, false, true},         /* D */
				[MACHINE_ACCEPTED] = {0, 64 * T1_MS, 64 * T1_MS, false, true}, /* M */
			},
		[MACHINE_CLIENT_OTHER] =
			{
				[MACHINE_TRYING] = {T1_MS, 64 * T1_MS, 64 * T1_MS, false, true}, /* E, F */
				[MACHINE_PROCEEDING] = {T2_MS, 0, 0, true, true},                /* E, F */
				[MACHINE_COMPLETED] = {0, T4_MS, 0, false, true},                /* K */
			},
};

/* What an event does. An event without a row is absorbed: a repetition, or what cannot matter any more. */
struct rule {
	bool known;
	uint8_t next;
	uint8_t doing;
};

#define GO(state, what)                       \
	{                                     \
		true, MACHINE_##state, (what) \
	}

static const struct rule
	rules[MACHINE_KINDS][MACHINE_STATES]
	     [MACHINE_EVENTS] = {
		     [MACHINE_SERVER_INVITE] =
			     {
				     [MACHINE_PROCEEDING] =
					     {
						     [MACHINE_REQUEST] = GO(PROCEEDING, MACHINE_DO_SEND),
						     [MACHINE_SEND_1XX] = GO(PROCEEDING, MACHINE_DO_SEND),
						     [MACHINE_SEND_2XX] = GO(ACCEPTED, MACHINE_DO_SEND),
						     [MACHINE_SEND_FINAL] = GO(COMPLETED, MACHINE_DO_SEND),
					     },
				     [MACHINE_COMPLETED] =
					     {
						     [MACHINE_REQUEST] = GO(COMPLETED, MACHINE_DO_SEND),
						     [MACHINE_ACK] = GO(CONFIRMED, 0),
					     },
				     [MACHINE_ACCEPTED] =
					     {
						     [MACHINE_ACK] = GO(ACCEPTED, MACHINE_DO_PASS),
						     [MACHINE_SEND_2XX] = GO(ACCEPTED, MACHINE_DO_SEND),
					     },
			     },
		     [MACHINE_SERVER_OTHER] =
			     {
				     [MACHINE_TRYING] =
					     {
						     [MACHINE_SEND_1XX] = GO(PROCEEDING, MACHINE_DO_SEND),
						     [MACHINE_SEND_2XX] = GO(COMPLETED, MACHINE_DO_SEND),
						     [MACHINE_SEND_FINAL] = GO(COMPLETED, MACHINE_DO_SEND),
						     [MACHINE_SEND_NONE] = GO(COMPLETED, 0),
					     },
				     [MACHINE_PROCEEDING] =
					     {
						     [MACHINE_REQUEST] = GO(PROCEEDING, MACHINE_DO_SEND),
						     [MACHINE_SEND_1XX] = GO(PROCEEDING, MACHINE_DO_SEND),
						     [MACHINE_SEND_2XX] = GO(COMPLETED, MACHINE_DO_SEND),
						     [MACHINE_SEND_FINAL] = GO(COMPLETED, MACHINE_DO_SEND),
						     [MACHINE_SEND_NONE] = GO(COMPLETED, 0),
					     },
				     [MACHINE_COMPLETED] =
					     {
						     [MACHINE_REQUEST] = GO(COMPLETED, MACHINE_DO_SEND),
					     },
			     },
		     [MACHINE_CLIENT_INVITE] =
			     {
				     [MACHINE_CALLING] =
					     {
						     [MACHINE_100] = GO(PROCEEDING, MACHINE_DO_PASS),
						     [MACHINE_1XX] = GO(PROCEEDING, MACHINE_DO_PASS),
						     [MACHINE_2XX] = GO(ACCEPTED, MACHINE_DO_PASS),
						     [MACHINE_FINAL] =
							     GO(COMPLETED, MACHINE_DO_ACK | MACHINE_DO_PASS),
						     [MACHINE_FAILED] = GO(TERMINATED, MACHINE_DO_FAIL),
					     },
				     [MACHINE_PROCEEDING] =
					     {
						     [MACHINE_1XX] = GO(PROCEEDING, MACHINE_DO_PASS),
						     [MACHINE_2XX] = GO(ACCEPTED, MACHINE_DO_PASS),
						     [MACHINE_FINAL] =
							     GO(COMPLETED, MACHINE_DO_ACK | MACHINE_DO_PASS),
						     [MACHINE_FAILED] = GO(TERMINATED, MACHINE_DO_FAIL),
					     },
				     [MACHINE_COMPLETED] =
					     {
						     /* A proxy behind us forked, and one branch succeeded
							late: it must be heard (16.7). */
						     [MACHINE_2XX] = GO(COMPLETED, MACHINE_DO_PASS),
						     [MACHINE_FINAL] = GO(COMPLETED, MACHINE_DO_ACK),
					     },
				     [MACHINE_ACCEPTED] =
					     {
						     [MACHINE_2XX] = GO(ACCEPTED, MACHINE_DO_PASS),
					     },
			     },
		     [MACHINE_CLIENT_OTHER] =
			     {
				     [MACHINE_TRYING] =
					     {
						     [MACHINE_100] = GO(PROCEEDING, MACHINE_DO_PASS),
						     [MACHINE_1XX] = GO(PROCEEDING, MACHINE_DO_PASS),
						     [MACHINE_2XX] = GO(COMPLETED, MACHINE_DO_PASS),
						     [MACHINE_FINAL] = GO(COMPLETED, MACHINE_DO_PASS),
						     [MACHINE_FAILED] = GO(TERMINATED, MACHINE_DO_FAIL),
					     },
				     [MACHINE_PROCEEDING] =
					     {
						     [MACHINE_1XX] = GO(PROCEEDING, MACHINE_DO_PASS),
						     [MACHINE_2XX] = GO(COMPLETED, MACHINE_DO_PASS),
						     [MACHINE_FINAL] = GO(COMPLETED, MACHINE_DO_PASS),
						     [MACHINE_FAILED] = GO(TERMINATED, MACHINE_DO_FAIL),
					     },
			     },
};

static void terminate(struct machine *machine)
{
	machine->state = MACHINE_TERMINATED;
	machine->repeat_ns = MACHINE_NEVER;
	machine->end_ns = MACHINE_NEVER;
	machine->doubt_ns = MACHINE_NEVER;
}

/* Enters a state: its timers start. One that lasts no time is left at once. */
static void enter(struct machine *machine, enum machine_state state, uint64_t now_ns)
{
	const struct stay *stay = &stays[machine->kind][state];
	uint32_t length_ms = machine->reliable ? stay->reliable_ms : stay->unreliable_ms;
	bool repeats = stay->repeat_ms > 0 && !machine->reliable;

	machine->state = (uint8_t)state;
	machine->repeat_ns = repeats ? now_ns + stay->repeat_ms * ms : MACHINE_NEVER;
	machine->interval_ms = stay->repeat_ms;
	if (stay->keeps_end)
		return;
	machine->end_ns = length_ms > 0 ? now_ns + length_ms * ms : MACHINE_NEVER;
	if (state == MACHINE_TERMINATED || (stay->passing && length_ms == 0))
		terminate(machine);
}

void machine_start(struct machine *machine, enum machine_kind kind, bool reliable, uint64_t now_ns)
{
	static const uint8_t first[MACHINE_KINDS] = {
		[MACHINE_SERVER_INVITE] = MACHINE_PROCEEDING,
		[MACHINE_SERVER_OTHER] = MACHINE_TRYING,
		[MACHINE_CLIENT_INVITE] = MACHINE_CALLING,
		[MACHINE_CLIENT_OTHER] = MACHINE_TRYING,
	};

	*machine = (struct machine){.kind = (uint8_t)kind, .reliable = reliable, .doubt_ns = MACHINE_NEVER};
	enter(machine, first[kind], now_ns);
}

void machine_doubt_after(struct machine *machine, uint64_t deadline_ns)
{
	machine->doubt_ns = deadline_ns;
}

/* 16.7 step 2: timer C starts again with each provisional response but 100; a cancelled one ends anyway. */
static void restart_c(struct machine *machine, uint64_t now_ns)
{
	if (!machine->cancelled)
		machine->end_ns = now_ns + C_MS * ms;
}

unsigned machine_step(struct machine *machine, enum machine_event event, uint64_t now_ns)
{
	const struct rule *rule = &rules[machine->kind][machine->state][event];

	ensure(machine->kind < MACHINE_KINDS && machine->state < MACHINE_STATES && event < MACHINE_EVENTS);
	if (event == MACHINE_CANCELLED && machine->state == MACHINE_PROCEEDING) {
		machine->cancelled = true;
		machine->end_ns = now_ns + 64 * T1_MS * ms;
	}
	if (!rule->known)
		return 0;
	if (rule->next != machine->state) {
		machine->doubt_ns = MACHINE_NEVER;
		enter(machine, (enum machine_state)rule->next, now_ns);
	} else if (machine->kind == MACHINE_CLIENT_INVITE && event == MACHINE_1XX) {
		restart_c(machine, now_ns);
	} else if (event == MACHINE_SEND_1XX) {
		machine->end_ns = MACHINE_NEVER; /* no 100 is needed any more */
	}
	return rule->doing;
}

/* A doubles without a bound but B; E and G up to T2, and E stays there after a provisional response. */
static void repeat_later(struct machine *machine, uint64_t now_ns)
{
	bool bounded = machine->kind != MACHINE_CLIENT_INVITE;

	machine->interval_ms *= 2;
	if (bounded && machine->interval_ms > T2_MS)
		machine->interval_ms = T2_MS;
	machine->repeat_ns = now_ns + machine->interval_ms * ms;
}

/* The end of a state by its own timer. */
static unsigned end(struct machine *machine)
{
	bool waits = !machine_is_final(machine);
	bool is_server = machine->kind == MACHINE_SERVER_INVITE || machine->kind == MACHINE_SERVER_OTHER;

	machine->end_ns = MACHINE_NEVER;
	if (is_server && waits)
		return MACHINE_DO_TRYING;
	if (machine->kind == MACHINE_CLIENT_INVITE && machine->state == MACHINE_PROCEEDING &&
		!machine->cancelled)
		return MACHINE_DO_CANCEL;
	if (machine->kind == MACHINE_SERVER_INVITE && machine->state == MACHINE_COMPLETED)
		waits = true;
	terminate(machine);
	return waits ? MACHINE_DO_TIMEOUT : 0;
}

unsigned machine_time(struct machine *machine, uint64_t now_ns)
{
	unsigned doing = 0;

	if (now_ns >= machine->end_ns)
		return end(machine);
	if (now_ns >= machine->repeat_ns) {
		repeat_later(machine, now_ns);
		doing |= MACHINE_DO_SEND;
	}
	if (now_ns >= machine->doubt_ns) {
		machine->doubt_ns = MACHINE_NEVER;
		doing |= MACHINE_DO_DOUBT;
	}
	return doing;
}

uint64_t machine_next_ns(const struct machine *machine)
{
	uint64_t next = machine->repeat_ns < machine->end_ns ? machine->repeat_ns : machine->end_ns;

	return next < machine->doubt_ns ? next : machine->doubt_ns;
}

void machine_end_by(struct machine *machine, uint64_t deadline_ns)
{
	bool runs_c = machine->kind == MACHINE_CLIENT_INVITE && machine->state == MACHINE_PROCEEDING &&
		      !machine->cancelled;

	if (runs_c && deadline_ns < machine->end_ns)
		machine->end_ns = deadline_ns;
}

void machine_hush(struct machine *machine)
{
	machine->repeat_ns = MACHINE_NEVER;
}

const char *machine_kind_name(enum machine_kind kind)
{
	static const char *const names[MACHINE_KINDS] = {
		[MACHINE_SERVER_INVITE] = "INVITE server",
		[MACHINE_SERVER_OTHER] = "non-INVITE server",
		[MACHINE_CLIENT_INVITE] = "INVITE client",
		[MACHINE_CLIENT_OTHER] = "non-INVITE client",
	};

	ensure(kind < MACHINE_KINDS);
	return names[kind];
}

const char *machine_state_name(enum machine_state state)
{
	static const char *const names[MACHINE_STATES] = {
		[MACHINE_CALLING] = "Calling",
		[MACHINE_TRYING] = "Trying",
		[MACHINE_PROCEEDING] = "Proceeding",
		[MACHINE_COMPLETED] = "Completed",
		[MACHINE_CONFIRMED] = "Confirmed",
		[MACHINE_ACCEPTED] = "Accepted",
		[MACHINE_TERMINATED] = "Terminated",
	};

	ensure(state < MACHINE_STATES);
	return names[state];
}
