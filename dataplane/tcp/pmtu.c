/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Path MTU (RFC 1191, RFC 8201) and what else ICMP says. ICMP can be forged: it counts only when it quotes a
 * sequence number that is under way (RFC 5927 4.1), and "unreachable" only ends what is not yet established.
 * Where "too big" never arrives, several timeouts of a full-sized segment are taken for it (RFC 2923 2.1).
 */
#include "tcp/stages_priv.h"

enum { MTU_MIN_V4 = 576, MTU_MIN_V6 = 1280 };

uint32_t mss_of_mtu(const struct tcp_key *key, uint32_t mtu)
{
	return mtu - (key->family == IP_V4 ? 20 : 40) - TCP_HEADER;
}

/* Segments larger than the path takes are gone; that is no congestion. */
void pmtu_apply(struct tcb *tcb, uint32_t mtu)
{
	uint32_t least = tcb->key.family == IP_V4 ? MTU_MIN_V4 : MTU_MIN_V6;
	uint32_t mss = mss_of_mtu(&tcb->key, u32_max(mtu, least));

	if (mss >= tcb->mss)
		return;
	tcb->mss = (uint16_t)mss;
	for (struct flight *flight = tcb->flight_head; flight; flight = flight->next) {
		if (flight->end - flight->seq > output_text_max(tcb) && !(flight->flags & FLIGHT_SACKED))
			flight_mark(tcb, flight, FLIGHT_LOST, FLIGHT_AGAIN);
	}
	tcb->flags |= TCB_FORCE;
}

/*
 * The path may have changed back: RFC 1191 6.3, RFC 8201 4. What a black hole taught stays, since there
 * nobody would say that the larger segments are still too large.
 */
void pmtu_raise(struct tcb *tcb)
{
	if (tcb->tcp->now_ns < tcb->pmtu_raise_ns)
		return;
	tcb->pmtu_raise_ns = UINT64_MAX;
	tcb->mss = (uint16_t)u32_min(tcb->mss_peer, mss_of_mtu(&tcb->key, tcb->tcp->config.mtu));
	/* Else a window of few small segments would not let one large one go. */
	tcb->cwnd = u32_max(tcb->cwnd, tcb->mss);
	tcp_count(tcb->tcp, STAT_tcp_pmtu_raised);
}

/*
 * A segment that is lost again and again and that a smaller MTU would have cut, while small ones may get
 * through. It need not be a full one: after a first step down, the next smaller path still swallows the rest.
 */
void pmtu_black_hole(struct tcb *tcb)
{
	const struct flight *head = tcb->flight_head;
	uint32_t least = tcb->key.family == IP_V4 ? MTU_MIN_V4 : MTU_MIN_V6;
	uint32_t options = tcb_has(tcb, TCB_TS) ? TCP_TIMESTAMP_LEN : 0; /* an MSS counts them as text */
	uint32_t len = head ? u32_min(head->end - head->seq + options, tcb->mss) : 0;

	if (len <= mss_of_mtu(&tcb->key, least) || ++tcb->full_losses < TCP_BLACK_HOLE_LOSSES)
		return;
	tcb->full_losses = 0;
	tcp_count(tcb->tcp, STAT_tcp_black_holes);
	pmtu_apply(tcb, len > mss_of_mtu(&tcb->key, MTU_MIN_V6) ? MTU_MIN_V6 : least);
	tcb->pmtu_raise_ns = UINT64_MAX;
}

static void unreachable(struct tcb *tcb)
{
	if (tcb_synchronized(tcb)) {
		tcp_count(tcb->tcp, STAT_tcp_icmp_soft);
		return;
	}
	tcp_count(tcb->tcp, STAT_tcp_connect_unreachable);
	tcb_end(tcb, TCP_WHY_UNREACHABLE);
}

void tcp_icmp(struct tcp *tcp, const struct tcp_icmp *icmp, uint64_t now_ns)
{
	struct tcp_key key = key_of(&icmp->local, &icmp->remote);
	enum table_kind kind;
	struct tcb *tcb = table_find(tcp, &key, &kind);

	ensure(now_ns >= tcp->now_ns);
	tcp->now_ns = now_ns;
	if (kind != TABLE_TCB || icmp->quoted_seq - tcb->snd_una >= tcb->snd_nxt - tcb->snd_una) {
		tcp_count(tcp, STAT_tcp_icmp_invalid);
		return;
	}
	if (icmp->mtu == 0) {
		unreachable(tcb);
	} else if (tcb_synchronized(tcb)) {
		tcp_count(tcp, STAT_tcp_icmp_too_big);
		pmtu_apply(tcb, icmp->mtu);
		tcb->pmtu_raise_ns = now_ns + TCP_PMTU_RAISE_MS * TCP_MS;
		tcp_output(tcb);
	}
	tcp_dispatch(tcp);
}
