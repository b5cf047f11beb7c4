/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transaction machines, clause by clause: each case is a row of events with the state and the duties that
 * must come of each, at a time.
 */
#include "proxy/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

enum { STEPS_MAX = 16, TIME = MACHINE_EVENTS /* no event: time passes */ };

struct step {
	uint32_t at_ms;
	unsigned event; /* enum machine_event, or TIME */
	enum machine_state state;
	unsigned doing;
	bool last;
};

struct machine_case {
	const char *clause;
	enum machine_kind kind;
	bool reliable;
	struct step steps[STEPS_MAX];
};

#define STOP                 \
	{                    \
		.last = true \
	}
#define SEND MACHINE_DO_SEND
#define PASS MACHINE_DO_PASS
#define ACK  MACHINE_DO_ACK

static const struct machine_case cases[] = {
	{"17.1.1.2: timer A repeats INVITE after T1, then twice as late each time; B ends it after 64*T1",
		MACHINE_CLIENT_INVITE, false,
		{{499, TIME, MACHINE_CALLING, 0}, {500, TIME, MACHINE_CALLING, SEND},
			{1499, TIME, MACHINE_CALLING, 0}, {1500, TIME, MACHINE_CALLING, SEND},
			{3500, TIME, MACHINE_CALLING, SEND}, {7500, TIME, MACHINE_CALLING, SEND},
			{15500, TIME, MACHINE_CALLING, SEND}, {31500, TIME, MACHINE_CALLING, SEND},
			{31999, TIME, MACHINE_CALLING, 0},
			{32000, TIME, MACHINE_TERMINATED, MACHINE_DO_TIMEOUT}, STOP}},
	{"17.1.1.2: over a stream timer A does not run; B does", MACHINE_CLIENT_INVITE, true,
		{{500, TIME, MACHINE_CALLING, 0}, {31999, TIME, MACHINE_CALLING, 0},
			{32000, TIME, MACHINE_TERMINATED, MACHINE_DO_TIMEOUT}, STOP}},
	{"17.1.1.2: a provisional response stops the repetitions", MACHINE_CLIENT_INVITE, false,
		{{100, MACHINE_100, MACHINE_PROCEEDING, PASS}, {40000, TIME, MACHINE_PROCEEDING, 0}, STOP}},
	{"17.1.1.2: a failure is acknowledged, again when it is repeated, until D ends",
		MACHINE_CLIENT_INVITE, false,
		{{100, MACHINE_FINAL, MACHINE_COMPLETED, ACK | PASS},
			{600, MACHINE_FINAL, MACHINE_COMPLETED, ACK}, {32099, TIME, MACHINE_COMPLETED, 0},
			{32100, TIME, MACHINE_TERMINATED, 0}, STOP}},
	{"17.1.1.2: over a stream timer D is zero", MACHINE_CLIENT_INVITE, true,
		{{100, MACHINE_FINAL, MACHINE_TERMINATED, ACK | PASS}, STOP}},
	{"RFC 6026 7.2: 2xx leads to Accepted, where further 2xx pass and all else is absorbed; M ends it",
		MACHINE_CLIENT_INVITE, true,
		{{100, MACHINE_1XX, MACHINE_PROCEEDING, PASS}, {200, MACHINE_2XX, MACHINE_ACCEPTED, PASS},
			{700, MACHINE_2XX, MACHINE_ACCEPTED, PASS}, {800, MACHINE_1XX, MACHINE_ACCEPTED, 0},
			{900, MACHINE_FINAL, MACHINE_ACCEPTED, 0}, {32199, TIME, MACHINE_ACCEPTED, 0},
			{32200, TIME, MACHINE_TERMINATED, 0}, STOP}},
	{"16.7 step 5: a 2xx after a failure is heard", MACHINE_CLIENT_INVITE, false,
		{{100, MACHINE_FINAL, MACHINE_COMPLETED, ACK | PASS},
			{200, MACHINE_2XX, MACHINE_COMPLETED, PASS}, STOP}},
	{"16.8: timer C asks for CANCEL 181 s after the last provisional response but 100",
		MACHINE_CLIENT_INVITE, false,
		{{0, MACHINE_1XX, MACHINE_PROCEEDING, PASS}, {100000, MACHINE_1XX, MACHINE_PROCEEDING, PASS},
			{200000, MACHINE_100, MACHINE_PROCEEDING, 0}, {280999, TIME, MACHINE_PROCEEDING, 0},
			{281000, TIME, MACHINE_PROCEEDING, MACHINE_DO_CANCEL},
			{281000, MACHINE_CANCELLED, MACHINE_PROCEEDING, 0},
			{313000, TIME, MACHINE_TERMINATED, MACHINE_DO_TIMEOUT}, STOP}},
	{"9.1: a cancelled INVITE that stays unanswered ends 64*T1 after the CANCEL, whatever rings",
		MACHINE_CLIENT_INVITE, false,
		{{0, MACHINE_1XX, MACHINE_PROCEEDING, PASS}, {1000, MACHINE_CANCELLED, MACHINE_PROCEEDING, 0},
			{30000, MACHINE_1XX, MACHINE_PROCEEDING, PASS}, {32999, TIME, MACHINE_PROCEEDING, 0},
			{33000, TIME, MACHINE_TERMINATED, MACHINE_DO_TIMEOUT}, STOP}},
	{"17.1.4: a transport error ends the transaction", MACHINE_CLIENT_INVITE, true,
		{{10, MACHINE_FAILED, MACHINE_TERMINATED, MACHINE_DO_FAIL}, STOP}},
	{"a next hop that dies while it rings ends the transaction too", MACHINE_CLIENT_INVITE, true,
		{{10, MACHINE_1XX, MACHINE_PROCEEDING, PASS},
			{20, MACHINE_FAILED, MACHINE_TERMINATED, MACHINE_DO_FAIL}, STOP}},

	{"17.1.2.2: timer E repeats up to every T2; F ends it after 64*T1", MACHINE_CLIENT_OTHER, false,
		{{500, TIME, MACHINE_TRYING, SEND}, {1500, TIME, MACHINE_TRYING, SEND},
			{3500, TIME, MACHINE_TRYING, SEND}, {7499, TIME, MACHINE_TRYING, 0},
			{7500, TIME, MACHINE_TRYING, SEND}, {11499, TIME, MACHINE_TRYING, 0},
			{11500, TIME, MACHINE_TRYING, SEND}, {31999, TIME, MACHINE_TRYING, SEND},
			{32000, TIME, MACHINE_TERMINATED, MACHINE_DO_TIMEOUT}, STOP}},
	{"17.1.2.2: after a provisional response every T2, and F goes on", MACHINE_CLIENT_OTHER, false,
		{{100, MACHINE_100, MACHINE_PROCEEDING, PASS}, {4099, TIME, MACHINE_PROCEEDING, 0},
			{4100, TIME, MACHINE_PROCEEDING, SEND}, {8100, TIME, MACHINE_PROCEEDING, SEND},
			{31999, TIME, MACHINE_PROCEEDING, SEND},
			{32000, TIME, MACHINE_TERMINATED, MACHINE_DO_TIMEOUT}, STOP}},
	{"17.1.2.2: over a stream nothing is repeated; F runs", MACHINE_CLIENT_OTHER, true,
		{{100, MACHINE_1XX, MACHINE_PROCEEDING, PASS}, {31999, TIME, MACHINE_PROCEEDING, 0},
			{32000, TIME, MACHINE_TERMINATED, MACHINE_DO_TIMEOUT}, STOP}},
	{"17.1.2.2: repetitions of a final response are absorbed for T4 (K)", MACHINE_CLIENT_OTHER, false,
		{{100, MACHINE_2XX, MACHINE_COMPLETED, PASS}, {200, MACHINE_2XX, MACHINE_COMPLETED, 0},
			{200, MACHINE_FINAL, MACHINE_COMPLETED, 0}, {5099, TIME, MACHINE_COMPLETED, 0},
			{5100, TIME, MACHINE_TERMINATED, 0}, STOP}},
	{"17.1.2.2: over a stream timer K is zero", MACHINE_CLIENT_OTHER, true,
		{{100, MACHINE_FINAL, MACHINE_TERMINATED, PASS}, STOP}},

	{"17.2.1: 100 is due after 200 ms, once, unless something was sent", MACHINE_SERVER_INVITE, false,
		{{199, TIME, MACHINE_PROCEEDING, 0}, {200, TIME, MACHINE_PROCEEDING, MACHINE_DO_TRYING},
			{200, MACHINE_SEND_1XX, MACHINE_PROCEEDING, SEND},
			{100000, TIME, MACHINE_PROCEEDING, 0}, STOP}},
	{"17.2.1: a provisional response in time makes 100 needless", MACHINE_SERVER_INVITE, false,
		{{150, MACHINE_SEND_1XX, MACHINE_PROCEEDING, SEND}, {200, TIME, MACHINE_PROCEEDING, 0},
			STOP}},
	{"17.2.1: a repeated INVITE is answered with the latest provisional response", MACHINE_SERVER_INVITE,
		false, {{500, MACHINE_REQUEST, MACHINE_PROCEEDING, SEND}, STOP}},
	{"17.2.1: G repeats a failure up to every T2, until H ends it without an ACK", MACHINE_SERVER_INVITE,
		false,
		{{0, MACHINE_SEND_FINAL, MACHINE_COMPLETED, SEND}, {500, TIME, MACHINE_COMPLETED, SEND},
			{1500, TIME, MACHINE_COMPLETED, SEND}, {3500, TIME, MACHINE_COMPLETED, SEND},
			{7500, TIME, MACHINE_COMPLETED, SEND}, {11500, TIME, MACHINE_COMPLETED, SEND},
			{32000, TIME, MACHINE_TERMINATED, MACHINE_DO_TIMEOUT}, STOP}},
	{"17.2.1: over a stream G does not run; H does", MACHINE_SERVER_INVITE, true,
		{{0, MACHINE_SEND_FINAL, MACHINE_COMPLETED, SEND}, {31999, TIME, MACHINE_COMPLETED, 0},
			{32000, TIME, MACHINE_TERMINATED, MACHINE_DO_TIMEOUT}, STOP}},
	{"17.2.1: a repeated INVITE in Completed brings the failure again", MACHINE_SERVER_INVITE, false,
		{{0, MACHINE_SEND_FINAL, MACHINE_COMPLETED, SEND},
			{300, MACHINE_REQUEST, MACHINE_COMPLETED, SEND}, STOP}},
	{"17.2.1: the ACK ends the repetitions; further ACKs are absorbed for T4 (I)", MACHINE_SERVER_INVITE,
		false,
		{{0, MACHINE_SEND_FINAL, MACHINE_COMPLETED, SEND}, {100, MACHINE_ACK, MACHINE_CONFIRMED, 0},
			{200, MACHINE_ACK, MACHINE_CONFIRMED, 0}, {600, TIME, MACHINE_CONFIRMED, 0},
			{5099, TIME, MACHINE_CONFIRMED, 0}, {5100, TIME, MACHINE_TERMINATED, 0}, STOP}},
	{"17.2.1: over a stream timer I is zero", MACHINE_SERVER_INVITE, true,
		{{0, MACHINE_SEND_FINAL, MACHINE_COMPLETED, SEND}, {100, MACHINE_ACK, MACHINE_TERMINATED, 0},
			STOP}},
	{"RFC 6026 7.1: after 2xx INVITE is absorbed, 2xx and ACK pass; L ends it", MACHINE_SERVER_INVITE,
		true,
		{{0, MACHINE_SEND_2XX, MACHINE_ACCEPTED, SEND}, {100, MACHINE_REQUEST, MACHINE_ACCEPTED, 0},
			{200, MACHINE_SEND_2XX, MACHINE_ACCEPTED, SEND},
			{300, MACHINE_ACK, MACHINE_ACCEPTED, PASS}, {31999, TIME, MACHINE_ACCEPTED, 0},
			{32000, TIME, MACHINE_TERMINATED, 0}, STOP}},
	{"17.2.1: 1xx, 2xx and failures from the core are discarded once a failure was sent",
		MACHINE_SERVER_INVITE, false,
		{{0, MACHINE_SEND_FINAL, MACHINE_COMPLETED, SEND},
			{1, MACHINE_SEND_1XX, MACHINE_COMPLETED, 0},
			{2, MACHINE_SEND_FINAL, MACHINE_COMPLETED, 0}, STOP}},

	{"17.2.2: a repeated request in Trying is discarded", MACHINE_SERVER_OTHER, false,
		{{500, MACHINE_REQUEST, MACHINE_TRYING, 0}, STOP}},
	{"RFC 4320 4.1: 100 to another request when E has come to T2, not before", MACHINE_SERVER_OTHER,
		false,
		{{3499, TIME, MACHINE_TRYING, 0}, {3500, TIME, MACHINE_TRYING, MACHINE_DO_TRYING},
			{3500, MACHINE_SEND_1XX, MACHINE_PROCEEDING, SEND},
			{4000, MACHINE_REQUEST, MACHINE_PROCEEDING, SEND}, STOP}},
	{"17.2.2: a final response is repeated for each repetition until J ends", MACHINE_SERVER_OTHER, false,
		{{100, MACHINE_SEND_FINAL, MACHINE_COMPLETED, SEND},
			{600, MACHINE_REQUEST, MACHINE_COMPLETED, SEND},
			{700, MACHINE_SEND_2XX, MACHINE_COMPLETED, 0}, {32099, TIME, MACHINE_COMPLETED, 0},
			{32100, TIME, MACHINE_TERMINATED, 0}, STOP}},
	{"17.2.2: over a stream timer J is zero", MACHINE_SERVER_OTHER, true,
		{{100, MACHINE_SEND_2XX, MACHINE_TERMINATED, SEND}, STOP}},
	{"RFC 4320 4.2: without a response the repetitions are still absorbed", MACHINE_SERVER_OTHER, false,
		{{0, MACHINE_SEND_NONE, MACHINE_COMPLETED, 0}, {32000, TIME, MACHINE_TERMINATED, 0}, STOP}},
};

