/* What a status list says the CPU is: order code and firmware in 0011, names and serial number in 001C. What
 * the row of `plc` gives comes first, then what the personality gives, then what the list has itself. */
#include "szl.h"

#include <stdio.h>
#include <string.h>

#define ORDER_LEN   20
#define RECORD_0011 28
#define RECORD_001C 34
#define VERSION_AT  24 /* in a record of 0011: 'V', major, minor, patch */
#define FIRMWARE    0x07
#define BOOT_LOADER 0x81

static const char *first_of(const char *own, const char *usual)
{
    return own[0] != '\0' ? own : usual;
}

/* The order code stands where one stood: some CPUs repeat it beside the firmware, others leave that blank. */
static void put_order_code(uint8_t *record, const char *code)
{
    size_t len = strlen(code);

    if (code[0] == '\0' || record[1] == BOOT_LOADER || record[2] == ' ')
        return;
    memset(record + 2, ' ', ORDER_LEN);
    memcpy(record + 2, code, len < ORDER_LEN ? len : ORDER_LEN);
}

static void put_firmware(uint8_t *record, const char *firmware)
{
    unsigned major, minor, patch;

    if (record[1] != FIRMWARE || sscanf(firmware, "V%u.%u.%u", &major, &minor, &patch) != 3)
        return;
    record[VERSION_AT] = (uint8_t)'V';
    record[VERSION_AT + 1] = (uint8_t)major;
    record[VERSION_AT + 2] = (uint8_t)minor;
    record[VERSION_AT + 3] = (uint8_t)patch;
}

void sim_szl_modules(const struct sim_plc *plc, uint8_t *records, size_t len)
{
    const struct plant_identity *own = &plc->row->identity;

    for (; len >= RECORD_0011; records += RECORD_0011, len -= RECORD_0011) {
        put_order_code(records, first_of(own->order_code, plc->who->order_code));
        put_firmware(records, first_of(own->firmware, plc->who->firmware));
    }
}

void sim_szl_components(const struct sim_plc *plc, uint8_t *records, size_t len)
{
    const struct plant_identity *own = &plc->row->identity;
    const struct {
        uint8_t index;
        const char *text;
    } texts[] = {{0x01, own->as_name},
                 {0x02, own->module_name},
                 {0x03, own->plant_name},
                 {0x05, own->serial},
                 {0x0B, own->location}};

    for (; len >= RECORD_001C; records += RECORD_001C, len -= RECORD_001C)
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
            if (records[1] == texts[i].index && texts[i].text[0] != '\0') {
                memset(records + 2, 0, RECORD_001C - 2);
                memcpy(records + 2, texts[i].text, strlen(texts[i].text));
            }
}
