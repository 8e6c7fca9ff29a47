#include "scenarios/adapter_crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* A time that never comes, but for which a loop waits. */
#define FOR_EVER_NS (S7_NEVER_NS - 1)

struct list {
    struct sc_chore *first, *last;
};

struct sc_crew {
    s7_loop *loop;
    s7_turn_hook hook;
    s7_timer alive; /* armed while chores are under way: a loop ends when it has nothing to wait for */
    unsigned under_way;
    unsigned n_threads;
    pthread_t threads[SC_CREW_MAX];

    pthread_mutex_t mutex; /* guards the rest */
    pthread_cond_t todo_changed;
    struct list todo, done;
    unsigned n_free; /* threads that have nothing to do, but for one for each of todo */
    bool dismissed;
};

static void append(struct list *list, struct sc_chore *chore)
{
    chore->next = NULL;
    if (list->first == NULL)
        list->first = chore;
    else
        list->last->next = chore;
    list->last = chore;
}

static struct sc_chore *take_first(struct list *list)
{
    struct sc_chore *chore = list->first;

    list->first = chore->next;
    return chore;
}

/* ---- a thread ---- */

static void run_next(struct sc_crew *crew)
{
    struct sc_chore *chore = take_first(&crew->todo);

    pthread_mutex_unlock(&crew->mutex);
    chore->run(chore);
    pthread_mutex_lock(&crew->mutex);
    crew->n_free++;
    if (crew->done.first == NULL) /* else the loop has been woken already */
        s7_loop_wake(crew->loop);
    append(&crew->done, chore);
}

static void *work(void *arg)
{
    struct sc_crew *crew = arg;

    pthread_mutex_lock(&crew->mutex);
    while (!crew->dismissed) {
        if (crew->todo.first == NULL)
            pthread_cond_wait(&crew->todo_changed, &crew->mutex);
        else
            run_next(crew);
    }
    pthread_mutex_unlock(&crew->mutex);
    return NULL;
}

/* ---- the loop ---- */

static void take_done(s7_loop *loop, void *arg)
{
    struct sc_crew *crew = arg;

    (void)loop;
    pthread_mutex_lock(&crew->mutex);
    struct list done = crew->done;
    crew->done.first = NULL;
    pthread_mutex_unlock(&crew->mutex);
    while (done.first != NULL) {
        struct sc_chore *chore = take_first(&done);

        if (--crew->under_way == 0)
            s7_timer_stop(&crew->alive);
        chore->over(chore);
    }
}

static void never(s7_timer *timer, void *arg)
{
    (void)timer;
    (void)arg;
}

s7_status sc_crew_new(s7_loop *loop, struct sc_crew **out)
{
    struct sc_crew *crew = calloc(1, sizeof *crew);

    if (crew == NULL)
        return S7_E_NOMEM;
    if (pthread_mutex_init(&crew->mutex, NULL) != 0) {
        free(crew);
        return S7_E_NOMEM;
    }
    if (pthread_cond_init(&crew->todo_changed, NULL) != 0) {
        pthread_mutex_destroy(&crew->mutex);
        free(crew);
        return S7_E_NOMEM;
    }
    crew->loop = loop;
    s7_timer_init(&crew->alive, never, NULL);
    s7_turn_hook_add(loop, &crew->hook, take_done, crew);
    *out = crew;
    return S7_OK;
}

/* Signals are the program's business. */
static bool add_thread(struct sc_crew *crew)
{
    sigset_t all, before;

    if (crew->n_threads == SC_CREW_MAX)
        return false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&crew->threads[crew->n_threads], NULL, work, crew);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        return false;
    crew->n_threads++;
    crew->n_free++;
    return true;
}

s7_status sc_crew_reserve(struct sc_crew *crew, unsigned n)
{
    bool good = true;

    pthread_mutex_lock(&crew->mutex);
    while (good && crew->n_free < n)
        good = add_thread(crew);
    pthread_mutex_unlock(&crew->mutex);
    return good ? S7_OK : S7_E_IO;
}

s7_status sc_crew_do(struct sc_crew *crew, struct sc_chore *chore)
{
    s7_status status = sc_crew_reserve(crew, 1);

    if (status != S7_OK)
        return status;
    if (crew->under_way++ == 0)
        s7_timer_set(crew->loop, &crew->alive, FOR_EVER_NS);
    pthread_mutex_lock(&crew->mutex);
    crew->n_free--;
    append(&crew->todo, chore);
    pthread_cond_signal(&crew->todo_changed);
    pthread_mutex_unlock(&crew->mutex);
    return S7_OK;
}

void sc_crew_dismiss(struct sc_crew *crew)
{
    pthread_mutex_lock(&crew->mutex);
    crew->dismissed = true;
    pthread_cond_broadcast(&crew->todo_changed);
    pthread_mutex_unlock(&crew->mutex);
    while (crew->n_threads > 0)
        pthread_join(crew->threads[--crew->n_threads], NULL);
    s7_turn_hook_remove(&crew->hook);
    s7_timer_stop(&crew->alive);
}

void sc_crew_free(struct sc_crew *crew)
{
    if (crew == NULL)
        return;
    sc_crew_dismiss(crew);
    pthread_cond_destroy(&crew->todo_changed);
    pthread_mutex_destroy(&crew->mutex);
    free(crew);
}
