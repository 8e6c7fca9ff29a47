/* Many workers, few connections, no borrowing: 100 threads read a value each, again and again. They share 2
 * connections, and reads of the same moment travel in one request.
 *
 *   pool_workers [ENDPOINT]      127.0.0.1:10102 unless given; a real PLC is as good: 192.168.0.1 */
#include <s7rig/pool_direct.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#define WORKERS     100
#define CONNECTIONS 2
#define READS       20 /* by each worker */

static s7_pool *pool;

struct worker {
    pthread_t thread;
    unsigned done;
    uint8_t value[4];
    s7_errinfo err; /* of the last read that failed */
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    s7_ctx within_5s = {.struct_size = sizeof within_5s, .timeout_ms = 5000, .err = &worker->err};

    for (unsigned i = 0; i < READS; i++)
        if (s7_pool_read_at(pool, &within_5s, "DB1.DBD0:REAL", worker->value, sizeof worker->value) == S7_OK)
            worker->done++;
    return NULL;
}

static void print_error(const s7_errinfo *err)
{
    char text[600];

    s7_errinfo_format(err, text, sizeof text);
    fprintf(stderr, "pool_workers: %s\n", text);
}

static unsigned run_workers(void)
{
    static struct worker workers[WORKERS];
    unsigned started = 0, done = 0;

    for (; started < WORKERS; started++) {
        workers[started].err = (s7_errinfo)S7_ERRINFO_INIT;
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0)
            break;
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        done += workers[i].done;
        if (workers[i].done < READS)
            print_error(&workers[i].err);
    }
    return done;
}

static void print_stats(unsigned done)
{
    s7_pool_stats stats = {.struct_size = sizeof stats};

    if (s7_pool_stats_get(pool, &stats) == S7_OK)
        printf("%u reads by %d workers in %" PRIu64 " requests over %" PRIu64 " connections\n", done, WORKERS,
               stats.direct_jobs, stats.connects);
}

int main(int argc, char **argv)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    s7_pool_options options;
    unsigned done = 0;

    s7_pool_options_init(&options);
    options.size = CONNECTIONS;
    options.coalesce_us = 500;
    if (s7_pool_new(argc > 1 ? argv[1] : "127.0.0.1:10102", &options, &pool, &err) != S7_OK ||
        s7_pool_start(pool, &ctx) != S7_OK) {
        print_error(&err);
    } else {
        done = run_workers();
        print_stats(done);
    }
    s7_pool_free(pool);
    return done == WORKERS * READS ? 0 : 1;
}
