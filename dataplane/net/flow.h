/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spreading received frames over workers in software, for a device that has fewer queues than there are
 * workers or no RSS. Called before net_input(), by whichever worker took the frame.
 */
#ifndef NET_FLOW_H
#define NET_FLOW_H

#include <stdint.h>

struct rte_mbuf;

/*
 * All frames of one UDP or TCP flow, and all fragments of one datagram, have one value. Frames that are not
 * IP have 0, so that one worker hears all of ARP. Malformed frames have some value: net_input() judges.
 */
uint32_t net_flow_hash(const struct rte_mbuf *frame);

#endif
