/* Many workers, few connections: 100 threads read one value each, again and again, through a pool of 10.
 *
 *   pool_threads [ENDPOINT]      127.0.0.1:10102 unless given; a real PLC is as good: 192.168.0.1 */
#include <s7rig/pool.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#define WORKERS     100
#define CONNECTIONS 10
#define READS       20 /* by each worker */

#define DB        1
#define SPEED_POS 0 /* DB1.DBD0, a REAL */

static s7_pool *pool;

struct worker {
    pthread_t thread;
    unsigned done;
    float speed;
    s7_errinfo err; /* of the last read that failed */
};

/* Runs with a client of the pool, which it does not give back itself. */
static s7_status read_speed(s7_client *plc, void *arg)
{
    struct worker *worker = arg;
    s7_ctx within_1s = {.struct_size = sizeof within_1s, .timeout_ms = 1000, .err = &worker->err};

    return s7_read_f32(plc, &within_1s, S7_AREA_DB, DB, SPEED_POS, &worker->speed);
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    s7_ctx within_5s = {
        .struct_size = sizeof within_5s, .timeout_ms = 5000, .label = "speed", .err = &worker->err};

    for (unsigned i = 0; i < READS; i++)
        if (s7_pool_execute(pool, &within_5s, read_speed, worker) == S7_OK)
            worker->done++;
    return NULL;
}

static void print_error(const s7_errinfo *err)
{
    char text[600];

    s7_errinfo_format(err, text, sizeof text);
    fprintf(stderr, "pool_threads: %s\n", text);
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
        printf("%u reads by %d workers over %" PRIu64 " connections, %" PRIu64 " of %" PRIu64
               " gets had to wait\n",
               done, WORKERS, stats.connects, stats.gets_waited, stats.gets);
}

int main(int argc, char **argv)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    s7_pool_options options;
    unsigned done = 0;

    s7_pool_options_init(&options);
    options.size = CONNECTIONS;
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
