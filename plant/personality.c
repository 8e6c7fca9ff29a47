/* Personalities: the row that each PLC plays, in RAM, and lists of them. Nobody here changes them. */
#include "builtin.h"
#include "plant_impl.h"
#include "schema.h"

#include <stddef.h>

/* ---- what a row means ---- */

struct word {
    const char *word;
    uint32_t bit;
};

static const struct word lacks[] = {{"szl", PLANT_LACKS_SZL},
                                    {"blocks", PLANT_LACKS_BLOCKS},
                                    {"upload", PLANT_LACKS_UPLOAD},
                                    {"download", PLANT_LACKS_DOWNLOAD},
                                    {"delete", PLANT_LACKS_DELETE},
                                    {"start-stop", PLANT_LACKS_START_STOP},
                                    {"compress", PLANT_LACKS_COMPRESS},
                                    {"copy-ram-to-rom", PLANT_LACKS_COPY},
                                    {"memory-reset", PLANT_LACKS_RESET},
                                    {"password", PLANT_LACKS_PASSWORD},
                                    {"clock-read", PLANT_LACKS_CLOCK_READ},
                                    {"clock-set", PLANT_LACKS_CLOCK_SET},
                                    {"messages", PLANT_LACKS_MESSAGES},
                                    {"cyclic", PLANT_LACKS_CYCLIC},
                                    {"test", PLANT_LACKS_TEST},
                                    {"dbread", PLANT_LACKS_DBREAD},
                                    {"wchar", PLANT_LACKS_WCHAR}};

/* The next word of a list; NULL: no more. */
static const char *next_word(const char **rest, size_t *len)
{
    const char *word = *rest + strspn(*rest, " ");

    *len = strcspn(word, " ");
    *rest = word + *len;
    return *len > 0 ? word : NULL;
}

static void take_lacks(struct plant_personality *who, const char *text)
{
    const char *word;
    size_t len;

    who->lacks = 0;
    while ((word = next_word(&text, &len)) != NULL)
        for (size_t i = 0; i < sizeof lacks / sizeof lacks[0]; i++)
            if (strlen(lacks[i].word) == len && memcmp(lacks[i].word, word, len) == 0)
                who->lacks |= lacks[i].bit;
}

static void take_slots(struct plant_personality *who, const char *text)
{
    const char *word;
    size_t len;

    who->slots = strcmp(text, "any") == 0 ? PLANT_ANY_SLOT : 0;
    while (who->slots != PLANT_ANY_SLOT && (word = next_word(&text, &len)) != NULL) {
        unsigned long slot = strtoul(word, NULL, 10);
        if (slot < 32)
            who->slots |= UINT32_C(1) << slot;
    }
}

static void take_tsaps(struct plant_personality *who, const char *text)
{
    const char *word;
    unsigned type, place;
    size_t len;

    who->n_tsaps = 0;
    while ((word = next_word(&text, &len)) != NULL && who->n_tsaps < PLANT_TSAPS_MAX)
        if (len == 5 && sscanf(word, "%2x.%2x", &type, &place) == 2)
            who->tsaps[who->n_tsaps++] = (uint16_t)(type << 8 | place);
}

static enum plant_refusal refusal_of(const char *text)
{
    static const char *const words[] = {[PLANT_REFUSE_DR] = "DR",
                                        [PLANT_REFUSE_FIN] = "FIN",
                                        [PLANT_REFUSE_RST] = "RST",
                                        [PLANT_REFUSE_SILENCE] = "silence"};

    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], text) == 0)
            return (enum plant_refusal)i;
    return PLANT_REFUSE_DR;
}

static void take_wrong_tsap(struct plant_personality *who, const char *text)
{
    who->wrong_tsap = refusal_of(text);
}

static void take_full(struct plant_personality *who, const char *text)
{
    who->full = refusal_of(text);
}

static void take_jitter(struct plant_personality *who, const char *text)
{
    who->service.jitter = strcmp(text, "exponential") == 0 ? PLANT_EXPONENTIAL : PLANT_UNIFORM;
}

/* ---- reading a row ---- */

enum kind {
    NUMBER, /* low..high; NULL: -1 */
    SWITCH,
    TEXT, /* high: bytes of room */
    WORDS
};

