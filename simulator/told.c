#include "told.h"

static const struct source {
    unsigned bit;
    sim_tell_fn *tell;
    sim_due_fn *due;
} sources[] = {
    {SIM_TELLS_NEWS, sim_news_tell, sim_news_due},
    {SIM_TELLS_DOWNLOAD, sim_download_tell, sim_download_due},
};
#define N_SOURCES (sizeof sources / sizeof sources[0])

bool sim_told_next(struct sim_telling *telling)
{
    for (size_t i = 0; i < N_SOURCES; i++)
        if (telling->link->tells & sources[i].bit && sources[i].tell(telling) && !telling->wr->full)
            return true;
    return false;
}

int64_t sim_told_due(const struct sim_plc *plc, const struct sim_link *link)
{
    int64_t due_ns = INT64_MAX;

    for (size_t i = 0; link->tells != 0 && i < N_SOURCES; i++) {
        int64_t own_ns = link->tells & sources[i].bit ? sources[i].due(plc, link) : INT64_MAX;
        if (own_ns < due_ns)
            due_ns = own_ns;
    }
    return due_ns;
}
