/* mux_core_impl.h - what mux_core.c (requests), mux_lanes.c (lanes) and mux_merge.c (batches) share. For
 * these only. */
#ifndef CLIENT_MUX_CORE_IMPL_H
#define CLIENT_MUX_CORE_IMPL_H

#include "client/mux_core.h"

struct s7_mux_queue {
    struct s7_mux_request *first, *last;
};

/* Bytes first..end of a block that are read as one item. */
struct s7_mux_span {
    s7_area area;
    uint16_t db;
    uint32_t first, end;
    bool mixed; /* not all who are in it asked for just this place */
};

struct s7_mux_spans {
    unsigned n; /* ordered by place, apart from each other */
    struct s7_mux_span at[S7_ITEMS_PER_PDU];
};

struct s7_mux_batch {
    struct s7_mux_unit unit;
    struct s7_mux_batch *next;  /* spare */
    struct s7_mux_batch *older; /* of all there are */
    struct s7_mux_queue members;
    unsigned n_members; /* at first */
    struct s7_mux_spans spans;
    s7_item items[S7_ITEMS_PER_PDU];
    uint8_t data[S7_PDU_LEN_MAX];
};

struct s7_mux_core {
    struct s7_mux_rules rules;
    struct s7_mux_unit *ready_first, *ready_last; /* by turn */
    struct s7_mux_queue gathering;                /* by turn */
    struct s7_mux_queue over;
    uint64_t turns;
    int64_t fed_ns;           /* the last time */
    struct s7_heap_node *due; /* requests that are not over, by deadline */
    struct s7_mux_lane *lanes, *lanes_last;
    unsigned n_lanes;
    struct s7_mux_batch *spare, *batches; /* batches: all there are */
    struct s7_mux_stats stats;
};

/* ---- mux_core.c ---- */

void s7_mux_append(struct s7_mux_queue *queue, struct s7_mux_request *request);
void s7_mux_take_out(struct s7_mux_queue *queue, struct s7_mux_request *request);

/* A unit has a job to submit: at the end of the queue. unready: it has not (any more), or never had. */
void s7_mux_make_ready(s7_mux_core *mux, struct s7_mux_unit *unit);
void s7_mux_unready(s7_mux_core *mux, struct s7_mux_unit *unit);

/* It waits in a queue, until its deadline; or a job of it has just been sent. */
void s7_mux_queued(s7_mux_core *mux, struct s7_mux_request *request);
void s7_mux_sent(s7_mux_core *mux, struct s7_mux_request *request);

/* When the oldest read has gathered for long enough; S7_NEVER_NS: none gathers. */
int64_t s7_mux_ripe_at_ns(const s7_mux_core *mux);

/* Its outcome is known. */
void s7_mux_finish(s7_mux_core *mux, struct s7_mux_request *request);

/* Back to the head of the queue, to be sent on its own. */
void s7_mux_send_alone(s7_mux_core *mux, struct s7_mux_request *request);

/* A lane was lost: begin a read anew, if it may be. */
bool s7_mux_repeat(s7_mux_core *mux, struct s7_mux_request *request);

/* Withdraw a unit's jobs from the sessions. */
void s7_mux_recall(s7_mux_core *mux, struct s7_mux_unit *unit, s7_status why, const char *detail);

/* ---- mux_merge.c ---- */

/* May it be merged with others? */
bool s7_mux_may_merge(const struct s7_mux_request *request);

/* What the reads that were gathered make of the next job, for a lane with these limits: a batch, or the first
 * request itself. There is at least one. */
struct s7_mux_unit *s7_mux_gather(s7_mux_core *mux, size_t pdu_len, unsigned max_items);

/* A batch has its outcome: carry it to its members. */
void s7_mux_scatter(s7_mux_core *mux, struct s7_mux_batch *batch);

/* A member goes; the last one takes the batch along. */
void s7_mux_leave_batch(s7_mux_core *mux, struct s7_mux_request *request);

void s7_mux_free_batches(s7_mux_core *mux);

#endif
