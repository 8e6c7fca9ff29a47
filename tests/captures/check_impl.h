/* check_impl.h - what check.c (frames, reads and writes) and check_services.c and check_push.c (everything
 * else) share. */
#ifndef CAPTURES_CHECK_IMPL_H
#define CAPTURES_CHECK_IMPL_H

#include "check.h"

#include "protocol/userdata.h"

/* Note what is wrong, unless something was wrong before. */
void check_fail(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The column has this one number. */
void check_expect(struct check *check, const char *column, unsigned long got);

/* The first number of a column that may have several. */
void check_expect_first(struct check *check, const char *column, unsigned long got);

bool check_is_hw(const struct check *check); /* of a real CPU */

/* ---- check_services.c: decode, compare with the columns and encode again; modelled where that is whole ----
 */
void check_userdata(struct check *check, const struct s7_pdu *pdu, struct s7_wr *again);
void check_service_job(struct check *check, const struct s7_pdu *pdu, struct s7_wr *again);

/* ---- check_push.c ---- */
void check_diag_push(struct check *check, const struct s7_userdata *push);
void check_messages(struct check *check, const struct s7_userdata *request);
void check_messages_answer(struct check *check, const struct s7_userdata *answer);
void check_alarms(struct check *check, const struct s7_userdata *answer);
void check_mode_push(struct check *check, const struct s7_pdu *pdu, struct s7_wr *again);

#endif
