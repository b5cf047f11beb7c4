/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a datagram and as a stream: the parser's promises hold. */
#include "support/sip_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The fuzzer's buffer ends where the input does, so the address sanitizer sees a byte read too much.
	 */
	sip_check_all(span_of((const char *)data, size));
	return 0;
}
