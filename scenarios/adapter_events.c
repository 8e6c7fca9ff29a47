#include "scenarios/adapter_events.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_CAP 64

/* With copies of what the pool's event points to. */
struct told {
    struct told *next;
    const struct sc_listener *to;
    s7_pool_event event;
    s7_errinfo err;
    char name[TEXT_CAP], label[TEXT_CAP];
};

struct sc_events {
    s7_loop *loop;
    s7_turn_hook hook;

    pthread_mutex_t mutex; /* guards the rest */
    struct told *first, **last;
    uint64_t lost;
    bool hushed;
};

static const char *keep(char *copy, const char *text)
{
    if (text == NULL)
        return NULL;
    snprintf(copy, TEXT_CAP, "%s", text);
    return copy;
}

static struct told *copy_of(const s7_pool_event *event, const struct sc_listener *to)
{
    struct told *told = calloc(1, sizeof *told);

    if (told == NULL)
        return NULL;
    told->to = to;
    told->event = *event;
    told->event.name = keep(told->name, event->name);
    told->event.label = keep(told->label, event->label);
    if (event->err != NULL) {
        told->err = *event->err;
        told->event.err = &told->err;
    }
    return told;
}

void sc_events_add(s7_pool *pool, const s7_pool_event *event, void *user)
{
    const struct sc_listener *to = user;
    struct sc_events *events = to->events;
    struct told *told = copy_of(event, to);

    (void)pool;
    pthread_mutex_lock(&events->mutex);
    if (told == NULL || events->hushed) {
        events->lost++;
        free(told);
    } else {
        told->event.lost += events->lost;
        *events->last = told;
        events->last = &told->next;
        s7_loop_wake(events->loop);
    }
    pthread_mutex_unlock(&events->mutex);
}

static struct told *take_all(struct sc_events *events)
{
    pthread_mutex_lock(&events->mutex);
    struct told *first = events->first;
    events->first = NULL;
    events->last = &events->first;
    pthread_mutex_unlock(&events->mutex);
    return first;
}

static void tell(s7_loop *loop, void *arg)
{
    struct told *next;

    (void)loop;
    for (struct told *told = take_all(arg); told != NULL; told = next) {
        next = told->next;
        told->to->fn(NULL, &told->event, told->to->user);
        free(told);
    }
}

s7_status sc_events_new(s7_loop *loop, struct sc_events **out)
{
    struct sc_events *events = calloc(1, sizeof *events);

    if (events == NULL)
        return S7_E_NOMEM;
    if (pthread_mutex_init(&events->mutex, NULL) != 0) {
        free(events);
        return S7_E_NOMEM;
    }
    events->loop = loop;
    events->last = &events->first;
    s7_turn_hook_add(loop, &events->hook, tell, events);
    *out = events;
    return S7_OK;
}

void sc_events_hush(struct sc_events *events)
{
    pthread_mutex_lock(&events->mutex);
    events->hushed = true;
    pthread_mutex_unlock(&events->mutex);
    s7_turn_hook_remove(&events->hook);
}

void sc_events_free(struct sc_events *events)
{
    struct told *next;

    if (events == NULL)
        return;
    sc_events_hush(events);
    for (struct told *told = take_all(events); told != NULL; told = next) {
        next = told->next;
        free(told);
    }
    pthread_mutex_destroy(&events->mutex);
    free(events);
}
