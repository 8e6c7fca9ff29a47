/* report.h - how the client words a failure: what was asked, what came, what to try. */
#ifndef CLIENT_REPORT_H
#define CLIENT_REPORT_H

#include "client/hint.h"

/* Copy *from to the caller's *to, no further than the struct that the caller knows; to may be NULL. */
void s7_report_give(s7_errinfo *to, const s7_errinfo *from);

/* asked = "read DB1.DBB0..99 (100 bytes) from 127.0.0.1:10102": one place, of which the items are consecutive
 * pieces. */
void s7_report_place(s7_errinfo *err, bool write, const s7_item *pieces, size_t n_pieces, const char *where);

/* asked = "read DB1.DBD4:REAL (item 2 of 3) from 127.0.0.1:10102"; bad: the item to name, -1: none. */
void s7_report_list(s7_errinfo *err, bool write, const s7_item *items, size_t n_items, int32_t bad,
                    const char *where);

/* status and came: "refused by the PLC: error 8104 ...", or detail, or the status in words. Uses plc_error
 * and item_code, and fills hint and cause unless there is a hint; facts are those of hint.h, _came knows
 * none.
 */
void s7_report_why(s7_errinfo *err, s7_status status, const char *detail, uint32_t facts);
void s7_report_came(s7_errinfo *err, s7_status status, const char *detail);

/* Hint and cause anew, for more facts; they stay if these say nothing. */
void s7_report_hint(s7_errinfo *err, uint32_t facts);

/* A client or a pool for an endpoint could not be made: no memory, no descriptor. Returns the status; err may
 * be NULL. */
s7_status s7_report_unmade(s7_errinfo *err, const char *what, const char *endpoint, s7_status status);

/* S7_E_ARG, told to err, which may be NULL. */
s7_status s7_report_argument(s7_errinfo *err, const char *asked, const char *came);

#endif
