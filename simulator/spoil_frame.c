#include "spoil.h"

#include "loop/random.h"
#include "protocol/alarm.h"
#include "protocol/cotp.h"
#include "protocol/messages.h"
#include "protocol/tpkt.h"
#include "protocol/userdata.h"

#include <string.h>

#define LENGTH_AT 2 /* of a TPKT */

static size_t read16(const uint8_t *at)
{
    return (size_t)at[0] << 8 | at[1];
}

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* ---- TPKT ---- */

static size_t spoil_length(const struct sim_quirk *quirk, uint8_t *bytes, size_t len)
{
    size_t says = read16(bytes + LENGTH_AT), delta = quirk->own->n;

    if (quirk->type == SIM_FAULT_TPKT_LEN_SHORT)
        says = delta < says ? says - delta : 0;
    else
        says = delta < UINT16_MAX - says ? says + delta : UINT16_MAX;
    put16(bytes + LENGTH_AT, says);
    return len;
}

/* ---- COTP ---- */

static size_t one_tpdu(const struct s7_cotp *tpdu, uint8_t *bytes, size_t len, size_t cap)
{
    struct s7_wr wr = {bytes, cap, 0, false};

    s7_cotp_encode(&wr, tpdu);
    return wr.full ? len : wr.len;
}

/* A confirm with its TPDU size only. */
static size_t confirm_without_tsaps(uint8_t *bytes, size_t len, size_t cap)
{
    uint8_t made[64];
    struct s7_wr wr = {made, sizeof made, 0, false};
    struct s7_cotp cc;

    if (s7_cotp_decode(bytes, len, &cc) != S7_OK || cc.code != S7_COTP_CC || cc.n_params == 0)
        return len;
    cc.n_params = 1; /* the simulator's own puts it first */
    s7_cotp_encode(&wr, &cc);
    if (wr.full || wr.len > cap)
        return len;
    memcpy(bytes, made, wr.len);
    return wr.len;
}

/* Where the last of the frames begins. */
static size_t last_frame(const uint8_t *bytes, size_t len)
{
    size_t at = 0, frame_len;

    while (s7_tpkt_peek(bytes + at, len - at, S7_TPKT_MAX_LEN, &frame_len) == S7_OK && at + frame_len < len)
        at += frame_len;
    return at;
}

/* An answer in one piece loses its second half, one in several its last. */
static size_t lose_last_fragment(uint8_t *bytes, size_t len)
{
    size_t at = last_frame(bytes, len);

    if (at > 0)
        return at;
    if (len < S7_DT_OVERHEAD + 2 || bytes[5] != S7_COTP_DT)
        return len;
    size_t data_len = (len - S7_DT_OVERHEAD) / 2;
    s7_dt_write(bytes, data_len, false);
    return S7_DT_OVERHEAD + data_len;
}

/* ---- bytes ---- */

static size_t twice(uint8_t *bytes, size_t len, size_t cap)
{
    if (len > cap - len)
        return len;
    memcpy(bytes + len, bytes, len);
    return 2 * len;
}

static size_t junk(const struct sim_quirk *quirk, uint8_t *bytes, size_t cap)
{
    size_t n = quirk->own->n < cap ? quirk->own->n : cap;

    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)s7_draw(quirk->bits, 0, 0, i);
    return n;
}

struct region {
    size_t from, len;
};

static struct region between(size_t from, size_t to, size_t len)
{
    to = to < len ? to : len;
    return from < to ? (struct region){from, to - from} : (struct region){0, 0};
}

/* The regions of a DT with an S7 header; of other frames everything is one. */
static unsigned regions(const struct sim_quirk *quirk, const uint8_t *bytes, size_t len, struct region out[2])
{
    const size_t lengths = S7_DT_OVERHEAD + 6, job_header = S7_DT_OVERHEAD + S7_PDU_HEADER_LEN;
    bool is_s7 = len >= job_header && bytes[5] == S7_COTP_DT && bytes[S7_DT_OVERHEAD] == S7_PROTOCOL_ID;
    bool acknowledges = is_s7 && (bytes[8] == S7_ROSCTR_ACK || bytes[8] == S7_ROSCTR_ACK_DATA);
    size_t header = S7_DT_OVERHEAD + (size_t)(acknowledges ? S7_ACK_HEADER_LEN : S7_PDU_HEADER_LEN);
    size_t data = is_s7 ? header + read16(bytes + lengths) : 0;

    if (quirk->own->choice == SIM_FLIP_ANY || !is_s7) {
        out[0] = between(0, len, len);
        return 1;
    }
    if (quirk->own->choice == SIM_FLIP_DATA) {
        out[0] = between(data < len ? data : header, len, len);
        return 1;
    }
    bool flips_lengths = quirk->own->choice == SIM_FLIP_LENGTH;
    out[0] = flips_lengths ? between(LENGTH_AT, LENGTH_AT + 2, len) : between(S7_DT_OVERHEAD, lengths, len);
    out[1] = flips_lengths ? between(lengths, job_header, len) : between(job_header, data, len);
    return 2;
}

