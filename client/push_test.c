/* What a PLC is asked to tell and what it told, at a session, byte by byte. */
#include "client/push_call.h"

#include "client/session_script.h"
#include "client/test_names.h"

#include <s7rig/address.h>

struct rig {
    s7_session *session;
    struct s7_pushes *pushes;
    struct s7_push_call call;
    uint32_t id; /* of the subscription that was made last */
    s7_push push;
    uint16_t ref; /* of the request that was sent last */
};

static struct rig rig;

static void begin(void)
{
    rig = (struct rig){.session = usual_ready(1)};
    assert_int_equal(s7_pushes_new(rig.session, &rig.pushes), S7_OK);
}

static void end(void)
{
    s7_pushes_free(rig.pushes);
    s7_session_free(rig.session);
}

/* Events to the call, pushes and the end to the pushes, as the blocking client carries them. */
static void rig_drain(void)
{
    struct s7_work *work = &rig.call.service.work;
    struct s7_event event;

    while (s7_session_next(rig.session, &event)) {
        if (event.kind == S7_EVENT_PUSH)
            s7_pushes_take(rig.pushes, &event.pdu);
        else if (event.kind == S7_EVENT_CLOSED)
            s7_pushes_end(rig.pushes, &event);
        else
            work->ops->event(work, &event);
    }
}

static void come(struct bytes bytes)
{
    give(rig.session, bytes.at, bytes.len);
    rig_drain();
}

static void pump(void)
{
    struct s7_work *work = &rig.call.service.work;

    work->ops->pump(work, rig.session);
}

/* What the call sends next, its reference set to 0 for comparison. */
static struct bytes sent(void)
{
    pump();
    struct bytes bytes = take_sent(rig.session);

    if (bytes.len > 12) {
        rig.ref = sent_ref(&bytes, 0);
        bytes.at[11] = bytes.at[12] = 0;
    }
    return bytes;
}

static s7_status done(void)
{
    const char *detail;
    uint16_t error;

    assert_true(rig.call.service.work.ops->done(&rig.call.service.work));
    s7_status status = s7_push_call_result(&rig.call, &error, &detail);
    s7_push_call_release(&rig.call);
    return status;
}

/* Nothing was sent: why not. */
static s7_status not_sent(const char *why)
{
    const char *detail;
    uint16_t error;

    assert_int_equal(sent().len, 0);
    s7_push_call_result(&rig.call, &error, &detail);
    expect_text(detail, why);
    return done();
}

/* The answer of group 2: subfunction and job, error, data. */
static void answer(unsigned subfunction, unsigned job, unsigned error, const char *data)
{
    char param[64];

    snprintf(param, sizeof param, "00 01 12 08 12 82 %02x %02x 00 00 %02x %02x", subfunction, job, error >> 8,
             error & 255);
    come(pdu(S7_ROSCTR_USERDATA, rig.ref, 0, param, data));
}

static void told(unsigned subfunction, unsigned job, const char *data)
{
    char param[64];

    snprintf(param, sizeof param, "00 01 12 08 12 02 %02x %02x 00 00 00 00", subfunction, job);
    come(pdu(S7_ROSCTR_USERDATA, 0, 0, param, data));
}

static void told_by_cpu(unsigned subfunction, const char *data)
{
    char param[64];

    snprintf(param, sizeof param, "00 01 12 04 11 04 %02x 00", subfunction);
    come(pdu(S7_ROSCTR_USERDATA, 0, 0, param, data));
}

static void told_mode(unsigned mode)
{
    char param[64];

    snprintf(param, sizeof param, "01 00 10 10 00 00 %02x 00", mode);
    come(pdu(S7_ROSCTR_USERDATA, 0, 0, param, ""));
}

static size_t addresses_of(const char *const *texts, s7_address addresses[8])
{
    size_t n = 0;

    for (; texts[n] != NULL; n++)
        assert_int_equal(s7_address_parse(texts[n], &addresses[n], NULL), S7_OK);
    return n;
}

static void subscribe(s7_subscribe_kind kind, uint32_t period_ms, const char *const *texts)
{
    s7_subscribe_options options = {sizeof options, kind, period_ms};
    s7_address addresses[8];
    size_t n = addresses_of(texts, addresses);

    assert_int_equal(s7_push_call_subscribe(&rig.call, &rig.pushes, &options, addresses, n, &rig.id, NULL),
                     S7_OK);
}

