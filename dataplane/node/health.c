/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is a node alive, and may it take new work? Control calls health_step for each report of a worker, each
 * order of the operator and each deadline; nothing else changes a struct health. Pure: time is given.
 *
 *	unknown --ok--> up --failure--> suspect --fall failures--> down --rise successes--> up and held
 *	                ^------ok---------'
 *
 * Timers: the hold of a node that came back (R-LB-3), and the busy time a 503 asked for (RFC 3261 21.5.4).
 * A node that goes down again soon is held twice as long each time, so a flapping node costs less and less.
 */
#include "node/health.h"

#define NS_PER_MS 1000000ULL
#define NS_PER_S  1000000000ULL

/* Having been up for so long, a node has earned a fresh start. */
#define FLAP_WINDOW_NS (300 * NS_PER_S)
/* A flapping node is held even when the operator's hold is shorter or 0; there must be something to double.
 */
#define FLAP_HOLD_MIN_NS (1 * NS_PER_S)
#define FLAP_HOLD_MAX_NS (600 * NS_PER_S)
enum { FLAP_DOUBLINGS_MAX = 8 };

static void move_to(struct health *h, enum node_health health, uint64_t now_ns)
{
	h->health = (uint8_t)health;
	h->changed_ns = now_ns;
}

static uint64_t hold_ns(const struct health *h, const struct health_settings *settings)
{
	uint64_t hold = settings->hold_ms * NS_PER_MS;
	uint64_t cap = hold > FLAP_HOLD_MAX_NS ? hold : FLAP_HOLD_MAX_NS;

	if (h->flap_level < 2)
		return hold;
	if (hold < FLAP_HOLD_MIN_NS)
		hold = FLAP_HOLD_MIN_NS;
	hold <<= h->flap_level - 1;
	return hold < cap ? hold : cap;
}

static void begin_hold(struct health *h, const struct health_settings *settings, uint64_t now_ns)
{
	h->held_until_ns = settings->failback_auto ? now_ns + hold_ns(h, settings) : UINT64_MAX;
	h->held = h->held_until_ns > now_ns;
}

static void come_back(struct health *h, const struct health_settings *settings, uint64_t now_ns)
{
	bool first_time = h->flaps == 0;

	move_to(h, NODE_UP, now_ns);
	h->up_since_ns = now_ns;
	/* One that was never in service (we started before it did) has no work elsewhere to take back. */
	if (!first_time)
		begin_hold(h, settings, now_ns);
}

static void go_down(struct health *h, uint64_t now_ns)
{
	if (h->health != NODE_UNKNOWN) { /* one that never answered did not flap */
		if (now_ns - h->up_since_ns >= FLAP_WINDOW_NS)
			h->flap_level = 0;
		if (h->flap_level <= FLAP_DOUBLINGS_MAX)
			h->flap_level++;
		h->flaps++;
	}
	move_to(h, NODE_DOWN, now_ns);
	h->held = false;
	h->busy = false;
}

static void note_alive(struct health *h, const struct health_settings *settings, uint64_t now_ns)
{
	h->fails = 0;
	if (h->successes < UINT16_MAX)
		h->successes++;
	switch ((enum node_health)h->health) {
	case NODE_UNKNOWN:
		move_to(h, NODE_UP, now_ns);
		h->up_since_ns = now_ns;
		break;
	case NODE_SUSPECT: /* it never left service: no hold */
		move_to(h, NODE_UP, now_ns);
		break;
	case NODE_DOWN:
		if (h->successes >= settings->rise)
			come_back(h, settings, now_ns);
		break;
	case NODE_UP:
		break;
	}
}

static void note_failure(struct health *h, const struct health_settings *settings, uint64_t now_ns)
{
	h->successes = 0;
	if (h->fails < UINT16_MAX)
		h->fails++;
	if (h->health == NODE_DOWN)
		return;
	if (h->fails >= settings->fall) {
		go_down(h, now_ns);
		return;
	}
	if (h->health == NODE_UP)
		move_to(h, NODE_SUSPECT, now_ns);
	if (h->held) /* the hold asks for a node that stays up */
		begin_hold(h, settings, now_ns);
}

/* Without a Retry-After, the next good answer ends it; with one, the node's own word counts, capped. */
static void note_busy(
	struct health *h, const struct health_settings *settings, uint32_t retry_after_s, uint64_t now_ns)
{
	if (h->health == NODE_DOWN)
		return; /* not risen yet: still worse than busy */
	if (retry_after_s > settings->retry_after_max_s)
		retry_after_s = settings->retry_after_max_s;
	h->busy = true;
	h->busy_until_ns = retry_after_s > 0 ? now_ns + retry_after_s * NS_PER_S : UINT64_MAX;
}

static void expire(struct health *h, const struct health_settings *settings, uint64_t now_ns)
{
	/* The operator went from manual to auto while the node was held: the hold begins to count. */
	if (h->held && h->held_until_ns == UINT64_MAX && settings->failback_auto)
		begin_hold(h, settings, now_ns);
	if (h->held && now_ns >= h->held_until_ns)
		h->held = false;
	if (h->busy && now_ns >= h->busy_until_ns)
		h->busy = false;
}

void health_init(struct health *h, enum node_admin admin, uint64_t now_ns)
{
	*h = (struct health){.health = NODE_UNKNOWN, .admin = (uint8_t)admin, .changed_ns = now_ns};
}

bool health_step(struct health *h, const struct health_settings *settings, enum health_event event,
	uint32_t retry_after_s, uint64_t now_ns)
{
	uint32_t before = health_word(h);

	switch (event) {
	case HEALTH_PROBE_OK:
		note_alive(h, settings, now_ns);
		if (h->busy && h->busy_until_ns == UINT64_MAX)
			h->busy = false;
		break;
	case HEALTH_PROBE_BUSY:
		note_alive(h, settings, now_ns);
		note_busy(h, settings, retry_after_s, now_ns);
		break;
	case HEALTH_PROBE_TIMEOUT:
	case HEALTH_UNREACHABLE:
		note_failure(h, settings, now_ns);
		break;
	case HEALTH_TICK:
		break;
	case HEALTH_RELEASE:
		h->held = false;
		break;
	case HEALTH_ADMIN_READY:
		h->admin = NODE_READY;
		break;
	case HEALTH_ADMIN_DRAIN:
		h->admin = NODE_DRAIN;
		break;
	case HEALTH_ADMIN_MAINT:
		h->admin = NODE_MAINT;
		break;
	}
	expire(h, settings, now_ns);
	return health_word(h) != before;
}

uint32_t health_word(const struct health *h)
{
	uint32_t flags = (h->busy ? NODE_WORD_BUSY : 0) | (h->held ? NODE_WORD_HELD : 0);

	return node_word_make((enum node_health)h->health, (enum node_admin)h->admin, flags);
}

uint64_t health_deadline_ns(const struct health *h)
{
	uint64_t deadline = UINT64_MAX;

	if (h->held && h->held_until_ns < deadline)
		deadline = h->held_until_ns;
	if (h->busy && h->busy_until_ns < deadline)
		deadline = h->busy_until_ns;
	return deadline;
}
