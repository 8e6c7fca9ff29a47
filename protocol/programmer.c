#include "protocol/programmer.h"

#define PUSH_PARAM     0x01000001
#define PUSH_TRIGGERED 0x01000002

s7_status s7_test_decode(const uint8_t *payload, size_t len, struct s7_test *out)
{
    struct s7_rd rd = {payload, len}, param;
    struct s7_test test = {0};
    uint16_t param_len, data_len;
    const uint8_t *skipped;

    if (!s7_rd_u16(&rd, &param_len) || !s7_rd_u16(&rd, &data_len) || !s7_rd_view(&rd, param_len, &param.at) ||
        !s7_rd_view(&rd, data_len, &test.data.at))
        return S7_E_FRAME;
    param.left = param_len;
    test.data.left = data_len;
    if (!s7_rd_view(&param, 4, &skipped) || !s7_rd_u16(&param, &test.how_often) ||
        !s7_rd_u16(&param, &test.result_len) || !s7_rd_view(&param, 10, &skipped) ||
        !s7_rd_u16(&param, &test.trigger))
        return S7_E_FRAME;
    *out = test;
    return S7_OK;
}

/* ---- items ---- */

/* By the upper half of the first byte; timers and counters have one size each. */
static const struct {
    uint8_t code, area;
} areas[] = {{0, S7_AREA_M},  {1, S7_AREA_I}, {2, S7_AREA_Q}, {3, S7_AREA_P},
             {7, S7_AREA_DB}, {5, S7_AREA_T}, {6, S7_AREA_C}};

static uint8_t area_of(uint8_t code)
{
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++)
        if (areas[i].code == code)
            return areas[i].area;
    return 0;
}

#define SIZE_BIT    0
#define SIZE_NUMBER 4 /* of timers and counters */

static bool put_size(struct s7_var_item *item, uint8_t size, uint8_t second, uint16_t byte)
{
    bool numbered = item->area == S7_AREA_T || item->area == S7_AREA_C;

    if (numbered != (size == SIZE_NUMBER) || size > SIZE_NUMBER)
        return false;
    item->count = second;
    item->bit_addr = numbered ? byte : byte * 8U;
    if (numbered) {
        item->size = item->area == S7_AREA_T ? S7_SIZE_TIMER : S7_SIZE_COUNTER;
    } else if (size == SIZE_BIT) {
        item->size = S7_SIZE_BIT;
        item->count = 1;
        item->bit_addr += second;
        return second < 8;
    } else {
        item->size = S7_SIZE_BYTE;
        item->count = (uint16_t)(second << (size - 1));
    }
    return true;
}

s7_status s7_test_item_next(struct s7_rd *rd, struct s7_var_item *item)
{
    struct s7_var_item found = {.syntax_id = S7_SYNTAX_S7ANY};
    uint8_t kind, second;
    uint16_t byte;

    if (!s7_rd_u8(rd, &kind) || !s7_rd_u8(rd, &second) || !s7_rd_u16(rd, &found.db) || !s7_rd_u16(rd, &byte))
        return S7_E_FRAME;
    found.area = area_of(kind >> 4);
    if (found.area == 0 || !put_size(&found, kind & 0xF, second, byte))
        return S7_E_ARG;
    *item = found;
    return S7_OK;
}

/* ---- jobs ---- */

s7_status s7_test_job_decode(uint8_t subfunction, struct s7_rd data, uint8_t *function, uint8_t *job)
{
    uint16_t number;

    if (subfunction == S7_TEST_DELETE && !s7_rd_u16(&data, &number))
        return S7_E_FRAME;
    return data.left == 2 && s7_rd_u8(&data, function) && s7_rd_u8(&data, job) ? S7_OK : S7_E_FRAME;
}

size_t s7_test_push_begin(struct s7_wr *wr, bool triggered)
{
    size_t begin = wr->len;

    s7_wr_be(wr, 2, 4);
    s7_wr_be(wr, 2, 0);
    s7_wr_be(wr, 4, triggered ? PUSH_TRIGGERED : PUSH_PARAM);
    return begin;
}

void s7_test_push_end(struct s7_wr *wr, size_t begin)
{
    s7_wr_patch16(wr, begin + 2, wr->len - begin - S7_TEST_PUSH_HEAD_LEN);
}
