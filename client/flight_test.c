#include "client/flight.h"
#include "client/plc_thread.h"
#include "client/test_names.h"
#include "loop/random.h"

#include <s7rig/pool.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* What each finds. */
struct log {
    unsigned n;
    s7_flight_frame frames[64];
    char texts[64][S7_FLIGHT_TEXT_CAP];
    uint8_t bytes[64][S7_FLIGHT_KEPT];
};

static void note(const s7_flight_frame *frame, void *arg)
{
    struct log *log = arg;

    assert_true(log->n < 64);
    log->frames[log->n] = *frame;
    snprintf(log->texts[log->n], sizeof log->texts[0], "%s", frame->text);
    memcpy(log->bytes[log->n], frame->bytes, frame->kept);
    log->n++;
}

static struct log *log_of(const s7_client *client)
{
    static struct log log;

    log.n = 0;
    assert_int_equal(s7_client_flight_each(client, note, &log), S7_OK);
    return &log;
}

/* ---- the ring ---- */

#define TAIL_MAX (S7_FLIGHT_KEPT - S7_FLIGHT_SLOT_KEPT) /* what a frame keeps beside its slot */

static size_t make_frame(uint8_t *at, size_t len, uint8_t fill)
{
    memset(at, fill, len);
    at[0] = 3;
    at[1] = 0;
    at[2] = (uint8_t)(len >> 8);
    at[3] = (uint8_t)len;
    return len;
}

static void frames_are_cut_wherever_the_bytes_are(void **state)
{
    static const size_t lens[] = {7, 22, 300, 25, 256, 257, 8};
    enum { N = sizeof lens / sizeof lens[0] };
    uint8_t stream[1000];
    size_t len = 0;

    (void)state;
    for (unsigned i = 0; i < N; i++)
        len += make_frame(stream + len, lens[i], (uint8_t)i);
    for (unsigned seed = 0; seed < 300; seed++) {
        struct s7_flight *flight;
        struct log log = {.n = 0};

        assert_int_equal(s7_flight_new(N, N * TAIL_MAX, &flight), S7_OK);
        s7_flight_connection(flight);
        for (size_t at = 0, turn = 0; at < len; turn++) {
            size_t n = 1 + s7_draw(seed, turn, 0, 0) % (seed % 40 + 1);

            n = n < len - at ? n : len - at;
            s7_flight_bytes(flight, seed % 2 == 0, stream + at, n, (int64_t)turn);
            at += n;
        }
        s7_flight_each(flight, 0, note, &log);
        assert_int_equal(log.n, N);
        for (unsigned i = 0; i < N; i++) {
            assert_int_equal(log.frames[i].len, lens[i]);
            assert_int_equal(log.frames[i].kept, lens[i] < S7_FLIGHT_KEPT ? lens[i] : S7_FLIGHT_KEPT);
            assert_int_equal(log.frames[i].sent, seed % 2 == 0);
            assert_int_equal(log.bytes[i][4], i);
        }
        s7_flight_free(flight);
    }
}

