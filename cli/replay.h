/* replay.h - what `s7rig replay` is made of: what a request is, how two answers differ, how that is told. */
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include "cli/cli.h"
#include "cli/recorded.h"

/* ---- requests and answers (replay_compare.c) ---- */

#define REPLAY_TEXT_CAP 192

/* "read, 2 items, first DB1.DBX10.0 x 1", "userdata: SZL 0011 index 0000". */
void replay_request_text(const struct s7_pdu *request, char text[REPLAY_TEXT_CAP]);

/* Does it only look: reads, uploads, lists, the clock's time? Everything else may change the PLC or what it
 * sends later. */
bool replay_only_reads(const struct s7_pdu *request);

/* What the PLC chooses and later requests carry: the id of an upload, and number and reference of a userdata
 * answer that goes on. */
struct replay_names {
    bool has_upload, has_sequence;
    uint8_t upload_was[4], upload_is[4];
    uint8_t sequence_was[2], sequence_is[2]; /* sequence number, data unit reference */
};

/* Learn from a recorded answer and ours; put ours into a request that has the recorded one (param: its
 * parameters, a copy). */
void replay_learn(struct replay_names *names, const struct s7_pdu *was, const struct s7_pdu *is);
void replay_rename(const struct replay_names *names, const struct s7_pdu *request, uint8_t *param);

/* Is it a well-formed answer of the same function (group and subfunction), whatever it says? */
bool replay_is_akin(const struct s7_pdu *was, const struct s7_pdu *is);

/* Do both answers to a first request for a status list have records of the same length? True as well when one
 * of them has none, or something else was asked for. False, and why: they have not. */
bool replay_same_records(const struct s7_pdu *request, const struct s7_pdu *was, const struct s7_pdu *is,
                         char why[REPLAY_TEXT_CAP]);

/* How the answer differs from the recorded one: function, errors, return codes and lengths; exact: bytes as
 * well, but for what the PLC chooses. was_end: behind the last byte of it that was captured; what lies there
 * is not compared. False, and why: it differs. */
bool replay_same(const struct s7_pdu *was, const uint8_t *was_end, const struct s7_pdu *is, bool exact,
                 char why[REPLAY_TEXT_CAP]);

/* ---- the report (replay_report.c) ---- */

enum replay_form { REPLAY_LINES, REPLAY_TAP, REPLAY_JSON };
enum replay_result { REPLAY_SAME, REPLAY_DIFFERS, REPLAY_LEFT_OUT };

struct replay_report {
    enum replay_form form;
    unsigned same, differ, left_out;
    unsigned akin;   /* answers of the same function, well-formed, the same or not */
    unsigned writes; /* left out for want of --writes */
};

void replay_report_begin(const struct replay_report *report, const char *capture,
                         const struct recorded_connection *connection, const char *endpoint);

/* One request: what became of it, and why, "" if it is the same. */
void replay_report_one(struct replay_report *report, uint32_t packet, const char *request,
                       enum replay_result result, const char *why);

void replay_report_end(const struct replay_report *report);

#endif
