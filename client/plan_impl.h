/* plan_impl.h - what stands behind an s7_plan. For plan*.c only.
 *
 *   tag    what the caller asked for, in the caller's order
 *   need   a tag, or a piece of one that is longer than a PDU: bytes that must come in one item
 *   atom   needs that overlap: bytes that are never torn apart
 *   span   neighbouring atoms and the gaps between them: one item on the wire
 *   job    spans that share a PDU
 *
 * Planning for a PDU length goes down this list (plan_needs.c, plan_pack.c), without allocation: all arrays
 * are as long as the shortest PDU can ask for. */
#ifndef CLIENT_PLAN_IMPL_H
#define CLIENT_PLAN_IMPL_H

#include "client/conn.h"
#include "client/transfer_plan.h"

#include <s7rig/plan.h>

#define S7_PLAN_PDU_MAX S7_PDU_LEN_MAX

/* A request's item, and the head of its data unit: what one more item costs on the wire, whichever way. */
#define S7_PLAN_WIRE_ITEM (S7_ITEM_LEN + 4)

/* Bytes of gaps that a tag can bring at most. A gap that is longer than an item's cost is read only in a job
 * whose items are used up: by more tags than a job has items (20 or more), which share what one PDU holds. */
#define S7_PLAN_GAP_SHARE (S7_PLAN_PDU_MAX / S7_ITEMS_PER_JOB)

/* Whom a tag may be read together with, as far as the PLC has taught us. */
enum s7_company { S7_COMPANY_ANY, S7_COMPANY_TOUCHING, S7_COMPANY_NONE };

/* What is known of a tag besides its item. */
struct s7_plan_mark {
    enum s7_company company;
    uint32_t stage; /* plans that write: after which others it is written */
    bool set;       /* plans that write: it has a value */
    bool again;     /* is being asked for on its own */
};

struct s7_plan_need {
    uint64_t place; /* area, block and first byte */
    uint32_t len;
    uint32_t tag, tag_at; /* where in which tag its bytes belong */
    uint32_t stage;
    uint32_t span; /* that carries it */
    enum s7_company company;
};

#define S7_PLAN_NO_GAP UINT32_MAX

struct s7_plan_atom {
    uint64_t place;
    uint32_t len;
    uint32_t gap; /* between the atom before and this one; S7_PLAN_NO_GAP: they cannot share a span */
    uint32_t first_need, n_needs;
    uint32_t stage;
    enum s7_company company;
    bool cut; /* a span begins here */
};

struct s7_plan_span {
    uint64_t place;
    uint32_t len;
    uint32_t job;
    uint32_t first_atom, n_atoms;
    uint32_t stage;
};

/* How full a job is; for packing. */
struct s7_plan_bin {
    uint32_t len, n_spans;
};

/* What a job may hold, in the direction that carries the bytes. */
struct s7_plan_budget {
    size_t pdu_len, empty, item; /* bytes of a PDU without items, and of each item without its payload */
    size_t most;                 /* longest payload of a single item */
    unsigned max_items;
};

struct s7_plan {
    bool write;
    uint32_t max_gap;
    unsigned max_items; /* of a job, if they fit the PDU */
    size_t n_tags;
    s7_item *tags;
    struct s7_plan_mark *marks;
    uint8_t *values; /* the tags' bytes */

    /* planned for budget.pdu_len */
    struct s7_plan_budget budget;
    struct s7_plan_need *needs;
    struct s7_plan_atom *atoms;
    struct s7_plan_span *spans;
    struct s7_plan_bin *bins;
    uint32_t *gaps; /* for the lower bound */
    size_t n_needs, n_atoms, n_spans;
    s7_item *items; /* one for each span, in the order of sending */
    uint8_t *image; /* their bytes */
    size_t image_cap;
    s7_plan_stats stats;

    /* the run */
    bool learnt; /* plan anew before the next one */
    bool begun;
    bool asking; /* the round on its way is the one of single tags */
    size_t sent; /* items that had their round */
    size_t in_round;
    s7_item *again; /* tags that are asked for on their own, and which they are */
    uint32_t *again_tags;
    size_t n_again;
    s7_status failed; /* why the call failed as a whole */
    s7_errinfo why;

    /* a run on a loop: plan_conn.c */
    s7_conn *conn;
    uint64_t id; /* of all its rounds; 0: none yet */
    int64_t deadline_ns;
    void (*done)(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg);
    void *arg;
};

/* ---- plan_needs.c: from tags to atoms ---- */

/* How many needs a tag can make, whatever the PDU length. */
size_t s7_plan_needs_most(const s7_item *tag);
void s7_plan_make_atoms(struct s7_plan *plan);

/* Sort in place, without allocation. */
void s7_plan_sort(void *base, size_t n, size_t size, int (*compare)(const void *a, const void *b));

/* ---- plan_pack.c: from atoms to jobs ---- */
void s7_plan_pack(struct s7_plan *plan);
uint32_t s7_plan_bound(const struct s7_plan *plan);

/* ---- plan_order.c ---- */

/* Give each tag of a plan that writes its stage. S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_plan_order(struct s7_plan *plan);

/* ---- plan.c ---- */

/* Plan for a PDU length and so many items a job if that is not done yet. */
void s7_plan_prepare(struct s7_plan *plan, size_t pdu_len, unsigned max_items);
/* The item of a span: the tag itself, or bytes. */
bool s7_plan_whole_tag(const struct s7_plan *plan, const s7_item *tag);

/* ---- plan_run.c: one call, in rounds of items that are sent together ---- */

/* NULL, or why the plan cannot be run so. */
const char *s7_plan_fault(const struct s7_plan *plan, bool write);
/* 0: as it was planned. */
void s7_plan_begin(struct s7_plan *plan, size_t pdu_len, unsigned max_items);
/* The items of the next round; false: there is none. */
bool s7_plan_round(struct s7_plan *plan, s7_item **items, size_t *n_items);
/* The round has come to its end. */
void s7_plan_took(struct s7_plan *plan, s7_status status, const s7_errinfo *err);
/* The outcome; fills err on failure. */
s7_status s7_plan_end(struct s7_plan *plan, const char *where, s7_errinfo *err);

#endif
