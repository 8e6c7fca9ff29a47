/* transfer.h - one call of a user (an area of any length, a list of items) as a sequence of jobs.
 *
 * Cuts and packs items into jobs that fit the granted PDU length, keeps as many in flight as the session's
 * window allows, and carries answers home: payloads straight from the receive buffer to the user's memory,
 * one copy. Driven by whoever drives the session (blocking client, connection on a loop); no I/O, no clock,
 * no allocation. */
#ifndef CLIENT_TRANSFER_H
#define CLIENT_TRANSFER_H

#include "client/session.h"

#include <s7rig/client.h>

/* One job in flight: parts of consecutive items. Every part but the last reaches to the end of its item (or
 * is one bit). */
struct s7_transfer_job {
    bool open;
    uint8_t n_parts;
    uint16_t last_len;
    uint32_t first_item, first_offset;
};

/* May not move in memory between begin and done: its jobs are told apart by their addresses, which is why any
 * number of transfers may share a session. */
struct s7_transfer {
    bool write;
    s7_item *items;
    size_t n_items;
    int64_t deadline_ns;
    /* private: where the next job starts, jobs in flight, the outcome so far */
    size_t next_item, next_offset;
    unsigned in_flight;
    s7_status failed; /* why the whole call failed, S7_OK so far */
    bool given_up;    /* and that is what s7_transfer_fail was told */
    uint16_t plc_error;
    char detail[96];
    unsigned n_jobs; /* that were used so far, the first ones first: the rest means nothing */
    struct s7_transfer_job jobs[S7_SESSION_MAX_JOBS];
};

/* Check the items and begin. S7_E_ARG: an address out of range, len not the address's size, data NULL; the
 * statuses say which (the others are S7_E_CANCELLED); err (may be NULL) names the first. */
S7_MUST_CHECK s7_status s7_transfer_begin(struct s7_transfer *transfer, bool write, s7_item *items,
                                          size_t n_items, int64_t deadline_ns, s7_errinfo *err);

/* Submit what the window allows. Call after begin and after each event. */
void s7_transfer_pump(struct s7_transfer *transfer, s7_session *session);

/* The same one job at a time, for those who share sessions out among transfers: jobs of one transfer may be
 * in flight in several. The job's id in the session; 0: none was submitted, since the window is full, there
 * is nothing to send (now), or the transfer has failed. */
uint64_t s7_transfer_submit(struct s7_transfer *transfer, s7_session *session);
bool s7_transfer_has_more(const struct s7_transfer *transfer); /* a job to submit, when there is a window */

/* Take an ANSWER or FAILED event; false: it is not of this transfer. */
bool s7_transfer_event(struct s7_transfer *transfer, const struct s7_event *event);

/* Give up because of why (detail: in words, or ""): nothing more is sent, its jobs are withdrawn; the events
 * of those still come, feed them until s7_transfer_done. */
void s7_transfer_cancel(struct s7_transfer *transfer, s7_session *session, s7_status why, const char *detail);

/* The same for those who know which sessions its jobs are in, and withdraw them there. */
void s7_transfer_fail(struct s7_transfer *transfer, s7_status why, const char *detail);

/* What it asks for was done by another transfer, of which nothing is in flight: its items have their statuses
 * and codes already, or all fail as the other one failed as a whole. */
void s7_transfer_settle(struct s7_transfer *transfer, const struct s7_transfer *like);

/* No job in flight and none to send. */
bool s7_transfer_done(const struct s7_transfer *transfer);

/* The outcome of a done transfer; fills status, item, codes, came and hint of err (may be NULL) on failure.
 * Items that were never asked get the call's status; after S7_E_OUTCOME_UNKNOWN they get S7_E_CANCELLED,
 * since nothing of them left. */
s7_status s7_transfer_result(struct s7_transfer *transfer, s7_errinfo *err);

/* Is the outcome of a list of this one item a sign of life: an answer of the PLC, whatever it says? */
static inline bool s7_transfer_lives(s7_status status, const s7_item *item)
{
    return status == S7_OK || status == S7_E_PLC || (status == S7_E_PARTIAL && item->code != 0);
}

#endif
