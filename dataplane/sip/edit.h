/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes to a message, kept as an ordered list and rendered once into the outgoing buffer. An edit deletes
 * a range of the received bytes and puts text in its place; the text is kept in the list's own buffer.
 */
#ifndef SIP_EDIT_H
#define SIP_EDIT_H

#include "base/ensure.h"
#include "base/span.h"
#include "limits.h"
#include "sip/write.h"

#include <stddef.h>
#include <stdint.h>

struct sip_edit {
	uint32_t offset;      /* into the received bytes */
	uint32_t delete_len;  /* received bytes left out there */
	uint32_t text_offset; /* into sip_edits.text */
	uint32_t text_len;
};

struct sip_edits {
	struct span bytes; /* the message being edited, header section and body */
	uint32_t count;
	uint32_t text_len;
	uint32_t deleted; /* received bytes that all edits leave out */
	bool overflow;    /* more edits or text than there is room for; rendering will refuse */
	struct sip_edit list[SIP_EDITS_MAX];          /* by offset */
	char text[SIP_EDIT_TEXT_MAX + SIP_PUT_SLACK]; /* copied in blocks */
};

void sip_edits_init(struct sip_edits *edits, struct span bytes);

/*
 * Each adds one edit, in any order; edits at the same offset are rendered in the order they were added. `at`
 * must point into bytes (or right behind them), and ranges taken out must not overlap. Room that runs out
 * sets overflow.
 */
void sip_edit_insert(struct sip_edits *edits, const char *at, struct span text);
void sip_edit_replace(struct sip_edits *edits, struct span old, struct span text);
void sip_edit_delete(struct sip_edits *edits, struct span old);

/*
 * Text in pieces: write into the writer, then hand it back with the place; nothing may be added to the list
 * in between. What did not fit sets overflow. Inline, because each message that is forwarded has three of
 * them.
 */
static inline struct sip_writer sip_edit_begin(struct sip_edits *edits)
{
	return sip_writer_of(edits->text + edits->text_len, SIP_EDIT_TEXT_MAX - edits->text_len);
}

/* Not for others: puts the last edit where its offset belongs. */
void sip_edits_sort_in(struct sip_edits *edits, struct sip_edit edit);

static inline void sip_edit_end_replace(
	struct sip_edits *edits, struct span old, const struct sip_writer *written)
{
	const struct sip_edit edit = {
		.offset = (uint32_t)(old.p - edits->bytes.p),
		.delete_len = (uint32_t)old.len,
		.text_offset = edits->text_len,
		.text_len = (uint32_t)written->len,
	};
	uint32_t count = edits->count;

	ensure(old.p >= edits->bytes.p && span_end(old) <= span_end(edits->bytes));
	if (unlikely_true(written->overflow || count == SIP_EDITS_MAX)) {
		edits->overflow = true;
		return;
	}
	edits->text_len += edit.text_len;
	edits->deleted += edit.delete_len;
	edits->count = count + 1;
	if (likely_true(count == 0 || edits->list[count - 1].offset <= edit.offset))
		edits->list[count] = edit;
	else
		sip_edits_sort_in(edits, edit);
}

static inline void sip_edit_end_insert(
	struct sip_edits *edits, const char *at, const struct sip_writer *written)
{
	sip_edit_end_replace(edits, span_of(at, 0), written);
}

/* Renders into out. Returns 0 and sets *ret_len; -ENOBUFS when out is too small; -E2BIG on overflow. */
must_use int sip_edits_render(const struct sip_edits *edits, char *out, size_t out_size, size_t *ret_len);

#endif