static void the_ring_keeps_the_last_frames_and_forgets_unfinished_ones(void **state)
{
    struct s7_flight *flight;
    struct log log = {.n = 0};
    uint8_t frame[40];

    (void)state;
    assert_int_equal(s7_flight_new(3, 3 * TAIL_MAX, &flight), S7_OK);
    s7_flight_connection(flight);
    make_frame(frame, 40, 0xAA);
    s7_flight_bytes(flight, false, frame, 20, 1); /* the other half comes when its place is taken */
    for (unsigned i = 0; i < 10; i++) {
        make_frame(frame, 10 + i, (uint8_t)i);
        s7_flight_bytes(flight, true, frame, 10 + i, 2);
    }
    make_frame(frame, 40, 0xAA);
    s7_flight_bytes(flight, false, frame + 20, 20, 3);
    s7_flight_each(flight, 0, note, &log);
    assert_int_equal(log.n, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(log.frames[i].len, 17 + i);
    s7_flight_free(flight);
    assert_int_equal(s7_flight_new(0, 1024, &flight), S7_OK);
    assert_null(flight);
    s7_flight_bytes(flight, true, frame, 40, 1);
    s7_flight_each(flight, 0, note, &log);
    assert_int_equal(log.n, 3);
}

static uint8_t byte_of(unsigned number, size_t at)
{
    return (uint8_t)(number * 37 + at * 11 + at / 256);
}

/* The frames' numbers are their connections. */
static void expect_beginning(const struct log *log, unsigned i)
{
    const s7_flight_frame *frame = &log->frames[i];
    uint8_t head[4] = {3, 0, (uint8_t)(frame->len >> 8), (uint8_t)frame->len};

    assert_memory_equal(log->bytes[i], head, frame->kept < 4 ? frame->kept : 4);
    for (size_t at = 4; at < frame->kept; at++)
        assert_int_equal(log->bytes[i][at], byte_of(frame->connection, at));
}

/* Whole as far as later ones left room, else what the slot has. */
static void expect_kept(const struct log *log, size_t n_bytes)
{
    size_t tails = 0;

    for (unsigned i = log->n; i-- > 0;) {
        size_t len = log->frames[i].len, most = len < S7_FLIGHT_KEPT ? len : S7_FLIGHT_KEPT;
        size_t tail = most > S7_FLIGHT_SLOT_KEPT ? most - S7_FLIGHT_SLOT_KEPT : 0;

        if (tail <= n_bytes)
            tails += tail;
        assert_int_equal(log->frames[i].kept,
                         tail > 0 && (tail > n_bytes || tails > n_bytes) ? S7_FLIGHT_SLOT_KEPT : most);
        expect_beginning(log, i);
    }
}

static void record_frame(struct s7_flight *flight, unsigned number, size_t len, uint64_t seed)
{
    uint8_t frame[700];

    s7_flight_connection(flight);
    make_frame(frame, len, 0);
    for (size_t at = 4; at < len; at++)
        frame[at] = byte_of(number, at);
    for (size_t at = 0, turn = 0; at < len; turn++) {
        size_t n = 1 + s7_draw(seed, number, turn, 1) % 300;

        n = n < len - at ? n : len - at;
        s7_flight_bytes(flight, number % 2 == 0, frame + at, n, 0);
        at += n;
    }
}

static void of_long_frames_the_latest_are_kept_and_of_earlier_ones_the_beginning(void **state)
{
    static const uint32_t sizes[] = {0, 100, 224, 225, 1000, 1024, 5000};

    (void)state;
    for (unsigned seed = 0; seed < 400; seed++) {
        uint32_t n_bytes = sizes[seed % 7];
        unsigned n_frames = 1 + (unsigned)s7_draw(seed, 0, 0, 2) % 40;
        struct s7_flight *flight;
        struct log log = {.n = 0};

        assert_int_equal(s7_flight_new(n_frames, n_bytes, &flight), S7_OK);
        for (unsigned number = 1; number <= 60; number++) {
            size_t limit = s7_draw(seed, number, 0, 3) % 3 == 0 ? 650 : 60;

            record_frame(flight, number, 7 + s7_draw(seed, number, 0, 4) % limit, seed);
        }
        s7_flight_each(flight, 0, note, &log);
        assert_int_equal(log.n, n_frames);
        expect_kept(&log, n_bytes);
        s7_flight_free(flight);
    }
}

/* One comes in pieces, between which others go: its bytes are its own, or the rest is not kept. */
static void a_long_frame_that_comes_slowly_mixes_with_no_other(void **state)
{
    uint8_t slow[300], quick[300];

    (void)state;
    make_frame(slow, sizeof slow, 0x55);
    make_frame(quick, sizeof quick, 0xAA);
    for (unsigned others = 0; others < 12; others++) {
        struct s7_flight *flight;
        struct log log = {.n = 0};

        assert_int_equal(s7_flight_new(16, 1024, &flight), S7_OK);
        s7_flight_connection(flight);
        s7_flight_bytes(flight, false, slow, 100, 1);
        for (unsigned i = 0; i < others; i++)
            s7_flight_bytes(flight, true, quick, sizeof quick, 2);
        s7_flight_bytes(flight, false, slow + 100, 200, 3);
        s7_flight_each(flight, 0, note, &log);
        assert_int_equal(log.n, others + 1);
        assert_int_equal(log.frames[0].len, sizeof slow);
        assert_int_equal(log.frames[0].kept,
                         (others + 1) * TAIL_MAX <= 1024 ? S7_FLIGHT_KEPT : S7_FLIGHT_SLOT_KEPT);
        for (unsigned i = 0; i < log.n; i++)
            assert_memory_equal(log.bytes[i], i == 0 ? slow : quick, log.frames[i].kept);
        s7_flight_free(flight);
    }
}

static void any_bytes_have_a_text(void **state)
{
    char text[S7_FLIGHT_TEXT_CAP];

    (void)state;
    for (unsigned round = 0; round < 50000; round++) {
        uint8_t bytes[40], *at = NULL;
        size_t len = s7_draw(5, round, 0, 0) % sizeof bytes;

        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)s7_draw(6, round, i, 0);
        static const uint8_t plausible[] = {3, 0, 0, 31, 2,  0xF0, 0x80, 0x32, 1, 0,
                                            0, 0, 1, 0,  14, 0,    0,    4,    1};
        for (size_t i = 0; i < len && i < sizeof plausible; i++)
            if (s7_draw(7, round, i, 0) % 8 != 0)
                bytes[i] = plausible[i];
        at = malloc(len > 0 ? len : 1); /* so that a read past the end shows */
        assert_non_null(at);
        memcpy(at, bytes, len);
        s7_flight_text(at, len, len, text);
        free(at);
        assert_true(strlen(text) > 0);
    }
}

