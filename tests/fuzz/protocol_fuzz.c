/* Frames: whatever decodes encodes to the same bytes; nothing reads past the end. */
#include "fuzz.h"

#include "protocol/cotp.h"
#include "protocol/tpkt.h"
#include "protocol/var.h"

#include <string.h>

const char *const fuzz_seeds[] = {
    "03000016 11e00000000100 c0010a c1020100 c2020102",
    "03000016 11d00001000300 c0010a c1020100 c2020102",
    "0300000b 0680 0001 0000 83",
    "03000019 02f080 3201 0000 0000 0008 0000 f000 0001 0001 01e0",
    "0300001b 02f080 3203 0000 0000 0008 0000 0000 f000 0001 0001 00f0",
    "0300002b 02f080 3201 0000 0500 001a 0000 0402 120a1002 0004 0001 84 000000 120a1001 0001 0001 84 00002b",
    "03000025 02f080 3203 0000 0600 0002 0010 0000 0403 ff040018 010203 00 0a000000 ff030001 01",
    "03000032 02f080 3201 0000 0900 001a 0007 0502 120a1002 0001 0001 84 000000 120a1002 0001 0001 84 000010 "
    "00040008 aa",
    "03000024 02f080 3201 0000 0d00 0015 0000 0401 1211b003 02004a006c 04004c0194 020051003c",
    "03000013 02f080 3202 0000 0a00 0000 0000 8104",
    NULL};

static uint8_t out[8192];

static void same(const uint8_t *bytes, size_t len, const struct s7_wr *wr, const char *what)
{
    if (wr->full || wr->len != len || memcmp(bytes, wr->buf, len) != 0)
        fuzz_fail("%s: %zu bytes decode and encode to %zu others", what, len, wr->len);
}

static void walk_items(const struct s7_pdu *pdu)
{
    struct s7_item_walk walk;
    struct s7_var_item item;
    bool more = true;

    if (s7_item_walk_begin(pdu, &walk) != S7_OK)
        return;
    while (s7_item_walk_next(&walk, &item, &more) == S7_OK && more)
        if (item.raw < pdu->param || item.raw_len > pdu->param_len ||
            item.raw + item.raw_len > pdu->param + pdu->param_len)
            fuzz_fail("an item lies outside the parameters");
}

static void walk_units(const struct s7_pdu *pdu, bool answer)
{
    struct s7_data_walk walk;
    struct s7_data_unit unit;

    s7_data_walk_begin(pdu, answer, &walk);
    for (int i = 0; i < 256 && s7_data_walk_next(&walk, false, &unit) == S7_OK; i++)
        if (unit.payload_len > 0 && (unit.payload < pdu->data || unit.payload_len > pdu->data_len ||
                                     unit.payload + unit.payload_len > pdu->data + pdu->data_len))
            fuzz_fail("a payload lies outside the data");
}

static void try_pdu(const uint8_t *bytes, size_t len)
{
    struct s7_pdu pdu;
    struct s7_setup setup;
    struct s7_wr wr = {out, sizeof out, 0, false};

    if (s7_pdu_decode(bytes, len, &pdu) != S7_OK)
        return;
    s7_pdu_encode(&wr, &pdu);
    same(bytes, len, &wr, "PDU");
    walk_items(&pdu);
    walk_units(&pdu, false);
    walk_units(&pdu, true);
    (void)!s7_setup_decode(&pdu, &setup);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct s7_cotp tpdu;
    struct s7_wr wr = {out, sizeof out, 0, false};
    size_t frame_len;

    if (len > sizeof out || s7_tpkt_peek(bytes, len, S7_TPKT_MAX_LEN, &frame_len) != S7_OK)
        return 0;
    if (frame_len > len)
        fuzz_fail("a whole frame of %zu bytes in %zu", frame_len, len);
    if (s7_cotp_decode(bytes, frame_len, &tpdu) != S7_OK)
        return 0;
    s7_cotp_encode(&wr, &tpdu);
    if (bytes[5] == S7_COTP_DT && bytes[1] == 0) /* reserved byte and credit as everybody sends them */
        same(bytes, frame_len, &wr, "DT");
    if (tpdu.code == S7_COTP_DT)
        try_pdu(tpdu.data, tpdu.data_len);
    return 0;
}
