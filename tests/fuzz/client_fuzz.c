/* The client's session, three jobs in flight and two subscriptions: the same events and pushes however the
 * PLC's bytes are split; one event for each job at the most, then one for the end. The first byte says where
 * the stream is cut. */
#include "fuzz.h"

#include "client/push.h"

#include <stdlib.h>
#include <string.h>

const char *const fuzz_seeds[] = {
    "05 0300001d 02f080 3203 0000 0002 0002 0008 0000 0401 ff040020 00010203",
    "09 03000007 02f000 0300001d 02f080 3203 0000 0003 0002 0008 0000 0401 ff040020 00010203"
    "03000013 02f080 3202 0000 0002 0000 0000 8104 03000016 02f080 3203 0000 0004 0002 0001 0000 0501 ff",
    "21 03000011 02f000 3203 0000 0002 0002 0008 03000013 02f080 0000 0401 ff040020 00010203",
    "02 0300000b 0680 0001 0000 80",
    "40 0300001d 02f080 3203 0000 0777 0002 0008 0000 0401 ff040020 00010203",
    "07 03000024 02f080 3207 0000 0000 000c 000b 00011208 1202 0501 00000000 ff090007 0001 ff090005 ff2a "
    "ff2b",
    "05 03000022 02f080 3207 0000 0000 000c 0009 00011208 1202 0701 00000000 ff090005 0001 ff090003 fe ff2b",
    "03 03000024 02f080 3207 0000 0000 000c 000b 00011208 1202 0102 00000000 ff090007 0001 ff040010 1234",
    "07 03000019 02f080 3207 0000 0000 0008 0000 0100101000000200 03000031 02f080 3207 0000 0000 0008 0018 "
    "00011204 11040300 ff090014 4304ff84 00000000 00000000 2611241903254783",
    "11 03000039 02f080 3207 0000 0000 0008 0020 00011204 11040500 ff09001c 2611241903254783 4001 120a1601 "
    "000000af 0000fefe ff0400100001",
    NULL};

#define EVENTS_CAP 1024

struct outcome {
    uint32_t pushes, sum; /* told, and of all that they show */
    size_t n;
    struct {
        enum s7_event_kind kind;
        s7_status status;
        uint64_t id;
        size_t pdu_len;
    } events[EVENTS_CAP];
};

static struct s7_pushes *pushes;

/* ---- what is told ---- */

static void add(struct outcome *out, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out->sum = out->sum * 31 + ((const uint8_t *)bytes)[i];
}

static void add_alarm(struct outcome *out, const s7_alarm *alarm)
{
    if (alarm->n_values > S7_ALARM_VALUES_MAX)
        fuzz_fail("%zu values of an alarm", alarm->n_values);
    for (size_t i = 0; i < alarm->n_values; i++)
        add(out, alarm->values[i].data, alarm->values[i].len);
    add(out, &alarm->event, sizeof alarm->event);
}

static void take_pushes(struct outcome *out)
{
    s7_push push;

    while (s7_pushes_next(pushes, &push)) {
        out->pushes++;
        add(out, push.bytes, push.len);
        if (push.kind == S7_PUSH_ALARM)
            add_alarm(out, &push.alarm);
        for (size_t i = 0; i < push.n_items; i++) {
            if (push.changed[i] && push.items[i].status == S7_E_MISUSE)
                fuzz_fail("an item that was never told has changed");
            add(out, push.items[i].data, push.items[i].len);
        }
    }
}

/* As if the PLC had made it. */
static void subscribe(uint8_t job, uint8_t made_by, const s7_address *items, size_t n)
{
    struct s7_subscription *made = calloc(1, sizeof *made);

    if (made == NULL || s7_image_new(items, n, made_by == S7_CYCLIC_CHANGE, &made->image, NULL) != S7_OK)
        fuzz_fail("no memory");
    made->job = job;
    made->made_by = made_by;
    if (!s7_pushes_add(pushes, made))
        fuzz_fail("the job was taken");
}

static void subscribe_all(s7_session *session)
{
    static const s7_address bytes[] = {
        {.area = S7_AREA_DB, .db = 1, .byte = 0, .type = S7_TYPE_BYTE, .count = 1},
        {.area = S7_AREA_DB, .db = 1, .byte = 1, .type = S7_TYPE_BOOL, .count = 1}};
    static const s7_address word = {.area = S7_AREA_M, .byte = 100, .type = S7_TYPE_WORD, .count = 1};

    if (s7_pushes_new(session, &pushes) != S7_OK)
        fuzz_fail("no memory");
    s7_pushes_set_events(pushes, 0x77);
    subscribe(1, S7_CYCLIC_CHANGE, bytes, 2);
    subscribe(2, S7_CYCLIC_TIME, &word, 1);
}

/* ---- the session ---- */

