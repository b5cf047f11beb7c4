/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How full the stores of transactions are, for control: read relaxed, late at most. */
#include "proxy/transactions.h"
#include "proxy/txn_priv.h"

static struct txns_level level_of_pool(const char *name, const struct pool *pool)
{
	return (struct txns_level){
		.name = name,
		.used = __atomic_load_n(&pool->used, __ATOMIC_RELAXED),
		.size = pool->object_count,
		.exhausted = __atomic_load_n(&pool->exhausted, __ATOMIC_RELAXED),
	};
}

/* The states that a machine of each kind can be in; those it ends in hold nobody. */
static const struct {
	uint8_t kind;
	uint8_t state;
	const char *name;
} states[] = {
	{MACHINE_SERVER_INVITE, MACHINE_PROCEEDING, "INVITE server Proceeding"},
	{MACHINE_SERVER_INVITE, MACHINE_COMPLETED, "INVITE server Completed"},
	{MACHINE_SERVER_INVITE, MACHINE_CONFIRMED, "INVITE server Confirmed"},
	{MACHINE_SERVER_INVITE, MACHINE_ACCEPTED, "INVITE server Accepted"},
	{MACHINE_SERVER_OTHER, MACHINE_TRYING, "non-INVITE server Trying"},
	{MACHINE_SERVER_OTHER, MACHINE_PROCEEDING, "non-INVITE server Proceeding"},
	{MACHINE_SERVER_OTHER, MACHINE_COMPLETED, "non-INVITE server Completed"},
	{MACHINE_CLIENT_INVITE, MACHINE_CALLING, "INVITE client Calling"},
	{MACHINE_CLIENT_INVITE, MACHINE_PROCEEDING, "INVITE client Proceeding"},
	{MACHINE_CLIENT_INVITE, MACHINE_COMPLETED, "INVITE client Completed"},
	{MACHINE_CLIENT_INVITE, MACHINE_ACCEPTED, "INVITE client Accepted"},
	{MACHINE_CLIENT_OTHER, MACHINE_TRYING, "non-INVITE client Trying"},
	{MACHINE_CLIENT_OTHER, MACHINE_PROCEEDING, "non-INVITE client Proceeding"},
	{MACHINE_CLIENT_OTHER, MACHINE_COMPLETED, "non-INVITE client Completed"},
};

enum { STATE_COUNT = sizeof(states) / sizeof(states[0]) };

static_assert(TXNS_LEVELS_MAX == 2 + TEXT_CLASSES + STATE_COUNT, "each has its row");

unsigned txns_levels(const struct txns *txns, struct txns_level ret_levels[static TXNS_LEVELS_MAX])
{
	static const char *const texts[TEXT_CLASSES] = {"texts to 512 bytes", "texts to 1 KiB",
		"texts to 2 KiB", "texts to 8 KiB", "texts to 64 KiB"};
	unsigned count = 0;

	if (!txns)
		return 0;
	ret_levels[count++] = level_of_pool("transactions", &txns->servers);
	ret_levels[count++] = level_of_pool("client transactions", &txns->clients);
	for (unsigned i = 0; i < TEXT_CLASSES; i++)
		ret_levels[count++] = level_of_pool(texts[i], &txns->texts.pools[i]);
	for (unsigned i = 0; i < STATE_COUNT; i++)
		ret_levels[count++] = (struct txns_level){.name = states[i].name,
			.used = __atomic_load_n(
				&txns->states[states[i].kind][states[i].state], __ATOMIC_RELAXED)};
	return count;
}
