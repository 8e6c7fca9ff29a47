/* The memory of a session: how much, when, and what becomes of it when there is none. */
#include "client/session_impl.h"
#include "client/session_script.h"
#include "client/test_names.h"
#include "loop/random.h"

/* ---- allocations that are counted and fail: the linker turns these calls to us ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);

static unsigned allocations, failing; /* so many so far; the one that fails, from 1 */
static size_t last_size;

static bool refuse_allocation(size_t size)
{
    last_size = size;
    return ++allocations == failing;
}

void *__wrap_malloc(size_t size)
{
    return refuse_allocation(size) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return refuse_allocation(n * size) ? NULL : __real_calloc(n, size);
}

static void fail_at(unsigned which)
{
    allocations = 0;
    failing = which;
}

/* ---- a session of which the setup is out ---- */

static s7_session *negotiate(s7_session *session)
{
    s7_session_start(session, 0);
    take_sent(session);
    feed_bytes(session, hex("03 00 00 0b 06 d0 00 00 00 03 00"), NULL);
    return session;
}

/* What it sends is taken, but the PLC's answer is still to come. */
static uint16_t setup_ref(s7_session *session)
{
    struct bytes sent = take_sent(session);

    return sent_ref(&sent, 0);
}

/* ---- how much, and when ---- */

static void memory_is_taken_for_the_handshake_and_for_what_was_granted(void **state)
{
    static const struct {
        unsigned pdu_len, jobs;
        size_t size; /* a slot of 56 bytes a job; two frames in, at least 720; a job and one more out */
    } grants[] = {{240, 1, 56 + 720 + 2 * 247},     {240, 3, 3 * 56 + 720 + 4 * 247},
                  {240, 8, 8 * 56 + 720 + 9 * 247}, {480, 1, 56 + 2 * 487 + 2 * 487},
                  {960, 1, 56 + 2 * 967 + 2 * 967}, {960, 8, 8 * 56 + 2 * 967 + 9 * 967},
                  {64, 1, 56 + 720 + 2 * 71}};
    struct s7_session_options options = usual_options();

    (void)state;
    for (unsigned i = 0; i < sizeof grants / sizeof grants[0]; i++) {
        fail_at(0);
        s7_session *session = negotiate(new_session(&options));
        assert_int_equal(allocations, 2);
        assert_in_range(last_size, 1, 1024);
        feed_bytes(session,
                   setup_grants(setup_ref(session), grants[i].jobs, grants[i].jobs, grants[i].pdu_len), NULL);
        assert_int_equal(s7_session_state(session), S7_SESSION_READY);
        assert_int_equal(allocations, 3);
        assert_int_equal(last_size, grants[i].size);
        s7_session_free(session);
    }
}

static void jobs_and_answers_take_none(void **state)
{
    s7_session *session = usual_ready(4);
    struct record record = {.n = 0};

    (void)state;
    fail_at(0);
    for (uint16_t ref = 2; ref < 42; ref++) {
        must_read(session, 0, ref, S7_NEVER_NS);
        take_sent(session);
        feed_bytes(session, byte_answer(ref, 1), &record);
    }
    assert_int_equal(record.n, 40);
    assert_int_equal(allocations, 0);
    s7_session_free(session);
}

static void a_later_grant_takes_memory_only_if_it_is_larger(void **state)
{
    static const struct {
        unsigned pdu_len, jobs, allocations;
    } grants[] = {{240, 3, 1}, {240, 3, 0}, {240, 1, 0}, {480, 1, 1}, {240, 8, 1}, {960, 8, 1}, {480, 8, 0}};
    struct s7_session_options options = usual_options();
    s7_session *session = new_session(&options);

    (void)state;
    for (unsigned i = 0; i < sizeof grants / sizeof grants[0]; i++) {
        struct record record = {.n = 0};

        negotiate(session);
        fail_at(0);
        uint16_t ref = setup_ref(session);
        feed_bytes(session, setup_grants(ref, grants[i].jobs, grants[i].jobs, grants[i].pdu_len), NULL);
        assert_int_equal(s7_session_window(session), grants[i].jobs);
        assert_int_equal(allocations, grants[i].allocations);
        for (unsigned n = 0; n < grants[i].jobs; n++)
            must_read(session, 0, n, S7_NEVER_NS);
        take_sent(session);
        for (unsigned n = 0; n < grants[i].jobs; n++)
            feed_bytes(session, byte_answer((uint16_t)(ref + 1 + n), 1), &record);
        assert_int_equal(record.n, grants[i].jobs);
        s7_session_lost(session, S7_E_CLOSED);
        drain(session, NULL);
    }
    s7_session_free(session);
}