static const struct field {
    enum kind kind;
    size_t at;
    int32_t low, high;
    void (*take)(struct plant_personality *who, const char *text);
} fields[] = {
#define AT(member) offsetof(struct plant_personality, member)
    {TEXT, AT(name), 0, sizeof((struct plant_personality *)0)->name, NULL},
    {TEXT, AT(title), 0, PLANT_TITLE_CAP, NULL},
    {NUMBER, AT(pdu_len), 240, 960, NULL},
    {NUMBER, AT(amq_calling), 1, 32, NULL},
    {NUMBER, AT(amq_called), 1, 32, NULL},
    {NUMBER, AT(connections), 0, 65535, NULL},
    {NUMBER, AT(reserved[PLANT_PG]), 0, 65535, NULL},
    {NUMBER, AT(reserved[PLANT_OP]), 0, 65535, NULL},
    {NUMBER, AT(reserved[PLANT_BASIC]), 0, 65535, NULL},
    {NUMBER, AT(rack), 0, 7, NULL},
    {WORDS, 0, 0, 0, take_slots},
    {WORDS, 0, 0, 0, take_tsaps},
    {SWITCH, AT(any_tsap), 0, 1, NULL},
    {SWITCH, AT(serves_before_setup), 0, 1, NULL},
    {NUMBER, AT(max_items), 1, 255, NULL},
    {WORDS, 0, 0, 0, take_wrong_tsap},
    {WORDS, 0, 0, 0, take_full},
    {NUMBER, AT(memory.inputs), 1, PLANT_BLOCK_MAX, NULL},
    {NUMBER, AT(memory.outputs), 1, PLANT_BLOCK_MAX, NULL},
    {NUMBER, AT(memory.markers), 1, PLANT_BLOCK_MAX, NULL},
    {NUMBER, AT(memory.timers), 1, PLANT_BLOCK_MAX / 2, NULL},
    {NUMBER, AT(memory.counters), 1, PLANT_BLOCK_MAX / 2, NULL},
    {NUMBER, AT(memory.db1), 1, PLANT_BLOCK_MAX, NULL},
    {NUMBER, AT(retentive.markers), 0, PLANT_BLOCK_MAX, NULL},
    {NUMBER, AT(retentive.timers), 0, PLANT_BLOCK_MAX / 2, NULL},
    {NUMBER, AT(retentive.counters), 0, PLANT_BLOCK_MAX / 2, NULL},
    {NUMBER, AT(absent_code), 1, 254, NULL},
    {NUMBER, AT(optimized_code), 1, 254, NULL},
    {NUMBER, AT(no_szl_error), 1, UINT16_MAX, NULL},
    {WORDS, 0, 0, 0, take_lacks},
    {SWITCH, AT(put_get), 0, 1, NULL},
    {SWITCH, AT(counters_binary), 0, 1, NULL},
    {TEXT, AT(order_code), 0, PLANT_ORDER_CODE_CAP, NULL},
    {TEXT, AT(firmware), 0, PLANT_FIRMWARE_CAP, NULL},
    {NUMBER, AT(keepalive_s), 0, INT16_MAX, NULL},
    {NUMBER, AT(service.base_us), 0, 60000000, NULL},
    {NUMBER, AT(service.per_item_us), 0, 60000000, NULL},
    {NUMBER, AT(service.szl_us), 0, 60000000, NULL},
    {NUMBER, AT(service.jitter_us), 0, 60000000, NULL},
    {WORDS, 0, 0, 0, take_jitter},
#undef AT
};

/* In the order of `fields`. */
#define COLUMNS                                                                                              \
    "name, title, pdu_length, amq_calling, amq_called, connections, reserved_pg, reserved_op,"               \
    " reserved_basic, rack, slots, tsaps, any_tsap, serves_before_setup, max_items, wrong_tsap, when_full,"  \
    " inputs, outputs, markers, timers, counters, db1, retentive_markers, retentive_timers,"                 \
    " retentive_counters, absent_code, optimized_code, no_szl_error, lacks, put_get, counters_binary,"       \
    " order_code, firmware, keepalive_s, service_us, per_item_us, szl_us, jitter_us, jitter"

const char plant_personality_of[] =
    "SELECT " COLUMNS " FROM personality WHERE name = (SELECT cpu FROM plc WHERE id = ?1)";
static const char all[] = "SELECT " COLUMNS " FROM personality ORDER BY rowid";

/* A foreign program can switch the table's checks off. */
static int32_t number(sqlite3_stmt *q, int column, const struct field *field)
{
    int64_t value = sqlite3_column_int64(q, column);

    if (sqlite3_column_type(q, column) == SQLITE_NULL)
        return -1;
    if (value < field->low)
        return field->low;
    return value > field->high ? field->high : (int32_t)value;
}

static void take_field(struct plant_personality *who, sqlite3_stmt *q, int column)
{
    const struct field *field = &fields[column];
    const char *text = (const char *)sqlite3_column_text(q, column);
    void *at = (char *)who + field->at;

    if (field->kind == NUMBER)
        *(int32_t *)at = number(q, column, field);
    else if (field->kind == SWITCH)
        *(bool *)at = sqlite3_column_int(q, column) != 0;
    else if (field->kind == TEXT)
        snprintf(at, (size_t)field->high, "%s", text != NULL ? text : "");
    else
        field->take(who, text != NULL ? text : "");
}

