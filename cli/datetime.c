/* Dates and times of PLCs as people write them. */
#include "cli/cli.h"

#include "protocol/clock.h"

#include <string.h>
#include <time.h>

void cli_datetime_text(const s7_datetime *datetime, char text[CLI_DATETIME_CAP])
{
    snprintf(text, CLI_DATETIME_CAP, "%04u-%02u-%02u %02u:%02u:%02u.%03u", datetime->year, datetime->month,
             datetime->day, datetime->hour, datetime->minute, datetime->second, datetime->millisecond);
}

bool cli_datetime_parse(const char *text, s7_datetime *datetime)
{
    unsigned year, month, day, hour, minute, second;
    char between;
    int used = 0;

    if (sscanf(text, "%4u-%2u-%2u%c%2u:%2u:%2u%n", &year, &month, &day, &between, &hour, &minute, &second,
               &used) != 7 ||
        (between != ' ' && between != 'T') || text[used] != '\0')
        return false;
    *datetime = (s7_datetime){.year = (uint16_t)year,
                              .month = (uint8_t)month,
                              .day = (uint8_t)day,
                              .hour = (uint8_t)hour,
                              .minute = (uint8_t)minute,
                              .second = (uint8_t)second};
    return s7_datetime_is_good(datetime);
}

bool cli_datetime_now(s7_datetime *datetime)
{
    struct timespec now;
    struct tm local;

    if (clock_gettime(CLOCK_REALTIME, &now) != 0 || localtime_r(&now.tv_sec, &local) == NULL)
        return false;
    *datetime = (s7_datetime){.year = (uint16_t)(local.tm_year + 1900),
                              .month = (uint8_t)(local.tm_mon + 1),
                              .day = (uint8_t)local.tm_mday,
                              .hour = (uint8_t)local.tm_hour,
                              .minute = (uint8_t)local.tm_min,
                              .second = (uint8_t)(local.tm_sec > 59 ? 59 : local.tm_sec),
                              .millisecond = (uint16_t)(now.tv_nsec / 1000000)};
    return s7_datetime_is_good(datetime);
}
