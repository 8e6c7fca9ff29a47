/* plan_tag.h - the bytes of one item as a number or text, and back; for plans and symbols. The caller checked
 * that the element exists. */
#ifndef CLIENT_PLAN_TAG_H
#define CLIENT_PLAN_TAG_H

#include <s7rig/client.h>

/* S7_E_CONVERT: the value is of another kind, or does not fit. */
S7_MUST_CHECK s7_status s7_tag_int(const s7_item *tag, unsigned index, int64_t *value);
S7_MUST_CHECK s7_status s7_tag_real(const s7_item *tag, unsigned index, double *value);

/* All elements; S7_E_TOO_LARGE: cut to cap - 1 bytes. cap is at least 1. */
S7_MUST_CHECK s7_status s7_tag_text(const s7_item *tag, char *text, size_t cap);

/* S7_E_CONVERT: not a value of the tag's type; bytes are unchanged, or for arrays (_set_text) changed up to
 * the bad element. */
S7_MUST_CHECK s7_status s7_tag_set_int(const s7_item *tag, unsigned index, int64_t value);
S7_MUST_CHECK s7_status s7_tag_set_real(const s7_item *tag, unsigned index, double value);
S7_MUST_CHECK s7_status s7_tag_set_text(const s7_item *tag, const char *text);

#endif
