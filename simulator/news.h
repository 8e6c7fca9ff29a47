/* news.h - what happened to a PLC that its message service tells: a mode, an entry of its diagnostic buffer.
 *
 * The last ones are kept, numbered; each link that logged on remembers the number of the next one for it, and
 * misses those that it was too slow for. */
#ifndef SIMULATOR_NEWS_H
#define SIMULATOR_NEWS_H

#include "plant/plant.h"

#define SIM_NEWS_KEPT 16

struct sim_news {
    uint64_t number;               /* its place in the row, from 0 */
    uint8_t event;                 /* enum s7_messages_event */
    uint8_t mode;                  /* enum s7_mode_push */
    uint8_t entry[PLANT_DIAG_LEN]; /* S7_MESSAGES_DIAG */
};

struct sim_newspaper {
    struct sim_news last[SIM_NEWS_KEPT]; /* number n in place n % SIM_NEWS_KEPT */
    uint64_t n;                          /* how many there were; */
    uint64_t stand;                      /* of them, when the last turn that stands was over */
};

/* Inside a turn: its number is given here. */
static inline void sim_news_add(struct sim_newspaper *paper, struct sim_news news)
{
    news.number = paper->n++;
    paper->last[news.number % SIM_NEWS_KEPT] = news;
}

/* The turn stands, or what it did is undone. True: it stands, and brought something. */
static inline bool sim_news_stand(struct sim_newspaper *paper, bool stand)
{
    bool some = stand && paper->n != paper->stand;

    if (stand)
        paper->stand = paper->n;
    else
        paper->n = paper->stand;
    return some;
}

/* NULL: it is gone, or was never there. */
static inline const struct sim_news *sim_news_at(const struct sim_newspaper *paper, uint64_t number)
{
    const struct sim_news *news = &paper->last[number % SIM_NEWS_KEPT];

    return number < paper->n && news->number == number ? news : NULL;
}

#endif
