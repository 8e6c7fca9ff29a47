#include "recording.h"

#include "fault_value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (1 << 20) /* bytes */
#define PATH_CAP 1024
#define WORD_CAP 40
#define BLANKS   " \t\r"
#define LETTERS  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

bool sim_recording_name(const char *text, char name[SIM_RECORDING_NAME_CAP])
{
    size_t len = strspn(text, LETTERS);

    if (len == 0 || len >= SIM_RECORDING_NAME_CAP || text[0] == '.' || strcmp(text + len, ")") != 0)
        return false;
    memcpy(name, text, len);
    name[len] = '\0';
    return true;
}

/* What is read, and where it goes. */
struct reading {
    const char *name;
    char *text; /* size bytes and a 0 */
    size_t size;
    struct plant_error *error;
};

__attribute__((format(printf, 2, 3))) static s7_status fail(const struct reading *reading, const char *format,
                                                            ...)
{
    struct plant_error *error = reading->error;
    va_list args;

    error->status = S7_E_ARG;
    int used = snprintf(error->text, sizeof error->text, "table(%s): ", reading->name);
    va_start(args, format);
    vsnprintf(error->text + used, sizeof error->text - (size_t)used, format, args);
    va_end(args);
    return S7_E_ARG;
}

static s7_status no_memory(const struct reading *reading)
{
    *reading->error = (struct plant_error){S7_E_NOMEM, "out of memory"};
    return S7_E_NOMEM;
}

/* ---- the file ---- */

static s7_status read_all(struct reading *reading, int fd)
{
    struct stat stat;
    ssize_t got;

    if (fstat(fd, &stat) != 0)
        return fail(reading, "%s", strerror(errno));
    if (!S_ISREG(stat.st_mode))
        return fail(reading, "not a regular file");
    if (stat.st_size > FILE_MAX)
        return fail(reading, "expected at most 1 MiB, got %lld bytes", (long long)stat.st_size);
    reading->text = malloc((size_t)stat.st_size + 1);
    if (reading->text == NULL)
        return no_memory(reading);
    while (reading->size < (size_t)stat.st_size &&
           (got = read(fd, reading->text + reading->size, (size_t)stat.st_size - reading->size)) > 0)
        reading->size += (size_t)got;
    reading->text[reading->size] = '\0';
    return S7_OK;
}

/* Neither a link nor something that makes who opens it wait. */
static s7_status read_file(struct reading *reading, const char *folder)
{
    char path[PATH_CAP];

    if (folder == NULL)
        return fail(reading, "no folder of recordings was given");
    if (snprintf(path, sizeof path, "%s/%s", folder, reading->name) >= (int)sizeof path)
        return fail(reading, "the folder's name is too long");
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return fail(reading, "%s: %s", path, errno == ELOOP ? "a link" : strerror(errno));
    s7_status status = read_all(reading, fd);
    close(fd);
    return status;
}

/* ---- its times ---- */

/* A line without the blanks around it. */
static void trim(const char *line, size_t len, char word[WORD_CAP])
{
    size_t skip = strspn(line, BLANKS);

    skip = skip < len ? skip : len;
    line += skip;
    len -= skip;
    while (len > 0 && strchr(BLANKS, line[len - 1]) != NULL)
        len--;
    snprintf(word, WORD_CAP, "%.*s", (int)len, line);
}

static s7_status take_line(const struct reading *reading, unsigned number, const char *word,
                           struct sim_samples *out)
{
    int64_t ns;

    if (word[0] == '\0' || word[0] == '#')
        return S7_OK;
    if (!sim_value_time(word, &ns))
        return fail(reading,
                    "line %u: expected a time (a number with us, ms, s, min or h, up to 24h), got \"%s\"",
                    number, word);
    if (out->n == SIM_RECORDING_MAX)
        return fail(reading, "line %u: expected at most %d times", number, SIM_RECORDING_MAX);
    out->ns[out->n++] = ns;
    return S7_OK;
}

static s7_status take_times(const struct reading *reading, struct sim_samples *out)
{
    s7_status status = S7_OK;
    size_t at = 0;
    char word[WORD_CAP];

    for (unsigned number = 1; at < reading->size && status == S7_OK; number++) {
        const char *end = memchr(reading->text + at, '\n', reading->size - at);
        size_t len = end != NULL ? (size_t)(end - (reading->text + at)) : reading->size - at;
        trim(reading->text + at, len, word);
        status = take_line(reading, number, word, out);
        at += len + 1;
    }
    return status == S7_OK && out->n == 0 ? fail(reading, "no times in it") : status;
}

/* ---- the list ---- */

static struct sim_samples *find_same(struct sim_samples *all, const struct sim_samples *wanted)
{
    while (all != NULL &&
           (all->n != wanted->n || memcmp(all->ns, wanted->ns, wanted->n * sizeof wanted->ns[0]) != 0))
        all = all->next;
    return all;
}

/* No line of one time is shorter than two bytes. */
static size_t most_times(const struct reading *reading)
{
    size_t most = reading->size / 2 + 1;

    return most < SIM_RECORDING_MAX ? most : SIM_RECORDING_MAX;
}

static s7_status keep_times(const struct reading *reading, struct sim_samples **all,
                            const struct sim_samples **out)
{
    struct sim_samples *fresh = malloc(sizeof *fresh + most_times(reading) * sizeof fresh->ns[0]);

    if (fresh == NULL)
        return no_memory(reading);
    *fresh = (struct sim_samples){.next = *all};
    s7_status status = take_times(reading, fresh);
    if (status == S7_OK && (*out = find_same(*all, fresh)) == NULL)
        *out = *all = fresh;
    if (*all != fresh)
        free(fresh);
    return status;
}

s7_status sim_recording_load(const char *folder, const char *name, struct sim_samples **all,
                             const struct sim_samples **out, struct plant_error *error)
{
    struct reading reading = {.name = name, .error = error};
    s7_status status = read_file(&reading, folder);

    if (status == S7_OK)
        status = keep_times(&reading, all, out);
    free(reading.text);
    return status;
}

void sim_recordings_free(struct sim_samples *all)
{
    while (all != NULL) {
        struct sim_samples *next = all->next;
        free(all);
        all = next;
    }
}
