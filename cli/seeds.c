#include "cli/seeds.h"

#include "cli/cli.h"

#include "scenarios/run.h"

#include <sched.h>
#include <string.h>

bool cli_seed(const char *text, uint64_t *seed)
{
    uint64_t n = 0;

    if (*text == '\0' || strlen(text) > 19)
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        n = n * 10 + (uint64_t)(*text - '0');
    }
    *seed = n;
    return true;
}

/* Those that this process may use. */
static unsigned processors(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    return CPU_COUNT(&set) < SC_JOBS_MAX ? (unsigned)CPU_COUNT(&set) : SC_JOBS_MAX;
}

bool cli_jobs(const char *text, unsigned *jobs)
{
    uint32_t n = 0;

    if (strcmp(text, "auto") != 0 && !cli_number(text, 0, SC_JOBS_MAX, &n))
        return false;
    *jobs = n > 0 ? n : processors();
    return true;
}
