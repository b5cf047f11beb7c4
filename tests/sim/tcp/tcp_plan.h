/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a seed decides about the wire and the hosts. */
#ifndef SIM_TCP_PLAN_H
#define SIM_TCP_PLAN_H

#include "tcp/model.h"

enum { HOSTS = 2, MODEL_HOST = 1 /* where the model lives, if there is one */ };

struct tcp_plan {
	int family;
	uint32_t loss, duplicate, reorder, corrupt; /* in a million */
	uint64_t delay_ns;
	uint64_t mtu_at_ns;   /* 0: the path keeps its MTU */
	uint64_t mtu_back_ns; /* so long after it is what it was */
	uint32_t mtu_path;
	bool black_hole; /* nobody says "too big" */
	bool strip_sack; /* a box on the way takes options out of SYNs */
	bool strip_ts;
	bool cut; /* the wire is cut for good: connections must end all the same */
	uint64_t cut_at_ns;
	unsigned pause_host;
	uint64_t pause_at_ns, pause_ns; /* a host stands still */
	bool reboots; /* a host loses all memory of its connections, and opens new ones from the same ports */
	unsigned reboot_host;
	uint64_t reboot_at_ns;
	bool has_model; /* the second host is one */
	struct model_habits habits;
	unsigned conns;
	bool few_mbufs;
	uint32_t window_bytes[HOSTS];
	uint32_t pieces_max[HOSTS];
};

#endif
