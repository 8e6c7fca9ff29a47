/* session_script.h - for tests: the PLC's half of the wire, byte by byte, and a recorder of a session's
 * events. */
#ifndef CLIENT_SESSION_SCRIPT_H
#define CLIENT_SESSION_SCRIPT_H

#include "client/session.h"
#include "loop/never.h"
#include "protocol/cotp.h"

#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define MS 1000000LL

struct bytes {
    uint8_t at[8192];
    size_t len;
};

/* "03 00 00 16 11 d0"; blanks are ignored. */
static inline struct bytes hex(const char *text)
{
    struct bytes out = {.len = 0};
    unsigned value;

    for (int used; sscanf(text, " %2x%n", &value, &used) == 1; text += used)
        out.at[out.len++] = (uint8_t)value;
    return out;
}

static inline void append(struct bytes *to, const struct bytes *from)
{
    assert_true(from->len <= sizeof to->at - to->len);
    memcpy(to->at + to->len, from->at, from->len);
    to->len += from->len;
}

/* A TPKT frame with one DT around a payload. */
static inline struct bytes dt(const uint8_t *payload, size_t len, bool eot)
{
    struct bytes out = {.len = S7_DT_OVERHEAD + len};

    s7_dt_write(out.at, len, eot);
    if (len > 0)
        memcpy(out.at + S7_DT_OVERHEAD, payload, len);
    return out;
}

/* An answer: ROSCTR, reference, error, parameters and data as hex. */
static inline struct bytes pdu(uint8_t rosctr, uint16_t ref, uint16_t error, const char *param,
                               const char *data)
{
    uint8_t buf[4096];
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    struct bytes p = hex(param), d = hex(data);
    struct s7_pdu out = {.rosctr = rosctr,
                         .ref = ref,
                         .error = error,
                         .param = p.at,
                         .param_len = p.len,
                         .data = d.at,
                         .data_len = d.len};

    s7_pdu_encode(&wr, &out);
    return dt(buf, wr.len, true);
}

static inline struct bytes cc(void)
{
    return hex("03 00 00 16 11 d0 00 01 00 03 00 c0 01 0a c1 02 01 00 c2 02 02 01");
}

static inline struct bytes setup_grants(uint16_t ref, unsigned calling, unsigned called, unsigned pdu_len)
{
    char param[64];

    snprintf(param, sizeof param, "f0 00 %02x %02x %02x %02x %02x %02x", calling >> 8, calling & 255,
             called >> 8, called & 255, pdu_len >> 8, pdu_len & 255);
    return pdu(S7_ROSCTR_ACK_DATA, ref, 0, param, "");
}

/* ---- the session under test ---- */

struct seen {
    enum s7_event_kind kind;
    s7_status status;
    uint64_t id;
    uint16_t plc_error;
    uint8_t cotp_reason;
    uint8_t data[64];
    size_t data_len;
    char detail[96];
};

struct record {
    struct seen events[128];
    unsigned n;
};

static inline struct s7_session_options usual_options(void)
{
    return (struct s7_session_options){.local_tsap = 0x0100,
                                       .remote_tsap = 0x0201,
                                       .pdu_len = 960,
                                       .max_jobs = 8,
                                       .max_items = S7_ITEMS_PER_JOB,
                                       .handshake_ns = 3000 * MS,
                                       .first_ref = 1};
}

static inline s7_session *new_session(const struct s7_session_options *options)
{
    s7_session *session = NULL;

    assert_int_equal(s7_session_new(options, &session), S7_OK);
    return session;
}

static inline void drain(s7_session *session, struct record *record)
{
    struct s7_event event;

    while (s7_session_next(session, &event)) {
        if (record == NULL)
            continue;
        assert_true(record->n < sizeof record->events / sizeof record->events[0]);
        struct seen *seen = &record->events[record->n++];
        *seen = (struct seen){.kind = event.kind,
                              .status = event.status,
                              .id = event.id,
                              .plc_error = event.plc_error,
                              .cotp_reason = event.cotp_reason,
                              .data_len = event.pdu.data_len};
        if (event.pdu.data_len > 0)
            memcpy(seen->data, event.pdu.data,
                   event.pdu.data_len < sizeof seen->data ? event.pdu.data_len : sizeof seen->data);
        memcpy(seen->detail, event.detail, sizeof seen->detail);
    }
}

static inline void feed(s7_session *session, const uint8_t *at, size_t len, struct record *record)
{
    while (len > 0) {
        uint8_t *room;
        size_t cap = s7_session_room(session, &room);
        size_t n = len < cap ? len : cap;

        assert_true(n > 0);
        memcpy(room, at, n);
        s7_session_received(session, n, 0);
        drain(session, record);
        at += n;
        len -= n;
    }
}

static inline void feed_bytes(s7_session *session, struct bytes bytes, struct record *record)
{
    feed(session, bytes.at, bytes.len, record);
}

/* At once, and its events are left to the caller. */
static inline void give(s7_session *session, const uint8_t *at, size_t len)
{
    uint8_t *room;

    if (len == 0)
        return;
    assert_true(s7_session_room(session, &room) >= len);
    memcpy(room, at, len);
    s7_session_received(session, len, 0);
}

