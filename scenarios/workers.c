#include "scenarios/workers_impl.h"

#include "client/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_WORKERS 1000

/* ---- life ---- */

static bool fits(size_t n, size_t size)
{
    return n >= 1 && size >= 1 && n <= SIZE_MAX / size;
}

static bool makes_sense(const struct sc_work *work)
{
    return work->count >= 1 && work->count <= MAX_WORKERS && work->pause_ns >= 0 &&
           fits(work->n_addresses, sizeof work->addresses[0]) && fits(work->n_addresses, work->value_len) &&
           fits(work->count, work->value_len) && (work->values != NULL || !work->write);
}

static void *copy_of(const void *bytes, size_t len)
{
    void *copy = malloc(len);

    if (copy != NULL)
        memcpy(copy, bytes, len);
    return copy;
}

/* false: out of memory; what there is is freed with the workers. */
static bool take_copies(struct sc_workers *workers, const struct sc_work *work)
{
    workers->work = *work;
    workers->work.addresses = copy_of(work->addresses, work->n_addresses * sizeof work->addresses[0]);
    if (work->values != NULL)
        workers->work.values = copy_of(work->values, work->n_addresses * work->value_len);
    workers->bytes = malloc(work->count * work->value_len);
    return workers->work.addresses != NULL && workers->bytes != NULL &&
           (work->values == NULL) == (workers->work.values == NULL);
}

static bool make_locks(struct sc_workers *workers)
{
    pthread_condattr_t attr;

    if (pthread_mutex_init(&workers->mutex, NULL) != 0)
        return false;
    bool good = pthread_condattr_init(&attr) == 0;
    if (good) {
        good = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
               pthread_cond_init(&workers->stopped, &attr) == 0;
        pthread_condattr_destroy(&attr);
    }
    if (!good)
        pthread_mutex_destroy(&workers->mutex);
    return good;
}

static void free_copies(struct sc_workers *workers)
{
    free((void *)(uintptr_t)workers->work.addresses);
    free((void *)(uintptr_t)workers->work.values);
    free(workers->bytes);
    free(workers);
}

static void workers_free(struct sc_workers *workers)
{
    pthread_cond_destroy(&workers->stopped);
    pthread_mutex_destroy(&workers->mutex);
    free_copies(workers);
}

void sc_workers_free_all(struct sc_adapter *adapter)
{
    for (struct sc_workers *workers = adapter->workers, *next; workers != NULL; workers = next) {
        next = workers->next;
        workers_free(workers);
    }
}

static struct sc_workers *workers_new(struct sc_pool *pool, const struct sc_work *work, struct sc_call *call)
{
    struct sc_workers *workers = calloc(1, sizeof *workers + work->count * sizeof workers->all[0]);

    if (workers == NULL)
        return NULL;
    if (!take_copies(workers, work) || !make_locks(workers)) {
        free_copies(workers);
        return NULL;
    }
    workers->pool = pool;
    workers->call = call;
    call->job = NULL;
    workers->stats = (struct sc_work_stats){.running = work->count, .last_err = S7_ERRINFO_INIT};
    for (unsigned i = 0; i < work->count; i++)
        workers->all[i] = (struct sc_worker){
            .workers = workers, .number = i, .bytes = workers->bytes + i * work->value_len};
    return workers;
}

s7_status sc_workers_start(struct sc_pool *pool, const struct sc_work *work, struct sc_call *call,
                           struct sc_workers **out)
{
    struct sc_adapter *adapter = pool->adapter;

    if (!makes_sense(work))
        return S7_E_ARG;
    struct sc_workers *workers = workers_new(pool, work, call);
    if (workers == NULL)
        return S7_E_NOMEM;
    s7_status status = adapter->ops->workers_begin(workers);
    if (status != S7_OK) {
        workers_free(workers);
        return status;
    }
    workers->next = adapter->workers;
    adapter->workers = workers;
    *out = workers;
    return S7_OK;
}

/* ---- what an iteration does ---- */

bool sc_worker_goes_on(struct sc_worker *worker)
{
    struct sc_workers *workers = worker->workers;

    pthread_mutex_lock(&workers->mutex);
    bool stop = workers->stop;
    pthread_mutex_unlock(&workers->mutex);
    return !stop && worker->iteration < workers->work.times;
}

static size_t number_of_address(const struct sc_worker *worker)
{
    return (size_t)((worker->number + worker->iteration) % worker->workers->work.n_addresses);
}

static const uint8_t *value_of(const struct sc_work *work, size_t i)
{
    return work->values + i * work->value_len;
}

void sc_worker_aim(struct sc_worker *worker)
{
    const struct sc_work *work = &worker->workers->work;
    size_t i = number_of_address(worker);
    const uint8_t *bytes = work->write ? value_of(work, i) : worker->bytes;

    worker->item =
        (s7_item){.address = work->addresses[i], .data = (void *)(uintptr_t)bytes, .len = work->value_len};
}

