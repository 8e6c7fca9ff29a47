#include "bench/frames.h"

#include <string.h>

#define HEADER_LEN 7 /* TPKT and COTP DT */
#define ACK_DATA   3
#define READ_VAR   4
#define WRITE_VAR  5

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

size_t frame_connect(uint8_t *buf)
{
    static const uint8_t cr[FRAME_CONNECT_LEN] = {3,    0, 0,    22,   17, 0xE0, 0, 0,    0, 1, 0,
                                                  0xC0, 1, 0x0A, 0xC1, 2,  1,    0, 0xC2, 2, 2, 1};

    memcpy(buf, cr, sizeof cr);
    return sizeof cr;
}

/* TPKT, COTP and S7 job header; returns where the parameters go. */
static uint8_t *begin(uint8_t *buf, uint16_t ref, size_t param_len, size_t data_len)
{
    static const uint8_t start[] = {3, 0, 0, 0, 2, 0xF0, 0x80, 0x32, 1, 0, 0};

    memcpy(buf, start, sizeof start);
    put16(buf + 2, (uint32_t)(HEADER_LEN + 10 + param_len + data_len));
    put16(buf + 11, ref);
    put16(buf + 13, (uint32_t)param_len);
    put16(buf + 15, (uint32_t)data_len);
    return buf + HEADER_LEN + 10;
}

size_t frame_setup(uint8_t *buf, uint16_t pdu_len, uint16_t amq)
{
    uint8_t *param = begin(buf, 0, 8, 0);

    param[0] = 0xF0;
    param[1] = 0;
    put16(param + 2, amq);
    put16(param + 4, amq);
    put16(param + 6, pdu_len);
    return FRAME_SETUP_LEN;
}

static void put_item(uint8_t *at, const struct frame_place *place)
{
    static const uint8_t head[] = {0x12, 0x0A, 0x10, 2};
    uint32_t bit_addr = place->byte * 8;

    memcpy(at, head, sizeof head);
    put16(at + 4, place->len);
    put16(at + 6, place->db);
    at[8] = 0x84;
    at[9] = (uint8_t)(bit_addr >> 16);
    put16(at + 10, bit_addr);
}

size_t frame_read(uint8_t *buf, uint16_t ref, const struct frame_place *place)
{
    uint8_t *param = begin(buf, ref, 14, 0);

    param[0] = READ_VAR;
    param[1] = 1;
    put_item(param + 2, place);
    return FRAME_READ_LEN;
}

size_t frame_write_many(uint8_t *buf, uint16_t ref, const struct frame_place *places, size_t n,
                        const void *data)
{
    const uint8_t *from = data;
    size_t data_len = 0;

    for (size_t i = 0; i < n; i++)
        data_len += 4U + places[i].len + (i + 1 < n ? places[i].len % 2U : 0U);
    uint8_t *param = begin(buf, ref, 2 + 12 * n, data_len);
    uint8_t *unit = param + 2 + 12 * n;
    param[0] = WRITE_VAR;
    param[1] = (uint8_t)n;
    for (size_t i = 0; i < n; i++) {
        put_item(param + 2 + 12 * i, &places[i]);
        unit[0] = 0;
        unit[1] = 4;
        put16(unit + 2, places[i].len * 8U);
        memcpy(unit + 4, from, places[i].len);
        from += places[i].len;
        unit += 4 + places[i].len;
        if (i + 1 < n && places[i].len % 2 != 0)
            *unit++ = 0;
    }
    return (size_t)(unit - buf);
}

size_t frame_write(uint8_t *buf, uint16_t ref, const struct frame_place *place, const void *data)
{
    return frame_write_many(buf, ref, place, 1, data);
}

ssize_t frame_len(const uint8_t *buf, size_t len)
{
    if (len < 4)
        return 0;
    size_t whole = get16(buf + 2);
    if (buf[0] != 3 || whole < HEADER_LEN)
        return -1;
    return len >= whole ? (ssize_t)whole : 0;
}

uint16_t frame_ref(const uint8_t *frame)
{
    return get16(frame + 11);
}

bool frame_is_confirm(const uint8_t *frame, size_t len)
{
    return len == FRAME_CONNECT_LEN && frame[4] == 17 && frame[5] == 0xD0;
}

/* An acknowledgement with data, without header error, of this function and these lengths. */
static bool is_ack(const uint8_t *frame, size_t len, uint16_t ref, uint8_t function, size_t param_len)
{
    return len >= HEADER_LEN + 12 + param_len && frame[5] == 0xF0 && frame[6] == 0x80 && frame[7] == 0x32 &&
           frame[8] == ACK_DATA && frame_ref(frame) == ref && get16(frame + 13) == param_len &&
           get16(frame + 15) == len - HEADER_LEN - 12 - param_len && get16(frame + 17) == 0 &&
           frame[19] == function;
}

bool frame_is_setup_done(const uint8_t *frame, size_t len, uint16_t *pdu_len, uint16_t *amq)
{
    if (len != FRAME_SETUP_DONE_LEN || !is_ack(frame, len, 0, 0xF0, 8))
        return false;
    *amq = get16(frame + 23) < get16(frame + 21) ? get16(frame + 23) : get16(frame + 21);
    *pdu_len = get16(frame + 25);
    return true;
}

bool frame_is_read_done(const uint8_t *frame, size_t len, uint16_t ref, uint16_t place_len, uint8_t *code,
                        const uint8_t **data)
{
    if (len < FRAME_READ_DONE || !is_ack(frame, len, ref, READ_VAR, 2) || frame[20] != 1)
        return false;
    *code = frame[21];
    *data = frame + FRAME_READ_DONE;
    if (*code != FRAME_ITEM_OK)
        return len == FRAME_READ_DONE && get16(frame + 23) == 0;
    return len == (size_t)FRAME_READ_DONE + place_len && frame[22] == 4 &&
           get16(frame + 23) == place_len * 8U;
}

bool frame_is_write_done(const uint8_t *frame, size_t len, uint16_t ref, size_t n_items,
                         const uint8_t **codes)
{
    *codes = frame + 21;
    return is_ack(frame, len, ref, WRITE_VAR, 2) && frame[20] == n_items && len == 21 + n_items;
}
