/* checkpoint_test.c - the write-ahead log is copied back and starts over; no turn does it. */
#include "test_plant.h"

#include "plant_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#define PAGE_LEN  (4096 + 24) /* a page in the log has a header */
#define LOG_LONG  1000        /* from here on it is copied back, see checkpoint.c */
#define LOG_LIMIT 10000       /* from here on writers are held off */

static long log_pages(const struct rig *rig)
{
    struct stat log;
    char path[128];

    snprintf(path, sizeof path, "%s-wal", rig->path);
    return stat(path, &log) == 0 ? (long)(log.st_size / PAGE_LEN) : 0;
}

/* One commit, which may find the helper holding off writers for a moment. */
static void commit(struct rig *rig, unsigned number)
{
    const uint8_t bytes[] = {(uint8_t)(number >> 8), (uint8_t)number};
    s7_status status;

    do
        status = rig_try_put(rig, 1, 0, bytes, sizeof bytes);
    while (status == S7_E_PLANT_BUSY);
    assert_status(status, S7_OK);
}

/* With the helper given its time, so that the numbers below are exact enough. */
static void commit_calmly(struct rig *rig, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        commit(rig, i);
        checkpoint_wait_idle(rig->plant);
    }
}

static void the_log_stays_short_however_many_commits_there_are(void **state)
{
    struct rig *rig = *state;

    commit_calmly(rig, 5000);
    if (log_pages(rig) > LOG_LONG + 100)
        fail_msg("5000 commits: the log has %ld pages, it is not started over", log_pages(rig));
    rig_same(rig_select(rig, "SELECT hex(substr(data, 1, 2)) FROM block WHERE number = 1"), "1387");
    rig_same(rig_select(rig, "PRAGMA integrity_check"), "ok");
}

/* Commits without a pause: how long the log becomes depends on the disk, but it starts over. */
static void the_log_starts_over_though_commits_come_as_fast_as_they_can(void **state)
{
    struct rig *rig = *state;
    unsigned commits = 0;

    do
        commit(rig, commits++);
    while (commits < 10 * LOG_LIMIT && log_pages(rig) >= (long)commits);
    if (commits == 10 * LOG_LIMIT)
        fail_msg("%u commits: the log has %ld pages", commits, log_pages(rig));
}

static void check_a_log_that_a_reader_kept(struct rig *rig, unsigned pages)
{
    sqlite3 *reader = rig_connect(rig);

    assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM tag", NULL, NULL, NULL), SQLITE_OK);
    for (unsigned i = 0; i < pages; i++)
        commit(rig, i);
    checkpoint_wait_idle(rig->plant);
    long before = log_pages(rig);
    assert_true(before >= (long)pages); /* kept, and the commits went on */
    sqlite3_close(reader);
    commit_calmly(rig, 3000);
    if (log_pages(rig) > before + LOG_LONG + 100)
        fail_msg("the log grew from %ld to %ld pages after its reader was gone", before, log_pages(rig));
    rig_same(rig_select(rig, "PRAGMA integrity_check"), "ok");
}

static void a_log_that_a_reader_keeps_starts_over_when_the_reader_is_gone(void **state)
{
    check_a_log_that_a_reader_kept(*state, 3000);
}

static void a_log_that_a_reader_keeps_beyond_all_bounds_starts_over_when_the_reader_is_gone(void **state)
{
    check_a_log_that_a_reader_kept(*state, LOG_LIMIT + 2500);
}

static void closing_copies_everything_back_and_removes_the_log(void **state)
{
    struct rig *rig = *state;

    for (unsigned i = 0; i < 1500; i++)
        commit(rig, i);
    sqlite3_close(rig->foreign);
    rig->foreign = NULL;
    rig_close_plant(rig); /* perhaps in the middle of a checkpoint */
    assert_int_equal(log_pages(rig), 0);
    rig->foreign = rig_connect(rig);
    rig_same(rig_select(rig, "SELECT hex(substr(data, 1, 2)) FROM block WHERE number = 1"), "05DB");
}

int main(void)
{
#define SERVED(test) cmocka_unit_test_setup_teardown(test, rig_setup_serving, rig_teardown)
    const struct CMUnitTest tests[] = {
        SERVED(the_log_stays_short_however_many_commits_there_are),
        SERVED(the_log_starts_over_though_commits_come_as_fast_as_they_can),
        SERVED(a_log_that_a_reader_keeps_starts_over_when_the_reader_is_gone),
        SERVED(a_log_that_a_reader_keeps_beyond_all_bounds_starts_over_when_the_reader_is_gone),
        SERVED(closing_copies_everything_back_and_removes_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
