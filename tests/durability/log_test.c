/* log_test.c - the write-ahead log is copied back and starts over while writes go on: it may not grow with
 * their number. */
#include "durability/check.h"
#include "durability/rig.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITES 60000 /* one commit each, at least one page of log each */
/* It starts over from about 10000 pages on, as soon as the lock can be had for it. */
#define LOG_MAX_PAGES 40000
#define LOG_PAGE_LEN  (4096 + 24)

static struct rig rig;

static long log_pages(void)
{
    struct stat log;
    char path[RIG_PATH_CAP + 8];

    snprintf(path, sizeof path, "%s-wal", rig.plant);
    assert_int_equal(stat(path, &log), 0);
    return (long)(log.st_size / LOG_PAGE_LEN);
}

static void the_log_does_not_grow_with_the_number_of_writes(void **state)
{
    static const struct frame_place place = {1, 0, 4};
    uint8_t data[4] = {0};
    int fd = rig_connect(&rig);

    (void)state;
    for (unsigned i = 0; i < WRITES; i++) {
        data[2] = (uint8_t)(i >> 8);
        data[3] = (uint8_t)i;
        assert_int_equal(rig_write(fd, &place, data), FRAME_ITEM_OK);
    }
    close(fd);
    print_message("log: %d commits, the log has %ld pages\n", WRITES, log_pages());
    if (log_pages() > LOG_MAX_PAGES)
        fail_msg("after %d commits the log has %ld pages, more than %d: it is not started over", WRITES,
                 log_pages(), LOG_MAX_PAGES);
}

static int serve(void **state)
{
    (void)state;
    rig_new(&rig);
    rig_serve(&rig, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rig_stop(&rig);
    rig_free(&rig);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_log_does_not_grow_with_the_number_of_writes)};

    return cmocka_run_group_tests(tests, serve, end);
}