static void modify(uint32_t id, const char *const *texts)
{
    s7_address addresses[8];
    size_t n = addresses_of(texts, addresses);

    assert_int_equal(s7_push_call_modify(&rig.call, &rig.pushes, id, 0, addresses, n, NULL), S7_OK);
}

static void expect_sent(const char *expected)
{
    struct bytes bytes = sent();

    expect_bytes(&bytes, expected);
}

#define TWO_PARTS ((const char *const[]){"DB81.DBB370:BYTE[5]", "DB151.DBD328", NULL})
#define ONE_WORD  ((const char *const[]){"MW100", NULL})

/* Two parts as job 1; its values are taken. */
static uint32_t subscribed(void)
{
    subscribe(S7_SUBSCRIBE_CHANGE, 1000, TWO_PARTS);
    sent();
    answer(5, 1, 0, "ff 09 00 11 00 01 ff 09 00 0b ff 43 f6 90 35 60 ff 80 00 00 00");
    assert_int_equal(done(), S7_OK);
    assert_true(s7_pushes_next(rig.pushes, &rig.push));
    assert_false(s7_pushes_ready(rig.pushes));
    return rig.id;
}

static void expect_values(const char *first, bool first_changed, const char *second, bool second_changed)
{
    struct bytes a = hex(first), b = hex(second);

    assert_true(s7_pushes_next(rig.pushes, &rig.push));
    assert_int_equal(rig.push.kind, S7_PUSH_VALUES);
    assert_int_equal(rig.push.n_items, 2);
    assert_memory_equal(rig.push.items[0].data, a.at, a.len);
    assert_memory_equal(rig.push.items[1].data, b.at, b.len);
    assert_int_equal(rig.push.changed[0], first_changed);
    assert_int_equal(rig.push.changed[1], second_changed);
}

/* ---- subscriptions ---- */

static void s7_142_a_subscription_is_asked_for_answered_and_told_by_its_job(void **state)
{
    (void)state;
    begin();
    subscribe(S7_SUBSCRIBE_TIME, 500, ONE_WORD);
    expect_sent("03 00 00 2d 02 f0 80 32 07 00 00 00 00 00 08 00 14 00 01 12 04 11 42 01 00 ff 09 00 10 "
                "00 01 00 05 12 0a 10 02 00 02 00 00 83 00 03 20");
    answer(1, 1, 0, "ff 09 00 08 00 01 ff 04 00 10 00 00");
    assert_int_equal(done(), S7_OK);
    assert_true(s7_pushes_next(rig.pushes, &rig.push)); /* the values of the answer */
    assert_int_equal(rig.push.subscription, rig.id);
    assert_true(rig.push.changed[0]);
    told(1, 1, "ff 09 00 08 00 01 ff 04 00 10 12 34");
    told(1, 2, "ff 09 00 08 00 01 ff 04 00 10 56 78"); /* of a job that is not ours */
    told(5, 1, "ff 09 00 08 00 01 ff 04 00 10 56 78"); /* of a service that did not make it */
    assert_true(s7_pushes_next(rig.pushes, &rig.push));
    assert_int_equal(rig.push.n_items, 1);
    assert_memory_equal(rig.push.items[0].data, "\x12\x34", 2);
    assert_false(s7_pushes_ready(rig.pushes));
    end();
}

static void s7_178_a_modification_replaces_the_list_of_a_living_job(void **state)
{
    (void)state;
    begin();
    subscribe(S7_SUBSCRIBE_CHANGE, 1000, ((const char *const[]){"DB1.DBB0", NULL}));
    sent();
    answer(5, 1, 0, "ff 09 00 08 00 01 ff 09 00 02 ff 2a");
    assert_int_equal(done(), S7_OK);
    uint32_t id = rig.id;
    told(5, 1, "ff 09 00 08 00 01 ff 09 00 02 ff 2b"); /* not taken before the list changes */
    modify(id, TWO_PARTS);
    expect_sent("03 00 00 2f 02 f0 80 32 07 00 00 00 00 00 08 00 16 00 01 12 04 11 42 07 01 ff 09 00 12 "
                "00 01 01 01 12 0c b0 02 05 00 51 01 72 04 00 97 01 48");
    answer(7, 1, 0, "ff 09 00 11 00 01 ff 09 00 0b ff 43 f6 90 35 60 ff 80 00 00 00");
    assert_int_equal(done(), S7_OK);
    expect_values("43 f6 90 35 60", true, "80 00 00 00", true);
    assert_int_equal(rig.push.subscription, id);
    assert_false(s7_pushes_ready(rig.pushes));
    told(7, 1, "ff 09 00 0c 00 01 ff 09 00 06 fe ff 80 00 00 20");
    expect_values("43 f6 90 35 60", false, "80 00 00 20", true);
    end();
}

