#include "protocol/pdu.h"

#define OFFSET_ROSCTR     1
#define OFFSET_REDUNDANCY 2
#define OFFSET_PARAM_LEN  6
#define OFFSET_DATA_LEN   8

/* 0: not a ROSCTR. */
static size_t header_len(uint8_t rosctr)
{
    switch (rosctr) {
    case S7_ROSCTR_JOB:
    case S7_ROSCTR_USERDATA:
        return S7_PDU_HEADER_LEN;
    case S7_ROSCTR_ACK:
    case S7_ROSCTR_ACK_DATA:
        return S7_ACK_HEADER_LEN;
    default:
        return 0;
    }
}

s7_status s7_pdu_decode(const uint8_t *bytes, size_t len, struct s7_pdu *out)
{
    struct s7_rd rd = {bytes, len};
    struct s7_pdu pdu = {0};
    uint16_t param_len, data_len;
    uint8_t id;

    if (!s7_rd_u8(&rd, &id) || id != S7_PROTOCOL_ID)
        return S7_E_FRAME;
    if (!s7_rd_u8(&rd, &pdu.rosctr) || header_len(pdu.rosctr) == 0)
        return S7_E_FRAME;
    if (!s7_rd_u16(&rd, &pdu.redundancy) || !s7_rd_u16(&rd, &pdu.ref) || !s7_rd_u16(&rd, &param_len) ||
        !s7_rd_u16(&rd, &data_len))
        return S7_E_FRAME;
    if (header_len(pdu.rosctr) == S7_ACK_HEADER_LEN && !s7_rd_u16(&rd, &pdu.error))
        return S7_E_FRAME;
    if (!s7_rd_view(&rd, param_len, &pdu.param) || !s7_rd_view(&rd, data_len, &pdu.data) || rd.left != 0)
        return S7_E_FRAME;
    pdu.param_len = param_len;
    pdu.data_len = data_len;
    *out = pdu;
    return S7_OK;
}

size_t s7_pdu_begin(struct s7_wr *wr, uint8_t rosctr, uint16_t ref, uint16_t error)
{
    size_t begin = wr->len;

    if (header_len(rosctr) == 0) {
        wr->full = true;
        return begin;
    }
    s7_wr_be(wr, 1, S7_PROTOCOL_ID);
    s7_wr_be(wr, 1, rosctr);
    s7_wr_be(wr, 2, 0);
    s7_wr_be(wr, 2, ref);
    s7_wr_be(wr, 4, 0);
    if (header_len(rosctr) == S7_ACK_HEADER_LEN)
        s7_wr_be(wr, 2, error);
    return begin;
}

/* A length that does not fit its two bytes makes the PDU unusable. */
static void patch_len(struct s7_wr *wr, size_t offset, size_t len)
{
    if (len > UINT16_MAX)
        wr->full = true;
    s7_wr_patch16(wr, offset, len);
}

void s7_pdu_param_end(struct s7_wr *wr, size_t begin)
{
    if (wr->full)
        return;
    patch_len(wr, begin + OFFSET_PARAM_LEN, wr->len - begin - header_len(wr->buf[begin + OFFSET_ROSCTR]));
}

void s7_pdu_end(struct s7_wr *wr, size_t begin)
{
    if (wr->full)
        return;
    const uint8_t *header = wr->buf + begin;
    size_t param_len = (size_t)header[OFFSET_PARAM_LEN] << 8 | header[OFFSET_PARAM_LEN + 1];
    patch_len(wr, begin + OFFSET_DATA_LEN, wr->len - begin - header_len(header[OFFSET_ROSCTR]) - param_len);
}

void s7_pdu_encode(struct s7_wr *wr, const struct s7_pdu *pdu)
{
    size_t begin = s7_pdu_begin(wr, pdu->rosctr, pdu->ref, pdu->error);

    s7_wr_patch16(wr, begin + OFFSET_REDUNDANCY, pdu->redundancy);
    s7_wr_bytes(wr, pdu->param, pdu->param_len);
    s7_pdu_param_end(wr, begin);
    s7_wr_bytes(wr, pdu->data, pdu->data_len);
    s7_pdu_end(wr, begin);
}

s7_status s7_setup_decode(const struct s7_pdu *pdu, struct s7_setup *out)
{
    struct s7_rd rd = {pdu->param, pdu->param_len};
    struct s7_setup setup;
    uint8_t function, reserved;

    if (!s7_rd_u8(&rd, &function) || function != S7_FN_SETUP || !s7_rd_u8(&rd, &reserved))
        return S7_E_FRAME;
    if (!s7_rd_u16(&rd, &setup.amq_calling) || !s7_rd_u16(&rd, &setup.amq_called) ||
        !s7_rd_u16(&rd, &setup.pdu_len))
        return S7_E_FRAME;
    *out = setup;
    return S7_OK;
}

void s7_setup_encode(struct s7_wr *wr, uint8_t rosctr, uint16_t ref, const struct s7_setup *setup)
{
    size_t begin = s7_pdu_begin(wr, rosctr, ref, 0);

    s7_wr_be(wr, 2, (uint32_t)S7_FN_SETUP << 8);
    s7_wr_be(wr, 2, setup->amq_calling);
    s7_wr_be(wr, 2, setup->amq_called);
    s7_wr_be(wr, 2, setup->pdu_len);
    s7_pdu_param_end(wr, begin);
    s7_pdu_end(wr, begin);
}

void s7_refusal_encode(struct s7_wr *wr, uint16_t ref, uint16_t error)
{
    size_t begin = s7_pdu_begin(wr, S7_ROSCTR_ACK, ref, error);

    s7_pdu_param_end(wr, begin);
    s7_pdu_end(wr, begin);
}
