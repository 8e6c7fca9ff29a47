#include "protocol/szl.h"

#include "protocol/clock.h"

void s7_szl_request_append(struct s7_wr *wr, uint16_t id, uint16_t index)
{
    s7_wr_be(wr, 2, id);
    s7_wr_be(wr, 2, index);
}

s7_status s7_szl_request_decode(const uint8_t *payload, size_t len, uint16_t *id, uint16_t *index)
{
    struct s7_rd rd = {payload, len};

    return s7_rd_u16(&rd, id) && s7_rd_u16(&rd, index) && rd.left == 0 ? S7_OK : S7_E_FRAME;
}

s7_status s7_szl_decode(const uint8_t *answer, size_t len, struct s7_szl *out)
{
    struct s7_rd rd = {answer, len};
    struct s7_szl szl;

    if (!s7_rd_u16(&rd, &szl.id) || !s7_rd_u16(&rd, &szl.index) || !s7_rd_u16(&rd, &szl.record_len) ||
        !s7_rd_u16(&rd, &szl.n_records))
        return S7_E_FRAME;
    szl.records = rd;
    *out = szl;
    return S7_OK;
}

void s7_szl_head_append(struct s7_wr *wr, uint16_t id, uint16_t index, uint16_t record_len,
                        uint16_t n_records)
{
    s7_wr_be(wr, 2, id);
    s7_wr_be(wr, 2, index);
    s7_wr_be(wr, 2, record_len);
    s7_wr_be(wr, 2, n_records);
}

size_t s7_szl_count(const struct s7_szl *szl)
{
    if (szl->record_len == 0)
        return 0;
    size_t there = szl->records.left / szl->record_len;
    return there < szl->n_records ? there : szl->n_records;
}

bool s7_szl_record(const struct s7_szl *szl, size_t i, struct s7_rd *record)
{
    struct s7_rd rd = szl->records;
    const uint8_t *view;

    if (i >= s7_szl_count(szl) || !s7_rd_view(&rd, i * szl->record_len, &view))
        return false;
    record->left = szl->record_len;
    return s7_rd_view(&rd, szl->record_len, &record->at);
}

/* ---- records ---- */

static bool skip(struct s7_rd *rd, size_t len)
{
    const uint8_t *view;

    return s7_rd_view(rd, len, &view);
}

/* A date that is none is not worth the record. */
static bool rd_datetime(struct s7_rd *rd, s7_datetime *out)
{
    struct s7_rd bytes = *rd;

    if (!skip(rd, 8))
        return false;
    if (s7_datetime_decode(&bytes, out) != S7_OK)
        *out = (s7_datetime){0};
    return true;
}

bool s7_szl_module_decode(struct s7_rd rd, struct s7_szl_module *out)
{
    return s7_rd_u16(&rd, &out->index) && s7_rd_text(&rd, 20, out->order_code) &&
           s7_rd_u16(&rd, &out->type) && s7_rd_u16(&rd, &out->version[0]) && s7_rd_u16(&rd, &out->version[1]);
}

bool s7_szl_component_decode(struct s7_rd rd, struct s7_szl_component *out)
{
    return s7_rd_u16(&rd, &out->index) && s7_rd_text(&rd, 32, out->text);
}

bool s7_szl_comm_decode(struct s7_rd rd, struct s7_szl_comm *out)
{
    return skip(&rd, 2) && s7_rd_u16(&rd, &out->pdu_len) && s7_rd_u16(&rd, &out->connections) &&
           s7_rd_be(&rd, 4, &out->mpi_bps) && s7_rd_be(&rd, 4, &out->bus_bps) &&
           s7_rd_be(&rd, 4, &out->ethernet_bps);
}

bool s7_szl_protection_decode(struct s7_rd rd, struct s7_szl_protection *out)
{
    return skip(&rd, 2) && s7_rd_u16(&rd, &out->key_level) && s7_rd_u16(&rd, &out->set_level) &&
           s7_rd_u16(&rd, &out->valid_level) && s7_rd_u16(&rd, &out->mode_switch) &&
           s7_rd_u16(&rd, &out->startup_switch);
}

bool s7_szl_led_decode(struct s7_rd rd, struct s7_szl_led *out)
{
    return s7_rd_u16(&rd, &out->id) && s7_rd_u8(&rd, &out->on) && s7_rd_u8(&rd, &out->blink);
}

bool s7_szl_mode_decode(struct s7_rd rd, struct s7_szl_mode *out)
{
    return s7_rd_u16(&rd, &out->event) && skip(&rd, 1) && s7_rd_u8(&rd, &out->state) && skip(&rd, 8) &&
           rd_datetime(&rd, &out->since);
}

bool s7_szl_diag_decode(struct s7_rd rd, struct s7_szl_diag *out)
{
    return s7_rd_u16(&rd, &out->event) && s7_rd_u8(&rd, &out->priority) && s7_rd_u8(&rd, &out->ob) &&
           s7_rd_u16(&rd, &out->data_id) && s7_rd_u16(&rd, &out->info1) && s7_rd_be(&rd, 4, &out->info2) &&
           rd_datetime(&rd, &out->time);
}
