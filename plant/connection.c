/* Connections as rows: who is connected, and who was. */
#include "plant_impl.h"

/* Rows that wait while the file cannot be written; connections beyond them are not noted. */
#define WAITING_MAX 4096

struct plant_conn {
    int64_t id, fresh_id; /* its row, 0: none is committed yet; the one that this transaction made */
    int64_t plc, since_ms, until_ms;
    unsigned conn, pdu_len, amq;
    uint64_t jobs;
    bool listed, over;
    char peer[64], tsap[32], reason[96];
    plant_conn *next_dirty;
};

static void list(plant *p, plant_conn *conn)
{
    if (conn->listed)
        return;
    conn->listed = true;
    conn->next_dirty = NULL;
    *p->dirty_conns_end = conn;
    p->dirty_conns_end = &conn->next_dirty;
    p->n_dirty_conns++;
}

plant_conn *plant_conn_open(plant *p, int64_t wall_ms, const struct plant_plc *plc, unsigned number,
                            const char *peer, const char *tsap)
{
    bool is_noted = p->audit.connections && !p->options.read_only && p->n_dirty_conns < WAITING_MAX;
    plant_conn *conn = is_noted ? calloc(1, sizeof *conn) : NULL;

    if (conn == NULL)
        return NULL;
    conn->plc = plc->id;
    conn->conn = number;
    conn->since_ms = wall_ms;
    snprintf(conn->peer, sizeof conn->peer, "%s", peer);
    snprintf(conn->tsap, sizeof conn->tsap, "%s", tsap);
    list(p, conn);
    p->conns_urgent = true;
    return conn;
}

void plant_conn_set(plant *p, plant_conn *conn, unsigned pdu_len, unsigned amq, uint64_t jobs)
{
    if (conn == NULL || (conn->pdu_len == pdu_len && conn->amq == amq && conn->jobs == jobs))
        return;
    conn->pdu_len = pdu_len;
    conn->amq = amq;
    conn->jobs = jobs;
    list(p, conn);
}

void plant_conn_close(plant *p, int64_t wall_ms, plant_conn *conn, uint64_t jobs, const char *reason)
{
    if (conn == NULL)
        return;
    conn->over = true;
    conn->until_ms = wall_ms;
    conn->jobs = jobs;
    snprintf(conn->reason, sizeof conn->reason, "%.*s", plant_utf8_clip(reason, sizeof conn->reason - 1),
             reason);
    list(p, conn);
    p->conns_urgent = true;
}

/* ---- to the file ---- */

static int add(plant *p, plant_conn *conn)
{
    sqlite3_stmt *q = p->sql[SQL_CONN_ADD];
    char since[PLANT_TIME_CAP];

    plant_time_text(conn->since_ms, since, sizeof since);
    sqlite3_clear_bindings(q);
    sqlite3_bind_int64(q, 1, conn->plc);
    sqlite3_bind_int64(q, 2, conn->conn);
    sqlite3_bind_text(q, 3, conn->peer, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 4, since, -1, SQLITE_STATIC);
    if (conn->tsap[0] != '\0')
        sqlite3_bind_text(q, 5, conn->tsap, -1, SQLITE_STATIC);
    int rc = plant_sql_run(p, SQL_CONN_ADD);
    conn->fresh_id = sqlite3_last_insert_rowid(p->db);
    return rc;
}

static int update(plant *p, const plant_conn *conn)
{
    sqlite3_stmt *q = p->sql[SQL_CONN_SET];
    char until[PLANT_TIME_CAP];

    sqlite3_clear_bindings(q);
    sqlite3_bind_int64(q, 1, conn->fresh_id);
    if (conn->pdu_len > 0) {
        sqlite3_bind_int64(q, 2, conn->pdu_len);
        sqlite3_bind_int64(q, 3, conn->amq);
    }
    sqlite3_bind_int64(q, 4, (int64_t)conn->jobs);
    if (conn->over) {
        plant_time_text(conn->until_ms, until, sizeof until);
        sqlite3_bind_text(q, 5, until, -1, SQLITE_STATIC);
        sqlite3_bind_text(q, 6, conn->reason, -1, SQLITE_STATIC);
    }
    sqlite3_bind_int64(q, 7, conn->conn); /* its number may be another row's by now, if somebody deleted it */
    return plant_sql_run(p, SQL_CONN_SET);
}

static int prune(plant *p)
{
    sqlite3_bind_int64(p->sql[SQL_CONN_PRUNE], 1, p->audit.keep_events);
    return plant_sql_run(p, SQL_CONN_PRUNE);
}

int conn_flush(plant *p)
{
    int rc = SQLITE_OK;

    for (plant_conn *conn = p->dirty_conns; conn != NULL && rc == SQLITE_OK; conn = conn->next_dirty) {
        conn->fresh_id = conn->id;
        if (conn->id == 0)
            rc = add(p, conn);
        if (rc == SQLITE_OK)
            rc = update(p, conn);
    }
    if (rc == SQLITE_OK && (p->conns_urgent || p->log.prune))
        rc = prune(p);
    return rc;
}

void conn_clean(plant *p)
{
    plant_conn *next;

    for (plant_conn *conn = p->dirty_conns; conn != NULL; conn = next) {
        next = conn->next_dirty;
        conn->id = conn->fresh_id;
        conn->listed = false;
        if (conn->over)
            free(conn);
    }
    p->dirty_conns = NULL;
    p->dirty_conns_end = &p->dirty_conns;
    p->n_dirty_conns = 0;
    p->conns_urgent = false;
}

int conn_lost(plant *p)
{
    char now[PLANT_TIME_CAP];

    plant_time_text(p->log.wall_ms, now, sizeof now);
    sqlite3_bind_text(p->sql[SQL_CONN_LOST], 1, now, -1, SQLITE_STATIC);
    int rc = plant_sql_run(p, SQL_CONN_LOST);
    sqlite3_clear_bindings(p->sql[SQL_CONN_LOST]);
    return rc;
}

/* Those that are over belong to nobody else. */
void conn_free_all(plant *p)
{
    plant_conn *next;

    for (plant_conn *conn = p->dirty_conns; conn != NULL; conn = next) {
        next = conn->next_dirty;
        if (conn->over)
            free(conn);
    }
}
