#include "protocol/cotp.h"

#include "protocol/tpkt.h"

#define LI_RESERVED 255

/* What LI counts before the parameters, the code byte included. */
struct layout {
    uint8_t code;
    uint8_t fixed_len;
    enum { NOTHING, PARAMS, IGNORED } rest; /* what may follow inside LI */
};

static const struct layout layouts[] = {
    {S7_COTP_CR, 6, PARAMS},  {S7_COTP_CC, 6, PARAMS}, {S7_COTP_DR, 6, PARAMS},
    {S7_COTP_DC, 5, IGNORED}, /* Snap7's server turns a DR into a DC and leaves the reason byte in it */
    {S7_COTP_DT, 2, NOTHING}, {S7_COTP_ER, 4, PARAMS},
};

static const struct layout *layout_find(uint8_t code)
{
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
        if (layouts[i].code == code)
            return &layouts[i];
    return NULL;
}

static bool has_src_ref(uint8_t code)
{
    return code != S7_COTP_ER && code != S7_COTP_DT;
}

/* The bytes between the code and the parameters; the caller has checked that they are there. */
static bool read_fixed(struct s7_rd *rd, struct s7_cotp *tpdu)
{
    uint8_t nr_eot;

    if (tpdu->code == S7_COTP_DT) {
        if (!s7_rd_u8(rd, &nr_eot))
            return false;
        tpdu->eot = (nr_eot & 0x80) != 0;
        tpdu->tpdu_nr = nr_eot & 0x7F;
        return true;
    }
    if (!s7_rd_u16(rd, &tpdu->dst_ref))
        return false;
    if (has_src_ref(tpdu->code) && !s7_rd_u16(rd, &tpdu->src_ref))
        return false;
    if (tpdu->code == S7_COTP_CR || tpdu->code == S7_COTP_CC)
        return s7_rd_u8(rd, &tpdu->class_option);
    if (tpdu->code == S7_COTP_DR || tpdu->code == S7_COTP_ER)
        return s7_rd_u8(rd, &tpdu->reason);
    return true;
}

static bool read_params(struct s7_rd *rd, struct s7_cotp *tpdu)
{
    while (rd->left > 0) {
        if (tpdu->n_params == S7_COTP_MAX_PARAMS)
            return false;
        struct s7_cotp_param *param = &tpdu->params[tpdu->n_params++];
        if (!s7_rd_u8(rd, &param->code) || !s7_rd_u8(rd, &param->len) ||
            !s7_rd_view(rd, param->len, &param->value))
            return false;
    }
    return true;
}

s7_status s7_cotp_decode(const uint8_t *frame, size_t frame_len, struct s7_cotp *out)
{
    struct s7_rd rd = {frame, frame_len};
    struct s7_cotp tpdu = {0};
    const uint8_t *tpkt, *header;
    uint8_t li;

    if (!s7_rd_view(&rd, S7_TPKT_HEADER_LEN, &tpkt) || !s7_rd_u8(&rd, &li))
        return S7_E_FRAME;
    if (li < 1 || li == LI_RESERVED || !s7_rd_view(&rd, li, &header))
        return S7_E_FRAME;
    tpdu.code = header[0] & 0xF0;

    const struct layout *layout = layout_find(tpdu.code);
    if (layout == NULL) {
        *out = tpdu;
        return S7_OK;
    }
    if (li < layout->fixed_len || (layout->rest == NOTHING && li != layout->fixed_len))
        return S7_E_FRAME;
    struct s7_rd header_rd = {header + 1, (size_t)li - 1};
    if (!read_fixed(&header_rd, &tpdu) || (layout->rest == PARAMS && !read_params(&header_rd, &tpdu)))
        return S7_E_FRAME;
    tpdu.data = rd.at;
    tpdu.data_len = rd.left;
    *out = tpdu;
    return S7_OK;
}

