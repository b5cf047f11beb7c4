/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection's name across calls, threads and, inside authenticated branches, messages: worker, generation
 * and index. It stands in base so that rooms which never see a connection can carry one's name.
 */
#ifndef BASE_CONN_ID_H
#define BASE_CONN_ID_H

#include <stdint.h>

/* Worker in bits 56 to 63, generation in bits 32 to 55, index in bits 0 to 31. */
typedef uint64_t conn_id;

#define CONN_NONE ((conn_id)0) /* a datagram's, and what has ended */

static inline conn_id conn_id_make(unsigned worker, uint32_t generation, uint32_t index)
{
	return (uint64_t)worker << 56 | (uint64_t)(generation & 0xffffff) << 32 | index;
}

static inline unsigned conn_id_worker(conn_id id)
{
	return (unsigned)(id >> 56);
}

static inline uint32_t conn_id_generation(conn_id id)
{
	return (uint32_t)(id >> 32) & 0xffffff;
}

static inline uint32_t conn_id_index(conn_id id)
{
	return (uint32_t)id;
}

#endif
