/* What userdata and control jobs carry: userdata that decodes encodes to the same bytes, decoders stay within
 * what they are given, and a whole service ends or goes on whatever it is answered, or asked for. */
#include "fuzz.h"

#include "client/download.h"
#include "client/service.h"
#include "protocol/alarm.h"
#include "protocol/blocks.h"
#include "protocol/clock.h"
#include "protocol/cotp.h"
#include "protocol/cyclic.h"
#include "protocol/dbread.h"
#include "protocol/messages.h"
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
    "3207 0000 0002 0008 0016 00011204 11420701 ff090012 00010101 120cb002 0500510172 0400970148",
    "3207 0000 0002 0008 0014 00011204 11420100 ff090010 00010005 120a1002 00020000 83000320",
    "3207 0000 0002 0008 0010 00011204 11440200 ff09000c 8100 5337434850303220 0900",
    "3207 0000 0000 0008 0020 00011204 11040500 ff09001c 2611241903254783 4001 120a1601 000000af 0000fefe "
    "ff0400100001",
    "3207 0000 0a00 000c 0022 00011208 1284138a 00000000 ff09001e 0001ff090018 0a0000020000002f0000cfcf "
    "0a000002000000af0001fefe",
    "3207 0000 0a00 0008 0010 00011204 11441300 ff09000c 000112081a000834 00000002",
    "3201 0000 0002 0014 0000 28000000000000fd 0000 09 505f50524f4752414d",
    "3201 0000 0100 0012 0000 1b 00 0000 00000000 09 5f3041303030303150",
    "3201 0000 0300 0012 0000 1c 00 d20f 00000000 09 5f3041303030303150",
    "3203 0000 0002 0001 0000 0000 1a",
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

/* The list of a subscription: every part of every item. */
static void try_cyclic(const uint8_t *bytes, size_t len)
{
    struct s7_item_walk walk;
    struct s7_var_item item;
    struct s7_cycle cycle;
    struct s7_db_part part;
    struct s7_rd parts;
    unsigned n;
    bool more = true;

    if (s7_cyclic_request_decode(bytes, len, &cycle, &walk) != S7_OK)
        return;
    if (s7_cycle_ms(cycle) > 2550000)
        fuzz_fail("a cycle of %u ms", s7_cycle_ms(cycle));
    while (s7_item_walk_next(&walk, &item, &more) == S7_OK && more) {
        if (s7_dbread_decode(&item, &n, &parts) != S7_OK)
            continue;
        while (s7_dbread_part(&parts, &part))
            n--;
        if (n != 0 || parts.left != 0)
            fuzz_fail("a DBREAD item has another number of parts than it says");
    }
}

static void try_alarms(const uint8_t *bytes, size_t len)
{
    struct s7_alarm_walk walk;
    struct s7_alarm_object object;
    struct s7_alarm_entry entry;
    struct s7_data_unit value;
    struct s7_rd rd;
    bool more = true;

    if (s7_alarm_begin(bytes, len, &walk) == S7_OK)
        while (s7_alarm_next(&walk, &object, &more) == S7_OK && more)
            for (unsigned n = object.n_values; n > 0; n--)
                if (!s7_alarm_next_value(&object, &value) ||
                    (value.payload_len > 0 &&
                     (value.payload < bytes || value.payload + value.payload_len > bytes + len)))
                    fuzz_fail("a value lies outside its alarm");
    if (s7_alarm_answer_decode(bytes, len, &rd) != S7_OK)
        return;
    for (size_t left = rd.left; s7_alarm_entry_next(&rd, &entry); left = rd.left)
        if (rd.left >= left)
            fuzz_fail("alarms without end");
}

/* Requests of the message service and for alarms: encoded again, they are the same but for names and one byte
 * that means nothing to us. */
static void try_messages(const uint8_t *bytes, size_t len)
{
    uint8_t buf[S7_ALARM_QUERY_LEN];
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    struct s7_messages messages;
    uint32_t type;
    uint8_t query;

    if (s7_messages_decode(bytes, len, &messages) == S7_OK) {
        s7_messages_append(&wr, &messages);
        if (wr.full || buf[0] != bytes[0])
            fuzz_fail("a request for messages decodes and encodes to another");
    }
    wr.len = 0;
    if (s7_alarm_query_decode(bytes, len, &query, &type) != S7_OK)
        return;
    s7_alarm_query_append(&wr, query, type);
    buf[7] = bytes[7];
    if (wr.len != len || memcmp(buf, bytes, len) != 0)
        fuzz_fail("a query for alarms decodes and encodes to another");
}

