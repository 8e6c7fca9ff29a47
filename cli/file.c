/* A whole file in memory. */
#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_CAP ((size_t)64 * 1024)

/* Twice the room, `max` + 1 bytes at most: the one more shows that there is more. */
static bool grow(uint8_t **bytes, size_t *cap, size_t max)
{
    size_t wanted = *cap == 0 ? FIRST_CAP : *cap * 2;

    if (wanted > max + 1)
        wanted = max + 1;
    uint8_t *more = realloc(*bytes, wanted);
    if (more == NULL)
        return false;
    *bytes = more;
    *cap = wanted;
    return true;
}

/* NULL, or why not; *bytes is the caller's in any case. */
static const char *read_all(int fd, size_t max, uint8_t **bytes, size_t *len)
{
    size_t cap = 0;

    for (;;) {
        if (*len == cap && !grow(bytes, &cap, max))
            return "out of memory";
        ssize_t n = read(fd, *bytes + *len, cap - *len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return strerror(errno);
        if (n == 0)
            return NULL;
        *len += (size_t)n;
        if (*len > max)
            return "the file is too large";
    }
}

uint8_t *cli_load(const char *path, size_t max, size_t *len, const char **why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *bytes = NULL;

    *len = 0;
    *why = fd >= 0 ? read_all(fd, max, &bytes, len) : strerror(errno);
    if (fd >= 0)
        close(fd);
    if (*why == NULL)
        return bytes;
    free(bytes);
    return NULL;
}
