/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The edit list. Called by the proxy for each message it forwards. The list is kept sorted as it grows (a
 * message has about six edits), so rendering is one pass of copies from the received bytes and the list's
 * text.
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
static void edits_add(struct sip_edits *edits, struct sip_edit edit)
{
	uint32_t i = edits->count;

	ensure(edit.offset <= edits->bytes.len && edit.delete_len <= edits->bytes.len - edit.offset);
	if (edits->count == SIP_EDITS_MAX) {
		edits->overflow = true;
		return;
	}
	for (; i > 0 && edits->list[i - 1].offset > edit.offset; i--)
		edits->list[i] = edits->list[i - 1];
	edits->list[i] = edit;
	edits->count++;
	edits->text_len += edit.text_len;
	edits->deleted += edit.delete_len;
}

struct sip_writer sip_edit_begin(struct sip_edits *edits)
{
	return sip_writer_of(edits->text + edits->text_len, SIP_EDIT_TEXT_MAX - edits->text_len);
}

void sip_edit_end_replace(struct sip_edits *edits, struct span old, const struct sip_writer *written)
{
	ensure(written->buf == edits->text + edits->text_len);
	ensure(old.p >= edits->bytes.p);
	if (written->overflow) {
		edits->overflow = true;
		return;
	}
	edits_add(edits, (struct sip_edit){
				 .offset = (uint32_t)(old.p - edits->bytes.p),
				 .delete_len = (uint32_t)old.len,
				 .text_offset = edits->text_len,
				 .text_len = (uint32_t)written->len,
			 });
}

void sip_edit_end_insert(struct sip_edits *edits, const char *at, const struct sip_writer *written)
{
	sip_edit_end_replace(edits, span_of(at, 0), written);
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

/* In blocks where both sides have room for the last one; returns the end of the copy. */
static inline char *copy(char *at, struct span from, const char *at_end, const char *from_end)
{
	if (likely_true((size_t)(at_end - at) >= from.len + SIP_PUT_SLACK &&
			(size_t)(from_end - from.p) >= from.len + SIP_PUT_SLACK &&
			from.len <= COPY_BLOCKS_MAX))
		return sip_put(at, from.p, from.len);
	if (from.len > 0)
		memcpy(at, from.p, from.len);
	return at + from.len;
}

int sip_edits_render(const struct sip_edits *edits, char *out, size_t out_size, size_t *ret_len)
{
	const size_t len = edits->bytes.len - edits->deleted + edits->text_len;
	const char *out_end = out + out_size;
	const char *bytes_end = span_end(edits->bytes);
	const char *text_end = edits->text + sizeof(edits->text);
	const char *done = edits->bytes.p; /* received bytes up to here are copied or left out */
	const char *edited = done;         /* where the edit before stands */
	char *at = out;

	if (edits->overflow)
		return -E2BIG;
	if (len > out_size)
		return -ENOBUFS;
	for (const struct sip_edit *edit = edits->list; edit < edits->list + edits->count; edit++) {
		const char *place = edits->bytes.p + edit->offset;

		if (place > done) {
			at = copy(at, span_from(done, place), out_end, bytes_end);
			done = place;
		}
		/* Several edits may stand at one place, of which one takes something out; none may begin
		 * inside what another takes out. */
		ensure(place == done || (place == edited && edit->delete_len == 0));
		at = copy(at, span_of(edits->text + edit->text_offset, edit->text_len), out_end, text_end);
		done += edit->delete_len;
		edited = place;
	}
	copy(at, span_from(done, bytes_end), out_end, bytes_end);
	*ret_len = len;
	return 0;
}
