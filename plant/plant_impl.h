/* plant_impl.h - what the files of this room share. The mirror's rules:
 *
 *   - RAM may be ahead of the file in three ways only: stores of the turn in progress (undone when its commit
 *     fails), with memory durability also those of earlier turns, and `owed`: foreign edits that were taken
 *     into RAM while the write lock was held by somebody else. Owed edits are still rows of `change`, and
 *     nothing is stored over them before they are written, so doing them again from the file is always right.
 *   - dirty blocks and tags are those whose row may differ from RAM; only a commit that wrote them, or the
 *     undoing of what made them so, makes them clean.
 *   - a tag without a block has an error; a tag with one has an error while its row holds a refused edit.
 *   - no statement is busy, no BLOB handle and no transaction open between turns. */
#ifndef PLANT_PLANT_IMPL_H
#define PLANT_PLANT_IMPL_H

#include "idmap.h"
#include "plant.h"

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define PLANT_BLOCK_MAX 65536

struct mirror_plc;
struct mirror_block;

struct mirror_tag {
    int64_t id;
    struct mirror_plc *plc;
    struct mirror_block *block; /* NULL: the tag's definition is wrong, see error */
    char *name;
    s7_address address;
    uint32_t offset, len; /* bytes of the block */
    bool parsed;          /* address is valid */
    char *error;          /* of the definition or of a refused edit; NULL: none */
    bool refused;     /* the row's value is an edit that error refuses; goes with the next value written */
    bool dirty;       /* value and applied are to be written */
    bool error_dirty; /* error is to be written */
    bool listed;      /* in the list of dirty tags */
    bool removed;     /* its row is gone; freed when the list is done with */
    struct mirror_tag *next_dirty;
    bool keeps; /* in the list of those that blocks moved away from, or to, in this turn: */
    bool kept_refused;
    char *kept_error; /* what error was before */
    struct mirror_tag *next_kept;
};

struct mirror_block {
    struct plant_block pub; /* first: what plant_block_find gives out */
    struct mirror_plc *plc;
    uint8_t *bytes;                /* pub.data */
    uint32_t dirty_from, dirty_to; /* bytes that differ from the file; from == to: none */
    bool dirty;
    struct mirror_block *next_dirty;
    struct mirror_tag **tags; /* by offset, when tags_sorted */
    size_t n_tags, cap_tags;
    bool tags_sorted;
    uint32_t longest_tag;
};

/* The diagnostic buffer of a PLC, oldest first. More than PLANT_DIAG_MAX are kept until it is trimmed between
 * turns, so that additions can be undone. */
struct mirror_diag {
    uint8_t data[PLANT_DIAG_LEN];
    char text[80];
};

/* Blocks as they were downloaded, by kind and number. Each is one allocation with its file. */
struct code_list {
    struct plant_code **codes;
    size_t n, cap;
};

struct mirror_plc {
    struct plant_plc pub;         /* first */
    struct plant_personality who; /* pub.who, once there was a row */
    struct mirror_block **blocks; /* by (area, number) */
    size_t n_blocks, cap_blocks;
    struct plant_szl *szl; /* their data lie in szl_data */
    size_t n_szl;
    uint8_t *szl_data;
    struct code_list codes;
    struct mirror_diag *diag;
    size_t n_diag, cap_diag;
    size_t n_diag_new;         /* of them not in the file yet: the last ones */
    size_t n_diag_turn;        /* of them added in this turn */
    struct plant_state before; /* this turn set its state: what it was */
    bool set, state_dirty;
    bool is_dirty; /* in the list of those that are to be written */
    struct mirror_plc *next_dirty;
};

/* Old bytes of this turn's stores. */
struct undo {
    struct mirror_block *block;
    uint32_t offset, len;
    size_t at; /* in undo_bytes */
};

struct plant_event_row {
    int64_t wall_ms, plc, latency_us;
    unsigned conn, items;
    uint16_t error;
    char kind[16], peer[64], fn[16], text[192];
};
#define PLANT_EVENTS_CAP  4096 /* that wait */
#define PLANT_EVENTS_MANY 1024 /* from so many on a turn writes them though it has nothing else to write */

/* A row of write_log. Its bytes lie in log.bytes: those before, then those after. */
#define LOG_TEXT_CAP  160
#define LOG_BYTES_MAX 1024
#define LOG_TAGS_MAX  16 /* that a row names */
struct log_row {
    int64_t wall_ms, plc;
    enum plant_source source;
    unsigned conn;
    s7_area area;
    uint16_t number;
    bool has_before, has_after;
    uint16_t n_before, n_after;
    uint32_t offset, len;
    size_t at;
    char peer[64], tag[LOG_TEXT_CAP], before[LOG_TEXT_CAP], after[LOG_TEXT_CAP];
};