static void a_refused_modification_leaves_the_old_list_and_a_lost_one_leaves_none(void **state)
{
    (void)state;
    begin();
    uint32_t id = subscribed();
    modify(id, ONE_WORD);
    sent();
    answer(7, 1, 0xD801, "0a 00 00 00");
    assert_int_equal(done(), S7_E_PLC);
    told(5, 1, "ff 09 00 0c 00 01 ff 09 00 06 fe ff 80 00 00 20");
    expect_values("43 f6 90 35 60", false, "80 00 00 20", true);
    modify(id, ONE_WORD);
    sent();
    s7_session_cancel(rig.session, (uint64_t)(uintptr_t)&rig.call.service);
    rig_drain();
    assert_int_equal(done(), S7_E_CANCELLED);
    told(7, 1, "ff 09 00 08 00 01 ff 04 00 10 12 34");
    told(5, 1, "ff 09 00 0c 00 01 ff 09 00 06 fe ff 80 00 00 21");
    assert_false(s7_pushes_ready(rig.pushes));
    answer(7, 1, 0, "ff 09 00 08 00 01 ff 04 00 10 00 00"); /* late: counted and dropped */
    modify(id, TWO_PARTS);
    sent();
    answer(7, 1, 0, "ff 09 00 11 00 01 ff 09 00 0b ff 43 f6 90 35 60 ff 80 00 00 00");
    assert_int_equal(done(), S7_OK);
    assert_true(s7_pushes_ready(rig.pushes));
    end();
}

static void s7_181_the_end_of_a_change_driven_job_is_05_and_its_number(void **state)
{
    (void)state;
    begin();
    uint32_t id = subscribed();
    modify(id, TWO_PARTS);
    sent();
    answer(7, 1, 0, "ff 09 00 11 00 01 ff 09 00 0b ff 43 f6 90 35 60 ff 80 00 00 00");
    assert_int_equal(done(), S7_OK);
    s7_push_call_unsubscribe(&rig.call, &rig.pushes, id);
    expect_sent(
        "03 00 00 1f 02 f0 80 32 07 00 00 00 00 00 08 00 06 00 01 12 04 11 42 04 00 ff 09 00 02 05 01");
    answer(4, 1, 0, "0a 00 00 00");
    assert_int_equal(done(), S7_OK);
    assert_false(s7_pushes_ready(rig.pushes));
    assert_false(s7_pushes_expected(rig.pushes));
    end();
}

static void s7_143_nothing_is_told_after_the_end_and_an_unknown_job_is_as_good(void **state)
{
    (void)state;
    begin();
    uint32_t id = subscribed();
    told(5, 1, "ff 09 00 0c 00 01 ff 09 00 06 fe ff 80 00 00 20");
    s7_push_call_unsubscribe(&rig.call, &rig.pushes, id);
    sent();
    answer(4, 1, 0xD802, "0a 00 00 00");
    assert_int_equal(done(), S7_OK);
    assert_false(s7_pushes_ready(rig.pushes)); /* what waited went with it */
    told(5, 1, "ff 09 00 0c 00 01 ff 09 00 06 fe ff 80 00 00 21");
    assert_false(s7_pushes_ready(rig.pushes));
    s7_push_call_unsubscribe(&rig.call, &rig.pushes, id);
    assert_int_equal(not_sent("there is no such subscription"), S7_E_ARG);
    end();
}

static void s7_179_parts_that_did_not_change_keep_their_values(void **state)
{
    (void)state;
    begin();
    subscribed();
    told(5, 1, "ff 09 00 0c 00 01 ff 09 00 06 fe ff 80 00 00 20");
    told(5, 1, "ff 09 00 0d 00 01 ff 09 00 07 ff 43 f6 90 35 61 fe");
    told(5, 1, "ff 09 00 11 00 01 ff 09 00 0b ff 43 f6 90 35 61 ff 80 00 00 21"); /* after a pause */
    expect_values("43 f6 90 35 60", false, "80 00 00 20", true);
    expect_values("43 f6 90 35 61", true, "80 00 00 20", false);
    expect_values("43 f6 90 35 61", false, "80 00 00 21", true);
    end();
}

