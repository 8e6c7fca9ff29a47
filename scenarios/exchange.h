/* exchange.h - the last frames of a run, for the report of a failure. */
#ifndef SCENARIOS_EXCHANGE_H
#define SCENARIOS_EXCHANGE_H

#include "scenarios/text.h"
#include "simulator/server.h"

#define SC_FRAME_CAP 1024

struct sc_frame {
    char plc[PLANT_NAME_CAP];
    unsigned conn;
    int64_t at_ns;              /* scenario time */
    size_t len;                 /* of the whole frame; 0: none came yet */
    uint8_t head[SC_FRAME_CAP]; /* its first bytes */
    char fault[32];             /* what acted on it; "" */
};

/* The last request, and the answer that came after it, if one did. */
struct sc_exchange {
    struct sc_frame request, answer;
};

void sc_exchange_note(struct sc_exchange *exchange, const struct sim_tap *tap, int64_t at_ns);
/* Two or three lines in words and bytes; says so when there was none. */
void sc_exchange_tell(const struct sc_exchange *exchange, struct sc_text *out);

#endif
