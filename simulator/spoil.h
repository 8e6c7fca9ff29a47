/* spoil.h - what is wrong with how one request is run and answered: S7 services ask (quirks), PDUs are spoilt
 * before they are cut into TPDUs, frames after that. Bytes in, bytes out; draws come from `bits`. */
#ifndef SIMULATOR_SPOIL_H
#define SIMULATOR_SPOIL_H

#include "simulator/fault.h"
#include "simulator/late.h"

#include "protocol/pdu.h"

#define SIM_ITEM_WORDS 4 /* of 64 items */

struct sim_quirk {
    enum sim_fault_type type;
    const struct sim_fault_own *own;
    const uint64_t *items; /* bit n of word n / 64: item n is meant; SIM_ITEM_WORDS */
    uint64_t bits;
    struct sim_late *late; /* write_delayed: where writes wait */
    const uint8_t *image;  /* frozen, torn_read: image_len bytes of the block as it was; NULL: none */
    uint32_t image_len;
};

/* PDU references of requests that were run on the connection: the last one of all, and those of the last read
 * and write; 0: there was none. */
struct sim_refs {
    uint16_t last, read, write;
};

/* NULL: nothing is wrong. */
static inline bool sim_quirk_is(const struct sim_quirk *quirk, enum sim_fault_type type)
{
    return quirk != NULL && quirk->type == type;
}

/* Is this item (from 0) meant by a quirk of this kind? */
static inline bool sim_quirk_hits(const struct sim_quirk *quirk, enum sim_fault_type type, unsigned item)
{
    return sim_quirk_is(quirk, type) && (quirk->items[item / 64 % SIM_ITEM_WORDS] >> item % 64 & 1) != 0;
}

/* The error word that the whole job is refused with; 0: it is run. */
uint16_t sim_quirk_refuses(const struct sim_quirk *quirk);

/* Does it concern the status list? */
bool sim_quirk_names_list(const struct sim_fault_own *own, uint16_t id);

/* The answer in pdu, len bytes with room for cap, to a request behind those: returns its length. Answers that
 * are too short for what is to be spoilt stay as they are. */
size_t sim_spoil_pdu(const struct sim_quirk *quirk, const struct sim_refs *before, uint8_t *pdu, size_t len,
                     size_t cap);

/* The same for what is sent in answer to a request: frames, none of them cut. client_ref: the COTP reference
 * of the client. */
size_t sim_spoil_frames(const struct sim_quirk *quirk, uint16_t client_ref, uint8_t *bytes, size_t len,
                        size_t cap);

#endif