static void pushes_that_do_not_fit_are_ignored_and_spoil_nothing(void **state)
{
    static const char *const bad[] = {"",
                                      "0a 00 00 00",
                                      "ff 09 00 01 00",
                                      "ff 09 00 02 00 01",
                                      "ff 09 00 0a 00 01 ff 09 00 04 fe ff 80 00",
                                      "ff 09 00 0c 00 02 ff 09 00 06 fe ff 80 00 00 20"};

    (void)state;
    begin();
    subscribed();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        told(5, 1, bad[i]);
    assert_false(s7_pushes_ready(rig.pushes));
    told(5, 1, "ff 09 00 0c 00 01 ff 09 00 06 fe ff 80 00 00 20");
    expect_values("43 f6 90 35 60", false, "80 00 00 20", true);
    end();
}

static void answers_that_are_none_fail_the_call(void **state)
{
    static const char *const bad[] = {"0a 00 00 00", "ff 09 00 0c 00 01 ff 09 00 06 fe ff 80 00",
                                      "ff 09 00 08 00 02 ff 04 00 10 00 00"};

    (void)state;
    begin();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        subscribe(S7_SUBSCRIBE_CHANGE, 1000, TWO_PARTS);
        sent();
        answer(5, 1, 0, bad[i]);
        assert_int_equal(done(), S7_E_PROTOCOL);
    }
    subscribed();
    subscribe(S7_SUBSCRIBE_CHANGE, 1000, ONE_WORD);
    sent();
    answer(5, 1, 0, "ff 09 00 08 00 01 ff 04 00 10 00 00"); /* with the number of the first */
    assert_int_equal(done(), S7_E_PROTOCOL);
    end();
}

static void lists_that_fit_no_pdu_and_periods_that_are_none_are_refused_before_sending(void **state)
{
    s7_subscribe_options options = {sizeof options, S7_SUBSCRIBE_TIME, 1000};
    s7_address addresses[60];

    (void)state;
    begin();
    for (size_t i = 0; i < 60; i++)
        addresses[i] = (s7_address){
            .area = S7_AREA_DB, .db = 1, .byte = (uint32_t)(4 * i), .type = S7_TYPE_DWORD, .count = 1};
    assert_int_equal(s7_push_call_subscribe(&rig.call, &rig.pushes, &options, addresses, 38, &rig.id, NULL),
                     S7_OK);
    assert_int_equal(not_sent("the PLC granted 480"), S7_E_TOO_LARGE);
    options.kind = S7_SUBSCRIBE_CHANGE; /* parts take less */
    assert_int_equal(s7_push_call_subscribe(&rig.call, &rig.pushes, &options, addresses, 50, &rig.id, NULL),
                     S7_OK);
    assert_true(sent().len <= 480 + 7);
    s7_push_call_release(&rig.call);
    assert_int_equal(s7_push_call_subscribe(&rig.call, &rig.pushes, &options, addresses, 0, &rig.id, NULL),
                     S7_E_ARG);
    options.period_ms = 1050;
    assert_int_equal(s7_push_call_subscribe(&rig.call, &rig.pushes, &options, addresses, 1, &rig.id, NULL),
                     S7_E_ARG);
    expect_text(rig.call.detail, "a multiple of 100 ms");
    end();
}

/* ---- the queue ---- */

static void told_second(unsigned value)
{
    char data[80];

    snprintf(data, sizeof data, "ff 09 00 0c 00 01 ff 09 00 06 fe ff 00 00 %02x %02x", value >> 8,
             value & 255);
    told(5, 1, data);
}

static void when_the_queue_is_full_the_oldest_go_but_not_what_they_said(void **state)
{
    uint8_t last[4] = {0};

    (void)state;
    begin();
    subscribed();
    told(5, 1, "ff 09 00 0d 00 01 ff 09 00 07 ff 01 02 03 04 05 fe"); /* the first to go */
    for (unsigned i = 0; i < S7_PUSH_QUEUE + 2; i++)
        told_second(i);
    expect_values("01 02 03 04 05", true, "00 00 00 02", true);
    assert_int_equal(rig.push.dropped, 3);
    for (unsigned i = 3; i < S7_PUSH_QUEUE + 2; i++) {
        last[3] = (uint8_t)i;
        assert_true(s7_pushes_next(rig.pushes, &rig.push));
        assert_false(rig.push.changed[0]);
        assert_memory_equal(rig.push.items[1].data, last, 4);
        assert_int_equal(rig.push.dropped, 0);
    }
    assert_false(s7_pushes_ready(rig.pushes));
    end();
}

