/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room call in each other. A segment passes from the top to the bottom. */
#ifndef TCP_STAGES_PRIV_H
#define TCP_STAGES_PRIV_H

#include "tcp/scarce_priv.h"
#include "tcp/tcp_priv.h"

enum stage { STAGE_NEXT, STAGE_DONE };

/* listen.c, half.c, cookie.c, wait.c: segments that find no tcb. */
void listen_input(struct tcp *tcp, struct segment *seg);
struct tcp_listener *listener_find(struct tcp *tcp, const struct tcp_key *key);
void half_open(struct tcp *tcp, struct tcp_listener *listener, const struct segment *seg, uint32_t iss);
void half_learn(struct half *half, const struct segment *seg); /* what the peer's SYN says */
void synack_send(struct tcp *tcp, const struct half *half);
void half_input(struct half *half, struct segment *seg);
void half_free(struct half *half);
void half_fire(struct timer *timer, uint64_t now_ns);
bool half_accept(struct tcp *tcp, const struct half *half, struct segment *seg); /* false: no tcb is free */
void cookie_answer(struct tcp *tcp, const struct segment *seg);
bool cookie_input(
	struct tcp *tcp, const struct tcp_listener *listener, struct segment *seg); /* true: was one */
void wait_enter(struct tcb *tcb); /* the tcb ends and leaves an entry behind */
void wait_input(struct tcp *tcp, struct wait *wait, struct segment *seg);
void wait_fire(struct timer *timer, uint64_t now_ns);

/* isn.c */
uint32_t isn_choose(const struct tcp *tcp, const struct tcp_key *key);
uint32_t isn_ts_offset(const struct tcp *tcp, const struct tcp_key *key);

/* input.c, syn_sent.c, ack.c, text.c: the stages of RFC 9293 3.10.7. */
void tcb_input(struct tcb *tcb, struct segment *seg);
void syn_sent_input(struct tcb *tcb, struct segment *seg);
enum stage ack_stage(struct tcb *tcb, struct segment *seg);
void text_stage(struct tcb *tcb, struct segment *seg);
void text_free_all(struct tcb *tcb);
uint32_t text_sack_blocks(const struct tcb *tcb, struct sack_block *blocks, uint32_t max);
void ts_learn(struct tcb *tcb, const struct segment *seg);

/* life.c: a tcb's beginning and end, its events. */
struct tcb *tcb_begin(struct tcp *tcp, const struct tcp_key *key, uint64_t cookie);
void tcb_agree(struct tcb *tcb, const struct tcp_options *options); /* after the SYNs: mss, cwnd */
void tcb_established(struct tcb *tcb);
void tcb_end(struct tcb *tcb, enum tcp_reason why);
void tcb_release(struct tcb *tcb);                    /* an ended one whose bytes were read */
void tcb_reset(struct tcb *tcb, enum tcp_reason why); /* RST, then the end */
void tcb_post(struct tcb *tcb, enum tcp_event event);
void tcp_dispatch(struct tcp *tcp);

/* timers.c */
void tcb_fire(struct timer *timer, uint64_t now_ns);
void tcb_arm(struct tcb *tcb, enum tcb_timer which, uint64_t in_ns);
void tcb_disarm(struct tcb *tcb, enum tcb_timer which);
void retransmit_arm(struct tcb *tcb);
void retransmit_keep(struct tcb *tcb); /* arms it if it is not, or in the wrong mode */
void give_up_arm(struct tcb *tcb);

/* rtt.c (RFC 6298) */
void rtt_sample(struct tcb *tcb, uint64_t rtt_ns);
uint64_t rto_ns(const struct tcb *tcb);

