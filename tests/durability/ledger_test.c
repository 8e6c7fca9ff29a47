/* ledger_test.c - what a pool says of a write is true: threads write through one pool, with leases and
 * without, while the PLC resets, cuts, delays and swallows jobs, shuts its door, is killed and comes back.
 *
 * Each thread has a word in DB1, and no value is written to it twice. The log of the PLC (write_log) says
 * afterwards which values arrived, and how often: what was acknowledged once, what failed never, and what is
 * unknown once at most. */
#include "durability/check.h"
#include "durability/rig.h"

#include <s7rig/codec.h>
#include <s7rig/pool_direct.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define THREADS    24
#define SIZE       4
#define VALUES_MAX 60000 /* by each thread */
#define REQUEST_MS 200

enum fate { NEVER_SENT, DONE, FAILED, UNKNOWN };

struct writer {
    pthread_t thread;
    uint32_t place, value, certain; /* the newest that was asked for; that is known to have been there */
    uint8_t fates[VALUES_MAX], times[VALUES_MAX];
    uint32_t wrong; /* values read that nobody had written; asserting is the main thread's */
    bool calm;      /* a write succeeded after all faults were gone */
};

static struct {
    struct rig rig;
    sqlite3 *db;
    s7_pool *pool;
    struct writer writers[THREADS];
    unsigned running; /* writers that were not joined yet, the first ones */
    atomic_bool calm, over;
} ledger;

/* ---- the writers ---- */

static void note(struct writer *writer, s7_status status)
{
    bool unknown = status == S7_E_OUTCOME_UNKNOWN || status == S7_E_PROTOCOL;

    writer->fates[writer->value] = status == S7_OK ? DONE : unknown ? UNKNOWN : FAILED;
    if (status == S7_OK)
        writer->certain = writer->value;
}

/* What is unknown may also be done late, after something newer. */
static void saw(struct writer *writer, uint32_t value)
{
    if (value != writer->certain && (value > writer->value || writer->fates[value] != UNKNOWN))
        writer->wrong++;
}

static s7_status write_on_lease(s7_client *plc, void *arg)
{
    struct writer *writer = arg;
    uint32_t value;
    s7_status status = s7_read_u32(plc, S7_WITHIN(REQUEST_MS), S7_AREA_DB, 1, writer->place, &value);

    if (status != S7_OK)
        return status;
    saw(writer, value);
    writer->value++;
    status = s7_write_u32(plc, S7_WITHIN(REQUEST_MS), S7_AREA_DB, 1, writer->place, writer->value);
    note(writer, status);
    return status;
}

static s7_status write_without(struct writer *writer)
{
    uint8_t bytes[4];

    if (s7_pool_read_db(ledger.pool, S7_WITHIN(REQUEST_MS), 1, writer->place, bytes, 4) == S7_OK)
        saw(writer, s7_get_u32(bytes));
    writer->value++;
    s7_put_u32(bytes, writer->value);
    s7_status status =
        s7_pool_write_db(ledger.pool, S7_WITHIN(REQUEST_MS), 1, writer->place, bytes, sizeof bytes);
    note(writer, status);
    return status;
}

static void *keep_writing(void *arg)
{
    struct writer *writer = arg;

    while (!atomic_load(&ledger.over) && !writer->calm && writer->value + 1 < VALUES_MAX) {
        bool calm = atomic_load(&ledger.calm), lease = writer->value % 2 == 0;
        s7_status status = lease ? s7_pool_execute(ledger.pool, S7_WITHIN(1000), write_on_lease, writer)
                                 : write_without(writer);
        if (status != S7_OK && lease)
            (void)write_without(writer);
        writer->calm = calm && status == S7_OK;
    }
    return NULL;
}

static void begin_writing(void)
{
    for (; ledger.running < THREADS; ledger.running++) {
        struct writer *writer = &ledger.writers[ledger.running];

        writer->place = 4 * ledger.running;
        assert_int_equal(pthread_create(&writer->thread, NULL, keep_writing, writer), 0);
    }
}

static void end_writing(void)
{
    while (ledger.running > 0)
        pthread_join(ledger.writers[--ledger.running].thread, NULL);
}

/* ---- what happens to them ---- */

static void arm_until_done(const char *name, const char *args, int times)
{
    rig_sql(ledger.db, "INSERT INTO fault (name, args) VALUES ('%s', '%s')", name, args);
    for (int i = 0; i < RIG_WAIT_S * 200; i++) {
        if (rig_sql_int(ledger.db, "SELECT fired >= %d OR error IS NOT NULL FROM fault", times) != 0) {
            rig_sql(ledger.db, "DELETE FROM fault");
            return;
        }
        poll(NULL, 0, 5);
    }
    fail_msg("the fault %s %s did not fire %d times", name, args, times);
}