/* ---- a client's ---- */

static void a_conversation_is_told_in_words(void **state)
{
    uint8_t data[300];

    (void)state;
    server_start(480, 1, REFUSE, 4);
    s7_client *client = connected_client(PATIENCE_MS);
    assert_int_equal(s7_read_area(client, NULL, S7_AREA_DB, 1, 10, data, 300), S7_OK);
    assert_int_equal(s7_write_bool(client, NULL, S7_AREA_M, 0, 3, 5, true), S7_OK);
    assert_int_equal(s7_read_area(client, NULL, S7_AREA_T, 0, 4, data, 2), S7_E_PLC);
    static const char *const texts[] = {"connection request (CR)",
                                        "connection confirmed (CC)",
                                        " setup",
                                        " setup",
                                        " read, 1 item, first DB1.DBX10.0 x 300",
                                        " read, 1 item",
                                        " write, 1 item, first M3.5 x 1",
                                        " write, 1 item",
                                        " read, 1 item, first T4 x 1",
                                        ", error 8104 "};
    struct log *log = log_of(client);
    assert_int_equal(log->n, 10);
    for (unsigned i = 0; i < log->n; i++) {
        expect_text(log->texts[i], texts[i]);
        assert_int_equal(log->frames[i].sent, i % 2 == 0);
        assert_int_equal(log->frames[i].connection, 1);
        assert_true(i == 0 || log->frames[i].time_ns >= log->frames[i - 1].time_ns);
    }
    assert_true(log->frames[5].len > 300 && log->frames[5].kept == S7_FLIGHT_KEPT);
    s7_client_close(client);
    assert_int_equal(s7_client_connect(client, NULL), S7_OK);
    log = log_of(client); /* they outlive their connection */
    assert_int_equal(log->n, 14);
    assert_int_equal(log->frames[13].connection, 2);
    s7_client_free(client);
    server_stop();
}

static void what_is_no_s7_is_recorded_too(void **state)
{
    uint8_t value;

    (void)state;
    server_start(240, 1, GARBAGE, 2);
    s7_client *client = connected_client(PATIENCE_MS);
    assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 10, &value), S7_E_FRAME);
    struct log *log = log_of(client);
    expect_text(log->texts[log->n - 1], "8 bytes that are no TPKT");
    assert_int_equal(s7_client_flight_each(client, NULL, NULL), S7_E_ARG);
    assert_int_equal(s7_client_flight_each(NULL, note, log), S7_E_ARG);
    s7_client_free(client);
    server_stop();
}

static void a_client_without_recorder_keeps_nothing(void **state)
{
    s7_client_options options;
    s7_client *client = NULL;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client_options_init(&options);
    options.flight_frames = 0;
    assert_int_equal(s7_client_new(server.endpoint, &options, &client, NULL), S7_OK);
    assert_int_equal(s7_client_connect(client, NULL), S7_OK);
    assert_int_equal(log_of(client)->n, 0);
    s7_client_free(client);
    options.flight_frames = 4097;
    assert_int_equal(s7_client_new(server.endpoint, &options, &client, NULL), S7_E_ARG);
    options.flight_frames = 1;
    options.flight_bytes = S7_FLIGHT_BYTES_MAX + 1;
    assert_int_equal(s7_client_new(server.endpoint, &options, &client, NULL), S7_E_ARG);
    server_stop();
}

