/* Files that are written whole or not at all, in a folder of the test's own. */
#include "cli/replace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[300], before[PATH_MAX];

static int enter(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    snprintf(folder, sizeof folder, "%s/s7rig-replace-XXXXXX", tmp != NULL ? tmp : "/tmp");
    return getcwd(before, sizeof before) == NULL || mkdtemp(folder) == NULL || chdir(folder) != 0;
}

/* How many files there are; removed. */
static unsigned clear(const char *where)
{
    DIR *dir = opendir(where);
    unsigned n = 0;

    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[PATH_MAX + 300];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", where, entry->d_name);
        n++;
        if (unlink(path) != 0)
            (void)!rmdir(path);
    }
    closedir(dir);
    return n;
}

static int leave(void **state)
{
    (void)state;
    clear(".");
    return chdir(before) != 0 || rmdir(folder) != 0;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void expect_text(const char *path, const char *text)
{
    char got[64] = "";
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    got[fread(got, 1, sizeof got - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(got, text);
}

static void replace(const char *path, const char *text)
{
    struct cli_replacement to;

    if (!cli_replace_begin(&to, path))
        fail_msg("%s: %s", path, strerror(errno));
    fputs(text, to.file);
    assert_true(cli_replace_end(&to, true));
}

static bool is_link(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static void what_is_there_stays_until_the_new_one_is_whole(void **state)
{
    struct cli_replacement to;

    (void)state;
    write_text("file", "old");
    assert_true(cli_replace_begin(&to, "file"));
    fputs("new", to.file);
    fflush(to.file);
    expect_text("file", "old");
    assert_true(cli_replace_end(&to, false));
    expect_text("file", "old");
    replace("file", "new");
    expect_text("file", "new");
    assert_int_equal(clear("."), 1); /* nothing is left beside it */
    replace("file", "first");
    expect_text("file", "first");
}

static void who_might_not_read_the_old_one_may_not_read_the_new_one(void **state)
{
    struct stat st;

    (void)state;
    write_text("file", "old");
    assert_int_equal(chmod("file", 0600), 0);
    replace("file", "new");
    assert_int_equal(stat("file", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void a_link_stays_and_its_target_is_replaced(void **state)
{
    (void)state;
    assert_int_equal(mkdir("far", 0777), 0);
    write_text("far/target", "old");
    assert_int_equal(symlink("far/near", "first"), 0);
    assert_int_equal(symlink("target", "far/near"), 0);
    replace("first", "new");
    assert_true(is_link("first") && is_link("far/near"));
    expect_text("far/target", "new");
    assert_int_equal(clear("far"), 2);
}

static void what_a_link_points_to_is_made(void **state)
{
    struct cli_replacement to;
    char absolute[PATH_MAX];

    (void)state;
    snprintf(absolute, sizeof absolute, "%s/target", folder);
    assert_int_equal(symlink(absolute, "link"), 0);
    replace("link", "new");
    assert_true(is_link("link"));
    expect_text("target", "new");
    assert_int_equal(symlink("nowhere/target", "lost"), 0);
    assert_false(cli_replace_begin(&to, "lost"));
    assert_int_equal(errno, ENOENT);
    assert_int_equal(symlink("round", "round"), 0);
    assert_false(cli_replace_begin(&to, "round"));
    assert_int_equal(errno, ELOOP);
}

static void a_pipe_is_written_itself_behind_a_link_too(void **state)
{
    char got[16] = "";
    struct stat st;

    (void)state;
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(symlink("pipe", "link"), 0);
    int reader = open("pipe", O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    replace("link", "new");
    assert_int_equal(read(reader, got, sizeof got - 1), 3);
    assert_string_equal(got, "new");
    close(reader);
    assert_int_equal(stat("pipe", &st), 0);
    assert_true(S_ISFIFO(st.st_mode) && is_link("link"));
}

static void what_a_descriptor_has_had_stays_before(void **state)
{
    char path[64];
    int fd = open("file", O_CREAT | O_WRONLY, 0666);

    (void)state;
    assert_int_equal(write(fd, "head ", 5), 5);
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    replace(path, "body ");
    FILE *straight = cli_open_straight(path);
    assert_non_null(straight);
    fputs("foot", straight);
    assert_int_equal(fclose(straight), 0);
    assert_int_equal(close(fd), 0);
    expect_text("file", "head body foot");
}

static void what_is_lost_is_told_and_the_old_file_stays(void **state)
{
    struct cli_replacement to;

    (void)state;
    assert_false(cli_replace_begin(&to, "."));
    assert_int_equal(errno, EISDIR);
    assert_false(cli_replace_begin(&to, "/dev/fd/99999"));
    write_text("file", "old");
    assert_true(cli_replace_begin(&to, "file"));
    close(fileno(to.file)); /* as if the disk were full */
    fputs("new", to.file);
    assert_false(cli_replace_end(&to, true));
    expect_text("file", "old");
    assert_int_equal(clear("."), 1);
    if (access("/dev/full", W_OK) != 0)
        return;
    assert_true(cli_replace_begin(&to, "/dev/full"));
    fputs("new", to.file);
    assert_false(cli_replace_end(&to, true));
    assert_int_equal(errno, ENOSPC);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_there_stays_until_the_new_one_is_whole),
        TEST(who_might_not_read_the_old_one_may_not_read_the_new_one),
        TEST(a_link_stays_and_its_target_is_replaced),
        TEST(what_a_link_points_to_is_made),
        TEST(a_pipe_is_written_itself_behind_a_link_too),
        TEST(what_a_descriptor_has_had_stays_before),
        TEST(what_is_lost_is_told_and_the_old_file_stays),
    };

    return cmocka_run_group_tests_name("files that are written whole", tests, NULL, NULL);
}