static void take_row(struct plant_personality *who, sqlite3_stmt *q)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        take_field(who, q, (int)i);
}

/* ---- the mirror ---- */

/* Without a row of that name the PLC stays what it was. */
s7_status personality_reread(plant *p, struct mirror_plc *plc)
{
    sqlite3_stmt *q = p->sql[SQL_PERSONALITY_OF];

    sqlite3_bind_int64(q, 1, plc->pub.id);
    if (sqlite3_step(q) == SQLITE_ROW) {
        take_row(&plc->who, q);
        plc->pub.who = &plc->who;
    }
    return plant_sql_end(p, SQL_PERSONALITY_OF, S7_OK, "read the table personality");
}

s7_status personality_edited(plant *p, int64_t row)
{
    s7_status status = S7_OK;

    (void)row;
    for (size_t i = 0; i < p->n_plcs && status == S7_OK; i++) {
        status = personality_reread(p, p->plcs[i]);
        if (status == S7_OK)
            status = szl_reread(p, p->plcs[i]->pub.id);
    }
    return status;
}

void plant_personality_names(plant *p, char *names, size_t cap)
{
    sqlite3_stmt *q = p->sql[SQL_PERSONALITY_NAMES];
    const char *text = sqlite3_step(q) == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) : NULL;

    snprintf(names, cap, "%.*s", text != NULL ? plant_utf8_clip(text, cap - 1) : 0, text != NULL ? text : "");
    sqlite3_reset(q);
}

/* ---- those that every file has ---- */

static int is_there(sqlite3 *db, const char *name, bool *there)
{
    sqlite3_stmt *q;
    int rc = sqlite3_prepare_v2(db, "SELECT 1 FROM personality WHERE name = ?1", -1, &q, NULL);

    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    rc = sqlite3_step(q);
    *there = rc == SQLITE_ROW;
    sqlite3_finalize(q);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int plant_builtins_add(sqlite3 *db)
{
    int rc = SQLITE_OK;
    bool there = false;

    for (const struct plant_builtin *b = plant_builtins; b->name != NULL && rc == SQLITE_OK; b++) {
        rc = is_there(db, b->name, &there);
        if (rc == SQLITE_OK && !there)
            rc = sqlite3_exec(db, b->sql, NULL, NULL, NULL);
    }
    return rc;
}

/* ---- listing ---- */

static int list(sqlite3 *db, plant_personality_fn *fn, void *arg)
{
    struct plant_personality who = {.name = ""};
    sqlite3_stmt *q;
    int rc = sqlite3_prepare_v2(db, all, -1, &q, NULL);

    while (rc == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW) {
        take_row(&who, q);
        fn(&who, arg);
    }
    return rc == SQLITE_OK ? sqlite3_finalize(q) : rc;
}

static int list_builtins(sqlite3 *db, plant_personality_fn *fn, void *arg)
{
    int rc = plant_schema_migrate(db, 0, PLANT_SCHEMA_VERSION);

    return rc == SQLITE_OK ? list(db, fn, arg) : rc;
}

static s7_status list_file(sqlite3 *db, const char *path, plant_personality_fn *fn, void *arg,
                           struct plant_error *error)
{
    int version, rc;
    s7_status status = plant_schema_check(db, path, &version, error);

    if (status != S7_OK)
        return status;
    if (version < PLANT_SCHEMA_VERSION)
        return plant_fail(error, S7_E_PLANT_SCHEMA,
                          "%s: its schema %d is older than %d; s7rig serve brings it up to date", path,
                          version, PLANT_SCHEMA_VERSION);
    rc = list(db, fn, arg);
    if (rc != SQLITE_OK)
        return plant_fail(error, plant_sql_status(rc), "%s: cannot read the table personality: %s", path,
                          sqlite3_errmsg(db));
    return S7_OK;
}

s7_status plant_personalities(const char *path, plant_personality_fn *fn, void *arg,
                              struct plant_error *error)
{
    int flags = path != NULL ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    s7_status status = S7_OK;
    sqlite3 *db;
    int rc = sqlite3_open_v2(path != NULL ? path : ":memory:", &db, flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc == SQLITE_OK && path == NULL)
        rc = list_builtins(db, fn, arg);
    if (rc != SQLITE_OK)
        status = plant_fail(error, (rc & 0xFF) == SQLITE_CANTOPEN ? S7_E_PLANT_MISSING : plant_sql_status(rc),
                            "%s: %s", path != NULL ? path : "personalities", sqlite3_errmsg(db));
    else if (path != NULL)
        status = list_file(db, path, fn, arg, error);
    sqlite3_close(db);
    return status;
}