static void s7_144_what_came_before_the_end_is_told_before_it_and_then_it_is_over(void **state)
{
    struct s7_event closed;

    (void)state;
    begin();
    uint32_t id = subscribed();
    told_second(1);
    s7_session_lost(rig.session, S7_E_RESET);
    rig_drain();
    assert_null(s7_pushes_find(rig.pushes, id));
    assert_false(s7_pushes_expected(rig.pushes));
    assert_false(s7_pushes_next_end(rig.pushes, &closed));
    expect_values("43 f6 90 35 60", false, "00 00 00 01", true);
    assert_false(s7_pushes_next(rig.pushes, &rig.push));
    assert_true(s7_pushes_next_end(rig.pushes, &closed));
    assert_int_equal(closed.status, S7_E_RESET);
    assert_false(s7_pushes_ready(rig.pushes));
    end();
}

static void lost(s7_status why)
{
    s7_session_lost(rig.session, why);
    rig_drain();
}

static void connect_again(void)
{
    struct bytes confirm = cc();

    confirm.at[7] = 2; /* the reference of the second connection */
    s7_session_start(rig.session, 0);
    take_sent(rig.session);
    come(confirm);
    struct bytes setup = take_sent(rig.session);
    come(setup_grants(sent_ref(&setup, 0), 1, 1, 480));
    assert_int_equal(s7_session_state(rig.session), S7_SESSION_READY);
}

static void an_end_that_nobody_took_is_told_before_what_the_next_connection_tells(void **state)
{
    struct s7_event closed;

    (void)state;
    begin();
    subscribed();
    told_second(1);
    lost(S7_E_RESET);
    connect_again();
    subscribe(S7_SUBSCRIBE_CHANGE, 1000, TWO_PARTS);
    sent();
    answer(5, 1, 0, "ff 09 00 11 00 01 ff 09 00 0b ff 00 00 00 00 00 ff 00 00 00 00");
    assert_int_equal(done(), S7_OK);
    expect_values("43 f6 90 35 60", false, "00 00 00 01", true);
    assert_false(s7_pushes_next(rig.pushes, &rig.push));
    assert_true(s7_pushes_next_end(rig.pushes, &closed));
    assert_int_equal(closed.status, S7_E_RESET);
    expect_values("00 00 00 00 00", true, "00 00 00 00", true);
    assert_int_equal(rig.push.subscription, rig.id);
    assert_false(s7_pushes_ready(rig.pushes));
    end();
}

static void two_ends_that_nobody_took_are_one_and_the_queue_may_overflow_between(void **state)
{
    struct s7_event closed;

    (void)state;
    begin();
    subscribed();
    told_second(1);
    lost(S7_E_RESET);
    connect_again();
    subscribe(S7_SUBSCRIBE_CHANGE, 1000, TWO_PARTS);
    sent();
    answer(5, 1, 0, "ff 09 00 11 00 01 ff 09 00 0b ff 00 00 00 00 00 ff 00 00 00 00");
    assert_int_equal(done(), S7_OK);
    for (unsigned i = 0; i < 2 * S7_PUSH_QUEUE; i++)
        told_second(i);
    lost(S7_E_CLOSED);
    for (unsigned i = 0; i < S7_PUSH_QUEUE; i++) { /* of the last connection alone */
        assert_true(s7_pushes_next(rig.pushes, &rig.push));
        assert_int_equal(rig.push.subscription, rig.id);
    }
    assert_true(s7_pushes_next_end(rig.pushes, &closed));
    assert_int_equal(closed.status, S7_E_CLOSED);
    assert_false(s7_pushes_ready(rig.pushes));
    end();
}

/* ---- events ---- */