static const uint64_t start_ns = 7000000000;

static uint64_t at(uint32_t ms)
{
	return start_ns + (uint64_t)ms * 1000000;
}

static unsigned take(struct machine *machine, const struct step *step)
{
	if (step->event == TIME)
		return machine_time(machine, at(step->at_ms));
	return machine_step(machine, (enum machine_event)step->event, at(step->at_ms));
}

static void run_case(const struct machine_case *one)
{
	struct machine machine;

	machine_start(&machine, one->kind, one->reliable, start_ns);
	for (const struct step *step = one->steps; !step->last; step++) {
		unsigned doing = take(&machine, step);

		if (doing != step->doing || machine.state != step->state)
			fail_msg("%s\nat %u ms: %s, to do %u; wanted %s, %u", one->clause, step->at_ms,
				machine_state_name(machine.state), doing, machine_state_name(step->state),
				step->doing);
	}
}

static void test_each_clause_is_kept(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run_case(&cases[i]);
}

static void test_doubt_comes_once_and_never_after_a_response(void **state)
{
	struct machine machine;

	(void)state;
	for (unsigned answered = 0; answered < 2; answered++) {
		machine_start(&machine, MACHINE_CLIENT_OTHER, true, start_ns);
		machine_doubt_after(&machine, at(2000));
		if (answered)
			(void)machine_step(&machine, MACHINE_100, at(1));
		assert_int_equal(machine_time(&machine, at(1999)), 0);
		assert_int_equal(machine_time(&machine, at(2000)), answered ? 0 : MACHINE_DO_DOUBT);
		assert_int_equal(machine_time(&machine, at(9000)), 0);
	}
}

