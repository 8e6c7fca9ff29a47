/* Stop, start, compress, copy RAM to ROM, and the session's password on a CPU that has none: raw bytes in,
 * raw bytes out. */
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

#define STOP           "3201 0000 0014 0010 0000 290000000000 09 505f50524f4752414d"
#define PI(len, rest)  "3201 0000 0015 00" len "0000 28000000000000fd" rest
#define WARM           PI("14", "0000 09 505f50524f4752414d")
#define COLD           PI("16", "0002 4320 09 505f50524f4752414d")
#define STOPPED        "3203 0000 0014 0001 0000 0000 29"
#define DONE           "3203 0000 0015 0001 0000 0000 28"
#define REFUSED(error) "3202 0000 0015 0000 0000" error
#define MODE           "3207 0000 000b 0008 0008 000112041144 0100 ff090004 0424 0000"

static void S7_130_to_132_stop_and_start(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"start in RUN", WARM, "3203 0000 0015 0002 0000 8402 2803"},
        {"cold start in RUN", COLD, "3203 0000 0015 0002 0000 8402 2803"},
        {"stop", STOP, STOPPED},
        {"stop in STOP", STOP, "3203 0000 0014 0002 0000 8402 2907"},
        {"warm start", WARM, DONE},
        {"stop", STOP, STOPPED},
        {"cold start, which a 315 takes", COLD, DONE},
        {"start in RUN", WARM, "3203 0000 0015 0002 0000 8402 2803"},
    };

    rig_ask(*state, "03000021 02f080 3201 0000 0013 0010 0000 290000000000 09 505f50524f4752414d",
            "03000014 02f080 3203 0000 0013 0001 0000 0000 29");
    rig_ask(*state, "03000021 02f080 3201 0000 0014 0010 0000 290000000000 09 505f50524f4752414d",
            "03000015 02f080 3203 0000 0014 0002 0000 8402 2907");
    rig_ask_pdu(*state, WARM, DONE);
    RIG_ASK_ALL(*state, exchanges);
}

static void S7_113_130_the_mode_follows(void **state)
{
    static const struct {
        const char *request, *answer;
        uint8_t mode;
    } rows[] = {{STOP, STOPPED, 4}, {WARM, DONE, 8}, {STOP, STOPPED, 4}, {COLD, DONE, 8}};
    uint8_t frame[128];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_ask_pdu(*state, rows[i].request, rows[i].answer);
        rig_feed(*state, "03000021 02f080" MODE);
        assert_int_equal(rig_take(*state, frame, sizeof frame), 61);
        assert_int_equal(frame[44], rows[i].mode); /* where gos7 looks */
    }
}

static void S7_133_services_are_told_by_name_and_argument(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"compress", PI("10", "0000 05 5f47415242"), DONE},
        {"copy RAM to ROM", PI("12", "0002 4550 05 5f4d4f4455"), DONE},
        {"copy without its argument", PI("10", "0000 05 5f4d4f4455"), REFUSED("8104")},
        {"a start of another kind", PI("15", "0001 43 09 505f50524f4752414d"), REFUSED("8104")},
        {"memory reset", PI("1b", "0000 10 5f504c435f4d454d4f52595245534554"), REFUSED("8104")},
        {"a name that nobody has", PI("10", "0000 05 5f58595a5a"), REFUSED("8104")},
        {"no name", PI("0b", "0000 00"), REFUSED("8104")},
        {"a stop of something else", "3201 0000 0015 0010 0000 290000000000 09 505f50524f4752414e",
         REFUSED("8104")},
        {"a name longer than the job", PI("10", "0000 06 5f47415242"), REFUSED("8500")},
        {"a name shorter than the job", PI("10", "0000 04 5f47415242"), REFUSED("8500")},
        {"an argument longer than the job", PI("10", "ff00 05 5f47415242"), REFUSED("8500")},
        {"no argument and no name", PI("08", ""), REFUSED("8500")},
        {"a stop without a name", "3201 0000 0015 0006 0000 290000000000", REFUSED("8500")},
        {"one byte", "3201 0000 0015 0001 0000 28", REFUSED("8500")},
    };

    RIG_ASK_ALL(*state, exchanges);
}

#define WRITE_M(address, value)                                                                              \
    "3201 0000 0001 000e 0005 0501 120a1002 0001 0000 83" address "00040008" value,                          \
        "3203 0000 0001 0002 0001 0000 0501 ff"
#define READ_M(address, value)                                                                               \
    "3201 0000 0001 000e 0000 0401 120a1002 0001 0000 83" address,                                           \
        "3203 0000 0001 0002 0005 0000 0401 ff040008" value

/* MB15 is retentive, MB16 is not. */
static void S7_155_STOP_serves_and_a_start_clears_what_is_not_retentive(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"stop", STOP, STOPPED},
        {"MB15", WRITE_M("000078", "aa")},
        {"MB16", WRITE_M("000080", "bb")},
        {"MB16 in STOP", READ_M("000080", "bb")},
        {"warm", WARM, DONE},
        {"MB15 is kept", READ_M("000078", "aa")},
        {"MB16 is not", READ_M("000080", "00")},
        {"DB1 is kept", "3201 0000 0001 000e 0000 0401 120a1002 0001 0001 84 000028",
         "3203 0000 0001 0002 0005 0000 0401 ff040008 05"},
        {"stop", STOP, STOPPED},
        {"cold", COLD, DONE},
        {"MB15 is not kept", READ_M("000078", "00")},
    };

    RIG_ASK_ALL(*state, exchanges);
}

/* ---- password ---- */

#define PASSWORD(head, scrambled) "3207 0000 0013 0008 000c 000112041145 0100" head scrambled
#define PASSWORD_SAYS(error)      "3207 0000 0013 000c 0004 000112081285 0101 0000" error "0a000000"
#define CLEAR                     "3207 0000 0013 0008 0004 000112041145 0200 0a000000"
#define CLEAR_SAYS(error)         "3207 0000 0013 000c 0004 000112081285 0201 0000" error "0a000000"

static void S7_093_a_CPU_without_a_password_says_so(void **state)
{
    static const struct rig_exchange exchanges[] = {
        {"\"secret\"", PASSWORD("ff090008", "2630101720365543"), PASSWORD_SAYS("d605")},
        {"as python-snap7 scrambles it", PASSWORD("0a000008", "3181b1398109aaaa"), PASSWORD_SAYS("d605")},
        {"nothing to clear", CLEAR, CLEAR_SAYS("d604")},
        {"7 bytes", "3207 0000 0013 0008 000b 000112041145 0100 ff090007 26301017203655",
         PASSWORD_SAYS("d601")},
        {"nothing", "3207 0000 0013 0008 0004 000112041145 0100 0a000000", PASSWORD_SAYS("d601")},
    };

    RIG_ASK_ALL(*state, exchanges);
}

#define S300(test) cmocka_unit_test_setup_teardown(test, open_300, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        S300(S7_130_to_132_stop_and_start),
        S300(S7_113_130_the_mode_follows),
        S300(S7_133_services_are_told_by_name_and_argument),
        S300(S7_155_STOP_serves_and_a_start_clears_what_is_not_retentive),
        S300(S7_093_a_CPU_without_a_password_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
