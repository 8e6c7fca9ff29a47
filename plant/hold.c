#include "plant_impl.h"

/* A connection of its own, as a foreign program has one. */
static s7_status hold(plant *p)
{
    int rc = sqlite3_open_v2(p->path, &p->holder, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_exec(p->holder, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        return S7_OK;
    plant_let_go(p);
    return rc == SQLITE_BUSY ? S7_E_PLANT_BUSY : rc == SQLITE_NOMEM ? S7_E_NOMEM : S7_E_PLANT_IO;
}

void plant_let_go(plant *p)
{
    sqlite3_close(p->holder); /* a transaction that is open is rolled back */
    p->holder = NULL;
}

void plant_fill_disk(plant *p, bool full)
{
    assert(!p->in_turn && (full || p->disk_full > 0));
    p->disk_full = full ? p->disk_full + 1 : p->disk_full - 1;
}

s7_status plant_lock(plant *p, bool held)
{
    if (held == (p->holder != NULL))
        return S7_OK;
    if (held)
        return hold(p);
    plant_let_go(p);
    return S7_OK;
}
