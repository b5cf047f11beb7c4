/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The edit list. Called by the proxy for each message it forwards. The list is kept sorted as it grows (a
 * message has about six edits), so rendering is one pass of copies from the received bytes and the list's
 * text.
 */
#include "sip/edit.h"

#include <errno.h>

void sip_edits_init(struct sip_edits *edits, struct span bytes)
{
	edits->bytes = bytes;
	edits->count = 0;
	edits->text_len = 0;
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
}

struct sip_writer sip_edit_begin(struct sip_edits *edits)
{
	return sip_writer_of(edits->text + edits->text_len, sizeof(edits->text) - edits->text_len);
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
	edits->text_len += (uint32_t)written->len;
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

int sip_edits_render(const struct sip_edits *edits, char *out, size_t out_size, size_t *ret_len)
{
	struct sip_writer w = sip_writer_of(out, out_size);
	uint32_t done = 0; /* received bytes that are copied or left out */

	if (edits->overflow)
		return -E2BIG;
	for (uint32_t i = 0; i < edits->count; i++) {
		const struct sip_edit *edit = &edits->list[i];

		if (edit->offset > done) {
			sip_write(&w, span_of(edits->bytes.p + done, edit->offset - done));
			done = edit->offset;
		}
		/* Several edits may stand at one place; none may begin inside what another takes out. */
		ensure(edit->offset == done || edit->offset == edits->list[i - 1].offset);
		sip_write(&w, span_of(edits->text + edit->text_offset, edit->text_len));
		if (edit->offset + edit->delete_len > done)
			done = edit->offset + edit->delete_len;
	}
	sip_write(&w, span_of(edits->bytes.p + done, edits->bytes.len - done));
	if (w.overflow)
		return -ENOBUFS;
	*ret_len = w.len;
	return 0;
}