/* Rows that wait for a commit. Those of edits stay when a turn is undone, since RAM keeps the edits; those of
 * its stores are the last ones and go. */
struct plant_log {
    struct log_row *rows;
    size_t n, cap;
    uint8_t *bytes;
    size_t n_bytes, cap_bytes;
    size_t n_stored;                        /* rows of this turn's stores */
    bool begun;                             /* the last row lacks what came after, */
    struct mirror_tag *named[LOG_TAGS_MAX]; /* of these tags, too */
    size_t n_named;
    bool more_named;
    bool again;               /* edits are applied that were noted before */
    uint64_t lost;            /* rows that found no room */
    size_t unpruned;          /* rows that were added since the table was pruned */
    bool prune, prune_on;     /* the tables are to be pruned, and again after that */
    int64_t wall_ms;          /* plant_clock */
    enum plant_source source; /* plant_writer */
    const char *peer;
    unsigned conn;
};

/* A row of `fault`; pub.plc NULL: it is not listed, and error says why. */
struct mirror_fault {
    struct plant_fault pub; /* version: the number in `change` of the last edit; 0: before the start */
    int64_t matched, fired;
    char error[256];
    bool dirty; /* the row is to be written */
};
#define PLANT_FAULTS_CAP 1000

struct mirror_faults {
    struct mirror_fault *rows; /* the first of the table, by id */
    size_t n, cap;
    uint16_t listed[PLANT_FAULTS_CAP]; /* indices of those that plant_fault_at gives out */
    size_t n_listed;
    bool dirty;       /* a row is */
    bool urgent;      /* and its turn is to write it */
    bool more_unsaid; /* rows behind these do not say yet that they are not taken */
};

enum plant_sql {
    SQL_BEGIN,
    SQL_BEGIN_IMMEDIATE,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_DATA_VERSION,
    SQL_PLC_ALL,
    SQL_PLC_ONE,
    SQL_PLC_SET_STATE,
    SQL_PERSONALITY_OF,
    SQL_PERSONALITY_NAMES,
    SQL_SZL_OF,
    SQL_DIAG_OF,
    SQL_DIAG_ADD,
    SQL_DIAG_PRUNE,
    SQL_CODE_OF,
    SQL_CODE_PUT,
    SQL_CODE_DELETE,
    SQL_BLOCK_PUT,
    SQL_BLOCK_DELETE,
    SQL_BLOCK_ALL,
    SQL_BLOCK_ONE,
    SQL_TAG_ALL,
    SQL_TAG_ONE,
    SQL_FAULT_ALL,
    SQL_CHANGE_ALL,
    SQL_CHANGE_CLEAR,
    SQL_TAG_SET_VALUE,
    SQL_TAG_SET_ERROR,
    SQL_FAULT_REPORT,
    SQL_FAULT_REFUSE_MORE,
    SQL_EVENT_ADD,
    SQL_EVENT_PRUNE,
    SQL_AUDIT,
    SQL_LOG_ADD,
    SQL_LOG_PRUNE,
    SQL_CONN_ADD,
    SQL_CONN_SET,
    SQL_CONN_LOST,
    SQL_CONN_PRUNE,
    SQL_COUNT
};

struct plant {
    char *path;
    sqlite3 *db;
    unsigned disk_full;           /* how many want it */
    sqlite3 *holder;              /* hold.c: has the write lock against us; NULL: nobody of ours */
    sqlite3_stmt *sql[SQL_COUNT]; /* prepared at open; reset on every path */
    struct plant_options options;
    struct plant_error last_error;

    int lock_fd; /* the side file that keeps a second server away */
    char *lock_path;
    dev_t device;
    ino_t inode;
    bool replaced;

    struct mirror_plc **plcs;
    size_t n_plcs;
    struct idmap plcs_by_id, blocks_by_id, tags_by_id;
    struct mirror_plc *dirty_plcs; /* their state, their diagnostic buffer */
    bool cpu_stored;               /* this turn stored one of these */
    uint64_t plcs_version;
    struct mirror_block *dirty_blocks;
    struct mirror_tag *dirty_tags;
    uint8_t *scratch;  /* PLANT_BLOCK_MAX bytes: a tag's bytes while they are made */
    char *text, *utf8; /* PLANT_TEXT_CAP bytes each: a number's text; a tag's values as text */

