/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes that grow at the end: what waits to be sent, a message being put together. Control thread only. */
#ifndef CONTROL_TEXT_H
#define CONTROL_TEXT_H

#include "base/ensure.h"

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *p; /* owner: this struct; not terminated */
	size_t len;
	size_t size;
	bool failed; /* memory was short once: what is here is not whole, and nothing more is added */
};

void text_fini(struct text *text);
void text_clear(struct text *text);
void text_add(struct text *text, const void *bytes, size_t len);
void text_add_str(struct text *text, const char *str);
__attribute__((format(printf, 2, 3))) void text_addf(struct text *text, const char *format, ...);
/* Takes the first `len` bytes away. */
void text_drop(struct text *text, size_t len);

#endif
