/* Recorded times: which files are taken, what is said of others, and what is drawn from them. */
#include "simulator/recording.h"

#include "simulator/fault.h"

#include "loop/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define US INT64_C(1000)
#define MS (1000 * US)

static char folder[64];
static struct sim_samples *all;
static const struct sim_samples *got;
static struct plant_error error;

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int open_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/s7rig-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int close_folder(void **state)
{
    (void)state;
    sim_recordings_free(all);
    all = NULL;
    unlink(path_of("a.txt"));
    unlink(path_of("b.txt"));
    return rmdir(folder);
}

static void write_file(const char *name, const char *text, size_t len)
{
    FILE *file = fopen(path_of(name), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static s7_status load(const char *text)
{
    write_file("a.txt", text, strlen(text));
    return sim_recording_load(folder, "a.txt", &all, &got, &error);
}

static void says(s7_status status, const char *part)
{
    assert_int_equal(status, S7_E_ARG);
    assert_int_equal(error.status, S7_E_ARG);
    if (strstr(error.text, part) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", part, error.text);
}

static void times_are_read_line_by_line(void **state)
{
    (void)state;
    assert_int_equal(load("# from the line, 2026-01-31\n1\n 2.5ms \r\n\n\t800us\n1s"), S7_OK);
    assert_int_equal(got->n, 4);
    assert_int_equal(got->ns[0], MS);
    assert_int_equal(got->ns[1], 2500 * US);
    assert_int_equal(got->ns[2], 800 * US);
    assert_int_equal(got->ns[3], 1000 * MS);
}

static void the_same_times_are_kept_once(void **state)
{
    const struct sim_samples *first;

    (void)state;
    assert_int_equal(load("1\n2\n"), S7_OK);
    first = got;
    assert_int_equal(load("1ms\n2ms"), S7_OK);
    assert_ptr_equal(got, first);
    assert_int_equal(load("2\n1\n"), S7_OK);
    assert_ptr_not_equal(got, first);
}

static void what_is_no_recording_is_refused_with_its_line(void **state)
{
    static char many[(SIM_RECORDING_MAX + 1) * 2 + 1], big[(1 << 20) + 2];

    (void)state;
    says(load("1\n2\nx\n"), "table(a.txt): line 3: expected a time");
    says(load("1 2\n"), "got \"1 2\"");
    says(load("-1\n"), "line 1");
    says(load("25h\n"), "line 1");
    says(load(""), "no times in it");
    says(load("# nothing\n\n"), "no times in it");
    for (size_t i = 0; i + 1 < sizeof many; i += 2)
        memcpy(many + i, "1\n", 2);
    says(load(many), "line 65537: expected at most 65536 times");
    memset(big, '\n', sizeof big - 1);
    says(load(big), "expected at most 1 MiB, got 1048577 bytes");
    write_file("a.txt", "1\0\n2\n", 5);
    assert_int_equal(sim_recording_load(folder, "a.txt", &all, &got, &error), S7_OK);
    assert_int_equal(got->n, 2); /* a line ends at a zero byte */
    assert_null(all->next);
}

static void only_files_of_the_folder_are_opened(void **state)
{
    (void)state;
    says(sim_recording_load(NULL, "a.txt", &all, &got, &error), "no folder of recordings was given");
    says(sim_recording_load(folder, "a.txt", &all, &got, &error), "No such file");
    assert_int_equal(symlink("/etc/passwd", path_of("a.txt")), 0);
    says(sim_recording_load(folder, "a.txt", &all, &got, &error), "a link");
    assert_int_equal(mkfifo(path_of("b.txt"), 0600), 0);
    says(sim_recording_load(folder, "b.txt", &all, &got, &error), "not a regular file");
}

static void names_have_no_way_out_of_the_folder(void **state)
{
    static const char *const wrong[] = {
        "../a)", "a/b)", "/etc/passwd)", ".hidden)", ")",
        "a",     "a)b",  "a b)",         "a\\b)",    "123456789012345678901234567890123456789012345678)"};
    char name[SIM_RECORDING_NAME_CAP];

    (void)state;
    assert_true(sim_recording_name("line-3_2026.txt)", name));
    assert_string_equal(name, "line-3_2026.txt");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (sim_recording_name(wrong[i], name))
            fail_msg("%s was taken", wrong[i]);
}

static void every_recorded_time_is_drawn_and_no_other(void **state)
{
    struct sim_fault fault;
    unsigned counts[3] = {0};

    (void)state;
    assert_int_equal(load("1\n10\n100\n"), S7_OK);
    assert_int_equal(sim_fault_parse("slow", "dist=table(a.txt)", &fault, &error), S7_OK);
    assert_string_equal(fault.time_table, "a.txt");
    assert_string_equal(fault.down_table, "");
    fault.own.time.samples = got;
    sim_fault_scale(&fault, 10);
    for (uint64_t i = 0; i < 3000; i++) {
        int64_t ns = sim_dist_draw(&fault.own.time, s7_draw(1, 2, 3, i));
        assert_true(ns == MS / 10 || ns == MS || ns == 10 * MS);
        counts[ns == MS / 10 ? 0 : ns == MS ? 1 : 2]++;
    }
    for (size_t i = 0; i < 3; i++)
        assert_in_range(counts[i], 900, 1100);
    assert_int_equal(sim_fault_parse("port_flap", "up=1s down=table(a.txt)", &fault, &error), S7_OK);
    assert_string_equal(fault.down_table, "a.txt");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_folder, close_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(times_are_read_line_by_line),
        TEST(the_same_times_are_kept_once),
        TEST(what_is_no_recording_is_refused_with_its_line),
        TEST(only_files_of_the_folder_are_opened),
        TEST(names_have_no_way_out_of_the_folder),
        TEST(every_recorded_time_is_drawn_and_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