    int64_t data_version;
    bool owed;
    bool blocks_moved; /* tags without a block may have one now */
    bool faults_moved; /* the rows of `fault` are to be read */
    bool in_turn;
    bool can_write; /* this turn holds the write lock */
    bool may_store; /* plant_store is allowed in this turn */
    bool applied;   /* this turn applied rows of `change` while holding the lock: they can go */
    bool is_fresh;  /* this turn knows and has applied everything that was committed */
    bool was_dirty; /* something was dirty already before this turn's stores */
    struct undo *undo;
    size_t n_undo, cap_undo;
    uint8_t *undo_bytes;
    size_t n_undo_bytes, cap_undo_bytes;
    struct move *moves; /* of this turn, see move.c */
    size_t n_moves, cap_moves;
    s7_status move_failed; /* one of them did: the turn cannot be committed */
    bool keeps_errors;     /* tags find their blocks after moves */
    struct mirror_tag *kept_tags;

    struct mirror_faults faults;
    uint64_t faults_version;

    struct plant_event_row *events;
    size_t n_events;
    unsigned events_lost;

    struct plant_audit audit;
    struct plant_log log;
    plant_conn *dirty_conns, **dirty_conns_end; /* whose rows are to be written, and who lists them */
    size_t n_dirty_conns;
    bool conns_urgent; /* one of them is not to wait for upkeep */

    struct plant_checkpoint *checkpoint;
};

/* Room for a tag's values as text: the longest is an array of S5TIMEs over a whole block, 10 characters a
 * byte
 * ("S5T#16m30s base 10s,"); longer is cut. */
#define PLANT_TEXT_CAP (PLANT_BLOCK_MAX * 12)

