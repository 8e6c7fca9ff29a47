/* The helper that moves the write-ahead log back into the file, so that no turn has to. */
#include "plant_impl.h"

#include <stdatomic.h>

/* Pages in the log: from here on it is copied back; from ten times that on writers are held off for a moment,
 * so that it can start over. */
#define LOG_LONG     1000
#define LOG_TOO_LONG 10000
#define HOLD_OFF_MS  100

struct plant_checkpoint {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake, idle;
    bool stop, working;
    atomic_bool holds_off;
    int pages; /* in the log when last asked; 0: nothing to do */
    int asked; /* pages in the log when the helper was woken last */
    sqlite3 *db;
};

/* The log can start over only when all of it is copied back and nobody adds to it meanwhile. One who commits
 * without a pause would never let go of the lock by chance, so our own turns stand back. Most of the copying
 * is done before. */
static bool start_over(struct plant_checkpoint *c)
{
    int rc;

    sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    atomic_store(&c->holds_off, true);
    rc = sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    atomic_store(&c->holds_off, false);
    return rc == SQLITE_OK;
}

/* Returns the length from which on writers are held off next. A foreign reader can keep the log from starting
 * over for hours: then that is not tried with every commit. */
static int copy_back(struct plant_checkpoint *c, int pages, int too_long)
{
    if (pages >= too_long)
        return start_over(c) ? LOG_TOO_LONG : pages + LOG_LONG;
    sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return pages < LOG_TOO_LONG ? LOG_TOO_LONG : too_long;
}

static void *helper(void *arg)
{
    struct plant_checkpoint *c = arg;
    int too_long = LOG_TOO_LONG;

    pthread_mutex_lock(&c->mutex);
    while (!c->stop) {
        if (c->pages == 0) {
            c->working = false;
            pthread_cond_broadcast(&c->idle);
            pthread_cond_wait(&c->wake, &c->mutex);
            continue;
        }
        int pages = c->pages;
        c->pages = 0;
        c->working = true;
        pthread_mutex_unlock(&c->mutex);
        too_long = copy_back(c, pages, too_long);
        pthread_mutex_lock(&c->mutex);
    }
    c->working = false;
    pthread_cond_broadcast(&c->idle);
    pthread_mutex_unlock(&c->mutex);
    return NULL;
}

/* Called by SQLite after each commit of ours. */
static int after_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct plant_checkpoint *c = arg;

    (void)db;
    (void)name;
    if (pages < c->asked) /* the log started over */
        c->asked = 0;
    if (pages - c->asked < LOG_LONG) /* not at every commit: each checkpoint waits for the disk */
        return SQLITE_OK;
    c->asked = pages;
    pthread_mutex_lock(&c->mutex);
    c->pages = pages;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->mutex);
    return SQLITE_OK;
}

/* A connection that never read the file does not know that there is a log, and checkpoints nothing. */
static int connect(const char *path, sqlite3 **db)
{
    int rc = sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(*db, HOLD_OFF_MS);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(*db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    return rc;
}

s7_status checkpoint_start(plant *p)
{
    struct plant_checkpoint *c = calloc(1, sizeof *c);

    if (c == NULL)
        return plant_fail(&p->last_error, S7_E_NOMEM, "%s: out of memory", p->path);
    if (connect(p->path, &c->db) != SQLITE_OK) {
        plant_fail(&p->last_error, plant_sql_status(sqlite3_errcode(c->db)), "%s: %s", p->path,
                   sqlite3_errmsg(c->db));
        goto fail;
    }
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->wake, NULL);
    pthread_cond_init(&c->idle, NULL);
    if (pthread_create(&c->thread, NULL, helper, c) != 0) {
        plant_fail(&p->last_error, S7_E_NOMEM, "%s: cannot start the checkpoint thread", p->path);
        goto fail;
    }
    p->checkpoint = c;
    sqlite3_wal_hook(p->db, after_commit, c);
    return S7_OK;
fail:
    sqlite3_close(c->db);
    free(c);
    return p->last_error.status;
}

void checkpoint_stop(plant *p)
{
    struct plant_checkpoint *c = p->checkpoint;

    if (c == NULL)
        return;
    sqlite3_wal_hook(p->db, NULL, NULL);
    pthread_mutex_lock(&c->mutex);
    c->stop = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->mutex);
    pthread_join(c->thread, NULL);
    pthread_cond_destroy(&c->wake);
    pthread_cond_destroy(&c->idle);
    pthread_mutex_destroy(&c->mutex);
    sqlite3_close(c->db);
    free(c);
    p->checkpoint = NULL;
}

bool checkpoint_holds_off(const plant *p)
{
    return p->checkpoint != NULL && atomic_load(&p->checkpoint->holds_off);
}

void checkpoint_wait_idle(plant *p)
{
    struct plant_checkpoint *c = p->checkpoint;

    if (c == NULL)
        return;
    pthread_mutex_lock(&c->mutex);
    while (c->working || c->pages > 0)
        pthread_cond_wait(&c->idle, &c->mutex);
    pthread_mutex_unlock(&c->mutex);
}