static void flip(uint8_t *bytes, const struct region *region, unsigned n_regions, size_t bit)
{
    for (unsigned i = 0; i < n_regions; i++, bit -= region[i - 1].len * 8)
        if (bit < region[i].len * 8) {
            bytes[region[i].from + bit / 8] ^= (uint8_t)(1U << bit % 8);
            return;
        }
}

/* Different bits: a bit that is drawn twice would be as it was. */
static size_t flip_bits(const struct sim_quirk *quirk, uint8_t *bytes, size_t len)
{
    struct region region[2];
    unsigned n = regions(quirk, bytes, len, region);
    size_t all = 0, flipped = 0, wanted = quirk->own->n;

    for (unsigned i = 0; i < n; i++)
        all += region[i].len * 8;
    for (size_t bit = 0; bit < all && flipped < wanted; bit++) {
        size_t left = all - bit, due = wanted - flipped;
        if (s7_draw_range(s7_draw(quirk->bits, 0, 0, bit), 0, (int64_t)left - 1) < (int64_t)due) {
            flip(bytes, region, n, bit);
            flipped++;
        }
    }
    return len;
}

/* ---- what answers nothing ---- */

/* That a message of ALARM_8 came, number 1, without values. */
static void alarm_append(struct s7_wr *wr)
{
    static const s7_datetime when = {.year = 1994, .month = 1, .day = 1};
    const struct s7_alarm_object object = {
        .syntax_id = S7_SYNTAX_ALARM, .event = 1, .event_state = 1, .state = 1};

    s7_alarm_head_append(wr, &when, 1);
    s7_alarm_object_append(wr, &object, NULL, true);
}

static void encode_push(struct s7_wr *wr, const struct sim_quirk *quirk)
{
    static const uint8_t stop_by_service[20] = {0x43, 0x04, 0xFF, 0x68, 0xC7, 0x00, 0x00, 0x00, 0x08, 0x77};
    uint8_t bytes[64];
    struct s7_wr alarm = {bytes, sizeof bytes, 0, false};
    struct s7_userdata push =
        s7_userdata_request(S7_GROUP_CPU, S7_CPU_DIAG_PUSH, stop_by_service, sizeof stop_by_service);

    if (quirk->own->choice == SIM_PUSH_ALARM) {
        alarm_append(&alarm);
        push = s7_userdata_request(S7_GROUP_CPU, S7_CPU_ALARM_8, alarm.buf, alarm.len);
    }
    push.type = S7_USERDATA_PUSH;
    if (quirk->own->choice == SIM_PUSH_MODE)
        s7_mode_push_encode(wr, S7_MODE_PUSH_STOP);
    else
        s7_userdata_encode(wr, 0, &push);
}

static size_t push_before(const struct sim_quirk *quirk, uint8_t *bytes, size_t len, size_t cap)
{
    uint8_t pdu[128];
    struct s7_wr wr = {pdu, sizeof pdu, 0, false};

    encode_push(&wr, quirk);
    size_t push_len = S7_DT_OVERHEAD + wr.len;
    if (wr.full || push_len > cap - len)
        return len;
    memmove(bytes + push_len, bytes, len);
    s7_dt_write(bytes, wr.len, true);
    memcpy(bytes + S7_DT_OVERHEAD, pdu, wr.len);
    return push_len + len;
}

static size_t spoil_frames(const struct sim_quirk *quirk, uint8_t *bytes, size_t len, size_t cap)
{
    switch (quirk->type) {
    case SIM_FAULT_TPKT_VERSION:
        bytes[0] = (uint8_t)quirk->own->n;
        return len;
    case SIM_FAULT_TPKT_LEN_SHORT:
    case SIM_FAULT_TPKT_LEN_LONG:
        return spoil_length(quirk, bytes, len);
    case SIM_FAULT_CC_SHORT:
        return quirk->own->choice == SIM_CC_NO_TSAPS ? confirm_without_tsaps(bytes, len, cap) : len;
    case SIM_FAULT_EOT_MISSING:
        return lose_last_fragment(bytes, len);
    case SIM_FAULT_DUPLICATE:
        return twice(bytes, len, cap);
    case SIM_FAULT_BITFLIP:
        return flip_bits(quirk, bytes, len);
    case SIM_FAULT_UNSOLICITED:
        return push_before(quirk, bytes, len, cap);
    default:
        return len;
    }
}

size_t sim_spoil_frames(const struct sim_quirk *quirk, uint16_t client_ref, uint8_t *bytes, size_t len,
                        size_t cap)
{
    const struct s7_cotp tpdu = {.code = quirk->type == SIM_FAULT_DR_MID ? S7_COTP_DR : S7_COTP_ER,
                                 .dst_ref = client_ref,
                                 .reason = (uint8_t)quirk->own->n};

    switch (quirk->type) {
    case SIM_FAULT_DR_MID:
    case SIM_FAULT_COTP_ER:
        return one_tpdu(&tpdu, bytes, len, cap);
    case SIM_FAULT_GARBAGE:
        return junk(quirk, bytes, cap);
    default:
        return len < S7_TPKT_MIN_LEN ? len : spoil_frames(quirk, bytes, len, cap);
    }
}
