#include "protocol/userdata.h"

#include "protocol/var.h"

#define HEAD       0x000112
#define REST_SHORT 0x04
#define REST_LONG  0x08
#define CODE_NONE  0x0A

static bool decode_tail(struct s7_rd *rd, struct s7_userdata *out)
{
    return s7_rd_u8(rd, &out->unit_ref) && s7_rd_u8(rd, &out->last_unit) && s7_rd_u16(rd, &out->error);
}

static bool decode_param(struct s7_rd rd, struct s7_userdata *out)
{
    uint32_t head;
    uint8_t rest, kind;

    if (!s7_rd_be(&rd, 3, &head) || head != HEAD || !s7_rd_u8(&rd, &rest) || rest != rd.left)
        return false;
    if (rest != REST_SHORT && rest != REST_LONG)
        return false;
    if (!s7_rd_u8(&rd, &out->method) || !s7_rd_u8(&rd, &kind) || !s7_rd_u8(&rd, &out->subfunction) ||
        !s7_rd_u8(&rd, &out->sequence))
        return false;
    out->type = kind >> 4;
    out->group = kind & 0xF;
    out->is_long = rest == REST_LONG;
    return !out->is_long || decode_tail(&rd, out);
}

static bool decode_data(struct s7_rd rd, struct s7_userdata *out)
{
    uint16_t len;

    if (rd.left == 0)
        return true;
    if (!s7_rd_u8(&rd, &out->code) || !s7_rd_u8(&rd, &out->size) || !s7_rd_u16(&rd, &len) ||
        !s7_rd_view(&rd, len, &out->payload))
        return false;
    out->has_data = true;
    out->payload_len = len;
    return true;
}

s7_status s7_userdata_decode(const struct s7_pdu *pdu, struct s7_userdata *out)
{
    struct s7_userdata userdata = {0};

    if (pdu->rosctr != S7_ROSCTR_USERDATA ||
        !decode_param((struct s7_rd){pdu->param, pdu->param_len}, &userdata) ||
        !decode_data((struct s7_rd){pdu->data, pdu->data_len}, &userdata))
        return S7_E_FRAME;
    *out = userdata;
    return S7_OK;
}

void s7_userdata_param_append(struct s7_wr *wr, const struct s7_userdata *userdata)
{
    s7_wr_be(wr, 3, HEAD);
    s7_wr_be(wr, 1, userdata->is_long ? REST_LONG : REST_SHORT);
    s7_wr_be(wr, 1, userdata->method);
    s7_wr_be(wr, 1, (uint32_t)(userdata->type & 0xF) << 4 | (userdata->group & 0xF));
    s7_wr_be(wr, 1, userdata->subfunction);
    s7_wr_be(wr, 1, userdata->sequence);
    if (!userdata->is_long)
        return;
    s7_wr_be(wr, 1, userdata->unit_ref);
    s7_wr_be(wr, 1, userdata->last_unit);
    s7_wr_be(wr, 2, userdata->error);
}

void s7_userdata_data_append(struct s7_wr *wr, const struct s7_userdata *userdata)
{
    if (!userdata->has_data)
        return;
    if (userdata->payload_len > UINT16_MAX) {
        wr->full = true;
        return;
    }
    s7_wr_be(wr, 1, userdata->code);
    s7_wr_be(wr, 1, userdata->size);
    s7_wr_be(wr, 2, (uint32_t)userdata->payload_len);
    s7_wr_bytes(wr, userdata->payload, userdata->payload_len);
}

void s7_userdata_encode(struct s7_wr *wr, uint16_t ref, const struct s7_userdata *userdata)
{
    size_t begin = s7_pdu_begin(wr, S7_ROSCTR_USERDATA, ref, 0);

    s7_userdata_param_append(wr, userdata);
    s7_pdu_param_end(wr, begin);
    s7_userdata_data_append(wr, userdata);
    s7_pdu_end(wr, begin);
}

static void put_payload(struct s7_userdata *userdata, const uint8_t *payload, size_t len)
{
    userdata->has_data = true;
    userdata->code = payload != NULL ? S7_ITEM_OK : CODE_NONE;
    userdata->size = payload != NULL ? S7_DATA_OCTETS : S7_DATA_NULL;
    userdata->payload = payload;
    userdata->payload_len = payload != NULL ? len : 0;
}

struct s7_userdata s7_userdata_request(uint8_t group, uint8_t subfunction, const uint8_t *payload,
                                       size_t payload_len)
{
    struct s7_userdata userdata = {
        .method = S7_METHOD_REQUEST, .type = S7_USERDATA_REQUEST, .group = group, .subfunction = subfunction};

    put_payload(&userdata, payload, payload_len);
    return userdata;
}

struct s7_userdata s7_userdata_follow_up(const struct s7_userdata *answer)
{
    struct s7_userdata userdata = {.is_long = true,
                                   .method = S7_METHOD_ANSWER,
                                   .type = S7_USERDATA_REQUEST,
                                   .group = answer->group,
                                   .subfunction = answer->subfunction,
                                   .sequence = answer->sequence};

    put_payload(&userdata, NULL, 0);
    return userdata;
}
