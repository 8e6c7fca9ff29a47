/* What userdata and control jobs carry: userdata that decodes encodes to the same bytes, decoders stay within
 * what they are given, and a whole service ends or goes on whatever it is answered. */
#include "fuzz.h"

#include "client/service.h"
#include "protocol/blocks.h"
#include "protocol/clock.h"
#include "protocol/szl.h"
#include "protocol/userdata.h"

#include <string.h>

const char *const fuzz_seeds[] = {
    "3207 0000 0002 000c 0020 00011208 1284 0107 00000000 ff09001c 04240000 0014 0001 5144ff08 00000000 "
    "00000000 "
    "2611241903250003",
    "3207 0000 0002 000c 0008 00011208 1284 0107 d5010000 ff090004 00110000",
    "3207 0000 0002 000c 0010 00011208 1284 0107 00000000 ff09000c 00740000 0004 0001 00040100",
    "3207 0000 0002 000c 000e 00011208 1287 0101 00000000 ff09000a 00191408201159439124",
    "3207 0000 0002 000c 0020 00011208 1283 0100 00000000 ff09001c 30380001 30450000 30430002 30410003 "
    "30420005 "
    "30440049 30460019",
    "3207 0000 0002 000c 0004 00011208 1284 0100 0000d401 0a000000",
    "3203 0000 0002 0010 0000 0000 1d000100 00000007 07 30303030323136",
    "3203 0000 0002 0002 0007 0000 1e01 0003 00fb 707001",
    "3201 0000 0002 0014 0000 28000000000000fd 0000 09 505f50524f4752414d",
    NULL};

static uint8_t out[8192];

static void try_szl(const uint8_t *bytes, size_t len)
{
    struct s7_szl szl;
    struct s7_rd record;
    struct s7_szl_diag diag;
    struct s7_szl_component component;

    if (s7_szl_decode(bytes, len, &szl) != S7_OK)
        return;
    size_t n = s7_szl_count(&szl);
    for (size_t i = 0; i < n; i++) {
        if (!s7_szl_record(&szl, i, &record) || record.at < bytes || record.at + record.left > bytes + len)
            fuzz_fail("record %zu of %zu lies outside its list", i, n);
        (void)!s7_szl_diag_decode(record, &diag);
        if (s7_szl_component_decode(record, &component) && strlen(component.text) > 32)
            fuzz_fail("a text of more than its 32 bytes");
    }
}

static void try_payload(const uint8_t *bytes, size_t len)
{
    struct s7_block_details details;
    struct s7_rd rd = {bytes, len};
    s7_datetime datetime;
    uint8_t type;
    uint16_t count;

    try_szl(bytes, len);
    (void)!s7_block_details_decode(bytes, len, &details);
    while (s7_block_count_decode(&rd, &type, &count))
        continue;
    if (s7_clock_decode(bytes, len, &datetime) == S7_OK && !s7_datetime_is_good(&datetime))
        fuzz_fail("a clock that is no date was taken");
}

static void try_userdata(const struct s7_pdu *pdu)
{
    struct s7_wr wr = {out, sizeof out, 0, false};
    struct s7_userdata userdata;
    struct s7_pdu again;

    if (s7_userdata_decode(pdu, &userdata) != S7_OK)
        return;
    s7_userdata_encode(&wr, pdu->ref, &userdata);
    if (wr.full || s7_pdu_decode(out, wr.len, &again) != S7_OK || again.param_len != pdu->param_len ||
        memcmp(again.param, pdu->param, pdu->param_len) != 0 || again.data_len > pdu->data_len ||
        (again.data_len > 0 && memcmp(again.data, pdu->data, again.data_len) != 0))
        fuzz_fail("userdata decodes and encodes to another");
    if (userdata.payload_len > 0)
        try_payload(userdata.payload, userdata.payload_len);
}

/* The answer to a service's first and second request. */
static void try_service(struct s7_service *service, const struct s7_pdu *answer)
{
    uint8_t place[16];
    bool more = true;

    memset(place, 0x5A, sizeof place);
    service->out = place;
    service->cap = 8;
    service->head_len = 3;
    for (int i = 0; i < 2 && more; i++) {
        const char *why = service->take(service, answer, &more);
        if (why != NULL)
            return;
        if (service->len > S7_SERVICE_MAX || place[8] != 0x5A)
            fuzz_fail("a service takes more than it may");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct s7_service service;
    enum s7_control control;
    struct s7_pdu pdu;

    if (len > sizeof out || s7_pdu_decode(bytes, len, &pdu) != S7_OK)
        return 0;
    try_userdata(&pdu);
    (void)!s7_control_decode(&pdu, &control);
    s7_service_userdata(&service, S7_GROUP_CPU, S7_CPU_READ_SZL, NULL, 0, NULL, 0);
    try_service(&service, &pdu);
    s7_service_upload(&service, 'A', 1, NULL, 0);
    try_service(&service, &pdu);
    return 0;
}
