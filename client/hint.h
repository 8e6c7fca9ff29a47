/* hint.h - what to try after a failure: the classic cases, one row each.
 *
 * A row is chosen by status, number on the wire, and facts: what was asked of what kind of PLC, how far
 * connecting had come, and whether it ever worked. The first row that fits is the one, so particular ones
 * stand before general ones. */
#ifndef CLIENT_HINT_H
#define CLIENT_HINT_H

#include <s7rig/client.h>

/* Facts, as a set. What is not known is not in it. */
enum {
    /* what was asked */
    S7_FACT_READ = 1 << 0,
    S7_FACT_WRITE = 1 << 1,
    S7_FACT_SERVICE = 1 << 2,
    S7_FACT_DB = 1 << 3,      /* of a data block */
    S7_FACT_COUNTED = 1 << 4, /* of S5 timers or counters */
    /* of whom */
    S7_FACT_CLASSIC = 1 << 5,  /* S7-300, S7-400 */
    S7_FACT_MODERN = 1 << 6,   /* S7-1200, S7-1500 */
    S7_FACT_1200 = 1 << 7,     /* one of these */
    S7_FACT_V_MEMORY = 1 << 8, /* LOGO!, S7-200 SMART */
    S7_FACT_LOGO = 1 << 9,
    S7_FACT_DRIVE = 1 << 10,
    S7_FACT_ODD_SLOT = 1 << 11, /* not the slot of the family's CPU */
    S7_FACT_PORT_102 = 1 << 12,
    /* how far connecting had come */
    S7_FACT_TCP = 1 << 13,        /* no TCP connection */
    S7_FACT_COTP = 1 << 14,       /* no answer to the CR, or a refusal */
    S7_FACT_SETUP = 1 << 15,      /* COTP is up, S7 is not */
    S7_FACT_DR_PLACE = 1 << 16,   /* refused by a DR that says: no such TSAP */
    S7_FACT_DR_CROWDED = 1 << 17, /* refused by a DR that says: too many */
    S7_FACT_WORKED = 1 << 18      /* connecting with the same parameters has worked in this process */
};

struct s7_hint {
    const char *name; /* of the case */
    s7_status status; /* S7_OK: any */
    uint16_t error;   /* 0: any. A header error, or below 0x100 an item's code */
    uint32_t facts;   /* all of them must be known */
    s7_cause cause;
    const char *text;
};

/* NULL: nothing is known that would help. codes are 0 where there is none. */
const struct s7_hint *s7_hint_find(s7_status status, uint16_t plc_error, uint8_t item_code, uint32_t facts);

/* All rows, in the order in which they are looked at. */
const struct s7_hint *s7_hint_rows(size_t *n);

/* What an item says: kind of call and area. */
uint32_t s7_hint_item_facts(bool write, const s7_item *item);

#endif
