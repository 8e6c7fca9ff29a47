/* plan.h - a list of tags that is read, or written, again and again with the fewest PDUs.
 *
 *   s7_plan *plan;
 *   s7_plan_new(addresses, 1000, NULL, &plan, &err);
 *   for (;;)
 *       s7_plan_read(client, &ctx, plan);      then look at s7_plan_tags(plan)
 *
 * A plan is made once and takes all its memory then. Neighbouring and overlapping tags are read together,
 * over a gap when reading the gap is cheaper than asking twice; what is read together is packed into jobs by
 * the granted PDU length in both directions and at most max_items a job (20, unless told otherwise). A tag
 * that fits a PDU always travels in one. Nothing is read but tags and gaps between tags of one block, and no
 * gaps in peripheral I/O, where reading can do something. When a plan meets a connection that granted another
 * PDU length, or a client with another max_items, it is planned anew, in its own memory.
 *
 * One bad tag spoils nothing: when the PLC refuses tags that were asked for together, they are asked for one
 * by one within the same call, and the plan remembers which of them, or which gaps, are to be kept apart.
 *
 * A plan that writes never writes a byte or a bit that is not of a tag: only tags that touch are written
 * together, bits alone. Tags that overlap are written in the order of the list, one after the other was
 * acknowledged. Nothing is ever sent twice.
 *
 * A plan has one user at a time, and any client may be used with it: a connected one or one lent by a pool
 * (pool.h). It knows no connection between two calls. */
#ifndef S7RIG_PLAN_H
#define S7RIG_PLAN_H

#include <s7rig/client.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct s7_plan s7_plan;

/* The cost model decides which gaps are read. */
#define S7_PLAN_GAP_AUTO (-1)

typedef struct s7_plan_options {
    uint32_t struct_size;
    bool write;        /* [false] the plan is for s7_plan_write */
    int32_t max_gap;   /* [S7_PLAN_GAP_AUTO] longest gap that may be read, in bytes; 0: nothing but tags */
    uint16_t pdu_len;  /* [480] PDU length to plan for until a connection is met, 64..960 */
    uint8_t max_items; /* [20] items of a job to plan for until a client is met, which has a limit of its own
                          (s7_client_options); 20..255 */
} s7_plan_options;
void s7_plan_options_init(s7_plan_options *options); /* defaults in brackets; NULL: nothing */

/* ---- life ---- */

/* Plan for n_tags addresses, which are copied; no I/O. options NULL: defaults. S7_E_ARG: an address out of
 * range (err->item says which), or an option. S7_E_NOMEM. err may be NULL. */
S7_MUST_CHECK s7_status s7_plan_new(const s7_address *tags, size_t n_tags, const s7_plan_options *options,
                                    s7_plan **out, s7_errinfo *err);
void s7_plan_free(s7_plan *plan); /* NULL is fine */

/* Plan anew for a PDU length of 64..960, as reading and writing do by themselves; for s7_plan_explain.
 * S7_E_ARG. */
s7_status s7_plan_fit(s7_plan *plan, uint16_t pdu_len);

/* ---- running ---- */

/* Read all tags; the context's time is that of the whole call. S7_OK: every tag is good. S7_E_PARTIAL: some
 * tag failed, each says so itself, the others are good; err names the first. S7_E_ARG: the plan is one that
 * writes. Any other status: the call failed as a whole (see s7_read_multi), and tags that were not read carry
 * it. */
S7_MUST_CHECK s7_status s7_plan_read(s7_client *client, const s7_ctx *ctx, s7_plan *plan);

/* Write all tags; like s7_plan_read. S7_E_ARG: the plan is one that reads, or a tag was never given a value
 * (err names it; nothing was sent). Tags that were refused together all carry the refusal; they are written
 * one by one from the next call on. S7_E_OUTCOME_UNKNOWN: some tags left and their answer did not come: they
 * carry it, tags of which nothing left carry S7_E_CANCELLED. */
S7_MUST_CHECK s7_status s7_plan_write(s7_client *client, const s7_ctx *ctx, s7_plan *plan);

/* ---- tags ---- */

size_t s7_plan_count(const s7_plan *plan);

/* The tags in the order of the list, as items: address, bytes, and the outcome of the last call: status and
 * code say how good the value is, time_ns when it came. A view that
 * lives as long as the plan. data is as in the PLC (BOOL of count 1: one byte, 0 or 1) and means something
 * when status is S7_OK; before the first call status is S7_E_MISUSE. */
const s7_item *s7_plan_tags(const s7_plan *plan);

/* Element index of a tag as a number or text. The tag's status when it is not S7_OK; S7_E_ARG: no such tag
 * or element; S7_E_CONVERT: the value does not fit (an _int of REAL, a _real of STRING, either of a date or
 * time, a whole number above INT64_MAX). _text: any type, arrays in brackets as a whole, "1.5", "[1,2,3]",
 * "T#1h2m"; UTF-8. Always zero-terminated; S7_E_TOO_LARGE: it is cut. */
S7_MUST_CHECK s7_status s7_plan_int(const s7_plan *plan, size_t tag, unsigned index, int64_t *value);
S7_MUST_CHECK s7_status s7_plan_real(const s7_plan *plan, size_t tag, unsigned index, double *value);
S7_MUST_CHECK s7_status s7_plan_text(const s7_plan *plan, size_t tag, char *text, size_t cap);

/* Give a tag of a plan that writes a value, which stays until it is given another. S7_E_ARG: no such tag or
 * element, len is not the tag's size, a plan that reads; S7_E_CONVERT: not a value of the tag's type;
 * S7_E_MISUSE: one element of an array that has no value yet (give it all elements first, as text or bytes).
 * Nothing was changed then. */
S7_MUST_CHECK s7_status s7_plan_set_int(s7_plan *plan, size_t tag, unsigned index, int64_t value);
S7_MUST_CHECK s7_status s7_plan_set_real(s7_plan *plan, size_t tag, unsigned index, double value);
S7_MUST_CHECK s7_status s7_plan_set_text(s7_plan *plan, size_t tag, const char *text);
S7_MUST_CHECK s7_status s7_plan_set_bytes(s7_plan *plan, size_t tag, const void *bytes, size_t len);

/* ---- looking at it ---- */

typedef struct s7_plan_stats {
    uint32_t struct_size;
    uint32_t tags;
    uint32_t jobs;          /* of one call: PDUs in each direction */
    uint32_t bound;         /* no way of asking for these tags needs fewer jobs */
    uint32_t items;         /* of all jobs */
    uint16_t pdu_len;       /* planned for */
    uint32_t apart;         /* tags that are kept apart since the PLC refused them, or a gap beside them */
    uint64_t bytes_asked;   /* of all tags, overlaps counted once */
    uint64_t bytes_carried; /* of all items: with gaps */
    uint64_t wire_request;  /* bytes of all frames to the PLC */
    uint64_t wire_answer;   /* bytes of all frames back, if every item is good */
} s7_plan_stats;
/* S7_E_ARG. Fill in struct_size. */
s7_status s7_plan_stats_get(const s7_plan *plan, s7_plan_stats *stats);

/* The plan in words: sums, and a line for each job and item. Returns the full length, as snprintf does; buf
 * may be NULL when cap is 0. */
size_t s7_plan_explain(const s7_plan *plan, char *buf, size_t cap);

#ifdef __cplusplus
}
#endif
#endif
