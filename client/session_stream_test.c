#include "client/session_script.h"
#include "client/test_names.h"

/* ---- any split, any prefix ---- */

static void s7_003_frames_of_one_segment_are_handled_in_order(void **state)
{
    s7_session *session = usual_ready(3);
    struct record record = {.n = 0};
    struct bytes segment = byte_answer(2, 1), ack = hex("03 00 00 07 02 f0 00"), second = byte_answer(4, 3),
                 third = byte_answer(3, 2);

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        must_read(session, i, i, S7_NEVER_NS);
    append(&segment, &ack);
    append(&segment, &second);
    append(&segment, &third);
    feed_bytes(session, segment, &record);
    assert_int_equal(record.n, 3);
    expect_event(&record, 0, S7_EVENT_ANSWER, S7_OK, 0);
    expect_event(&record, 1, S7_EVENT_ANSWER, S7_OK, 2);
    expect_event(&record, 2, S7_EVENT_ANSWER, S7_OK, 1);
    s7_session_free(session);
}

/* The PLC's half of handshake and one read; the read is submitted when READY comes. */
static struct bytes whole_exchange(void)
{
    struct bytes all = cc(), setup = setup_grants(1, 1, 1, 240), ack = hex("03 00 00 07 02 f0 00"),
                 answer = byte_answer(2, 0x2A);

    append(&all, &setup);
    append(&all, &ack);
    append(&all, &answer);
    return all;
}

static void feed_reading(s7_session *session, const uint8_t *at, size_t len, struct record *record)
{
    struct s7_event event;

    give(session, at, len);
    while (s7_session_next(session, &event)) {
        struct seen *seen = &record->events[record->n++];

        *seen = (struct seen){.kind = event.kind, .status = event.status, .id = event.id};
        if (event.kind == S7_EVENT_ANSWER)
            seen->data[0] = event.pdu.data[4];
        if (event.kind == S7_EVENT_READY)
            must_read(session, 0, 5, S7_NEVER_NS);
    }
}

static void expect_the_exchange(const struct record *record, size_t a, size_t b)
{
    if (record->n != 2 || record->events[0].kind != S7_EVENT_READY ||
        record->events[1].kind != S7_EVENT_ANSWER || record->events[1].data[0] != 0x2A)
        fail_msg("split at %zu and %zu: %u events, first of kind %d", a, b, record->n,
                 (int)record->events[0].kind);
}

static void s7_002_every_split_of_an_exchange_gives_the_same_events(void **state)
{
    struct bytes all = whole_exchange();

    (void)state;
    for (size_t a = 0; a <= all.len; a++) {
        for (size_t b = a; b <= all.len; b++) {
            s7_session *session = usual_connecting();
            struct record record = {.n = 0};

            feed_reading(session, all.at, a, &record);
            feed_reading(session, all.at + a, b - a, &record);
            feed_reading(session, all.at + b, all.len - b, &record);
            expect_the_exchange(&record, a, b);
            s7_session_free(session);
        }
    }
    s7_session *session = usual_connecting();
    struct record record = {.n = 0};
    for (size_t i = 0; i < all.len; i++)
        feed_reading(session, all.at + i, 1, &record);
    expect_the_exchange(&record, 1, 2);
    s7_session_free(session);
}

static void every_prefix_of_a_frame_gives_no_event(void **state)
{
    struct bytes all = whole_exchange();

    (void)state;
    for (size_t n = 0; n < all.len; n++) {
        s7_session *session = usual_connecting();
        struct record record = {.n = 0};

        feed_reading(session, all.at, n, &record);
        unsigned expected = n >= 22 + 27 ? 1 : 0; /* CC and setup answer */
        if (record.n != expected)
            fail_msg("prefix of %zu bytes: %u events", n, record.n);
        s7_session_free(session);
    }
}

/* ---- any bytes ---- */

/* Mutated streams never crash, never end twice, and give each job one event. */
static void random_bytes_never_break_the_books(void **state)
{
    uint32_t seed = 42;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        s7_session *session = round % 3 == 0 ? usual_connecting() : usual_ready(4);
        struct record record = {.n = 0};
        struct bytes all = {.len = 0};
        unsigned jobs = 0, ends = 0, closed = 0;

        for (unsigned i = 0; i < 4 && s7_session_window(session) > 0; i++, jobs++)
            must_write(session, i, 1, i, 100 * MS);
        s7_session_sent(session, draw(&seed) % (jobs * 36 + 1) % 100);
        for (unsigned i = 0; i < 4; i++) {
            struct bytes frame =
                draw(&seed) % 4 != 0 ? pdu(S7_ROSCTR_ACK_DATA, (uint16_t)(2 + i), 0, "05 01", "ff") : cc();

            append(&all, &frame);
        }
        for (unsigned i = draw(&seed) % 6; i > 0; i--)
            all.at[draw(&seed) % all.len] = (uint8_t)draw(&seed);
        feed(session, all.at, draw(&seed) % (all.len + 1), &record);
        s7_session_tick(session, 200 * MS);
        drain(session, &record);
        s7_session_lost(session, S7_E_CLOSED);
        drain(session, &record);
        for (unsigned i = 0; i < record.n; i++) {
            ends += record.events[i].kind == S7_EVENT_ANSWER || record.events[i].kind == S7_EVENT_FAILED;
            closed += record.events[i].kind == S7_EVENT_CLOSED;
        }
        if (ends != jobs || closed != 1 || record.events[record.n - 1].kind != S7_EVENT_CLOSED)
            fail_msg("round %u: %u jobs, %u ends, %u closed", round, jobs, ends, closed);
        s7_session_free(session);
    }
}

/* Everything that real CPUs were seen to send, to whomever, in one stream: nothing of it ends a session. */
static void frames_of_real_cpus_never_end_a_session(void **state)
{
    static char line[16384];
    const char *folder = getenv("S7RIG_CAPTURES");
    char path[512];
    unsigned frames = 0;

    (void)state;
    snprintf(path, sizeof path, "%s/vectors.tsv", folder != NULL ? folder : "");
    FILE *file = folder != NULL && folder[0] != '\0' ? fopen(path, "r") : NULL;
    if (file == NULL) {
        print_message("skipped: S7RIG_CAPTURES names no folder with vectors.tsv\n");
        skip();
    }
    s7_session *session = usual_ready(1);
    while (fgets(line, sizeof line, file) != NULL) {
        char *rest = line, *field[6];

        for (unsigned i = 0; i < 6; i++)
            field[i] = rest != NULL ? strsep(&rest, "\t") : NULL;
        if (field[5] == NULL || strcmp(field[2], "server") != 0 || strcmp(field[5], "hw") != 0)
            continue;
        struct bytes frame = hex(field[4]);
        if (frame.len == 0 || frame.at[0] != 3)
            continue;
        feed_bytes(session, frame, NULL);
        frames++;
        if (s7_session_state(session) != S7_SESSION_READY)
            fail_msg("%s ended the session: %s", field[0], field[3]);
    }
    fclose(file);
    print_message("%u frames\n", frames);
    assert_true(frames > 100);
    s7_session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_003_frames_of_one_segment_are_handled_in_order),
        cmocka_unit_test(s7_002_every_split_of_an_exchange_gives_the_same_events),
        cmocka_unit_test(every_prefix_of_a_frame_gives_no_event),
        cmocka_unit_test(random_bytes_never_break_the_books),
        cmocka_unit_test(frames_of_real_cpus_never_end_a_session),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.session_stream");
}
