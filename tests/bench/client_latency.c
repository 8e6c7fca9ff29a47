/* client_latency.c - how long each of a number of reads of 32 bytes takes, by s7_read_db. For latency.js.
 *
 * usage: bench_client_latency ADDR:PORT REQUESTS     prints nanoseconds, one read a line.
 * Exit status: 0 measured, 1 a read failed, 2 usage, 4 cannot connect. */
#include <s7rig/client.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define READ_LEN     32
#define WARM_UPS     100
#define REQUESTS_MAX 1000000

static s7_errinfo err = S7_ERRINFO_INIT;
static const s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int failed(int status)
{
    fprintf(stderr, "bench_client_latency: %s: %s\n", err.asked, err.came);
    return status;
}

/* Keeps what it measures until the end, so that nothing is printed in between. */
static int measure(s7_client *client, int64_t *took_ns, unsigned long requests)
{
    uint8_t data[READ_LEN];

    for (unsigned long i = 0; i < WARM_UPS + requests; i++) {
        int64_t begin_ns = now_ns();

        if (s7_read_db(client, &ctx, 1, 0, data, sizeof data) != S7_OK)
            return failed(1);
        if (i >= WARM_UPS)
            took_ns[i - WARM_UPS] = now_ns() - begin_ns;
    }
    for (unsigned long i = 0; i < requests; i++)
        printf("%" PRId64 "\n", took_ns[i]);
    return 0;
}

int main(int argc, char **argv)
{
    unsigned long requests = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    s7_client *client = NULL;

    if (requests < 1 || requests > REQUESTS_MAX) {
        fprintf(stderr, "usage: bench_client_latency ADDR:PORT REQUESTS    (1..%d)\n", REQUESTS_MAX);
        return 2;
    }
    int64_t *took_ns = calloc(requests, sizeof *took_ns);
    if (took_ns == NULL || s7_client_new(argv[1], NULL, &client, &err) != S7_OK ||
        s7_client_connect(client, &ctx) != S7_OK) {
        s7_client_free(client);
        free(took_ns);
        return failed(4);
    }
    int status = measure(client, took_ns, requests);
    s7_client_free(client);
    free(took_ns);
    return status;
}
