#include "protocol/messages.h"

#define DONE 0x02

/* ---- the service ---- */

void s7_messages_append(struct s7_wr *wr, const struct s7_messages *request)
{
    size_t len = strnlen(request->name, S7_MESSAGES_NAME_LEN);

    s7_wr_be(wr, 1, request->events);
    s7_wr_be(wr, 1, 0);
    s7_wr_bytes(wr, (const uint8_t *)request->name, len);
    for (; len < S7_MESSAGES_NAME_LEN; len++)
        s7_wr_be(wr, 1, ' ');
    if (request->events & S7_MESSAGES_ALARMS)
        s7_wr_be(wr, 2, (uint32_t)request->alarms << 8);
}

s7_status s7_messages_decode(const uint8_t *payload, size_t len, struct s7_messages *out)
{
    struct s7_rd rd = {payload, len};
    struct s7_messages found = {0};
    uint8_t reserved;

    if (!s7_rd_u8(&rd, &found.events) || !s7_rd_u8(&rd, &reserved) ||
        !s7_rd_text(&rd, S7_MESSAGES_NAME_LEN, found.name))
        return S7_E_FRAME;
    if ((found.events & S7_MESSAGES_ALARMS) && !s7_rd_u8(&rd, &found.alarms))
        return S7_E_FRAME;
    *out = found;
    return S7_OK;
}

void s7_messages_answer_append(struct s7_wr *wr, const struct s7_messages *request)
{
    s7_wr_be(wr, 2, DONE << 8);
    if (request->events & S7_MESSAGES_ALARMS)
        s7_wr_be(wr, 3, (uint32_t)request->alarms << 16 | 0x0100);
}

/* ---- mode ---- */

static const uint8_t mode_head[] = {0x01, 0x00, 0x10, 0x10, 0x00, 0x00};

void s7_mode_push_encode(struct s7_wr *wr, uint8_t mode)
{
    size_t begin = s7_pdu_begin(wr, S7_ROSCTR_USERDATA, 0, 0);

    s7_wr_bytes(wr, mode_head, sizeof mode_head);
    s7_wr_be(wr, 2, (uint32_t)mode << 8);
    s7_pdu_param_end(wr, begin);
    s7_pdu_end(wr, begin);
}

bool s7_mode_push_decode(const struct s7_pdu *pdu, uint8_t *mode)
{
    struct s7_rd rd = {pdu->param, pdu->param_len};
    const uint8_t *head;

    return pdu->rosctr == S7_ROSCTR_USERDATA && pdu->param_len == sizeof mode_head + 2 &&
           s7_rd_view(&rd, sizeof mode_head, &head) && memcmp(head, mode_head, sizeof mode_head) == 0 &&
           s7_rd_u8(&rd, mode);
}