static void a_lease_shows_the_frames_of_its_connection(void **state)
{
    s7_pool *pool = NULL;
    s7_client *client = NULL;
    uint8_t value;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    assert_int_equal(s7_pool_new(server.endpoint, NULL, &pool, NULL), S7_OK);
    assert_int_equal(s7_pool_start(pool, NULL), S7_OK);
    assert_int_equal(s7_pool_get(pool, NULL, &client), S7_OK);
    assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 10, &value), S7_OK);
    assert_int_equal(log_of(client)->n, 6);
    assert_int_equal(s7_pool_put(pool, client), S7_OK);
    s7_pool_free(pool);
    server_stop();
}

/* ---- the file ---- */

static FILE *tshark(const char *path, const char *fields)
{
    char command[400];

    snprintf(command, sizeof command, "tshark -r %s -T fields %s 2>/dev/null", path, fields);
    return popen(command, "r");
}

static void tshark_reads_the_file_as_s7(void **state)
{
    const char *tmp = getenv("TMPDIR");
    char path[200], line[200];
    uint8_t data[300];
    unsigned jobs = 0, answers = 0, errors = 0, lines = 0;

    (void)state;
    if (system("command -v tshark >/dev/null 2>&1") != 0) {
        print_message("tshark is not there\n");
        skip();
    }
    server_start(480, 1, ANSWER, 0);
    s7_client *client = connected_client(PATIENCE_MS);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(s7_read_area(client, NULL, S7_AREA_DB, 1, 10, data, i == 2 ? 300 : 7), S7_OK);
    snprintf(path, sizeof path, "%s/s7rig-flight-XXXXXX", tmp != NULL ? tmp : "/tmp");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(s7_client_flight_pcapng(client, fd), S7_OK);
    close(fd);
    s7_client_free(client);
    server_stop();
    FILE *out = tshark(path, "-e s7comm.header.rosctr -e tcp.dstport -e tcp.analysis.flags -e _ws.malformed");
    assert_non_null(out);
    while (fgets(line, sizeof line, out) != NULL) {
        lines++;
        jobs += strncmp(line, "1\t102", 5) == 0;
        answers += strncmp(line, "3\t", 2) == 0;
        errors += strstr(line, "alformed") != NULL;
    }
    assert_int_equal(pclose(out), 0);
    unlink(path);
    assert_int_equal(lines, 10);
    assert_int_equal(jobs, 4); /* setup and three reads */
    assert_true(answers >= 3); /* the last one is cut */
    assert_int_equal(errors, 0);
}

static void a_file_that_cannot_be_written_is_told(void **state)
{
    s7_client *client = NULL;

    (void)state;
    assert_int_equal(s7_client_new("127.0.0.1", NULL, &client, NULL), S7_OK);
    assert_int_equal(s7_client_flight_pcapng(client, -1), S7_E_ARG);
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(s7_client_flight_pcapng(client, fds[0]), S7_E_IO); /* the reading end */
    assert_int_equal(errno, EBADF);
    close(fds[0]);
    close(fds[1]);
    s7_client_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_cut_wherever_the_bytes_are),
        cmocka_unit_test(the_ring_keeps_the_last_frames_and_forgets_unfinished_ones),
        cmocka_unit_test(of_long_frames_the_latest_are_kept_and_of_earlier_ones_the_beginning),
        cmocka_unit_test(a_long_frame_that_comes_slowly_mixes_with_no_other),
        cmocka_unit_test(any_bytes_have_a_text),
        cmocka_unit_test(a_conversation_is_told_in_words),
        cmocka_unit_test(what_is_no_s7_is_recorded_too),
        cmocka_unit_test(a_client_without_recorder_keeps_nothing),
        cmocka_unit_test(a_lease_shows_the_frames_of_its_connection),
        cmocka_unit_test(tshark_reads_the_file_as_s7),
        cmocka_unit_test(a_file_that_cannot_be_written_is_told),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.flight");
}
