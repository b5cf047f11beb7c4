/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first line of a message (RFC 3261 7.1, 7.2). */
#ifndef SIP_START_PRIV_H
#define SIP_START_PRIV_H

#include "sip/msg.h"

/* Reads msg->start_line into msg. Returns SIP_ERR_NONE or what is wrong with it. */
enum sip_error start_line_read(struct sip_msg *msg, const char *limit);

#endif
