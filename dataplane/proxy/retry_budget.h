/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many requests may be sent a second time because a living node answered 503 or not at all: a share of
 * the requests that come in. When every node is overloaded, retrying all of them would only multiply the
 * load. A node that is known to be dead has no load to multiply: its requests are not charged.
 */
#ifndef PROXY_RETRY_BUDGET_H
#define PROXY_RETRY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

enum {
	RETRY_SHARE = 5,        /* one retry for so many requests */
	RETRY_TOKENS_MAX = 256, /* that may be saved up */
	RETRY_PER_SECOND = 10,  /* come by themselves, so that a quiet balancer can retry too */
};

struct retry_budget {
	uint32_t fifths; /* tokens, in units of 1 / RETRY_SHARE */
	uint64_t refilled_ns;
};

static inline void retry_budget_init(struct retry_budget *budget, uint64_t now_ns)
{
	*budget = (struct retry_budget){.fifths = RETRY_TOKENS_MAX * RETRY_SHARE, .refilled_ns = now_ns};
}

static inline void retry_budget_add(struct retry_budget *budget, uint32_t fifths)
{
	uint32_t room = RETRY_TOKENS_MAX * RETRY_SHARE - budget->fifths;

	budget->fifths += fifths < room ? fifths : room;
}

/* A request came in. */
static inline void retry_budget_earn(struct retry_budget *budget)
{
	retry_budget_add(budget, 1);
}

/* True when one more retry is affordable, and charges it. */
static inline bool retry_budget_take(struct retry_budget *budget, uint64_t now_ns)
{
	const uint64_t each_ns = 1000000000ULL / RETRY_PER_SECOND;
	uint64_t due = (now_ns - budget->refilled_ns) / each_ns;

	budget->refilled_ns += due * each_ns;
	retry_budget_add(budget, (uint32_t)(due < RETRY_TOKENS_MAX ? due : RETRY_TOKENS_MAX) * RETRY_SHARE);
	if (budget->fifths < RETRY_SHARE)
		return false;
	budget->fifths -= RETRY_SHARE;
	return true;
}

#endif
