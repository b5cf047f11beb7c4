/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a connection can be in: states, timers, and the flags of a tcb. */
#ifndef TCP_STATE_PRIV_H
#define TCP_STATE_PRIV_H

/* RFC 9293 3.3.2. LISTEN and passive SYN-RECEIVED and TIME-WAIT have entries of their own: half.c, wait.c. */
enum tcp_state {
	TCP_CLOSED,
	TCP_SYN_SENT,
	TCP_SYN_RECEIVED, /* by simultaneous open */
	TCP_ESTABLISHED,
	TCP_FIN_WAIT_1,
	TCP_FIN_WAIT_2,
	TCP_CLOSE_WAIT,
	TCP_CLOSING,
	TCP_LAST_ACK,
	TCP_STATES
};

/* What a connection waits for. One timer of the wheel serves them all: it is armed for the first. */
enum tcb_timer {
	TCB_LOSS, /* tail loss probe or RACK's reordering window (RFC 8985); before RTO when both are due */
	TCB_RETRANSMIT, /* RTO (RFC 6298), or persist (RFC 9293 3.8.6.1): one excludes the other */
	TCB_ACK,        /* delayed acknowledgement */
	TCB_ALIVE,      /* keepalive and idle timeout: armed as long as the connection is */
	TCB_GIVE_UP,    /* user timeout, connect timeout */
	TCB_CLOSE,      /* FIN_WAIT_2 and its likes */
	TCB_TIMERS
};

enum congestion { CONGESTION_OPEN, CONGESTION_RECOVERY, CONGESTION_LOSS };

enum tcb_flag {
	TCB_TS = 1 << 0,      /* timestamps agreed */
	TCB_SACK = 1 << 1,    /* SACK agreed */
	TCB_ACK_NOW = 1 << 2, /* the next output carries an ACK in any case */
	TCB_FIN_QUEUED = 1 << 3,
	TCB_FIN_SENT = 1 << 4,
	TCB_FIN_TAKEN = 1 << 5,     /* the peer's */
	TCB_APP_CLOSED = 1 << 6,    /* tcp_close() was called: nobody reads */
	TCB_WANT_WRITE = 1 << 7,    /* a send was refused */
	TCB_PERSIST = 1 << 8,       /* TCB_RETRANSMIT is the persist timer */
	TCB_FORCE = 1 << 9,         /* one retransmission may go although cwnd is full (RFC 6675 5 (4.3)) */
	TCB_CWND_LIMITED = 1 << 10, /* cwnd, and not the application, held data back */
	TCB_PROBE_REO = 1 << 11,    /* TCB_LOSS is RACK's reordering timer, not the tail loss probe */
	TCB_TLP_OUT = 1 << 12,      /* a tail loss probe is under way */
	TCB_TLP_RETX = 1 << 13,     /* and was a retransmission */
	TCB_REORDERED = 1 << 14,    /* RACK.reordering_seen */
	TCB_AWAIT_READ = 1 << 15,   /* ended, but bytes wait for the application */
	TCB_ACTIVE = 1 << 16,       /* opened by tcp_connect(): gives its source port back */
	TCB_QUEUED = 1 << 17,       /* on the list of those with events */
	TCB_DSACK = 1 << 18,        /* dsack is to be reported */
	TCB_ACKED_ONCE = 1 << 19,   /* an RTT was measured */
	TCB_SYN_AGAIN = 1 << 20,    /* our SYN was retransmitted (RFC 6298 5.7) */
	TCB_FIN_SEEN = 1 << 21,     /* the peer's, beyond a gap: at fin_seq */
	TCB_STARVED = 1 << 22,      /* on the list of those that wait for memory to send: starved.c */
	TCB_GRANTED = 1 << 23,      /* came off that list: its next send need not wait behind the others */
	TCB_CLOSING = 1 << 24,      /* in the line of those whose peer has to finish closing: closing.c */
};

#endif