static void note(struct outcome *out, const struct s7_event *event)
{
    if (out->n == EVENTS_CAP)
        fuzz_fail("events without end");
    out->events[out->n].kind = event->kind;
    out->events[out->n].status = event->status;
    out->events[out->n].id = event->id;
    out->events[out->n++].pdu_len = event->kind == S7_EVENT_ANSWER ? event->pdu.data_len : 0;
}

static void receive(s7_session *session, const uint8_t *bytes, size_t len, struct outcome *out)
{
    struct s7_event event;

    while (len > 0) {
        uint8_t *room;
        size_t cap = s7_session_room(session, &room), n = len < cap ? len : cap;
        if (n == 0)
            return; /* over */
        memcpy(room, bytes, n);
        s7_session_received(session, n, 0);
        while (s7_session_next(session, &event)) {
            if (event.kind != S7_EVENT_PUSH) {
                note(out, &event);
                continue;
            }
            s7_pushes_take(pushes, &event.pdu);
            take_pushes(out);
        }
        bytes += n;
        len -= n;
    }
}

/* Connected, setup done with AmQ 3, two reads and a write in flight with references that the seeds know. */
static s7_session *ready_session(struct outcome *out)
{
    static const uint8_t confirm[] = {3,    0, 0,  22,   17, 0xd0, 0, 1,    0, 3, 0,
                                      0xc0, 1, 10, 0xc1, 2,  1,    0, 0xc2, 2, 2, 1};
    uint8_t grant[] = {3, 0, 0, 27, 2, 0xf0, 0x80, 0x32, 3, 0, 0, 0, 1,   0,
                       8, 0, 0, 0,  0, 0xf0, 0,    0,    3, 0, 3, 1, 0xe0};
    const struct s7_session_options options = {.local_tsap = 0x100,
                                               .remote_tsap = 0x201,
                                               .pdu_len = 480,
                                               .max_jobs = 3,
                                               .max_items = S7_ITEMS_PER_JOB,
                                               .handshake_ns = 1000,
                                               .first_ref = 1};
    const struct s7_var_item item = {
        .syntax_id = S7_SYNTAX_S7ANY, .size = S7_SIZE_BYTE, .count = 4, .db = 1, .area = S7_AREA_DB};
    const struct s7_data_unit unit = {
        .size = S7_DATA_BYTE, .length = 32, .payload = (const uint8_t *)"abcd", .payload_len = 4};
    const uint8_t *pending;
    s7_session *session;

    if (s7_session_new(&options, &session) != S7_OK)
        return NULL;
    s7_session_start(session, 0);
    s7_session_sent(session, s7_session_pending(session, &pending));
    receive(session, confirm, sizeof confirm, out);
    size_t len = s7_session_pending(session, &pending);
    if (len < 14)
        fuzz_fail("no setup after the confirmation");
    memcpy(grant + 11, pending + 11, 2); /* its reference */
    s7_session_sent(session, len);
    receive(session, grant, sizeof grant, out);
    if (s7_session_state(session) != S7_SESSION_READY ||
        s7_session_read(session, &item, 1, 1, INT64_MAX) != S7_OK ||
        s7_session_read(session, &item, 1, 2, INT64_MAX) != S7_OK ||
        s7_session_write(session, &item, &unit, 1, 3, INT64_MAX) != S7_OK)
        fuzz_fail("the jobs were not taken");
    s7_session_sent(session, s7_session_pending(session, &pending));
    subscribe_all(session);
    out->n = 0;
    return session;
}

static void run(const uint8_t *bytes, size_t len, size_t step, struct outcome *out)
{
    s7_session *session = ready_session(out);

    if (session == NULL)
        return;
    for (size_t at = 0; at < len; at += step)
        receive(session, bytes + at, len - at < step ? len - at : step, out);
    s7_pushes_free(pushes);
    s7_session_free(session);
}

static void check(const struct outcome *out)
{
    unsigned seen[4] = {0};

    for (size_t i = 0; i < out->n; i++) {
        bool end = out->events[i].kind == S7_EVENT_CLOSED;
        uint64_t id = end ? 0 : out->events[i].id;
        if (id > 3 || ++seen[id] > 1)
            fuzz_fail("event %zu: job %llu again, or none of ours", i, (unsigned long long)id);
        if (end && i + 1 < out->n)
            fuzz_fail("events after the end");
    }
    if (seen[0] == 1 && out->n != 4)
        fuzz_fail("the session ended, but only %zu jobs were told", out->n - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct outcome whole, parts;

    if (len < 2)
        return 0;
    memset(&whole, 0, sizeof whole);
    memset(&parts, 0, sizeof parts);
    run(bytes + 1, len - 1, len, &whole);
    run(bytes + 1, len - 1, 1U + bytes[0], &parts);
    check(&whole);
    if (memcmp(&whole, &parts, sizeof whole) != 0)
        fuzz_fail("%zu events and %u pushes at once, %zu and %u in pieces of %u", whole.n, whole.pushes,
                  parts.n, parts.pushes, 1U + bytes[0]);
    return 0;
}
