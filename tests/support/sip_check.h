/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds for every message and every answer of the parser; for the fuzzer and the unit tests. */
#ifndef TESTS_SUPPORT_SIP_CHECK_H
#define TESTS_SUPPORT_SIP_CHECK_H

#include "sip/msg.h"

/* Fails (ensure) unless *msg, which sip_parse() made of bytes with that result, is sound. */
void sip_check(struct span bytes, bool whole, enum parse_result result, const struct sip_msg *msg);

/* Whether two answers for the same bytes are the same, span by span. */
bool sip_check_same(const struct sip_msg *a, const struct sip_msg *b);

/* Parses bytes in both modes; checks the answers, that they repeat, and all that the headers hold. */
void sip_check_all(struct span bytes);

#endif