/* ---- for want of it ---- */

static void without_memory_there_is_no_session(void **state)
{
    struct s7_session_options options = usual_options();
    s7_session *session = NULL;

    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        fail_at(n);
        assert_int_equal(s7_session_new(&options, &session), S7_E_NOMEM);
        assert_null(session);
    }
    fail_at(0);
}

static void without_memory_for_what_was_granted_it_is_closed_and_may_begin_again(void **state)
{
    struct s7_session_options options = usual_options();
    s7_session *session = new_session(&options);
    struct record record = {.n = 0};

    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        negotiate(session);
        uint16_t ref = setup_ref(session);
        record.n = 0;
        fail_at(1);
        feed_bytes(session, setup_grants(ref, 3, 3, 960), &record);
        fail_at(0);
        expect_closed(session, &record, S7_E_NOMEM);
        expect_text(record.events[0].detail, "3 jobs of 960 bytes");
        assert_int_equal(s7_session_granted(session)->pdu_len, 0);
    }
    negotiate(session);
    uint16_t ref = setup_ref(session);
    record.n = 0;
    feed_bytes(session, setup_grants(ref, 3, 3, 960), &record);
    expect_event(&record, 0, S7_EVENT_READY, S7_OK, 0);
    must_read(session, 0, 7, S7_NEVER_NS);
    feed_bytes(session, byte_answer((uint16_t)(ref + 1), 1), &record);
    expect_event(&record, 1, S7_EVENT_ANSWER, S7_OK, 7);
    s7_session_free(session);
}

/* ---- what is there moves along ---- */

/* The setup is not out when its answer comes, and a push is right behind: neither is lost. */
static void bytes_that_came_or_are_to_go_survive_the_grant(void **state)
{
    struct s7_session_options options = usual_options();
    s7_session *session = negotiate(new_session(&options));
    struct bytes came = setup_grants(1, 8, 8, 960),
                 push = pdu(S7_ROSCTR_USERDATA, 0, 0, "00 01 12 08 12 02 01 00 00 00 00 00",
                            "ff 09 00 02 12 34");
    struct record record = {.n = 0};

    (void)state;
    s7_session_want_pushes(session, true);
    append(&came, &push);
    feed(session, came.at, came.len - 5, &record);
    feed(session, came.at + came.len - 5, 5, &record);
    expect_event(&record, 0, S7_EVENT_READY, S7_OK, 0);
    expect_event(&record, 1, S7_EVENT_PUSH, S7_OK, 0);
    must_read(session, 0, 1, S7_NEVER_NS);
    struct bytes sent = take_sent(session);
    assert_int_equal(sent_ref(&sent, 0), 1);
    assert_int_equal(sent_ref(&sent, 1), 2);
    s7_session_free(session);
}

/* ---- the longest answers, in fragments of any size ---- */

struct stream {
    uint8_t at[60000];
    size_t len;
};

static void put(struct stream *stream, struct bytes bytes)
{
    assert_true(bytes.len <= sizeof stream->at - stream->len);
    memcpy(stream->at + stream->len, bytes.at, bytes.len);
    stream->len += bytes.len;
}

