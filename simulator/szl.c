#include "szl.h"

#include "protocol/szl.h"

#define LIST_OF(id)    ((uint16_t)((id)&0x00FF))
#define EXTRACT_OF(id) ((id) >> 8)
#define HEAD_ONLY      0x0F

static const struct sim_szl_extract extracts[] = {
    {0x0111, SIM_SZL_RECORD}, {0x0112, SIM_SZL_GROUP},  {0x0113, SIM_SZL_RECORD}, {0x0115, SIM_SZL_RECORD},
    {0x011C, SIM_SZL_RECORD}, {0x0174, SIM_SZL_RECORD}, {0x01A0, SIM_SZL_NEWEST}};

const struct sim_szl_extract *sim_szl_extract_at(size_t i)
{
    return i < sizeof extracts / sizeof extracts[0] ? &extracts[i] : NULL;
}

/* ---- finding ---- */

struct lists {
    const struct plant_szl *rows;
    size_t n;
};

static const struct plant_szl *find_row(const struct lists *lists, uint16_t id, uint16_t index)
{
    for (size_t i = 0; i < lists->n; i++)
        if (lists->rows[i].list == id && lists->rows[i].index == index)
            return &lists->rows[i];
    return NULL;
}

static size_t count_rows(const struct lists *lists, uint16_t id)
{
    size_t n = 0;

    for (size_t i = 0; i < lists->n; i++)
        n += lists->rows[i].list == id;
    return n;
}

/* A list with one row of index 0 takes any index and answers 0. */
static uint16_t find_list(const struct lists *lists, struct sim_szl_asked *asked)
{
    asked->row = find_row(lists, asked->id, asked->index);
    if (asked->row == NULL && count_rows(lists, asked->id) == 1) {
        asked->row = find_row(lists, asked->id, 0);
        asked->index = 0;
    }
    if (asked->row != NULL)
        return 0;
    return count_rows(lists, asked->id) > 0 ? SIM_ERR_NO_INDEX : SIM_ERR_NO_SZL;
}

static uint16_t find_extract(const struct lists *lists, struct sim_szl_asked *asked)
{
    asked->row = find_row(lists, LIST_OF(asked->id), 0);
    if (asked->row == NULL)
        return SIM_ERR_NO_SZL;
    if (EXTRACT_OF(asked->id) == HEAD_ONLY) {
        asked->pick = SIM_SZL_HEAD;
        asked->index = 0;
        return 0;
    }
    for (size_t i = 0; i < sizeof extracts / sizeof extracts[0]; i++)
        if (extracts[i].id == asked->id) {
            asked->pick = extracts[i].pick;
            return 0;
        }
    return SIM_ERR_NO_SZL;
}

static uint16_t find(const struct sim_plc *plc, struct sim_szl_asked *asked)
{
    struct lists lists;

    lists.rows = plant_szl(plc->plant, plc->row, &lists.n);
    if (count_rows(&lists, asked->id) > 0)
        return find_list(&lists, asked);
    return find_extract(&lists, asked);
}

/* ---- picking ---- */

static bool is_wanted(const struct sim_szl_asked *asked, const uint8_t *record)
{
    uint16_t word = (uint16_t)(record[0] << 8 | record[1]);

    if (asked->pick == SIM_SZL_RECORD)
        return word == asked->index;
    return asked->pick != SIM_SZL_GROUP || (word & 0xFF00) == (asked->index & 0xFF00);
}

/* Keep the records that are wanted, in their places; returns how many. */
static size_t keep_wanted(const struct sim_szl_asked *asked, uint8_t *records, size_t n)
{
    size_t len = asked->row->record_len, kept = 0;

    if (len < 2)
        return n;
    for (size_t i = 0; i < n; i++)
        if (is_wanted(asked, records + i * len))
            memmove(records + kept++ * len, records + i * len, len);
    return kept;
}

/* An extract that selects nothing is no error, but says no length either. */
static void pick(struct sim_call *call, const struct sim_szl_asked *asked)
{
    size_t len = asked->row->record_len, n = (call->wr.len - S7_SZL_HEAD_LEN) / len;

    if (asked->pick == SIM_SZL_HEAD)
        call->wr.len = S7_SZL_HEAD_LEN;
    else
        n = keep_wanted(asked, call->wr.buf + S7_SZL_HEAD_LEN, n);
    if (asked->pick != SIM_SZL_HEAD)
        call->wr.len = S7_SZL_HEAD_LEN + n * len;
    if (asked->pick == SIM_SZL_GROUP && n == 0)
        len = 0;
    s7_wr_patch16(&call->wr, 4, len);
    s7_wr_patch16(&call->wr, 6, n);
}

uint16_t sim_szl(struct sim_call *call)
{
    const struct s7_userdata *request = call->request;
    struct sim_szl_asked asked = {.pick = SIM_SZL_ALL};
    uint16_t error;

    if (s7_szl_request_decode(request->payload, request->payload_len, &asked.id, &asked.index) != S7_OK)
        return SIM_ERR_SYNTAX;
    error =
        sim_quirk_is(call->job->quirk, SIM_FAULT_SZL_MISSING) ? SIM_ERR_NO_SZL : find(call->job->plc, &asked);
    if (error != 0)
        return error == SIM_ERR_NO_SZL ? (uint16_t)call->job->plc->who->no_szl_error : error;
    if (!sim_call_room(call, S7_SZL_HEAD_LEN + asked.row->len + sim_szl_live_room(call, &asked)))
        return S7_ERR_RESOURCES;
    s7_szl_head_append(&call->wr, asked.id, asked.index, 0, 0);
    s7_wr_bytes(&call->wr, asked.row->data, asked.row->len);
    sim_szl_live(call, &asked, call->wr.buf + S7_SZL_HEAD_LEN);
    pick(call, &asked);
    return asked.pick == SIM_SZL_RECORD && call->wr.len == S7_SZL_HEAD_LEN ? SIM_ERR_NO_INDEX : 0;
}
