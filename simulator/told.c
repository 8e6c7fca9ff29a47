#include "told.h"

static const struct source {
    unsigned bit;
    sim_tell_fn *tell;
    sim_due_fn *due;
} sources[] = {
    {SIM_TELLS_NEWS, sim_news_tell, sim_news_due},
    {SIM_TELLS_CYCLIC, sim_cyclic_tell, sim_cyclic_due},
    {SIM_TELLS_PROGRAMMER, sim_test_tell, sim_test_due},
    {SIM_TELLS_DOWNLOAD, sim_download_tell, sim_download_due},
};
#define N_SOURCES (sizeof sources / sizeof sources[0])

/* A PDU that does not fit, since setup communication came again and agreed on less, is dropped. */
static bool tell(const struct source *source, struct sim_telling *telling)
{
    while (source->tell(telling)) {
        if (!telling->wr->full)
            return true;
        telling->wr->full = false;
        telling->wr->len = 0;
    }
    return false;
}

bool sim_told_next(struct sim_telling *telling)
{
    for (size_t i = 0; i < N_SOURCES; i++)
        if (telling->link->tells & sources[i].bit && tell(&sources[i], telling))
            return true;
    return false;
}

int64_t sim_told_due(const struct sim_telling *telling)
{
    int64_t due_ns = INT64_MAX;

    for (size_t i = 0; i < N_SOURCES; i++) {
        int64_t own_ns = telling->link->tells & sources[i].bit ? sources[i].due(telling) : INT64_MAX;
        if (own_ns < due_ns)
            due_ns = own_ns;
    }
    return due_ns;
}
