/* The turn: see plant.h for its order. Steps 2 and 3 are plant_turn_begin, 4 is plant_store, 5 is
 * plant_turn_end. */
#include "plant_impl.h"

static bool is_busy(int rc)
{
    return (rc & 0xFF) == SQLITE_BUSY;
}

/* ---- steps 2 and 3 ---- */

/* The write lock, without waiting for it. */
static int take_lock(plant *p)
{
    int rc = plant_sql_run(p, SQL_BEGIN_IMMEDIATE);

    p->can_write = rc == SQLITE_OK;
    return rc;
}

/* SQLite counts commits of other connections only. Inside a transaction the number belongs to its snapshot,
 * so what is read there and the number fit together. */
static int read_data_version(plant *p, int64_t *version)
{
    sqlite3_stmt *q = p->sql[SQL_DATA_VERSION];
    int rc = sqlite3_step(q);

    if (rc == SQLITE_ROW)
        *version = sqlite3_column_int64(q, 0);
    sqlite3_reset(q);
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* Bring the mirror up to date, if possible with the write lock, so that applied edits can be written back at
 * once. Without it RAM takes them all the same, since requests must see them, and their rows are owed. What
 * they made dirty stays dirty: what the file lacks is known by nothing else. */
static s7_status refresh(plant *p)
{
    s7_status status;
    bool any;

    if (!p->can_write && !p->options.read_only)
        (void)take_lock(p);
    if (!p->can_write && plant_sql_run(p, SQL_BEGIN) != SQLITE_OK)
        return plant_sql_fail(p, "begin to read");
    status = change_apply(p, &any);
    if (status == S7_OK && read_data_version(p, &p->data_version) != SQLITE_OK)
        status = plant_sql_fail(p, "ask for data_version");
    p->applied = any && p->can_write && status == S7_OK;
    p->owed = (any || status != S7_OK) && !p->applied;
    if (!p->can_write)
        plant_sql_run(p, SQL_COMMIT);
    return status;
}

/* Without a transaction the number may move right after it was read: then the edit was committed after this
 * turn's requests had arrived, and the next turn sees it. Nobody can commit while we hold the lock. */
static s7_status ask_for_changes(plant *p)
{
    int64_t version = p->data_version;
    int rc;

    if (p->replaced) /* the old file is nobody's truth any more */
        return S7_OK;
    rc = read_data_version(p, &version);
    if (is_busy(rc)) /* rollback journal, somebody is committing: nothing of it is committed yet */
        return S7_OK;
    if (rc != SQLITE_OK)
        return plant_sql_fail(p, "ask for data_version");
    if (version == p->data_version && !(p->owed && p->can_write))
        return S7_OK;
    p->log.again = version == p->data_version;
    return refresh(p);
}

static s7_status look_for_changes(plant *p)
{
    s7_status status = ask_for_changes(p);

    p->is_fresh = status == S7_OK;
    return status;
}

static s7_status say_replaced(plant *p)
{
    return plant_fail(&p->last_error, S7_E_PLANT_REPLACED,
                      "%s: the file was replaced or deleted while it is served; writes are refused until the "
                      "next start",
                      p->path);
}

/* With memory durability stores need no lock, unless edits are owed: doing these once more later would put
 * them over the stores. */
static s7_status lock_for_writes(plant *p)
{
    if (p->replaced)
        return say_replaced(p);
    if (p->options.read_only)
        return plant_fail(&p->last_error, S7_E_MISUSE, "%s: opened for reading only", p->path);
    if (p->options.durability == PLANT_MEMORY && !p->owed)
        return S7_OK;
    if (checkpoint_holds_off(p))
        return plant_fail(&p->last_error, S7_E_PLANT_BUSY, "%s: its log is being started over", p->path);
    return take_lock(p) == SQLITE_OK ? S7_OK : plant_sql_fail(p, "begin to write");
}

void plant_clock(plant *p, int64_t wall_ms)
{
    p->log.wall_ms = wall_ms;
}

void plant_writer(plant *p, enum plant_source source, const char *peer, unsigned conn)
{
    p->log.source = source;
    p->log.peer = peer;
    p->log.conn = conn;
}

s7_status turn_lock_late(plant *p)
{
    int64_t version = 0;

    if (checkpoint_holds_off(p))
        return plant_fail(&p->last_error, S7_E_PLANT_BUSY, "%s: its log is being started over", p->path);
    if (take_lock(p) != SQLITE_OK)
        return plant_sql_fail(p, "begin to write");
    if (read_data_version(p, &version) == SQLITE_OK && version == p->data_version)
        return S7_OK;
    plant_sql_run(p, SQL_ROLLBACK);
    p->can_write = false;
    return plant_fail(&p->last_error, S7_E_PLANT_BUSY, "%s: another program wrote meanwhile", p->path);
}

static void turn_open(plant *p)
{
    assert(!p->in_turn);
    assert(sqlite3_txn_state(p->db, NULL) == SQLITE_TXN_NONE);
    p->in_turn = true;
    p->may_store = false;
    p->can_write = false;
    p->applied = false;
    p->is_fresh = false;
    p->was_dirty = true;
    p->log.n_stored = 0;
    plant_writer(p, PLANT_BY_SQL, "", 0);
}

static void turn_close(plant *p)
{
    cpu_turn_done(p);
    move_turn_done(p);
    p->n_undo = 0;
    p->n_undo_bytes = 0;
    p->in_turn = false;
    p->can_write = false;
    p->may_store = false;
    assert(sqlite3_txn_state(p->db, NULL) == SQLITE_TXN_NONE);
}

s7_status plant_turn_begin(plant *p, bool writes)
{
    s7_status lock = S7_OK, look;

    turn_open(p);
    if (writes)
        lock = lock_for_writes(p);
    look = look_for_changes(p);
    if (!writes)
        return S7_OK;
    if (lock == S7_OK && look == S7_OK && p->owed)
        lock = plant_fail(&p->last_error, S7_E_PLANT_BUSY, "%s: cannot write back what was edited: locked",
                          p->path);
    p->may_store = lock == S7_OK && look == S7_OK;
    p->was_dirty = p->dirty_blocks != NULL || p->dirty_tags != NULL;
    return lock != S7_OK ? lock : look;
}

/* ---- step 4 ---- */

static bool keep_old(plant *p, struct mirror_block *block, uint32_t offset, uint32_t len)
{
    if (!plant_grow((void **)&p->undo, &p->cap_undo, p->n_undo + 1, sizeof *p->undo) ||
        !plant_grow((void **)&p->undo_bytes, &p->cap_undo_bytes, p->n_undo_bytes + len, 1))
        return false;
    memcpy(p->undo_bytes + p->n_undo_bytes, block->bytes + offset, len);
    p->undo[p->n_undo++] = (struct undo){block, offset, len, p->n_undo_bytes};
    p->n_undo_bytes += len;
    return true;
}

s7_status plant_store(plant *p, struct plant_block *block, uint32_t offset, const uint8_t *src, uint32_t len)
{
    struct mirror_block *mirror = (struct mirror_block *)block;

    assert(p->in_turn && offset <= block->len && len <= block->len - offset);
    if (!p->may_store)
        return S7_E_MISUSE;
    if (!log_room(p, len) || !keep_old(p, mirror, offset, len))
        return S7_E_NOMEM;
    log_store_begin(p, mirror, offset, src, len);
    mirror_write(p, mirror, offset, src, len);
    log_end(p, mirror);
    return S7_OK;
}

/* ---- step 5 ---- */

void plant_clean(plant *p, bool written)
{
    for (struct mirror_block *block = p->dirty_blocks; block != NULL; block = block->next_dirty)
        block->dirty = false;
    p->dirty_blocks = NULL;
    tag_clean(p, written);
}

static int write_block(plant *p, const struct mirror_block *block, sqlite3_blob **handle)
{
    int rc = *handle == NULL ? sqlite3_blob_open(p->db, "main", "block", "data", block->pub.id, 1, handle)
                             : sqlite3_blob_reopen(*handle, block->pub.id);

    if (rc == SQLITE_OK)
        rc = sqlite3_blob_write(*handle, block->bytes + block->dirty_from,
                                (int)(block->dirty_to - block->dirty_from), (int)block->dirty_from);
    return rc;
}

/* Changed bytes go by incremental BLOB I/O: only the pages that hold them are written, and no trigger sees
 * it. One handle serves all blocks and is closed before COMMIT, which it would block. */
static s7_status flush_blocks(plant *p)
{
    sqlite3_blob *handle = NULL;
    s7_status status = S7_OK;

    for (struct mirror_block *block = p->dirty_blocks; block != NULL && status == S7_OK;
         block = block->next_dirty)
        if (write_block(p, block, &handle) != SQLITE_OK)
            status = plant_sql_fail(p, "write a block");
    if (sqlite3_blob_close(handle) != SQLITE_OK && status == S7_OK)
        status = plant_sql_fail(p, "write a block");
    return status;
}

static bool something_to_write(const plant *p)
{
    return p->dirty_blocks != NULL || p->dirty_tags != NULL || p->dirty_plcs != NULL || p->applied ||
           p->n_moves > 0 || p->move_failed != S7_OK || p->n_events > 0 || p->conns_urgent ||
           fault_waits(p) || log_waits(p);
}

/* All was written: only now does a disk that is full on purpose say so. */
static s7_status commit(plant *p, const char *what)
{
    if (p->disk_full > 0)
        return plant_fail(&p->last_error, S7_E_PLANT_IO, "%s: cannot %s: database or disk is full", p->path,
                          what);
    return plant_sql_run(p, SQL_COMMIT) == SQLITE_OK ? S7_OK : plant_sql_fail(p, what);
}

static s7_status flush(plant *p)
{
    s7_status status = move_settle(p);

    if (status == S7_OK)
        status = flush_blocks(p);
    if (status == S7_OK && tag_flush(p) != SQLITE_OK)
        status = plant_sql_fail(p, "write the tags");
    if (status == S7_OK && cpu_flush(p) != SQLITE_OK)
        status = plant_sql_fail(p, "write the state of the PLCs");
    if (status == S7_OK && fault_flush(p) != SQLITE_OK)
        status = plant_sql_fail(p, "write the faults");
    if (status == S7_OK && p->applied && plant_sql_run(p, SQL_CHANGE_CLEAR) != SQLITE_OK)
        status = plant_sql_fail(p, "empty the table change");
    if (status == S7_OK && log_flush(p) != SQLITE_OK)
        status = plant_sql_fail(p, "write the table write_log");
    if (status == S7_OK && conn_flush(p) != SQLITE_OK)
        status = plant_sql_fail(p, "write the connections");
    if (status == S7_OK && event_flush(p) != SQLITE_OK)
        status = plant_sql_fail(p, "write the events");
    return status == S7_OK ? commit(p, "commit") : status;
}

static void undo_stores(plant *p)
{
    while (p->n_undo > 0) {
        const struct undo *u = &p->undo[--p->n_undo];
        memcpy(u->block->bytes + u->offset, p->undo_bytes + u->at, u->len);
    }
}

/* With memory durability stores stand though they could not be flushed, but for those over edits that are
 * owed now (see lock_for_writes), and those beside blocks that came or went, which the file has to have. */
static bool stores_stand(const plant *p)
{
    return p->options.durability == PLANT_MEMORY && !p->applied && p->n_moves == 0;
}

static void roll_back(plant *p)
{
    if (sqlite3_txn_state(p->db, NULL) != SQLITE_TXN_NONE)
        plant_sql_run(p, SQL_ROLLBACK);
}

/* RAM goes back to the turn's beginning. What was applied from `change` stays in RAM and is owed again. */
static void give_up(plant *p)
{
    roll_back(p);
    p->owed = p->owed || p->applied;
    if (stores_stand(p))
        return;
    undo_stores(p);
    log_undo(p);
    cpu_undo(p);
    move_undo(p); /* last: the stores were in blocks that it frees */
    if (!p->was_dirty)
        plant_clean(p, false);
}

/* All of it was committed. */
static void all_clean(plant *p)
{
    plant_clean(p, true);
    cpu_clean(p);
    fault_clean(p);
    log_clean(p);
    conn_clean(p);
    event_clean(p);
}

/* What is written without having seen, or without having applied, all edits would put values over edited ones
 * in their rows. */
static s7_status finish(plant *p)
{
    s7_status status;

    if (!p->can_write)
        return S7_OK;
    if (!p->is_fresh || !(something_to_write(p) || p->dirty_conns != NULL)) {
        plant_sql_run(p, SQL_ROLLBACK);
        return S7_OK;
    }
    status = flush(p);
    if (status != S7_OK) {
        give_up(p);
        return status;
    }
    all_clean(p);
    return S7_OK;
}

/* A transaction for faults and events alone, when the turn had none. Edits that came since the turn began are
 * not looked for, since the turn's stores would have to stand over them: the statement itself spares edited
 * rows. What is in the way is no failure of the turn; the reports wait. */
static void report(plant *p)
{
    static const char what[] = "write the faults and events";

    if (p->replaced || checkpoint_holds_off(p) || take_lock(p) != SQLITE_OK)
        return;
    if (fault_flush(p) != SQLITE_OK || event_flush(p) != SQLITE_OK) {
        plant_sql_fail(p, what);
    } else if (commit(p, what) == S7_OK) {
        fault_clean(p);
        event_clean(p);
    }
    roll_back(p);
}

bool plant_turn_stored(const plant *p)
{
    return p->n_undo > 0 || p->cpu_stored || p->n_moves > 0;
}

s7_status plant_turn_end(plant *p)
{
    s7_status status;
    bool stored = plant_turn_stored(p), stand = stores_stand(p);

    assert(p->in_turn);
    status = finish(p);
    if (status == S7_OK && (p->faults.urgent || p->n_events >= PLANT_EVENTS_MANY))
        report(p);
    turn_close(p);
    return stored && !stand ? status : S7_OK;
}

/* ---- opening ---- */

s7_status turn_first(plant *p)
{
    s7_status status;
    bool any;

    p->in_turn = true;
    p->can_write = !p->options.read_only;
    status = change_apply(p, &any);
    if (status == S7_OK && read_data_version(p, &p->data_version) != SQLITE_OK)
        status = plant_sql_fail(p, "ask for data_version");
    p->applied = any && p->can_write;
    if (status == S7_OK && p->can_write && conn_lost(p) != SQLITE_OK)
        status = plant_sql_fail(p, "write the connections");
    if (status == S7_OK && p->can_write)
        status = flush(p);
    roll_back(p);
    all_clean(p);
    turn_close(p);
    return status;
}

/* ---- upkeep ---- */

static s7_status write_what_waits(plant *p)
{
    int rc;

    if (p->options.read_only || !(p->owed || p->dirty_conns != NULL || something_to_write(p)))
        return S7_OK;
    rc = take_lock(p);
    return rc == SQLITE_OK || is_busy(rc) ? S7_OK : plant_sql_fail(p, "begin to write");
}

s7_status plant_upkeep(plant *p)
{
    s7_status lock, look, ended;

    p->replaced = p->replaced || !plant_file_is_same(p);
    if (p->replaced)
        return say_replaced(p);
    turn_open(p);
    lock = write_what_waits(p);
    look = look_for_changes(p);
    ended = finish(p);
    turn_close(p);
    if (lock == S7_OK)
        lock = look != S7_OK ? look : ended;
    return lock == S7_E_PLANT_BUSY ? S7_OK : lock;
}
