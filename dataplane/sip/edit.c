/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The edit list. Called by the proxy for each message it forwards. The list is kept sorted as it grows, and
 * mostly grows in order, so rendering is one pass of copies from the received bytes and the list's text.
 */
#include "sip/edit.h"

#include <errno.h>

/* Longer pieces are what memcpy() is for. */
enum { COPY_BLOCKS_MAX = 512 };

void sip_edits_init(struct sip_edits *edits, struct span bytes)
{
	edits->bytes = bytes;
	edits->count = 0;
	edits->text_len = 0;
	edits->deleted = 0;
	edits->overflow = false;
}

/* Equal offsets keep the order in which they came. */
void sip_edits_sort_in(struct sip_edits *edits, struct sip_edit edit)
{
	uint32_t i = edits->count - 1;

	for (; i > 0 && edits->list[i - 1].offset > edit.offset; i--)
		edits->list[i] = edits->list[i - 1];
	edits->list[i] = edit;
}

void sip_edit_replace(struct sip_edits *edits, struct span old, struct span text)
{
	struct sip_writer w = sip_edit_begin(edits);

	sip_write(&w, text);
	sip_edit_end_replace(edits, old, &w);
}

void sip_edit_insert(struct sip_edits *edits, const char *at, struct span text)
{
	sip_edit_replace(edits, span_of(at, 0), text);
}

void sip_edit_delete(struct sip_edits *edits, struct span old)
{
	sip_edit_replace(edits, old, span_of("", 0));
}

/* Returns the end of the copy. `in_blocks`: both sides go on behind it. */
static inline char *copy(char *at, struct span from, bool in_blocks)
{
	if (likely_true(in_blocks && from.len <= COPY_BLOCKS_MAX))
		return sip_put(at, from.p, from.len);
	if (from.len > 0)
		memcpy(at, from.p, from.len);
	return at + from.len;
}

int sip_edits_render(const struct sip_edits *edits, char *out, size_t out_size, size_t *ret_len)
{
	const size_t len = edits->bytes.len - edits->deleted + edits->text_len;
	const char *end = span_end(edits->bytes);
	const char *done = edits->bytes.p; /* received bytes up to here are copied or left out */
	const char *edited = done;         /* where the edit before stands */
	const bool roomy = out_size >= len + SIP_PUT_SLACK;
	char *at = out;

	if (edits->overflow)
		return -E2BIG;
	if (len > out_size)
		return -ENOBUFS;
	for (const struct sip_edit *edit = edits->list; edit < edits->list + edits->count; edit++) {
		const char *place = edits->bytes.p + edit->offset;

		if (place > done) {
			at = copy(at, span_from(done, place), roomy && end - place >= SIP_PUT_SLACK);
			done = place;
		}
		/* Several edits may stand at one place, of which one takes something out; none may begin
		 * inside what another takes out. */
		ensure(place == done || (place == edited && edit->delete_len == 0));
		at = copy(at, span_of(edits->text + edit->text_offset, edit->text_len), roomy);
		done += edit->delete_len;
		edited = place;
	}
	if (done < end)
		memcpy(at, done, (size_t)(end - done));
	*ret_len = len;
	return 0;
}
