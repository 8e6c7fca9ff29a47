/* pipeline.c - eight reads in flight on one connection: reads of 32 bytes by s7_conn_read_db on a loop of
 * libev, beside a bare socket that keeps as many requests of the same 31 bytes in flight and counts what
 * comes. Both send for each answer that is there one request more, against the same bare responder. They take
 * turns; the ratio is taken within each round.
 *
 * usage: bench_pipeline ADDR:PORT [ROUNDS [REQUESTS]]     prints rates and their ratio.
 * Exit status: 0 measured, 1 a read failed, 2 usage, 4 cannot connect. */
#include "bench/bare_socket.h"
#include "bench/turns.h"

#include <s7rig/async.h>
#include <s7rig/libev.h>

#include <string.h>
#include <unistd.h>

#define IN_FLIGHT 8
#define READ_LEN  32
#define DONE_LEN  (FRAME_READ_DONE + READ_LEN)

static const struct frame_place place = {.db = 1, .byte = 0, .len = READ_LEN};

/* ---- A: the connection on a loop ---- */

static s7_conn *conn;
static unsigned to_ask, to_come;
static uint8_t data[IN_FLIGHT][READ_LEN];

static void must(s7_status status, const s7_errinfo *err)
{
    if (status == S7_OK)
        return;
    fprintf(stderr, "bench_pipeline: %s: %s\n", err->asked, err->came);
    exit(1);
}

static void on_read(s7_conn *which, s7_status status, const s7_errinfo *err, void *bytes);

static void ask(void *bytes)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_then then = {.struct_size = sizeof then, .done = on_read, .arg = bytes, .err = &err};

    to_ask--;
    must(s7_conn_read_db(conn, &then, place.db, place.byte, bytes, READ_LEN), &err);
}

static void on_read(s7_conn *which, s7_status status, const s7_errinfo *err, void *bytes)
{
    (void)which;
    must(status, err);
    if (to_ask > 0)
        ask(bytes);
    if (--to_come == 0)
        ev_break(EV_DEFAULT_ EVBREAK_ALL);
}

static void read_by_conn(unsigned requests)
{
    to_ask = to_come = requests;
    for (unsigned i = 0; i < IN_FLIGHT && to_ask > 0; i++)
        ask(data[i]);
    ev_run(EV_DEFAULT_ 0);
}

static s7_status came_up;
static s7_errinfo why = S7_ERRINFO_INIT;

static void on_state(s7_conn *which, bool up, s7_status status, const s7_errinfo *err, void *arg)
{
    (void)which;
    (void)arg;
    came_up = up ? S7_OK : status;
    if (err != NULL)
        why = *err;
    ev_break(EV_DEFAULT_ EVBREAK_ALL);
}

static bool open_conn(s7_loop *loop, const char *endpoint)
{
    s7_client_info info = {.struct_size = sizeof info};

    came_up = S7_E_IO;
    if (loop != NULL && s7_conn_new(loop, endpoint, NULL, on_state, NULL, &conn, &why) == S7_OK &&
        s7_conn_open(conn, &why) == S7_OK)
        ev_run(EV_DEFAULT_ 0);
    if (came_up == S7_OK && s7_conn_info_get(conn, &info) == S7_OK && info.amq_calling == IN_FLIGHT)
        return true;
    fprintf(stderr, "bench_pipeline: %s: %s\n", why.asked, why.came);
    return false;
}

/* ---- B: the bare socket ---- */

static int bare_fd;
static uint8_t requests_out[IN_FLIGHT * FRAME_READ_LEN];

static void send_bare(unsigned n)
{
    if (n > 0 && send(bare_fd, requests_out, n * FRAME_READ_LEN, MSG_NOSIGNAL) !=
                     (ssize_t)(n * (size_t)FRAME_READ_LEN))
        exit(1);
}

static void read_by_bare_socket(unsigned requests)
{
    uint8_t answers[4096];
    unsigned left = requests < IN_FLIGHT ? 0 : requests - IN_FLIGHT;
    size_t bytes = 0, all = requests * (size_t)DONE_LEN;

    send_bare(requests < IN_FLIGHT ? requests : IN_FLIGHT);
    while (bytes < all) {
        ssize_t got = recv(bare_fd, answers, sizeof answers, 0);

        if (got <= 0)
            exit(1);
        unsigned whole = (unsigned)((bytes + (size_t)got) / DONE_LEN - bytes / DONE_LEN);
        bytes += (size_t)got;
        whole = whole < left ? whole : left;
        left -= whole;
        send_bare(whole);
    }
}

/* ---- turns ---- */

static double rate(void (*read)(unsigned), unsigned requests)
{
    double begin_s = now_s();

    read(requests);
    return requests / (now_s() - begin_s);
}

static void take_turns(unsigned rounds, unsigned requests)
{
    static double ours[ROUNDS_MAX], bare[ROUNDS_MAX], ratios[ROUNDS_MAX];

    for (unsigned i = 0; i < rounds; i++) {
        if (i % 2 == 0)
            ours[i] = rate(read_by_conn, requests);
        bare[i] = rate(read_by_bare_socket, requests);
        if (i % 2 != 0)
            ours[i] = rate(read_by_conn, requests);
        ratios[i] = ours[i] / bare[i];
    }
    double middle = median(ratios, rounds);
    printf("eight in flight: client %.0f/s, bare socket %.0f/s, ratio %.3f (%.3f..%.3f), %u rounds of %u "
           "reads\n",
           median(ours, rounds), median(bare, rounds), middle, ratios[0], ratios[rounds - 1], rounds,
           requests);
}

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 301;
    unsigned long requests = argc > 3 ? strtoul(argv[3], NULL, 10) : 800;

    if (argc < 2 || argc > 4 || rounds < 1 || rounds > ROUNDS_MAX || requests < 1 || requests > 10000000) {
        fprintf(stderr, "usage: bench_pipeline ADDR:PORT [ROUNDS [REQUESTS]]    (1..%d rounds)\n",
                ROUNDS_MAX);
        return 2;
    }
    s7_loop *loop = s7_libev_attach(EV_DEFAULT);
    if (!open_conn(loop, argv[1]) || (bare_fd = bare_connect(argv[1])) < 0) {
        fprintf(stderr, "bench_pipeline: cannot connect to %s\n", argv[1]);
        return 4;
    }
    for (unsigned i = 0; i < IN_FLIGHT; i++)
        (void)frame_read(requests_out + i * FRAME_READ_LEN, (uint16_t)(i + 1), &place);
    read_by_conn((unsigned)requests); /* warm */
    read_by_bare_socket((unsigned)requests);
    take_turns((unsigned)rounds, (unsigned)requests);
    s7_conn_free(conn);
    s7_libev_detach(loop);
    close(bare_fd);
    return 0;
}
