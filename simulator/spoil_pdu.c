#include "spoil.h"

#include "loop/random.h"
#include "protocol/var.h"

#include <string.h>

#define UNIT_HEADER_LEN 4

uint16_t sim_quirk_refuses(const struct sim_quirk *quirk)
{
    bool refuses = sim_quirk_is(quirk, SIM_FAULT_JOB_ERROR) || sim_quirk_is(quirk, SIM_FAULT_SETUP_REFUSE);

    return refuses ? quirk->own->error : 0;
}

bool sim_quirk_names_list(const struct sim_fault_own *own, uint16_t id)
{
    for (size_t i = 0; i < own->n_ids; i++)
        if (own->ids[i] == id)
            return true;
    return own->n_ids == 0;
}

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* ---- the reference ---- */

static size_t spoil_ref(const struct sim_quirk *quirk, uint16_t ref_before, uint8_t *pdu, size_t len)
{
    uint16_t ref = (uint16_t)(pdu[4] << 8 | pdu[5]);
    uint16_t drawn = (uint16_t)s7_draw_range(quirk->bits, 1, UINT16_MAX); /* added: another one always */
    const uint16_t refs[] = {[SIM_REF_PREVIOUS] = ref_before != ref ? ref_before : (uint16_t)(ref - 1),
                             [SIM_REF_NEXT] = (uint16_t)(ref + 1),
                             [SIM_REF_RANDOM] = (uint16_t)(ref + drawn)};

    put16(pdu + 4, refs[quirk->own->choice]);
    return len;
}

/* As if reads and writes were counted apart: the answer has the reference of the last request of the other
 * kind, and where there was none, that before its own. */
static size_t collide(const struct sim_refs *before, uint8_t *pdu, size_t len)
{
    struct s7_pdu answer;

    if (s7_pdu_decode(pdu, len, &answer) != S7_OK || answer.param_len == 0)
        return len;
    uint16_t other = answer.param[0] == S7_FN_WRITE_VAR ? before->read : before->write;
    put16(pdu + 4, other != 0 && other != answer.ref ? other : answer.ref - 1U);
    return len;
}

/* ---- data units ---- */

/* An answer is made once more from its units, one of which may be spoilt. */
struct rewriting {
    const struct sim_quirk *quirk;
    struct s7_data_unit unit;
    unsigned n; /* of the unit, from 0 */
    bool last;
};

static void append_short(struct s7_wr *wr, struct rewriting *now)
{
    struct s7_data_unit *unit = &now->unit;
    size_t less = now->quirk->own->n < unit->payload_len ? now->quirk->own->n : unit->payload_len;

    unit->payload_len -= less;
    unit->length = s7_data_length(unit->size, unit->payload_len);
    s7_data_append(wr, unit, now->last);
}

/* No fill byte where one belongs, or one where none does. */
static void append_badly_padded(struct s7_wr *wr, struct rewriting *now)
{
    bool extra = now->quirk->own->choice == SIM_PAD_EXTRA;

    s7_data_append(wr, &now->unit, true);
    if (extra && (now->last || now->unit.payload_len % 2 == 0))
        s7_wr_be(wr, 1, 0);
}

/* The length stays as it is, and is counted in the other unit. */
static void append_miscounted(struct s7_wr *wr, struct rewriting *now)
{
    struct s7_data_unit *unit = &now->unit;
    bool in_bits = unit->size == S7_DATA_BYTE || unit->size == S7_DATA_INT || unit->size == S7_DATA_DINT ||
                   unit->size == S7_DATA_BIT;

    unit->size = in_bits ? S7_DATA_OCTETS : S7_DATA_BYTE;
    s7_data_append(wr, unit, now->last);
}

static bool is_spoilt(const struct rewriting *now)
{
    return now->unit.code == S7_ITEM_OK && sim_quirk_hits(now->quirk, now->quirk->type, now->n);
}

static void append_unit(struct s7_wr *wr, struct rewriting *now)
{
    if (!is_spoilt(now))
        s7_data_append(wr, &now->unit, now->last);
    else if (now->quirk->type == SIM_FAULT_SHORT_ITEM)
        append_short(wr, now);
    else if (now->quirk->type == SIM_FAULT_PAD_WRONG)
        append_badly_padded(wr, now);
    else
        append_miscounted(wr, now);
}

static bool begin(const uint8_t *pdu, size_t len, uint8_t function, struct s7_pdu *answer)
{
    return s7_pdu_decode(pdu, len, answer) == S7_OK && answer->rosctr == S7_ROSCTR_ACK_DATA &&
           answer->param_len == 2 && answer->param[0] == function;
}

/* Copy what was made over the answer. */
static size_t replace(uint8_t *pdu, size_t len, size_t cap, const struct s7_wr *wr)
{
    if (wr->full || wr->len > cap)
        return len;
    memcpy(pdu, wr->buf, wr->len);
    return wr->len;
}