static void kill_and_come_back(void)
{
    rig_kill(&ledger.rig);
    rig_serve_again(&ledger.rig);
}

static void trouble(void)
{
    arm_until_done("rst_now", "fn=write run=yes", 20);
    arm_until_done("rst_now", "fn=write|read", 20);
    assert_int_equal(s7_pool_refresh(ledger.pool), S7_OK);
    arm_until_done("cut", "fn=write bytes=cotp then=fin", 20);
    arm_until_done("hang", "fn=write every=3", 8);
    kill_and_come_back();
    arm_until_done("slow", "fn=write time=300ms every=3", 8); /* done after they were given up */
    assert_int_equal(s7_pool_resize(ledger.pool, 2), S7_OK);
    arm_until_done("half_open", "fn=write every=5", 3); /* not everywhere possible */
    arm_until_done("fin_now", "fn=write", 20);
    assert_int_equal(s7_pool_resize(ledger.pool, SIZE), S7_OK);
    arm_until_done("conn_limit", "max=1 how=dr", 5);
    arm_until_done("refuse", "drop=all for=200ms", 1);
    kill_and_come_back();
}

/* ---- the accounts ---- */

static void read_log(void)
{
    sqlite3_stmt *q;

    assert_int_equal(sqlite3_prepare_v2(ledger.db, "SELECT offset, after FROM write_log WHERE source = 's7'",
                                        -1, &q, NULL),
                     SQLITE_OK);
    while (sqlite3_step(q) == SQLITE_ROW) {
        unsigned index = (unsigned)sqlite3_column_int(q, 0) / 4;
        assert_int_equal(sqlite3_column_bytes(q, 1), 4);
        uint32_t value = s7_get_u32(sqlite3_column_blob(q, 1));
        assert_in_range(index, 0, THREADS - 1);
        assert_in_range(value, 1, ledger.writers[index].value);
        ledger.writers[index].times[value]++;
    }
    sqlite3_finalize(q);
}

static void check_value(const struct writer *writer, uint32_t value)
{
    static const struct {
        const char *name;
        uint8_t least, most;
    } expected[] = {{"not sent", 0, 0}, {"acknowledged", 1, 1}, {"failed", 0, 0}, {"unknown", 0, 1}};
    unsigned fate = writer->fates[value], times = writer->times[value];

    if (times < expected[fate].least || times > expected[fate].most)
        fail_msg("value %u at DB1.DBD%u was %s, and done %u times", value, writer->place, expected[fate].name,
                 times);
}

static void check_accounts(void)
{
    unsigned counts[4] = {0};

    read_log();
    for (unsigned i = 0; i < THREADS; i++) {
        struct writer *writer = &ledger.writers[i];
        if (writer->wrong > 0 || !writer->calm)
            fail_msg("writer %u read %u wrong values, wrote again after all: %d", i, writer->wrong,
                     writer->calm);
        for (uint32_t value = 1; value <= writer->value; value++) {
            check_value(writer, value);
            counts[writer->fates[value]]++;
        }
    }
    print_message("ledger: %u writes acknowledged, %u failed, %u unknown\n", counts[DONE], counts[FAILED],
                  counts[UNKNOWN]);
    assert_true(counts[DONE] > 0 && counts[UNKNOWN] > 0); /* else it proved nothing */
}

static void open_pool(void)
{
    s7_pool_options options;
    char endpoint[32];

    s7_pool_options_init(&options);
    options.size = SIZE;
    options.backoff_max_ms = 500;
    options.probe_min_ms = options.probe_max_ms = 200;
    options.health_check_ms = 500;
    options.client.request_ms = REQUEST_MS;
    snprintf(endpoint, sizeof endpoint, "127.0.0.1:%u", ledger.rig.port);
    assert_int_equal(s7_pool_new(endpoint, &options, &ledger.pool, NULL), S7_OK);
    assert_int_equal(s7_pool_start(ledger.pool, NULL), S7_OK);
}

static void a_write_that_was_acknowledged_is_done_once_one_that_failed_never(void **state)
{
    (void)state;
    rig_new(&ledger.rig);
    ledger.db = rig_sqlite(&ledger.rig);
    rig_sql(ledger.db, "UPDATE audit SET keep_writes = 10000000");
    rig_serve(&ledger.rig, NULL);
    open_pool();
    begin_writing();
    trouble();
    atomic_store(&ledger.calm, true);
    end_writing();
    assert_int_equal(s7_pool_close(ledger.pool, NULL), S7_OK);
    rig_stop(&ledger.rig);
    check_accounts();
}

static int clean(void **state)
{
    (void)state;
    atomic_store(&ledger.over, true);
    end_writing();
    s7_pool_free(ledger.pool);
    sqlite3_close(ledger.db);
    rig_free(&ledger.rig);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_write_that_was_acknowledged_is_done_once_one_that_failed_never, clean)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