/* output.c, transmit.c */
void tcp_output(struct tcb *tcb);
bool output_new(struct tcb *tcb, uint32_t bytes_max); /* false: nothing to send */
bool output_last_again(struct tcb *tcb);
uint32_t output_waiting(const struct tcb *tcb); /* bytes not sent once, and the FIN */
uint32_t output_text_max(const struct tcb *tcb);
void transmit(struct tcb *tcb, uint32_t seq, uint32_t end, uint8_t flags);
void transmit_syn(struct tcb *tcb);
void transmit_ack(struct tcb *tcb);
void transmit_probe(struct tcb *tcb); /* keepalive */
void challenge_ack(struct tcb *tcb);
uint16_t window_choose(struct tcb *tcb);
uint32_t window_room(const struct tcb *tcb);
bool window_memory_fits(const struct tcp *tcp, uint64_t bytes); /* beside what all have received */

/* flight.c, sack.c, rack.c, congestion.c */
struct ack_news {
	uint64_t rtt_ns; /* 0: none measured */
	uint32_t acked;
	uint32_t una_before;
	bool sacked; /* new SACK information */
	bool dsack;
	bool window_same;
};
void flight_add(struct tcb *tcb, uint32_t seq, uint32_t end, bool fin);
void flight_mark(struct tcb *tcb, struct flight *flight, uint8_t set, uint8_t clear);
void flight_acked(struct tcb *tcb, const struct segment *seg, struct ack_news *news);
void flight_free_all(struct tcb *tcb);
void flight_all_lost(struct tcb *tcb);
struct flight *flight_next_lost(const struct tcb *tcb);
void sack_learn(struct tcb *tcb, const struct segment *seg, struct ack_news *news);
void rack_learn(struct tcb *tcb, const struct flight *flight);
void rack_detect(struct tcb *tcb);
void rack_dsack(struct tcb *tcb);
void tlp_arm(struct tcb *tcb);
void tlp_fire(struct tcb *tcb);
void tlp_ack(struct tcb *tcb, const struct ack_news *news);
void congestion_begin(struct tcb *tcb);
void congestion_ack(struct tcb *tcb, const struct ack_news *news);
void congestion_dupack(struct tcb *tcb); /* without SACK */
void congestion_reduce(struct tcb *tcb);
void congestion_enter(struct tcb *tcb);
void congestion_timeout(struct tcb *tcb);
void congestion_idle(struct tcb *tcb);
uint32_t congestion_room(const struct tcb *tcb);

/* pmtu.c */
void pmtu_apply(struct tcb *tcb, uint32_t mtu);
void pmtu_raise(struct tcb *tcb); /* when it is time */
void pmtu_black_hole(struct tcb *tcb);
/* What a peer takes that named that much in its SYN, or nothing (0) (RFC 9293 3.7.1, RFC 6691). */
uint16_t mss_of_peer(const struct tcp_key *key, uint16_t named);
uint32_t mss_of_mtu(const struct tcp_key *key, uint32_t mtu);

/* chain.c: mbufs as lists of bytes. */
void chain_cut_front(struct rte_mbuf **chain, uint32_t bytes);
void chain_cut_back(struct rte_mbuf *chain, uint32_t keep);
uint32_t chain_len(const struct rte_mbuf *chain);
uint32_t chain_pinned(const struct rte_mbuf *chain);
void chain_free(struct rte_mbuf *chain);
bool chain_fits(const struct rte_mbuf *tail, uint32_t len); /* len bytes could be copied behind tail's */
void pin(struct tcb *tcb, uint32_t *counter, uint32_t bytes);
void unpin(struct tcb *tcb, uint32_t *counter, uint32_t bytes);

/* A queue of bytes of a connection, and the counter of what it pins. */
struct queue {
	struct rte_mbuf **head, **tail;
	uint32_t *pinned;
};
void queue_append(struct tcb *tcb, struct queue queue, struct rte_mbuf *chain);
void queue_cut(struct tcb *tcb, struct queue queue, uint32_t bytes);

/* ports.c */
void sources_levels(const struct tcp *tcp, struct tcp_levels *ret_levels);
int source_take(struct tcp *tcp, const struct endpoint *remote, struct endpoint *ret_local);
void source_give(struct tcp *tcp, const struct tcp_key *key);
void sources_free(struct tcp *tcp);

#endif
