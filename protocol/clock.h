/* clock.h - DATE_AND_TIME, 8 bytes of BCD, and what the clock services (userdata group 7) carry.
 *
 *   year (>= 90: 19xx) | month | day | hour | minute | second | ms: two high digits | ms: low digit, weekday
 *
 * The clock services put two bytes in front: 00, and the century, which is 19 on real CPUs whatever the year
 * is, and ignored. */
#ifndef PROTOCOL_CLOCK_H
#define PROTOCOL_CLOCK_H

#include "protocol/wire.h"

#include <s7rig/datetime.h>
#include <s7rig/status.h>

#define S7_CLOCK_LEN 10

/* The next 8 bytes. S7_E_FRAME: fewer are left, or they are no date (not BCD, a month 13); rd has moved past
 * them if they are there. The weekday is taken as it is. */
S7_MUST_CHECK s7_status s7_datetime_decode(struct s7_rd *rd, s7_datetime *out);

/* Append 8 bytes, with the weekday of the date. The date must be one (s7_datetime_is_good). */
void s7_datetime_encode(struct s7_wr *wr, const s7_datetime *datetime);

/* 1990..2089, a day that the month has, a time of day. The weekday does not count. */
bool s7_datetime_is_good(const s7_datetime *datetime);

/* 1 Sunday .. 7 Saturday, for a good date. */
uint8_t s7_weekday(const s7_datetime *datetime);

/* The time stamps of blocks, 6 bytes: ms of the day, days since 1984-01-01. S7_E_FRAME: fewer are left; not
 * a time of day gives a *out of zeros. */
S7_MUST_CHECK s7_status s7_block_time_decode(struct s7_rd *rd, s7_datetime *out);

/* Payload of the answer to "read clock" and of the request "set clock". S7_E_FRAME: not 10 bytes, or no
 * date. */
S7_MUST_CHECK s7_status s7_clock_decode(const uint8_t *payload, size_t len, s7_datetime *out);
void s7_clock_encode(struct s7_wr *wr, const s7_datetime *datetime);

#endif
