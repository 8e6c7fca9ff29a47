#include "protocol/clock.h"

#define CENTURY          0x19
#define MS_PER_DAY       86400000U
#define DAYS_TO_1984     5113 /* from 1970-01-01 to 1984-01-01 */
#define WEEKDAY_1970_1_1 4    /* Thursday, Sunday being 0 */

/* ---- the calendar ---- */

/* Days since 1970-01-01 of a date after 0000-03-01. Years are counted from March, so that the day that is
 * sometimes there is the last one. */
static uint32_t days_of(uint32_t year, uint32_t month, uint32_t day)
{
    uint32_t y = month > 2 ? year : year - 1, m = (month + 9) % 12;

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned month_days(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

static void date_of(uint32_t days, s7_datetime *out)
{
    unsigned year = 1970, month = 1;

    for (uint32_t len; days >= (len = is_leap(year) ? 366 : 365); days -= len)
        year++;
    for (uint32_t len; days >= (len = month_days(year, month)); days -= len)
        month++;
    out->year = (uint16_t)year;
    out->month = (uint8_t)month;
    out->day = (uint8_t)(days + 1);
}

bool s7_datetime_is_good(const s7_datetime *datetime)
{
    return datetime->year >= 1990 && datetime->year <= 2089 && datetime->month >= 1 &&
           datetime->month <= 12 && datetime->day >= 1 &&
           datetime->day <= month_days(datetime->year, datetime->month) && datetime->hour <= 23 &&
           datetime->minute <= 59 && datetime->second <= 59 && datetime->millisecond <= 999;
}

uint8_t s7_weekday(const s7_datetime *datetime)
{
    return (uint8_t)((days_of(datetime->year, datetime->month, datetime->day) + WEEKDAY_1970_1_1) % 7 + 1);
}

/* ---- BCD ---- */

/* n digits, 1..4. */
static bool rd_bcd(struct s7_rd *rd, unsigned bytes, uint32_t *value)
{
    uint32_t digits, n = 0;

    if (!s7_rd_be(rd, bytes, &digits))
        return false;
    for (unsigned shift = bytes * 8; shift > 0; shift -= 4) {
        uint32_t digit = digits >> (shift - 4) & 0xF;

        n = digit > 9 ? UINT32_MAX : n == UINT32_MAX ? n : n * 10 + digit;
    }
    *value = n;
    return true;
}

static uint32_t bcd(uint32_t value)
{
    return value / 10 % 10 << 4 | value % 10;
}

/* A field that is no number is out of every range. */
static uint8_t narrow(uint32_t value)
{
    return value > UINT8_MAX ? UINT8_MAX : (uint8_t)value;
}

s7_status s7_datetime_decode(struct s7_rd *rd, s7_datetime *out)
{
    struct s7_rd bytes = {rd->at, 8};
    uint32_t year, month, day, hour, minute, second, high_ms, low;
    const uint8_t *view;

    if (!s7_rd_view(rd, 8, &view))
        return S7_E_FRAME;
    if (!rd_bcd(&bytes, 1, &year) || !rd_bcd(&bytes, 1, &month) || !rd_bcd(&bytes, 1, &day) ||
        !rd_bcd(&bytes, 1, &hour) || !rd_bcd(&bytes, 1, &minute) || !rd_bcd(&bytes, 1, &second) ||
        !rd_bcd(&bytes, 1, &high_ms) || !s7_rd_be(&bytes, 1, &low))
        return S7_E_FRAME;
    if (year > 99 || high_ms > 99 || low >> 4 > 9)
        return S7_E_FRAME;
    s7_datetime datetime = {.year = (uint16_t)(year + (year >= 90 ? 1900 : 2000)),
                            .month = narrow(month),
                            .day = narrow(day),
                            .hour = narrow(hour),
                            .minute = narrow(minute),
                            .second = narrow(second),
                            .weekday = low & 0xF,
                            .millisecond = (uint16_t)(high_ms * 10 + (low >> 4))};
    if (!s7_datetime_is_good(&datetime))
        return S7_E_FRAME;
    *out = datetime;
    return S7_OK;
}

void s7_datetime_encode(struct s7_wr *wr, const s7_datetime *datetime)
{
    s7_wr_be(wr, 1, bcd(datetime->year % 100U));
    s7_wr_be(wr, 1, bcd(datetime->month));
    s7_wr_be(wr, 1, bcd(datetime->day));
    s7_wr_be(wr, 1, bcd(datetime->hour));
    s7_wr_be(wr, 1, bcd(datetime->minute));
    s7_wr_be(wr, 1, bcd(datetime->second));
    s7_wr_be(wr, 1, bcd(datetime->millisecond / 10U));
    s7_wr_be(wr, 1, datetime->millisecond % 10U << 4 | s7_weekday(datetime));
}

s7_status s7_block_time_decode(struct s7_rd *rd, s7_datetime *out)
{
    uint32_t ms;
    uint16_t days;

    if (!s7_rd_be(rd, 4, &ms) || !s7_rd_u16(rd, &days))
        return S7_E_FRAME;
    *out = (s7_datetime){0};
    if (ms >= MS_PER_DAY)
        return S7_OK;
    date_of(days + DAYS_TO_1984, out);
    out->hour = (uint8_t)(ms / 3600000);
    out->minute = (uint8_t)(ms / 60000 % 60);
    out->second = (uint8_t)(ms / 1000 % 60);
    out->millisecond = (uint16_t)(ms % 1000);
    out->weekday = s7_weekday(out);
    return S7_OK;
}

/* ---- the clock services ---- */

s7_status s7_clock_decode(const uint8_t *payload, size_t len, s7_datetime *out)
{
    struct s7_rd rd = {payload, len};
    uint16_t century;

    if (len != S7_CLOCK_LEN || !s7_rd_u16(&rd, &century))
        return S7_E_FRAME;
    return s7_datetime_decode(&rd, out);
}

void s7_clock_encode(struct s7_wr *wr, const s7_datetime *datetime)
{
    s7_wr_be(wr, 2, CENTURY);
    s7_datetime_encode(wr, datetime);
}
