/* The helper that moves the write-ahead log back into the file, so that no turn has to. */
#include "plant_impl.h"

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
    int pages; /* in the log when last asked; 0: nothing to do */
    int asked; /* pages in the log when the helper was woken last */
    sqlite3 *db;
};

/* Returns the length from which on writers are held off next. A foreign reader can keep the log from starting
 * over for hours: then that is not tried with every commit. */
static int copy_back(sqlite3 *db, int pages, int too_long)
{
    if (pages >= too_long)
        return sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL) == SQLITE_OK
                   ? LOG_TOO_LONG
                   : pages + LOG_LONG;
    sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
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
        too_long = copy_back(c->db, pages, too_long);
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

s7_status checkpoint_start(plant *p)
{
    struct plant_checkpoint *c = calloc(1, sizeof *c);

    if (c == NULL)
        return plant_fail(&p->last_error, S7_E_NOMEM, "%s: out of memory", p->path);
    if (sqlite3_open_v2(p->path, &c->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        plant_fail(&p->last_error, plant_sql_status(sqlite3_errcode(c->db)), "%s: %s", p->path,
                   sqlite3_errmsg(c->db));
        goto fail;
    }
    /* A connection that never read the file does not know that there is a log, and checkpoints nothing. */
    sqlite3_exec(c->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    sqlite3_busy_timeout(c->db, HOLD_OFF_MS);
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
    plant_leave_log(p, c->db);
    sqlite3_close(c->db);
    free(c);
    p->checkpoint = NULL;
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
