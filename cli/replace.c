#include "cli/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as many as the kernel follows */

/* ---- descriptors ---- */

/* The descriptor that a path names; -1: none. To open the path instead would begin at the file's first byte,
 * not where the descriptor is at, and cannot be done to a socket. */
static int descriptor_of(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    char *end;

    if (strcmp(path, "/dev/stdout") == 0)
        return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0)
        return STDERR_FILENO;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        size_t len = strlen(folders[i]);

        if (strncmp(path, folders[i], len) != 0 || path[len] < '0' || path[len] > '9')
            continue;
        long fd = strtol(path + len, &end, 10);
        if (*end == '\0' && fd <= INT_MAX)
            return (int)fd;
    }
    return -1;
}

FILE *cli_open_straight(const char *path)
{
    int named = descriptor_of(path);

    if (named < 0)
        return fopen(path, "w");
    fflush(stdout); /* what was told before comes before */
    int fd = fcntl(named, F_DUPFD_CLOEXEC, 0);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    int why = errno;
    if (file == NULL && fd >= 0)
        close(fd);
    errno = why;
    return file;
}

/* ---- files ---- */

static bool too_long(int len, size_t cap)
{
    if (len >= 0 && (size_t)len < cap)
        return false;
    errno = ENAMETOOLONG;
    return true;
}

/* path becomes what the link at path says; false: errno. */
static bool follow(char path[PATH_MAX])
{
    char link[PATH_MAX], next[PATH_MAX];
    ssize_t len = readlink(path, link, sizeof link - 1);
    const char *slash = strrchr(path, '/');

    if (len < 0)
        return false;
    link[len] = '\0';
    int folder = link[0] != '/' && slash != NULL ? (int)(slash + 1 - path) : 0;
    if (too_long(snprintf(next, sizeof next, "%.*s%s", folder, path, link), sizeof next))
        return false;
    memcpy(path, next, PATH_MAX);
    return true;
}

/* The file behind the links, of which there may be none yet. */
static bool find_target(char target[PATH_MAX], const char *path)
{
    struct stat st;

    if (too_long(snprintf(target, PATH_MAX, "%s", path), PATH_MAX))
        return false;
    for (unsigned n = 0; lstat(target, &st) == 0 && S_ISLNK(st.st_mode); n++) {
        if (n == LINKS_MAX)
            errno = ELOOP;
        if (n == LINKS_MAX || !follow(target))
            return false;
    }
    return true;
}

bool cli_replace_find(struct cli_replacement *to, const char *path)
{
    struct stat st;
    bool there = stat(path, &st) == 0;

    *to = (struct cli_replacement){.file = NULL};
    if (!there && errno != ENOENT)
        return false;
    if (descriptor_of(path) >= 0 || (there && !S_ISREG(st.st_mode))) {
        to->file = cli_open_straight(path);
        return to->file != NULL;
    }
    if (!find_target(to->target, path))
        return false;
    return !too_long(snprintf(to->temporary, sizeof to->temporary, "%s.%ld", to->target, (long)getpid()),
                     sizeof to->temporary);
}

/* Who might not read the old file may not read the new one. */
static void take_mode(const struct cli_replacement *to)
{
    struct stat st;

    if (stat(to->target, &st) == 0)
        (void)!fchmod(fileno(to->file), st.st_mode & 07777);
}

bool cli_replace_open(struct cli_replacement *to)
{
    if (to->temporary[0] == '\0')
        return to->file != NULL;
    to->file = fopen(to->temporary, "wx");
    if (to->file == NULL)
        return false;
    take_mode(to);
    return true;
}

bool cli_replace_begin(struct cli_replacement *to, const char *path)
{
    return cli_replace_find(to, path) && cli_replace_open(to);
}

bool cli_replace_end(struct cli_replacement *to, bool whole)
{
    int why = errno; /* of what could not be written before */
    bool lost = ferror(to->file) != 0;

    if (fclose(to->file) != 0) {
        lost = true;
        why = errno;
    }
    to->file = NULL;
    if (to->temporary[0] != '\0' && whole && !lost && rename(to->temporary, to->target) != 0) {
        lost = true;
        why = errno;
    }
    if (to->temporary[0] != '\0' && (lost || !whole))
        unlink(to->temporary);
    errno = why;
    return !whole || !lost;
}
