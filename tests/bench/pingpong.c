/* pingpong.c - what the blocking client adds to a round trip: reads of 32 bytes by s7_read_db beside a bare
 * socket that sends the same 31 bytes and receives the same 57, one connection each, against the same bare
 * responder. The two take turns (A B, B A ...), so that a machine that gets busier or slower in the meantime
 * disturbs both alike; the ratio is taken within each round.
 *
 * usage: bench_pingpong ADDR:PORT [ROUNDS [REQUESTS]]     prints rates and their ratio.
 * Exit status: 0 measured, 1 a round trip failed, 2 usage, 4 cannot connect. */
#include "bench/bare_socket.h"
#include "bench/turns.h"

#include <s7rig/client.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_LEN 32
#define DONE_LEN (FRAME_READ_DONE + READ_LEN)

static const struct frame_place place = {.db = 1, .byte = 0, .len = READ_LEN};
static uint8_t request[FRAME_CAP], answer[FRAME_CAP];
static s7_client *client;
static int bare_fd;

/* ---- A: the client ---- */

static bool open_client(const char *endpoint)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

    if (s7_client_new(endpoint, NULL, &client, &err) == S7_OK && s7_client_connect(client, &ctx) == S7_OK)
        return true;
    fprintf(stderr, "bench_pingpong: %s: %s\n", err.asked, err.came);
    return false;
}

static bool read_by_client(void)
{
    uint8_t data[READ_LEN];

    return s7_read_db(client, NULL, place.db, place.byte, data, sizeof data) == S7_OK;
}

/* ---- B: the bare socket ---- */

static bool read_by_bare_socket(void)
{
    return bare_exchange(bare_fd, request, FRAME_READ_LEN, answer, DONE_LEN);
}

/* ---- turns ---- */

/* Round trips per second; ends the process when one fails. */
static double rate(bool (*read)(void), const char *whose, unsigned requests)
{
    double begin_s = now_s();

    for (unsigned i = 0; i < requests; i++) {
        if (read())
            continue;
        fprintf(stderr, "bench_pingpong: a round trip of the %s failed\n", whose);
        exit(1);
    }
    return requests / (now_s() - begin_s);
}

static void take_turns(unsigned rounds, unsigned requests)
{
    static double ours[ROUNDS_MAX], bare[ROUNDS_MAX], ratios[ROUNDS_MAX];

    for (unsigned i = 0; i < rounds; i++) {
        if (i % 2 == 0)
            ours[i] = rate(read_by_client, "client", requests);
        bare[i] = rate(read_by_bare_socket, "bare socket", requests);
        if (i % 2 != 0)
            ours[i] = rate(read_by_client, "client", requests);
        ratios[i] = ours[i] / bare[i];
    }
    double middle = median(ratios, rounds);
    printf("client %.0f/s, bare socket %.0f/s, ratio %.3f (%.3f..%.3f), %u rounds of %u round trips\n",
           median(ours, rounds), median(bare, rounds), middle, ratios[0], ratios[rounds - 1], rounds,
           requests);
}

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 301;
    unsigned long requests = argc > 3 ? strtoul(argv[3], NULL, 10) : 200;

    if (argc < 2 || argc > 4 || rounds < 1 || rounds > ROUNDS_MAX || requests < 1 || requests > 10000000) {
        fprintf(stderr, "usage: bench_pingpong ADDR:PORT [ROUNDS [REQUESTS]]    (1..%d rounds)\n",
                ROUNDS_MAX);
        return 2;
    }
    if (!open_client(argv[1]) || (bare_fd = bare_connect(argv[1])) < 0) {
        fprintf(stderr, "bench_pingpong: cannot connect to %s\n", argv[1]);
        return 4;
    }
    frame_read(request, 1, &place);
    rate(read_by_client, "client", (unsigned)requests / 10 + 1); /* warm */
    rate(read_by_bare_socket, "bare socket", (unsigned)requests / 10 + 1);
    take_turns((unsigned)rounds, (unsigned)requests);
    s7_client_free(client);
    close(bare_fd);
    return 0;
}