static void write_fixed(struct s7_wr *wr, const struct s7_cotp *tpdu)
{
    s7_wr_be(wr, 1, tpdu->code);
    if (tpdu->code == S7_COTP_DT) {
        s7_wr_be(wr, 1, (tpdu->eot ? 0x80U : 0U) | (tpdu->tpdu_nr & 0x7FU));
        return;
    }
    s7_wr_be(wr, 2, tpdu->dst_ref);
    if (has_src_ref(tpdu->code))
        s7_wr_be(wr, 2, tpdu->src_ref);
    if (tpdu->code == S7_COTP_CR || tpdu->code == S7_COTP_CC)
        s7_wr_be(wr, 1, tpdu->class_option);
    if (tpdu->code == S7_COTP_DR || tpdu->code == S7_COTP_ER)
        s7_wr_be(wr, 1, tpdu->reason);
}

static size_t params_len(const struct s7_cotp *tpdu)
{
    size_t len = 0;

    for (unsigned i = 0; i < tpdu->n_params; i++)
        len += 2 + (size_t)tpdu->params[i].len;
    return len;
}

void s7_cotp_encode(struct s7_wr *wr, const struct s7_cotp *tpdu)
{
    const struct layout *layout = layout_find(tpdu->code);

    if (layout == NULL) {
        wr->full = true;
        return;
    }
    unsigned n_params = layout->rest == PARAMS ? tpdu->n_params : 0;
    size_t li = layout->fixed_len + (n_params > 0 ? params_len(tpdu) : 0);
    size_t head_len = S7_TPKT_HEADER_LEN + 1 + li;
    if (li >= LI_RESERVED || tpdu->data_len > S7_TPKT_MAX_LEN - head_len) {
        wr->full = true;
        return;
    }

    uint8_t *tpkt = s7_wr_room(wr, S7_TPKT_HEADER_LEN);
    if (tpkt != NULL)
        s7_tpkt_write(tpkt, head_len + tpdu->data_len);
    s7_wr_be(wr, 1, (uint32_t)li);
    write_fixed(wr, tpdu);
    for (unsigned i = 0; i < n_params; i++) {
        s7_wr_be(wr, 1, tpdu->params[i].code);
        s7_wr_be(wr, 1, tpdu->params[i].len);
        s7_wr_bytes(wr, tpdu->params[i].value, tpdu->params[i].len);
    }
    s7_wr_bytes(wr, tpdu->data, tpdu->data_len);
}

const struct s7_cotp_param *s7_cotp_find(const struct s7_cotp *tpdu, uint8_t code)
{
    for (unsigned i = 0; i < tpdu->n_params; i++)
        if (tpdu->params[i].code == code)
            return &tpdu->params[i];
    return NULL;
}

size_t s7_cotp_tpdu_bytes(uint8_t size_code)
{
    return size_code >= 0x07 && size_code <= 0x0D ? (size_t)1 << size_code : 0;
}

void s7_dt_write(uint8_t header[S7_DT_OVERHEAD], size_t data_len, bool eot)
{
    s7_tpkt_write(header, S7_DT_OVERHEAD + data_len);
    header[4] = 2;
    header[5] = S7_COTP_DT;
    header[6] = eot ? 0x80 : 0x00;
}

/* Source: ISO 8073 section 13.5.3. */
static const struct {
    uint8_t reason;
    const char *text;
} reasons[] = {
    {S7_COTP_REASON_NONE, "no reason given"},
    {S7_COTP_REASON_CONGESTION, "no connection resource at this TSAP"},
    {S7_COTP_REASON_NOT_ATTACHED, "nothing listens at this TSAP (wrong rack or slot)"},
    {S7_COTP_REASON_ADDRESS_UNKNOWN, "this TSAP is not known"},
    {S7_COTP_REASON_NORMAL, "disconnected by the user of the connection"},
    {0x81, "the peer is too busy to accept a connection"},
    {0x82, "the proposed connection parameters were refused"},
    {0x83, "this source reference is in use already"},
    {0x84, "references do not match"},
    {0x85, "the peer saw a protocol error"},
    {0x87, "the peer has no reference left"},
    {0x88, "refused on this network connection"},
    {0x8A, "the peer saw a wrong header or parameter length"},
};

const char *s7_cotp_reason_text(uint8_t reason)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].reason == reason)
            return reasons[i].text;
    return "unknown reason";
}