/* An answer as long as the granted length, cut anywhere, between TPDUs that say nothing. */
static void put_fragments(struct stream *stream, unsigned pdu_len, uint16_t ref, uint64_t seed)
{
    uint8_t whole[960];
    struct s7_wr wr = {whole, pdu_len, 0, false};
    size_t begin = s7_pdu_begin(&wr, S7_ROSCTR_ACK_DATA, ref, 0);

    s7_wr_be(&wr, 2, S7_FN_READ_VAR << 8 | 1);
    s7_pdu_param_end(&wr, begin);
    for (unsigned i = 0; wr.len < pdu_len; i++)
        s7_wr_be(&wr, 1, (uint8_t)(ref * 3 + i));
    s7_pdu_end(&wr, begin);
    for (size_t at = 0, turn = 0; at < pdu_len; turn++) {
        size_t n = s7_draw(seed, ref, turn, 0) % (turn % 3 == 0 ? pdu_len : 60);

        n = n < pdu_len - at ? n : pdu_len - at;
        if (s7_draw(seed, ref, turn, 1) % 4 == 0)
            put(stream, hex("03 00 00 07 02 10 80"));
        put(stream, dt(whole + at, n, at + n == pdu_len));
        at += n;
    }
}

static void expect_answers(const struct record *record, unsigned jobs, uint16_t ref)
{
    assert_int_equal(record->n, jobs);
    for (unsigned i = 0; i < jobs; i++, ref++) {
        expect_event(record, i, S7_EVENT_ANSWER, S7_OK, i);
        for (unsigned k = 0; k < sizeof record->events[i].data; k++)
            assert_int_equal(record->events[i].data[k], (uint8_t)(ref * 3 + k));
    }
}

static void the_longest_answers_are_joined_however_they_are_cut(void **state)
{
    static const unsigned pdu_lens[] = {240, 480, 960};
    struct s7_session_options options = usual_options();
    static struct stream stream;

    (void)state;
    for (unsigned seed = 0; seed < 300; seed++) {
        unsigned pdu_len = pdu_lens[seed % 3], jobs = 1 + seed % 8;
        s7_session *session = ready_session(&options, jobs, jobs, pdu_len);
        static struct record record;

        record.n = 0;
        stream.len = 0;
        for (unsigned i = 0; i < jobs; i++) {
            must_read(session, 0, i, S7_NEVER_NS);
            put_fragments(&stream, pdu_len, (uint16_t)(2 + i), seed);
        }
        for (size_t at = 0, turn = 0; at < stream.len; turn++) {
            size_t n = 1 + s7_draw(seed, turn, 0, 2) % (seed % 2 == 0 ? 20 : 3000);

            n = n < stream.len - at ? n : stream.len - at;
            feed(session, stream.at + at, n, &record);
            at += n;
        }
        expect_answers(&record, jobs, 2);
        s7_session_free(session);
    }
}

/* Somewhat more than was granted is put up with, much more is not. */
static void an_answer_that_is_much_longer_than_granted_ends_the_session(void **state)
{
    static const struct {
        unsigned pdu_len, most;
    } rows[] = {{240, 353}, {960, 960}};
    struct s7_session_options options = usual_options();
    static uint8_t zeros[1000];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned whole = 0; whole < 2; whole++) {
            s7_session *session = ready_session(&options, 1, 1, rows[i].pdu_len);
            struct record record = {.n = 0};

            if (!whole)
                feed_bytes(session, dt(zeros, rows[i].most, false), &record);
            assert_int_equal(record.n, 0);
            feed_bytes(session, dt(zeros, whole ? rows[i].most + 1 : 1, false), &record);
            expect_closed(session, &record, S7_E_FRAME);
            expect_text(record.events[0].detail, whole ? "TPKT length" : "fragments");
            s7_session_free(session);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_taken_for_the_handshake_and_for_what_was_granted),
        cmocka_unit_test(jobs_and_answers_take_none),
        cmocka_unit_test(a_later_grant_takes_memory_only_if_it_is_larger),
        cmocka_unit_test(without_memory_there_is_no_session),
        cmocka_unit_test(without_memory_for_what_was_granted_it_is_closed_and_may_begin_again),
        cmocka_unit_test(bytes_that_came_or_are_to_go_survive_the_grant),
        cmocka_unit_test(the_longest_answers_are_joined_however_they_are_cut),
        cmocka_unit_test(an_answer_that_is_much_longer_than_granted_ends_the_session),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.session_memory");
}