static void try_payload(const uint8_t *bytes, size_t len)
{
    struct s7_block_details details;
    struct s7_rd rd = {bytes, len};
    s7_datetime datetime;
    uint8_t type;
    uint16_t count;

    try_szl(bytes, len);
    try_cyclic(bytes, len);
    try_alarms(bytes, len);
    try_messages(bytes, len);
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

/* ---- downloads ---- */

#define BLOCK_LEN 300
#define PDU_CAP   2000 /* the session takes no more */

static const uint8_t *block_to_give(void)
{
    static uint8_t block[BLOCK_LEN] = {0x70,           0x70,           1, 1, 5, 0x0A, 0, 1, 0, 0,
                                       BLOCK_LEN >> 8, BLOCK_LEN & 255};

    return block;
}

/* As from a stream, as much at a time as there is room. */
static void give(s7_session *session, const uint8_t *bytes, size_t len, struct s7_work *work)
{
    while (len > 0) {
        struct s7_event event;
        uint8_t *room;
        size_t cap = s7_session_room(session, &room), n = len < cap ? len : cap;

        if (n == 0)
            fuzz_fail("a session without room");
        memcpy(room, bytes, n);
        s7_session_received(session, n, 0);
        while (s7_session_next(session, &event))
            if (work != NULL)
                work->ops->event(work, &event);
        bytes += n;
        len -= n;
    }
}

static void give_pdu(s7_session *session, const uint8_t *pdu, size_t len, struct s7_work *work)
{
    static uint8_t frame[S7_DT_OVERHEAD + sizeof out];

    s7_dt_write(frame, len, true);
    memcpy(frame + S7_DT_OVERHEAD, pdu, len);
    give(session, frame, S7_DT_OVERHEAD + len, work);
}

static size_t take_sent(s7_session *session)
{
    const uint8_t *bytes;
    size_t len = s7_session_pending(session, &bytes);

    s7_session_sent(session, len);
    return len;
}

/* READY with PDUs of 240 bytes; its next reference is 2. */
static s7_session *ready_session(void)
{
    static const uint8_t cc[] = {0x03, 0x00, 0x00, 0x0B, 0x06, 0xD0, 0x00, 0x00, 0x00, 0x03, 0x00};
    struct s7_session_options options = {
        .pdu_len = 240, .max_jobs = 1, .max_items = S7_ITEMS_PER_JOB, .handshake_ns = 1, .first_ref = 1};
    struct s7_setup setup = {1, 1, 240};
    uint8_t granted[32];
    struct s7_wr wr = {granted, sizeof granted, 0, false};
    s7_session *session = NULL;

    if (s7_session_new(&options, &session) != S7_OK)
        return NULL;
    s7_session_start(session, 0);
    give(session, cc, sizeof cc, NULL);
    if (s7_session_state(session) != S7_SESSION_NEGOTIATING)
        fuzz_fail("a CC is not taken");
    s7_setup_encode(&wr, S7_ROSCTR_ACK_DATA, 1, &setup);
    give_pdu(session, granted, wr.len, NULL);
    take_sent(session);
    return session;
}

/* The same PDU again and again, behind the acknowledged request: each time at most a piece and a job go out.
 */
static void try_download(const uint8_t *bytes, size_t len)
{
    static const uint8_t taken[] = {0x32, 0x03, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0x1A};
    static struct s7_download download;
    s7_session *session = ready_session();

    if (session == NULL || s7_download_begin(&download, 'A', "DB", 1, block_to_give(), BLOCK_LEN) != NULL)
        fuzz_fail("a download does not begin");
    download.work.deadline_ns = INT64_MAX;
    download.work.ops->pump(&download.work, session);
    take_sent(session);
    give_pdu(session, taken, sizeof taken, &download.work);
    for (unsigned i = 0; i < 4 && s7_session_state(session) == S7_SESSION_READY; i++) {
        give_pdu(session, bytes, len, &download.work);
        download.work.ops->pump(&download.work, session);
        if (take_sent(session) > S7_DT_OVERHEAD + 240 + S7_DT_OVERHEAD + 36)
            fuzz_fail("more than a piece for one job");
    }
    if (download.given > BLOCK_LEN)
        fuzz_fail("more than the block was given");
    s7_session_free(session);
}

static void try_block(const uint8_t *bytes, size_t len)
{
    struct s7_block_file head;
    char text[96];

    if (s7_download_check(bytes, len, &head, text, sizeof text) == NULL && head.len != len)
        fuzz_fail("a block of another length than it says was taken");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct s7_service service;
    enum s7_control control;
    struct s7_pdu pdu;

    try_block(bytes, len);
    if (len > sizeof out || s7_pdu_decode(bytes, len, &pdu) != S7_OK)
        return 0;
    try_userdata(&pdu);
    (void)!s7_control_decode(&pdu, &control);
    s7_service_userdata(&service, S7_GROUP_CPU, S7_CPU_READ_SZL, NULL, 0, NULL, 0);
    try_service(&service, &pdu);
    s7_service_upload(&service, 'A', 1, NULL, 0);
    try_service(&service, &pdu);
    if (len <= PDU_CAP)
        try_download(bytes, len);
    return 0;
}