/* ---- errors (plant.c) ---- */
s7_status plant_fail(struct plant_error *error, s7_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Note what SQLite said of the last call in p->last_error; returns the status that fits. */
s7_status plant_sql_fail(plant *p, const char *doing);
s7_status plant_sql_status(int rc);
/* How much of a text fits max bytes without cutting a character of UTF-8. */
int plant_utf8_clip(const char *text, size_t max);

/* Make room for need elements of that size. False: no memory, nothing changed. */
bool plant_grow(void **array, size_t *cap, size_t need, size_t size);

/* ---- statements (sql.c) ---- */
int plant_sql_prepare(plant *p);
void plant_sql_finalize(plant *p);
/* Step a statement whose rows do not matter, and reset it. SQLITE_OK, or SQLite's error. */
int plant_sql_run(plant *p, enum plant_sql which);
/* After the last step of a query: reset it. status, if that is an error; else what went wrong in its steps,
 * or in getting at its columns, which shows nowhere else. */
S7_MUST_CHECK s7_status plant_sql_end(plant *p, enum plant_sql which, s7_status status, const char *doing);

/* ---- file (file.c) ---- */
/* hold.c */
void plant_let_go(plant *p);

S7_MUST_CHECK s7_status plant_file_check(const char *path, bool wal, struct plant_error *error);
S7_MUST_CHECK s7_status plant_file_lock(plant *p, struct plant_error *error);
void plant_file_unlock(plant *p);
S7_MUST_CHECK s7_status plant_file_identify(plant *p);
bool plant_file_is_same(const plant *p);

/* ---- mirror (mirror.c) ---- */
S7_MUST_CHECK s7_status mirror_load(plant *p);
void mirror_free(plant *p);
struct mirror_block *mirror_block_find(struct mirror_plc *plc, s7_area area, uint16_t number);
S7_MUST_CHECK s7_status mirror_plc_reread(plant *p, int64_t id);
S7_MUST_CHECK s7_status mirror_block_reread(plant *p, int64_t id);
/* A block without id, PLC and tags; NULL: no memory. */
struct mirror_block *mirror_block_new(s7_area area, uint16_t number, const void *data, uint32_t len);
void mirror_block_free(struct mirror_block *block); /* NULL is fine */
/* In and out of its place; the tags are the caller's business. What was out is linked again without memory.
 */
S7_MUST_CHECK s7_status mirror_block_link(plant *p, struct mirror_plc *plc, struct mirror_block *block);
void mirror_block_unlink(plant *p, struct mirror_block *block);
void mirror_block_dirty(plant *p, struct mirror_block *block, uint32_t offset, uint32_t len);
/* Bytes of a block change: RAM, dirty range, and every tag that overlaps. */
void mirror_write(plant *p, struct mirror_block *block, uint32_t offset, const uint8_t *src, uint32_t len);
const char *mirror_kind(s7_area area);
bool mirror_area(const char *kind, s7_area *area); /* false: no such kind */

/* ---- tags: places and rows (tag.c) ---- */
S7_MUST_CHECK s7_status tag_load(plant *p);
S7_MUST_CHECK s7_status tag_reread(plant *p, int64_t id);
void tag_free(struct mirror_tag *tag);
/* After blocks came, went or changed their size: tags without a block look for one. */
S7_MUST_CHECK s7_status tag_rebind(plant *p);
/* The same in a turn, whose undoing gives back the errors that went. */
S7_MUST_CHECK s7_status tag_rebind_kept(plant *p);
void tag_errors_restore(plant *p);
void tag_errors_forget(plant *p); /* those that were kept: the turn stands */
void tag_unbind_all(struct mirror_block *block);
void tag_touch(plant *p, struct mirror_block *block, uint32_t offset, uint32_t len);
/* The tags that overlap these bytes, one by one: *at is 0 before the first. NULL: no other. */
struct mirror_tag *tag_next(struct mirror_block *block, uint32_t offset, uint32_t len, size_t *at);
/* Its value is to be written. */
void tag_show(plant *p, struct mirror_tag *tag);
S7_MUST_CHECK s7_status tag_set_error(plant *p, struct mirror_tag *tag, const char *text);
void tag_clear_error(plant *p, struct mirror_tag *tag);
/* Forget what is dirty; written: since the rows have it now. */
void tag_clean(plant *p, bool written);

/* ---- tags: values (tag_value.c) ---- */
/* Does the value of a row of SQL_TAG_... fit the tag, which has a block? Then p->scratch has its bytes,
 * unless it is NULL. If not, the tag's error says why. */
S7_MUST_CHECK s7_status tag_check_value(plant *p, struct mirror_tag *tag, sqlite3_stmt *q, bool *fits);
S7_MUST_CHECK s7_status tag_apply_edit(plant *p, int64_t id);
int tag_flush(plant *p); /* dirty ones; SQLite's result */
/* What stands at the tag's place, in p->utf8, zero-terminated; "" and 0 without a block. */
size_t tag_utf8(plant *p, const struct mirror_tag *tag);
/* The tags of a PLC by name, to be freed; NULL: out of memory, and *n is 0. */
struct mirror_tag **tag_sorted(plant *p, const struct plant_plc *plc, size_t *n);

/* ---- values of SQL (value_sql.c); text: room of PLANT_TEXT_CAP bytes ---- */
/* Single numbers as numbers; everything else as text: strings, dates, "[1,2,3]", numbers that SQLite has not,
 * and bytes that are no value. SQLite's result. */
int value_bind(sqlite3_stmt *q, int column, const s7_address *address, const uint8_t *bytes, char *text);
/* All values as text; returns the length. */
size_t value_text(const s7_address *address, const uint8_t *bytes, char *text);
/* What an address with these bytes takes: "a text of at most 20 characters". */
size_t value_expected(const s7_address *address, const uint8_t *bytes, char *text, size_t cap);

/* ---- state and diagnostic buffer of a PLC (cpu.c), its status lists (szl.c) ---- */
S7_MUST_CHECK s7_status cpu_load(plant *p);
S7_MUST_CHECK s7_status cpu_diag_reread(plant *p, int64_t plc);
int cpu_flush(plant *p);      /* dirty ones; SQLite's result */
void cpu_undo(plant *p);      /* what this turn stored */
void cpu_turn_done(plant *p); /* it stands, or was undone */
void cpu_clean(plant *p);     /* what was dirty is written */
S7_MUST_CHECK s7_status szl_reread(plant *p, int64_t plc);

/* ---- blocks as they were downloaded (code.c) ---- */
S7_MUST_CHECK s7_status code_load(plant *p);
S7_MUST_CHECK s7_status code_reread(plant *p, int64_t plc);
struct plant_code *code_new(enum plant_kind kind, uint16_t number, const void *file, uint32_t len);
struct plant_code *code_find(const struct code_list *list, enum plant_kind kind, uint16_t number);
bool code_room(struct code_list *list); /* for one more */
void code_link(struct code_list *list, struct plant_code *code);
void code_unlink(struct code_list *list, const struct plant_code *code);
void code_list_free(struct code_list *list);

/* ---- blocks that come and go (move.c) ---- */
/* Before anything is written: tags find their places. Fails when one of the turn's moves did. */
S7_MUST_CHECK s7_status move_settle(plant *p);
void move_undo(plant *p);
void move_turn_done(plant *p); /* it stands, or was undone */

/* ---- personalities (personality.c) ---- */
extern const char plant_personality_of[]; /* the text of SQL_PERSONALITY_OF */
S7_MUST_CHECK s7_status personality_reread(plant *p, struct mirror_plc *plc);
/* For change_apply: some personality was edited; its status lists are read again as well. */
S7_MUST_CHECK s7_status personality_edited(plant *p, int64_t row);

/* ---- changes (change.c) ---- */
/* Everything that `change` holds, inside a transaction; BLOB edits first. *any: it holds something. */
S7_MUST_CHECK s7_status change_apply(plant *p, bool *any);

/* ---- faults (fault.c) ---- */
/* For change_apply: a row was edited. */
S7_MUST_CHECK s7_status fault_note(plant *p, int64_t id);
/* Read the table if it moved, after PLCs were; a failure leaves the rows as they were. */
S7_MUST_CHECK s7_status fault_reread(plant *p);
bool fault_waits(const plant *p); /* something is to be written */
int fault_flush(plant *p);        /* SQLite's result */
void fault_clean(plant *p);       /* it was committed */

/* ---- events (event.c) ---- */
int event_flush(plant *p);
void event_clean(plant *p);
/* "2026-01-31T23:59:59.999Z" */
#define PLANT_TIME_CAP 40
void plant_time_text(int64_t wall_ms, char *out, size_t cap);

/* ---- settings of the audit, write_log (audit.c, audit_flush.c) ---- */
S7_MUST_CHECK s7_status audit_reread(plant *p, int64_t row);
/* Room for a row about a store of so many bytes. False: no memory. */
S7_MUST_CHECK bool log_room(plant *p, uint32_t len);
/* Bytes of a block are about to become src, by a store, for which there is room; by the edit of a tag; by the
 * edit of a whole block that keeps its size. Edits that change nothing make no row, nor do those for which
 * there is no memory. Each is followed by log_end when the block has the bytes. */
void log_store_begin(plant *p, struct mirror_block *block, uint32_t offset, const uint8_t *src, uint32_t len);
void log_tag_begin(plant *p, struct mirror_block *block, uint32_t offset, const uint8_t *src, uint32_t len);
void log_block_begin(plant *p, struct mirror_block *block, const uint8_t *src);
void log_end(plant *p, const struct mirror_block *block);
/* A block comes (old NULL), goes (fresh NULL), or is replaced by another, in an edit. */
void log_blocks(plant *p, const struct mirror_block *old, const struct mirror_block *fresh);
/* The same by a client, of one place. */
void log_load(plant *p, const struct mirror_block *old, const struct mirror_block *fresh);
bool log_waits(const plant *p);
int log_flush(plant *p); /* SQLite's result */
void log_clean(plant *p);
void log_undo(plant *p); /* this turn's stores did not happen */
void log_free(plant *p);
/* Rows that one statement prunes: ?2 of SQL_..._PRUNE; a full batch has the next one follow. */
#define PRUNE_BATCH 4096

/* ---- connections (connection.c) ---- */
int conn_lost(plant *p);  /* at the start: those of a server that was killed */
int conn_flush(plant *p); /* SQLite's result */
void conn_clean(plant *p);
void conn_free_all(plant *p);

/* ---- the turn (turn.c) ---- */
/* The end of opening: inside the transaction that loaded the mirror, apply `change` and write back; ends the
 * transaction. */
S7_MUST_CHECK s7_status turn_first(plant *p);
/* The write lock, in the middle of a turn that did without so far. S7_E_PLANT_BUSY: somebody has it, or has
 * committed since the turn began. */
S7_MUST_CHECK s7_status turn_lock_late(plant *p);
/* Forget what is dirty; written: since the rows have it now. */
void plant_clean(plant *p, bool written);

/* ---- checkpoints (checkpoint.c) ---- */
S7_MUST_CHECK s7_status checkpoint_start(plant *p);
void checkpoint_stop(plant *p);
/* The helper needs the write lock for a moment: our turns stand back. */
bool checkpoint_holds_off(const plant *p);
void checkpoint_wait_idle(plant *p); /* until what was asked for so far is done; for tests */

#endif