static void test_a_hushed_request_is_repeated_no_more_but_its_answer_is_heard(void **state)
{
	struct machine machine;

	(void)state;
	machine_start(&machine, MACHINE_CLIENT_OTHER, false, start_ns);
	machine_hush(&machine);
	assert_int_equal(machine_time(&machine, at(20000)), 0);
	assert_int_equal(machine_step(&machine, MACHINE_2XX, at(20001)), MACHINE_DO_PASS);
}

/* Whatever comes in whatever order, a machine is in a state of its kind, and time alone ends it or leaves it
 * waiting for the core (server) with nothing due. */
static void test_no_order_of_events_breaks_a_machine(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (unsigned run = 0; run < 20000; run++) {
		struct machine machine;
		uint64_t now_ns = start_ns;
		unsigned doing = 0;

		machine_start(&machine, (enum machine_kind)(run % MACHINE_KINDS), run & 4, now_ns);
		for (unsigned i = 0; i < 12 && machine.state != MACHINE_TERMINATED; i++) {
			seed = seed * 1664525 + 1013904223;
			now_ns += (uint64_t)(seed >> 20) * 1000000;
			doing |= machine_step(
				&machine, (enum machine_event)(seed >> 8 & 15) % MACHINE_EVENTS, now_ns);
			doing |= machine_time(&machine, now_ns);
		}
		for (unsigned i = 0; i < 64 && machine_next_ns(&machine) != MACHINE_NEVER; i++) {
			now_ns = machine_next_ns(&machine);
			doing |= machine_time(&machine, now_ns);
		}
		assert_true(machine_next_ns(&machine) == MACHINE_NEVER);
		assert_true(machine.state == MACHINE_TERMINATED || machine.kind == MACHINE_SERVER_INVITE ||
			    machine.kind == MACHINE_SERVER_OTHER || (doing & MACHINE_DO_CANCEL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_clause_is_kept),
		cmocka_unit_test(test_doubt_comes_once_and_never_after_a_response),
		cmocka_unit_test(test_a_hushed_request_is_repeated_no_more_but_its_answer_is_heard),
		cmocka_unit_test(test_no_order_of_events_breaks_a_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