int64_t sc_worker_pause_until(const struct sc_worker *worker, int64_t now_ns)
{
    int64_t pause_ns = worker->workers->work.pause_ns;

    return pause_ns > S7_NEVER_NS - now_ns ? S7_NEVER_NS : now_ns + pause_ns;
}

/* ---- wrong bytes ---- */

#define MAX_SHOWN 16
#define SHOWN_CAP (2 * MAX_SHOWN + 3)

static void show(const uint8_t *bytes, size_t len, char text[SHOWN_CAP])
{
    size_t n = len < MAX_SHOWN ? len : MAX_SHOWN;

    for (size_t i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    if (n < len)
        snprintf(text + 2 * n, 3, "..");
}

/* Another address whose value they are, or n_addresses. */
static size_t whose(const struct sc_work *work, const uint8_t *bytes)
{
    size_t i = 0;

    while (i < work->n_addresses && memcmp(value_of(work, i), bytes, work->value_len) != 0)
        i++;
    return i;
}

static void say_wrong(const struct sc_worker *worker, s7_errinfo *err)
{
    const struct sc_work *work = &worker->workers->work;
    size_t i = number_of_address(worker), other = whose(work, worker->bytes);
    char address[S7_ADDRESS_TEXT_CAP], came[SHOWN_CAP], due[SHOWN_CAP];

    s7_address_format(&work->addresses[i], address, sizeof address);
    show(worker->bytes, work->value_len, came);
    show(value_of(work, i), work->value_len, due);
    *err = (s7_errinfo){.struct_size = sizeof *err, .status = S7_E_PROTOCOL, .item = -1};
    snprintf(err->asked, sizeof err->asked, "read %s, which holds %s", address, due);
    if (other == work->n_addresses) {
        snprintf(err->came, sizeof err->came, "%s came", came);
        return;
    }
    s7_address_format(&work->addresses[other], address, sizeof address);
    snprintf(err->came, sizeof err->came, "%s came, the bytes of %s", came, address);
}

s7_status sc_worker_judge(struct sc_worker *worker, s7_status status, s7_errinfo *err)
{
    const struct sc_work *work = &worker->workers->work;

    worker->wrong = false;
    if (status == S7_E_PARTIAL) { /* there is but one item */
        err->status = worker->item.status;
        return err->status;
    }
    if (status != S7_OK || work->write || work->values == NULL)
        return status;
    worker->wrong = memcmp(worker->bytes, value_of(work, number_of_address(worker)), work->value_len) != 0;
    if (!worker->wrong)
        return S7_OK;
    say_wrong(worker, err);
    return S7_E_PROTOCOL;
}

/* ---- counting ---- */

static void note_failure(struct sc_workers *workers, const struct sc_worker *worker, s7_status status,
                         const s7_errinfo *err)
{
    struct sc_work_stats *stats = &workers->stats;

    stats->failed++;
    stats->wrong += worker->wrong;
    stats->last = status;
    stats->last_err = *err;
    if (err->status != S7_OK)
        return;
    snprintf(stats->last_err.asked, sizeof stats->last_err.asked, "work with the pool of %s",
             workers->pool->where);
    s7_report_came(&stats->last_err, status, "");
}

void sc_worker_note(struct sc_worker *worker, s7_status status, const s7_errinfo *err)
{
    struct sc_workers *workers = worker->workers;

    pthread_mutex_lock(&workers->mutex);
    if (status == S7_OK)
        workers->stats.ok++;
    else
        note_failure(workers, worker, status, err);
    pthread_mutex_unlock(&workers->mutex);
    worker->wrong = false;
    worker->iteration++;
}

void sc_worker_is_done(struct sc_worker *worker)
{
    struct sc_workers *workers = worker->workers;

    pthread_mutex_lock(&workers->mutex);
    unsigned running = --workers->stats.running;
    pthread_mutex_unlock(&workers->mutex);
    if (running > 0)
        return;
    workers->call->status = S7_OK;
    workers->call->err = (s7_errinfo)S7_ERRINFO_INIT;
    sc_call_end(workers->pool->adapter, workers->call);
}

void sc_workers_stats(const struct sc_workers *workers, struct sc_work_stats *stats)
{
    pthread_mutex_t *mutex = &((struct sc_workers *)(uintptr_t)workers)->mutex;

    pthread_mutex_lock(mutex);
    *stats = workers->stats;
    pthread_mutex_unlock(mutex);
}

void sc_workers_stop(struct sc_workers *workers)
{
    pthread_mutex_lock(&workers->mutex);
    workers->stop = true;
    pthread_mutex_unlock(&workers->mutex);
    workers->pool->adapter->ops->workers_wake(workers);
}
