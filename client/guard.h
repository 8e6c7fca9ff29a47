/* guard.h - what a client refuses to write, by its options read_only and write_ranges. */
#ifndef CLIENT_GUARD_H
#define CLIENT_GUARD_H

#include "client/settings.h"

/* May all of them be written? The items were checked by s7_transfer_begin. S7_E_GUARDED: at least one may
 * not: it carries the status, the others S7_E_CANCELLED; err (asked is the caller's business) has the index
 * of the first and the rule. */
S7_MUST_CHECK s7_status s7_guard_items(const struct s7_settings *settings, s7_item *items, size_t n_items,
                                       s7_errinfo *err);

/* May the client do what changes its PLC otherwise: clock, stop, start? S7_E_GUARDED, S7_E_MISUSE
 * (allow_control); *detail and the hint of err say the rule. */
S7_MUST_CHECK s7_status s7_guard_control(const struct s7_settings *settings, const char **detail,
                                         s7_errinfo *err);

#endif
