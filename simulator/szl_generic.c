/* No particular CPU: what clients ask before they read and write. */
#include "szl.h"

const struct plant_szl sim_szl_generic[SIM_SZL_GENERIC] = {
    /* the ids that are answered: live */
    SIM_SZL_ROW(0x0000, 0, 2, ""),
    /* module identification: V1.0.0 */
    SIM_SZL_ROW(0x0011, 0, 28,
                "\0\x01"
                "S7RIG GENERIC       "
                "\0\xC0\0\x01\0\x01"
                "\0\x06"
                "S7RIG GENERIC       "
                "\0\xC0\0\x01\0\x01"
                "\0\x07"
                "                    "
                "\0\xC0\x56\x01\0\0"),
    /* LEDs: SF, RUN, STOP */
    SIM_SZL_ROW(0x0019, 0, 4,
                "\0\x01\0\0"
                "\0\x04\x01\0"
                "\0\x05\0\0"),
    /* component identification */
    SIM_SZL_ROW(0x001C, 0, 34,
                "\0\x01"
                "s7rig"
                "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                "\0\x02"
                "generic"
                "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                "\0\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                "\0\x04"
                "s7rig, a simulator"
                "\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                "\0\x05"
                "S7RIG 1"
                "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                "\0\x07"
                "CPU generic"
                "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
    /* LEDs again */
    SIM_SZL_ROW(0x0074, 0, 4,
                "\0\x01\0\0"
                "\0\x04\x01\0"
                "\0\x05\0\0"),
    /* diagnostic buffer: live */
    SIM_SZL_ROW(0x00A0, 0, 20, ""),
    /* last change of the mode: live */
    SIM_SZL_ROW(0x0124, 0, 20, "\x51\x44\xFF\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
    /* limits of communication */
    SIM_SZL_ROW(
        0x0131, 1, 40,
        "\0\x01\x03\xC0\0\x20\0\0\0\0\0\0\0\0\x05\xF5\xE1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
    /* reading and writing */
    SIM_SZL_ROW(0x0131, 3, 40,
                "\0\x03\x7F\xFC\x83\x01\0\xF0\0\x10\0\x01\x02\x09\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                "\0\0\0\0"),
    /* protection */
    SIM_SZL_ROW(
        0x0132, 4, 40,
        "\0\x04\0\x01\0\0\0\x01\0\x02\0\0\0\0\x56\x56\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
    /* protection */
    SIM_SZL_ROW(
        0x0232, 4, 40,
        "\0\x04\0\x01\0\0\0\x01\0\x02\0\0\0\0\x56\x56\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
    /* mode */
    SIM_SZL_ROW(0x0424, 0, 20, "\x51\x44\xFF\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
};
