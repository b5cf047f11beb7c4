/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A buffer that could not grow remembers that it failed and takes no more, so that callers append without a
 * look at each result and ask once, when they send. Called by conn.c, rpc.c and show_config.c.
 */
#include "control/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_KEEP_BYTES = 128 << 10 /* a larger buffer is given back once it is empty */ };

void text_fini(struct text *text)
{
	free(text->p);
	*text = (struct text){0};
}

void text_clear(struct text *text)
{
	if (text->size > TEXT_KEEP_BYTES)
		text_fini(text);
	text->len = 0;
	text->failed = false;
}

static bool text_reserve(struct text *text, size_t more)
{
	size_t size = text->size > 0 ? text->size : 1024;
	char *p;

	if (text->failed)
		return false;
	if (text->size - text->len >= more)
		return true;
	while (size - text->len < more)
		size *= 2;
	p = realloc(text->p, size);
	if (!p) {
		text->failed = true;
		return false;
	}
	text->p = p;
	text->size = size;
	return true;
}

void text_add(struct text *text, const void *bytes, size_t len)
{
	if (len == 0 || !text_reserve(text, len))
		return;
	memcpy(text->p + text->len, bytes, len);
	text->len += len;
}

void text_add_str(struct text *text, const char *str)
{
	text_add(text, str, strlen(str));
}

void text_addf(struct text *text, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	ensure(len >= 0);
	if (!text_reserve(text, (size_t)len + 1))
		return;
	va_start(args, format);
	vsnprintf(text->p + text->len, (size_t)len + 1, format, args);
	va_end(args);
	text->len += (size_t)len;
}

void text_drop(struct text *text, size_t len)
{
	ensure(len <= text->len);
	text->len -= len;
	if (text->len == 0)
		text_clear(text);
	else
		memmove(text->p, text->p + len, text->len);
}
