/* The clock: raw bytes in, raw bytes out. The wall says 2026-11-24 19:03:25.478, a Tuesday. */
#include "test_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int open_300(void **state)
{
    static struct rig rig;

    rig_open(&rig, "s7-300");
    rig_handshake(&rig, 240, 1);
    *state = &rig;
    return 0;
}

static int close_rig(void **state)
{
    rig_close(*state);
    return 0;
}

#define READ(function) "3207 0000 0011 0008 0004 000112041147" function "00 0a000000"
#define IS(function, clock)                                                                                  \
    "3207 0000 0011 000c 000e 000112081287" function "01 0000 0000 ff09000a 0019" clock
#define SET(function, clock)  "3207 0000 0012 0008 000e 000112041147" function "00 ff09000a" clock
#define SAYS(function, error) "3207 0000 0012 000c 0004 000112081287" function "01 0000" error "0a000000"

static void S7_126_127_194_the_clock_is_read_and_set(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"read", READ("01"), IS("01", "2611241903254783")},
        {"read as the clock to be followed", READ("03"), IS("03", "2611241903254783")},
        {"set to what it is", SET("02", "0020 2611241903254783"), SAYS("02", "0000")},
        {"set with 19, and no weekday: Step7, Snap7", SET("02", "0019 1402282359590010"), SAYS("02", "0000")},
        {"its weekday is computed: a Friday", READ("01"), IS("01", "1402282359590016")},
        {"set with a weekday that is none", SET("02", "0019 240229000000999f"), SAYS("02", "0000")},
        {"a leap day, a Thursday", READ("01"), IS("01", "2402290000009995")},
        {"set as the clock to be followed", SET("04", "0000 0001010000000000"), SAYS("04", "0000")},
        {"2000-01-01, a Saturday", READ("03"), IS("03", "0001010000000007")},
        {"a Sunday", SET("02", "0020 2611221200000000"), SAYS("02", "0000")},
        {"is 1", READ("01"), IS("01", "2611221200000001")},
        {"some send 0a in front", "3207 0000 0012 0008 000e 000112041147 0200 0a00000a 0020 2611241903254783",
         SAYS("02", "0000")},
    };

    RIG_ASK_ALL(*state, exchanges);
}

static void S7_127_the_clock_runs_from_what_it_was_set_to(void **state)
{
    struct rig *rig = *state;

    rig_ask_pdu(rig, SET("02", "0019 9912312359590000"), SAYS("02", "0000"));
    rig->plc.wall_ms += 999;
    rig_ask_pdu(rig, READ("01"), IS("01", "9912312359599996"));
    rig->plc.wall_ms += 1;
    rig_ask_pdu(rig, READ("01"), IS("01", "0001010000000007"));
    rig_connect(rig);
    rig_handshake(rig, 240, 1);
    rig_ask_pdu(rig, READ("01"), IS("01", "0001010000000007")); /* for every connection */
}

/* 90 to 99 are 19xx, 00 to 89 20xx: their weekdays tell. */
static void S7_162_years_from_90_on_are_19xx(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"90", SET("02", "0019 9001010000000000"), SAYS("02", "0000")},
        {"1990-01-01 was a Monday", READ("01"), IS("01", "9001010000000002")},
        {"99", SET("02", "0019 9912310000000000"), SAYS("02", "0000")},
        {"1999-12-31 was a Friday", READ("01"), IS("01", "9912310000000006")},
        {"89", SET("02", "0019 8912310000000000"), SAYS("02", "0000")},
        {"2089-12-31 is a Saturday", READ("01"), IS("01", "8912310000000007")},
    };

    RIG_ASK_ALL(*state, exchanges);
}

static void S7_127_dates_that_are_none_are_DC01_and_change_nothing(void **state)
{
    static const char *const dates[] = {
        "0020 2600241903254783",  "0020 2613241903254783", "0020 2611001903254783", "0020 2611311903254783",
        "0020 2602291903254783",  "0020 0002301903254783", "0020 2611242403254783", "0020 2611241960254783",
        "0020 2611241903604783",  "0020 a611241903254783", "0020 261a241903254783", "0020 2611241903a54783",
        "0020 2611241903 25a783", "0020 2611241903 2547a3"};

    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        char request[160];
        snprintf(request, sizeof request, SET("02", "%s"), dates[i]);
        rig_ask_pdu(*state, request, SAYS("02", "dc01"));
    }
    rig_ask_pdu(*state, "3207 0000 0012 0008 000d 000112041147 0200 ff090009 0020 26112419032547",
                SAYS("02", "dc01"));
    rig_ask_pdu(*state, "3207 0000 0012 0008 0004 000112041147 0200 0a000000", SAYS("02", "dc01"));
    rig_ask_pdu(*state, READ("01"), IS("01", "2611241903254783"));
}

#define S300(test) cmocka_unit_test_setup_teardown(test, open_300, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        S300(S7_126_127_194_the_clock_is_read_and_set),
        S300(S7_127_the_clock_runs_from_what_it_was_set_to),
        S300(S7_162_years_from_90_on_are_19xx),
        S300(S7_127_dates_that_are_none_are_DC01_and_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