static void logged_on(uint32_t events, const char *const *requests)
{
    assert_int_equal(s7_push_call_events(&rig.call, &rig.pushes, events), S7_OK);
    for (; *requests != NULL; requests++) {
        struct bytes request = sent(), want = hex(*requests);

        assert_int_equal(request.len, 29 + want.len);
        assert_memory_equal(request.at + 29, want.at, want.len);
        come(pdu(S7_ROSCTR_USERDATA, rig.ref, 0, "00 01 12 08 12 84 02 ff 00 00 00 00", "ff 09 00 02 02 00"));
    }
    assert_int_equal(done(), S7_OK);
    assert_int_equal(s7_pushes_events(rig.pushes), events);
}

#define NAME "00 73 37 72 69 67 20 20 20"

static void s7_183_events_are_logged_on_and_off_type_by_type(void **state)
{
    (void)state;
    begin();
    logged_on(S7_EVENTS_MODE, (const char *const[]){"01 " NAME, NULL});
    logged_on(S7_EVENTS_MODE | S7_EVENTS_ALARM | S7_EVENTS_ALARM_S,
              (const char *const[]){"81 " NAME " 05 00", "81 " NAME " 09 00", NULL});
    logged_on(S7_EVENTS_MODE | S7_EVENTS_DIAG | S7_EVENTS_ALARM | S7_EVENTS_ALARM_S,
              (const char *const[]){"03 " NAME, NULL});
    logged_on(S7_EVENTS_ALARM, (const char *const[]){"00 " NAME, "80 " NAME " 08 00", NULL});
    logged_on(0, (const char *const[]){"80 " NAME " 04 00", NULL});
    logged_on(S7_EVENTS_SCAN | S7_EVENTS_USER_DIAG, (const char *const[]){"84 " NAME " 01 00", NULL});
    assert_int_equal(s7_push_call_events(&rig.call, &rig.pushes, 0x08), S7_E_ARG);
    end();
}

static void s7_145_and_185_diagnosis_and_mode_are_told_to_those_who_asked(void **state)
{
    (void)state;
    begin();
    told_mode(0);
    assert_false(s7_pushes_ready(rig.pushes));
    logged_on(S7_EVENTS_MODE | S7_EVENTS_DIAG, (const char *const[]){"03 " NAME, NULL});
    told_by_cpu(3, "ff 09 00 14 43 04 ff 84 00 00 00 00 00 00 00 00 26 11 24 19 03 25 47 83");
    told_mode(0);
    told_mode(2);
    told_by_cpu(3, "ff 09 00 02 43 04"); /* too short */
    assert_true(s7_pushes_next(rig.pushes, &rig.push));
    assert_int_equal(rig.push.kind, S7_PUSH_DIAG);
    assert_int_equal(rig.push.diag.event, 0x4304);
    assert_int_equal(rig.push.diag.time.hour, 19);
    assert_int_equal(rig.push.len, 20);
    assert_true(s7_pushes_next(rig.pushes, &rig.push));
    assert_int_equal(rig.push.kind, S7_PUSH_MODE);
    assert_int_equal(rig.push.mode, S7_MODE_STOP);
    assert_true(s7_pushes_next(rig.pushes, &rig.push));
    assert_int_equal(rig.push.mode, S7_MODE_RUN);
    assert_int_equal(rig.push.mode_code, 2);
    assert_false(s7_pushes_ready(rig.pushes));
    end();
}

#define ALARM                                                                                                \
    "ff 09 00 1c 26 11 24 19 03 25 47 83 40 01 12 0a 16 01 00 00 00 af 00 00 fe fe ff 04 00 10 00 01"

static void s7_186_alarms_are_told_one_by_one_with_their_values(void **state)
{
    (void)state;
    begin();
    told_by_cpu(5, ALARM);
    assert_false(s7_pushes_ready(rig.pushes));
    logged_on(S7_EVENTS_ALARM, (const char *const[]){"80 " NAME " 05 00", NULL});
    told_by_cpu(5, ALARM);
    told_by_cpu(6, "ff 09 00 22 26 11 24 19 03 25 47 83 40 02 12 0a 16 00 00 00 00 01 01 01 00 00 "
                   "12 0a 16 00 00 00 00 02 02 02 00 00");
    told_by_cpu(5, "ff 09 00 02 26 11"); /* none */
    told_by_cpu(9, "ff 09 00 02 26 11"); /* SCAN was not asked for */
    assert_true(s7_pushes_next(rig.pushes, &rig.push));
    assert_int_equal(rig.push.kind, S7_PUSH_ALARM);
    assert_int_equal(rig.push.alarm.event, 0xAF);
    assert_int_equal(rig.push.alarm.call, 5);
    assert_int_equal(rig.push.alarm.ack_coming, 0xFE);
    assert_int_equal(rig.push.alarm.time.minute, 3);
    assert_int_equal(rig.push.alarm.n_values, 1);
    assert_int_equal(rig.push.alarm.values[0].status, S7_OK);
    assert_int_equal(rig.push.alarm.values[0].len, 2);
    assert_memory_equal(rig.push.alarm.values[0].data, "\0\1", 2);
    for (unsigned i = 1; i <= 2; i++) {
        assert_true(s7_pushes_next(rig.pushes, &rig.push));
        assert_int_equal(rig.push.alarm.event, i);
        assert_int_equal(rig.push.alarm.call, 6);
        assert_int_equal(rig.push.alarm.n_values, 0);
    }
    assert_false(s7_pushes_ready(rig.pushes));
    end();
}

