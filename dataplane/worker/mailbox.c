/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ring of elements by value. Single producer and single consumer are what the callers promise. */
#include "worker/mailbox.h"

#include <errno.h>
#include <rte_lcore.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

int mailbox_init(struct mailbox *box, const char *name, unsigned letters)
{
	unsigned count = rte_align32pow2(letters);

	box->refused = 0;
	box->ring = rte_ring_create_elem(
		name, sizeof(struct mail), count, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	return box->ring ? 0 : -ENOMEM;
}

void mailbox_fini(struct mailbox *box)
{
	rte_ring_free(box->ring);
	box->ring = NULL;
}

bool mailbox_send(struct mailbox *box, const struct mail *mail)
{
	struct mail copy = *mail;

	if (likely_true(rte_ring_enqueue_elem(box->ring, &copy, sizeof(copy)) == 0))
		return true;
	__atomic_store_n(&box->refused, box->refused + 1, __ATOMIC_RELAXED);
	return false;
}

unsigned mailbox_receive(struct mailbox *box, struct mail *ret_mails, unsigned max)
{
	return rte_ring_dequeue_burst_elem(box->ring, ret_mails, sizeof(*ret_mails), max, NULL);
}

bool mailbox_empty(const struct mailbox *box)
{
	return rte_ring_empty(box->ring) != 0;
}