/* Take everything that is to be sent. */
static inline struct bytes take_sent(s7_session *session)
{
    struct bytes out = {.len = 0};
    const uint8_t *bytes;
    size_t len = s7_session_pending(session, &bytes);

    assert_true(len <= sizeof out.at);
    memcpy(out.at, bytes, len);
    out.len = len;
    s7_session_sent(session, len);
    return out;
}

static inline s7_session *usual_connecting(void)
{
    struct s7_session_options options = usual_options();
    s7_session *session = new_session(&options);

    s7_session_start(session, 0);
    take_sent(session);
    return session;
}

static inline s7_session *usual_negotiating(void)
{
    s7_session *session = usual_connecting();

    feed_bytes(session, cc(), NULL);
    take_sent(session);
    return session;
}

/* A session that is READY; its next reference is the one after the first. */
static inline s7_session *ready_session(const struct s7_session_options *options, unsigned calling,
                                        unsigned called, unsigned pdu_len)
{
    s7_session *session = new_session(options);

    s7_session_start(session, 0);
    take_sent(session);
    feed_bytes(session, cc(), NULL);
    take_sent(session);
    feed_bytes(session, setup_grants(options->first_ref, calling, called, pdu_len), NULL);
    assert_int_equal(s7_session_state(session), S7_SESSION_READY);
    return session;
}

/* Its next reference is 2. */
static inline s7_session *usual_ready(unsigned amq)
{
    struct s7_session_options options = usual_options();

    return ready_session(&options, amq, amq, 480);
}

/* One item: len bytes of DB1 from byte on. */
static inline struct s7_var_item db1(uint32_t byte, uint16_t len)
{
    return (struct s7_var_item){.syntax_id = S7_SYNTAX_S7ANY,
                                .size = S7_SIZE_BYTE,
                                .count = len,
                                .db = 1,
                                .area = S7_AREA_DB,
                                .bit_addr = byte * 8};
}

static inline void must_read(s7_session *session, uint32_t byte, uint64_t id, int64_t deadline_ns)
{
    struct s7_var_item item = db1(byte, 1);

    assert_int_equal(s7_session_read(session, &item, 1, id, deadline_ns), S7_OK);
}

static inline void must_write(s7_session *session, uint32_t byte, uint8_t value, uint64_t id,
                              int64_t deadline_ns)
{
    struct s7_var_item item = db1(byte, 1);
    struct s7_data_unit unit = {
        .size = S7_DATA_BYTE, .length = s7_data_length(S7_DATA_BYTE, 1), .payload = &value, .payload_len = 1};

    assert_int_equal(s7_session_write(session, &item, &unit, 1, id, deadline_ns), S7_OK);
}

/* The answer to must_read: one byte. */
static inline struct bytes byte_answer(uint16_t ref, uint8_t value)
{
    char data[32];

    snprintf(data, sizeof data, "ff 04 00 08 %02x", value);
    return pdu(S7_ROSCTR_ACK_DATA, ref, 0, "04 01", data);
}

/* The reference of the nth frame (each one job) in what was sent. */
static inline uint16_t sent_ref(const struct bytes *sent, unsigned nth)
{
    size_t at = 0;

    for (; nth > 0; nth--)
        at += (size_t)sent->at[at + 2] << 8 | sent->at[at + 3];
    return (uint16_t)(sent->at[at + 11] << 8 | sent->at[at + 12]);
}

/* ---- expectations ---- */

static inline void expect_text(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static inline void expect_bytes(const struct bytes *got, const char *expected)
{
    struct bytes want = hex(expected);

    assert_int_equal(got->len, want.len);
    assert_memory_equal(got->at, want.at, want.len);
}

static inline void expect_event(const struct record *record, unsigned i, enum s7_event_kind kind,
                                s7_status status, uint64_t id)
{
    if (i >= record->n)
        fail_msg("event %u is missing: only %u came", i, record->n);
    const struct seen *seen = &record->events[i];
    if (seen->kind != kind || seen->status != status || seen->id != id)
        fail_msg("event %u: kind %d, %s, id %llu (%s); expected kind %d, %s, id %llu", i, (int)seen->kind,
                 s7_errname(seen->status), (unsigned long long)seen->id, seen->detail, (int)kind,
                 s7_errname(status), (unsigned long long)id);
}

/* The end is all that came, and it says why. */
static inline void expect_closed(s7_session *session, const struct record *record, s7_status status)
{
    assert_int_equal(record->n, 1);
    expect_event(record, 0, S7_EVENT_CLOSED, status, 0);
    assert_int_equal(s7_session_state(session), S7_SESSION_CLOSED);
    assert_true(record->events[0].detail[0] != '\0');
}

/* Feed to a ready session, which must ignore it, answer nothing and still work. */
static inline void ready_ignores(struct bytes bytes)
{
    s7_session *session = usual_ready(1);
    struct record record = {.n = 0};

    feed_bytes(session, bytes, &record);
    assert_int_equal(record.n, 0);
    assert_int_equal(take_sent(session).len, 0);
    must_read(session, 0, 7, S7_NEVER_NS);
    feed_bytes(session, bytes, &record);
    feed_bytes(session, byte_answer(2, 0x2A), &record);
    assert_int_equal(record.n, 1);
    expect_event(&record, 0, S7_EVENT_ANSWER, S7_OK, 7);
    s7_session_free(session);
}

/* A small generator with a fixed seed: xorshift. */
static inline uint32_t draw(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

#endif