static void events_of_a_form_that_is_not_known_are_told_as_bytes(void **state)
{
    (void)state;
    begin();
    logged_on(S7_EVENTS_SCAN, (const char *const[]){"80 " NAME " 01 00", NULL});
    told_by_cpu(9, "ff 09 00 02 26 11");
    assert_true(s7_pushes_next(rig.pushes, &rig.push));
    assert_int_equal(rig.push.kind, S7_PUSH_OTHER);
    assert_int_equal(rig.push.len, 2);
    assert_memory_equal(rig.push.bytes, "\x26\x11", 2);
    end();
}

static void a_refused_log_on_changes_nothing_and_one_without_answer_may_have(void **state)
{
    (void)state;
    begin();
    assert_int_equal(s7_push_call_events(&rig.call, &rig.pushes, S7_EVENTS_MODE), S7_OK);
    sent();
    come(pdu(S7_ROSCTR_USERDATA, rig.ref, 0, "00 01 12 08 12 84 02 ff 00 00 81 04", "0a 00 00 00"));
    assert_int_equal(done(), S7_E_PLC);
    assert_false(s7_pushes_expected(rig.pushes));
    assert_int_equal(s7_push_call_events(&rig.call, &rig.pushes, S7_EVENTS_MODE), S7_OK);
    sent();
    s7_session_cancel(rig.session, (uint64_t)(uintptr_t)&rig.call.service);
    rig_drain();
    assert_int_equal(done(), S7_E_CANCELLED);
    told_mode(2);
    assert_true(s7_pushes_next(rig.pushes, &rig.push));
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_142_a_subscription_is_asked_for_answered_and_told_by_its_job),
        cmocka_unit_test(s7_178_a_modification_replaces_the_list_of_a_living_job),
        cmocka_unit_test(a_refused_modification_leaves_the_old_list_and_a_lost_one_leaves_none),
        cmocka_unit_test(s7_181_the_end_of_a_change_driven_job_is_05_and_its_number),
        cmocka_unit_test(s7_143_nothing_is_told_after_the_end_and_an_unknown_job_is_as_good),
        cmocka_unit_test(s7_179_parts_that_did_not_change_keep_their_values),
        cmocka_unit_test(pushes_that_do_not_fit_are_ignored_and_spoil_nothing),
        cmocka_unit_test(answers_that_are_none_fail_the_call),
        cmocka_unit_test(lists_that_fit_no_pdu_and_periods_that_are_none_are_refused_before_sending),
        cmocka_unit_test(when_the_queue_is_full_the_oldest_go_but_not_what_they_said),
        cmocka_unit_test(s7_144_what_came_before_the_end_is_told_before_it_and_then_it_is_over),
        cmocka_unit_test(an_end_that_nobody_took_is_told_before_what_the_next_connection_tells),
        cmocka_unit_test(two_ends_that_nobody_took_are_one_and_the_queue_may_overflow_between),
        cmocka_unit_test(s7_183_events_are_logged_on_and_off_type_by_type),
        cmocka_unit_test(s7_145_and_185_diagnosis_and_mode_are_told_to_those_who_asked),
        cmocka_unit_test(s7_186_alarms_are_told_one_by_one_with_their_values),
        cmocka_unit_test(events_of_a_form_that_is_not_known_are_told_as_bytes),
        cmocka_unit_test(a_refused_log_on_changes_nothing_and_one_without_answer_may_have),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.push");
}
