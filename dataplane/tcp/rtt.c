/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The retransmission timeout (RFC 6298). The floor is 200 ms where the RFC says 1 s, as other stacks do: a
 * SIP transaction cannot wait so long, and delayed ACKs stay below it.
 */
#include "tcp/stages_priv.h"

/* Section 2.2 and 2.3. A clock of nanoseconds has no granularity to speak of: G is 1 ms, our timers' slack.
 */
void rtt_sample(struct tcb *tcb, uint64_t rtt_ns)
{
	uint32_t rtt_us = (uint32_t)(rtt_ns / 1000 < UINT32_MAX / 8 ? rtt_ns / 1000 : UINT32_MAX / 8);

	if (rtt_ns < tcb->min_rtt_ns)
		tcb->min_rtt_ns = rtt_ns;
	if (!tcb_has(tcb, TCB_ACKED_ONCE)) {
		tcb->flags |= TCB_ACKED_ONCE;
		tcb->srtt_us = rtt_us;
		tcb->rttvar_us = rtt_us / 2;
	} else {
		uint32_t off_us = rtt_us > tcb->srtt_us ? rtt_us - tcb->srtt_us : tcb->srtt_us - rtt_us;
		tcb->rttvar_us = tcb->rttvar_us - tcb->rttvar_us / 4 + off_us / 4;
		tcb->srtt_us = tcb->srtt_us - tcb->srtt_us / 8 + rtt_us / 8;
	}
	tcb->rto_us = tcb->srtt_us + u32_max(1000, 4 * tcb->rttvar_us);
	tcb->rto_us = u32_max(tcb->rto_us, TCP_RTO_MIN_MS * 1000);
	tcb->rto_us = u32_min(tcb->rto_us, TCP_RTO_MAX_MS * 1000);
}

/* Section 5.5: doubled with each loss, up to a maximum. */
uint64_t rto_ns(const struct tcb *tcb)
{
	uint64_t us = (uint64_t)tcb->rto_us << tcb->backoff;

	return (us < TCP_RTO_MAX_MS * 1000ULL ? us : TCP_RTO_MAX_MS * 1000ULL) * 1000;
}
