/* Words for the numbers of diagnostic events and LEDs; own words. */
#include "protocol/szl.h"

struct row {
    uint16_t number;
    const char *text;
};

static const char *find(const struct row *rows, size_t n, uint16_t number)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].number == number)
            return rows[i].text;
    return "";
}

static const struct row events[] = {
    {0x1381, "warm restart asked for by hand"},
    {0x1382, "warm restart by itself"},
    {0x2521, "BCD conversion failed"},
    {0x2522, "read beyond the length of an area"},
    {0x2523, "write beyond the length of an area"},
    {0x2530, "write to a write-protected DB"},
    {0x253A, "DB not loaded"},
    {0x253C, "FC not loaded"},
    {0x253E, "FB not loaded"},
    {0x2942, "I/O access error while reading"},
    {0x2943, "I/O access error while writing"},
    {0x3501, "cycle time exceeded"},
    {0x3821, "battery of the backup in order again"},
    {0x3842, "module in order again"},
    {0x3861, "a module was plugged"},
    {0x38C4, "station of a bus is back"},
    {0x3921, "battery of the backup is empty"},
    {0x3942, "module fault"},
    {0x3961, "a module was pulled"},
    {0x39B1, "I/O access error while the process image was updated: inputs"},
    {0x39B2, "I/O access error while the process image was updated: outputs"},
    {0x39C4, "station of a bus failed"},
    {0x4300, "power on, memory backed up"},
    {0x4301, "from STOP to startup"},
    {0x4302, "from startup to RUN"},
    {0x4303, "STOP by the mode switch"},
    {0x4304, "STOP by a programming device or SFB 20"},
    {0x4307, "memory reset by a programming device"},
    {0x4308, "memory reset by the mode switch"},
    {0x4309, "memory reset by itself"},
    {0x430D, "STOP by another CPU"},
    {0x4520, "DEFECT: STOP cannot be reached"},
    {0x4562, "STOP by a programming error, its OB is not loaded"},
    {0x4563, "STOP by an I/O access error, its OB is not loaded"},
    {0x4568, "STOP by a time error, its OB is not loaded"},
    {0x456A, "STOP by a diagnostic interrupt, its OB is not loaded"},
    {0x494D, "STOP by an I/O fault"},
    {0x494E, "STOP by a power failure"},
};

const char *s7_diag_event_text(uint16_t event)
{
    return find(events, sizeof events / sizeof events[0], event);
}

static const struct row leds[] = {
    {0x01, "SF"},    {0x02, "INTF"},  {0x03, "EXTF"},  {0x04, "RUN"},   {0x05, "STOP"},  {0x06, "FRCE"},
    {0x07, "CRST"},  {0x08, "BAF"},   {0x09, "USR"},   {0x0A, "USR1"},  {0x0B, "BUS1F"}, {0x0C, "BUS2F"},
    {0x0D, "REDF"},  {0x0E, "MSTR"},  {0x0F, "RACK0"}, {0x10, "RACK1"}, {0x11, "RACK2"}, {0x12, "IFM1F"},
    {0x13, "IFM2F"}, {0x14, "BUS3F"}, {0x15, "MAINT"}, {0x16, "DC24V"}, {0x80, "IF"},    {0x81, "UF"},
    {0x82, "MF"},    {0x83, "CF"},    {0x84, "TF"},
};

const char *s7_led_id_text(uint16_t id)
{
    return find(leds, sizeof leds / sizeof leds[0], id & 0xFF);
}
