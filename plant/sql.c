#include "plant_impl.h"

static const char *const texts[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN",
    [SQL_BEGIN_IMMEDIATE] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_DATA_VERSION] = "PRAGMA data_version",
    [SQL_PLC_ALL] =
        ("SELECT id, name, listen, cpu, rack, slot, pdu_length, amq, connections, mode, clock_ms, protection,"
         " password, put_get, service_time, as_name, module_name, plant_name, location, serial, order_code,"
         " firmware FROM plc ORDER BY id"),
    [SQL_PLC_ONE] =
        ("SELECT id, name, listen, cpu, rack, slot, pdu_length, amq, connections, mode, clock_ms, protection,"
         " password, put_get, service_time, as_name, module_name, plant_name, location, serial, order_code,"
         " firmware FROM plc WHERE id = ?1"),
    [SQL_PLC_SET_STATE] = "UPDATE plc SET mode = ?2, clock_ms = ?3 WHERE id = ?1",
    [SQL_PERSONALITY_OF] = plant_personality_of,
    [SQL_PERSONALITY_NAMES] =
        "SELECT group_concat(name, ', ') FROM (SELECT name FROM personality ORDER BY rowid)",
    /* A list of the PLC's own takes the place of the personality's. */
    [SQL_SZL_OF] = ("SELECT list, idx, record_len, data FROM szl WHERE plc = ?1"
                    " UNION ALL"
                    " SELECT list, idx, record_len, data FROM personality_szl AS s"
                    "  WHERE personality = (SELECT cpu FROM plc WHERE id = ?1)"
                    "  AND NOT EXISTS (SELECT 1 FROM szl WHERE plc = ?1 AND szl.list = s.list)"
                    " ORDER BY list, idx"),
    [SQL_DIAG_OF] = "SELECT data FROM diagnostic WHERE plc = ?1 ORDER BY id DESC LIMIT ?2",
    [SQL_DIAG_ADD] = "INSERT INTO diagnostic (plc, data, text) VALUES (?1, ?2, ?3)",
    [SQL_DIAG_PRUNE] = ("DELETE FROM diagnostic WHERE plc = ?1 AND id <="
                        " (SELECT id FROM diagnostic WHERE plc = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)"),
    [SQL_CODE_OF] = "SELECT kind, number, file FROM code WHERE plc = ?1",
    [SQL_CODE_PUT] = ("INSERT INTO code (plc, kind, number, file) VALUES (?1, ?2, ?3, ?4)"
                      " ON CONFLICT (plc, kind, number) DO UPDATE SET file = excluded.file"),
    [SQL_CODE_DELETE] = "DELETE FROM code WHERE plc = ?1 AND kind = ?2 AND number = ?3",
    [SQL_BLOCK_PUT] = ("INSERT INTO block (plc, kind, number, data) VALUES (?1, ?2, ?3, ?4)"
                       " ON CONFLICT (plc, kind, number) DO UPDATE SET data = excluded.data RETURNING id"),
    [SQL_BLOCK_DELETE] = "DELETE FROM block WHERE id = ?1",
    [SQL_BLOCK_ALL] = "SELECT id, plc, kind, number, data, optimized, write_protected FROM block ORDER BY id",
    [SQL_BLOCK_ONE] =
        "SELECT id, plc, kind, number, data, optimized, write_protected FROM block WHERE id = ?1",
    [SQL_TAG_ALL] = "SELECT id, plc, name, address, type, value, error FROM tag ORDER BY id",
    [SQL_TAG_ONE] = "SELECT id, plc, name, address, type, value, error FROM tag WHERE id = ?1",
    [SQL_FAULT_ALL] = ("SELECT id, plc, name, args, armed, matched, fired, error,"
                       " (SELECT seq FROM change WHERE what = 'fault' AND row = fault.id)"
                       " FROM fault ORDER BY id LIMIT ?1"),
    [SQL_CHANGE_ALL] = "SELECT what, row FROM change ORDER BY seq",
    [SQL_CHANGE_CLEAR] = "DELETE FROM change",
    [SQL_TAG_SET_VALUE] = "UPDATE tag SET value = ?2, applied = ?2 WHERE id = ?1",
    [SQL_TAG_SET_ERROR] = "UPDATE tag SET error = ?2 WHERE id = ?1",
    /* Not over an edit that came after the one that made this version, seen by us or not. */
    [SQL_FAULT_REPORT] =
        ("UPDATE fault SET matched = ?3, fired = ?4, armed = ?5, error = ?6 WHERE id = ?1 AND"
         " NOT EXISTS (SELECT 1 FROM change WHERE what = 'fault' AND row = ?1 AND seq <> ?2)"),
    [SQL_FAULT_REFUSE_MORE] = "UPDATE fault SET error = ?2 WHERE id > ?1 AND error IS NOT ?2",
    [SQL_EVENT_ADD] = ("INSERT INTO event (time, plc, kind, peer, text, conn, fn, items, error, latency_us)"
                       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"),
    [SQL_EVENT_PRUNE] = "DELETE FROM event WHERE id <= min((SELECT max(id) FROM event) - ?1,"
                        " (SELECT min(id) FROM event) + ?2)",
    [SQL_AUDIT] = "SELECT writes, connections, jobs, errors, slow_us, keep_writes, keep_events FROM audit",
    [SQL_LOG_ADD] = ("INSERT INTO write_log (time, plc, source, peer, conn, kind, number, offset, length,"
                     " before, after, tag, value_before, value_after)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"),
    [SQL_LOG_PRUNE] = "DELETE FROM write_log WHERE id <= min((SELECT max(id) FROM write_log) - ?1,"
                      " (SELECT min(id) FROM write_log) + ?2)",
    [SQL_CONN_ADD] = ("INSERT INTO connection (plc, conn, peer, since, tsap) VALUES (?1, ?2, ?3, ?4, ?5)"),
    [SQL_CONN_SET] = ("UPDATE connection SET pdu_length = ?2, amq = ?3, jobs = ?4, until = ?5, reason = ?6"
                      " WHERE id = ?1 AND conn = ?7"),
    [SQL_CONN_LOST] = ("UPDATE connection SET until = ?1, reason = 'the simulator was killed'"
                       " WHERE until IS NULL"),
    [SQL_CONN_PRUNE] = ("DELETE FROM connection WHERE until IS NOT NULL"
                        " AND id <= (SELECT max(id) FROM connection) - ?1"),
};

int plant_sql_prepare(plant *p)
{
    int rc = SQLITE_OK;

    for (int i = 0; i < SQL_COUNT && rc == SQLITE_OK; i++)
        rc = sqlite3_prepare_v3(p->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &p->sql[i], NULL);
    return rc;
}

void plant_sql_finalize(plant *p)
{
    for (int i = 0; i < SQL_COUNT; i++) {
        sqlite3_finalize(p->sql[i]);
        p->sql[i] = NULL;
    }
}

s7_status plant_sql_end(plant *p, enum plant_sql which, s7_status status, const char *doing)
{
    if (sqlite3_reset(p->sql[which]) == SQLITE_OK || status != S7_OK)
        return status;
    return plant_sql_fail(p, doing);
}

int plant_sql_run(plant *p, enum plant_sql which)
{
    int rc = sqlite3_step(p->sql[which]);

    sqlite3_reset(p->sql[which]);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}