static size_t spoil_units(const struct sim_quirk *quirk, uint8_t *pdu, size_t len, size_t cap)
{
    uint8_t made[S7_PDU_LEN_MAX];
    struct s7_wr wr = {made, sizeof made, 0, false};
    struct s7_pdu answer;
    struct s7_data_walk walk;

    if (!begin(pdu, len, S7_FN_READ_VAR, &answer))
        return len;
    size_t at = s7_pdu_begin(&wr, S7_ROSCTR_ACK_DATA, answer.ref, answer.error);
    s7_wr_bytes(&wr, answer.param, answer.param_len);
    s7_pdu_param_end(&wr, at);
    s7_data_walk_begin(&answer, true, &walk);
    for (unsigned n = 0, count = answer.param[1]; n < count; n++) {
        struct rewriting now = {.quirk = quirk, .n = n, .last = n + 1 == count};
        if (s7_data_walk_next(&walk, now.last, &now.unit) != S7_OK)
            return len;
        append_unit(&wr, &now);
    }
    s7_pdu_end(&wr, at);
    return replace(pdu, len, cap, &wr);
}

/* ---- the other function ---- */

/* A write's return codes as data units without a payload. */
static size_t read_for_write(uint8_t *pdu, size_t len, size_t cap)
{
    uint8_t made[S7_PDU_LEN_MAX];
    struct s7_wr wr = {made, sizeof made, 0, false};
    struct s7_pdu answer;

    if (!begin(pdu, len, S7_FN_WRITE_VAR, &answer))
        return len;
    size_t at = s7_pdu_begin(&wr, S7_ROSCTR_ACK_DATA, answer.ref, answer.error);
    s7_wr_be(&wr, 1, S7_FN_READ_VAR);
    s7_wr_be(&wr, 1, answer.param[1]);
    s7_pdu_param_end(&wr, at);
    for (size_t i = 0; i < answer.data_len; i++)
        s7_data_append(&wr, &(struct s7_data_unit){.code = answer.data[i], .size = S7_DATA_BYTE},
                       i + 1 == answer.data_len);
    s7_pdu_end(&wr, at);
    return replace(pdu, len, cap, &wr);
}

/* A read's data units as return codes alone. */
static size_t write_for_read(uint8_t *pdu, size_t len, size_t cap)
{
    uint8_t made[S7_PDU_LEN_MAX];
    struct s7_wr wr = {made, sizeof made, 0, false};
    struct s7_pdu answer;
    struct s7_data_walk walk;
    struct s7_data_unit unit;

    if (!begin(pdu, len, S7_FN_READ_VAR, &answer))
        return len;
    size_t at = s7_pdu_begin(&wr, S7_ROSCTR_ACK_DATA, answer.ref, answer.error);
    s7_wr_be(&wr, 1, S7_FN_WRITE_VAR);
    s7_wr_be(&wr, 1, answer.param[1]);
    s7_pdu_param_end(&wr, at);
    s7_data_walk_begin(&answer, true, &walk);
    for (unsigned n = 0, count = answer.param[1]; n < count; n++) {
        if (s7_data_walk_next(&walk, n + 1 == count, &unit) != S7_OK)
            return len;
        s7_wr_be(&wr, 1, unit.code);
    }
    s7_pdu_end(&wr, at);
    return replace(pdu, len, cap, &wr);
}

static size_t acknowledge_only(uint8_t *pdu, size_t len, size_t cap)
{
    struct s7_wr wr = {pdu, cap, 0, false};
    struct s7_pdu answer;

    if (s7_pdu_decode(pdu, len, &answer) != S7_OK || answer.rosctr != S7_ROSCTR_ACK_DATA)
        return len;
    s7_refusal_encode(&wr, answer.ref, 0);
    return wr.len;
}

size_t sim_spoil_pdu(const struct sim_quirk *quirk, const struct sim_refs *before, uint8_t *pdu, size_t len,
                     size_t cap)
{
    switch (len < S7_PDU_HEADER_LEN ? SIM_FAULT_TYPES : quirk->type) {
    case SIM_FAULT_WRONG_REF:
        return spoil_ref(quirk, before->last, pdu, len);
    case SIM_FAULT_REF_COLLISION:
        return collide(before, pdu, len);
    case SIM_FAULT_WRONG_FUNCTION:
        return quirk->own->choice == SIM_PAIR_READ_FOR_WRITE ? read_for_write(pdu, len, cap)
                                                             : write_for_read(pdu, len, cap);
    case SIM_FAULT_SHORT_ITEM:
    case SIM_FAULT_PAD_WRONG:
    case SIM_FAULT_TRANSPORT_WRONG:
        return spoil_units(quirk, pdu, len, cap);
    case SIM_FAULT_ACK_NO_DATA:
        return acknowledge_only(pdu, len, cap);
    default:
        return len;
    }
}
