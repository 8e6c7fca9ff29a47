/* plant.h - the plant file: one SQLite file that holds one PLC or a thousand, and its mirror in memory.
 *
 * RAM serves the reads; the file is the truth. Two promises are kept here:
 *   - an S7 write that was acknowledged is committed: it survives the process, and a SELECT sees it at once;
 *   - an SQL edit that was committed is seen by every request that arrives afterwards: no polling window.
 *
 * Both rest on the loop turn, which has this order and no other:
 *   (1) receive and frame everything that is readable                      the server
 *   (2) BEGIN IMMEDIATE, if a write is among the jobs                      plant_turn_begin
 *   (3) PRAGMA data_version; if it moved, re-read the rows of `change`     plant_turn_begin
 *   (4) run the jobs against RAM, keeping the old bytes                    plant_store
 *   (5) write changed blocks and tags, COMMIT                              plant_turn_end
 *   (6) send                                                               the server
 * When (5) fails, RAM has its old bytes again and the turn's jobs are run once more with their writes
 * refused; no answer has left yet. No statement, BLOB handle or transaction stays open between turns (debug
 * builds assert it): an open one would freeze data_version, make the next write BUSY_SNAPSHOT and block
 * foreign writers.
 *
 * Foreign programs (any SQLite >= 3.37) edit block.data, tag.value, rows of fault, plc, szl, diagnostic and
 * code and audit while a server runs. Triggers in the file note each edit in `change`; our own writes do not
 * enter it (BLOB writes fire no triggers; a tag that we refresh has value = applied). BLOB edits apply first,
 * tag edits after them in the order of `change`. An edit that cannot be applied stays in the row with its
 * reason in tag.error.
 *
 * One thread owns a plant. A helper thread with a connection of its own checkpoints the write-ahead log. */
#ifndef PLANT_PLANT_H
#define PLANT_PLANT_H

#include "plant/personality.h"

#include <s7rig/address.h>

#define PLANT_SCHEMA_VERSION 7
#define PLANT_NAME_CAP       65
#define PLANT_LISTEN_CAP     64

typedef struct plant plant;

/* Why a call failed, in words for the user: what was expected, what came, where. */
struct plant_error {
    s7_status status;
    char text[320];
};

enum plant_durability {
    PLANT_MEMORY, /* RAM only between flushes once a second: an acknowledged write can be lost */
    PLANT_COMMIT, /* WAL, synchronous=NORMAL: survives the process, not the power [default] */
    PLANT_FSYNC   /* synchronous=FULL: survives the power */
};

struct plant_options {
    uint32_t struct_size;
    enum plant_durability durability; /* [PLANT_COMMIT] */
    bool journal_delete; /* rollback journal instead of WAL, for file systems without shared memory [false] */
    bool temporary;      /* the file is thrown away: the disk is never waited for [false] */
    bool read_only;      /* look only: the file as it is when it is opened, with pending edits applied in RAM;
                            nothing is written, what a server writes later is not seen [false] */
    int64_t wall_ms;     /* now, as plant_clock says later: for what opening notes [0] */
};
void plant_options_init(struct plant_options *options);

/* ---- making files ---- */

struct plant_new_block {
    s7_area area;    /* DB, I, Q, M, T, C */
    uint16_t number; /* DB: 1..65535; else 0 */
    uint32_t len;    /* bytes, 0..65536; T and C: 2 per timer or counter */
};

/* A row of `szl`: a partial list that the CPU has, whole records. */
#define PLANT_SZL_MAX        16384 /* bytes of one */
#define PLANT_SZL_RECORD_MAX 1024
struct plant_szl {
    uint16_t list, index, record_len;
    uint32_t len;        /* bytes, a multiple of record_len */
    const uint8_t *data; /* valid until the next plant_turn_begin */
};

struct plant_plc;

struct plant_new_plc {
    const char *name;   /* 1..64 bytes */
    const char *cpu;    /* personality, "generic" */
    const char *listen; /* "127.0.0.1:10102", or NULL: count up from there */
    const struct plant_new_block *blocks;
    size_t n_blocks;
    const struct plant_plc *limits; /* its rack, slot, pdu_len, amq and connections are taken, as they are
                                       described below; NULL: all as the personality says */
    bool has_memory;                /* add the areas that the personality has and blocks lack */
};

/* Make a new file with these PLCs, by running all migrations on an empty file. S7_E_ARG: it exists already,
 * or a block is out of range or twice. S7_E_PLANT_IO. A file that could not be completed is removed again. */
S7_MUST_CHECK s7_status plant_create(const char *path, const struct plant_new_plc *plcs, size_t n_plcs,
                                     struct plant_error *error);

/* The same, without waiting for the disk: for files that are thrown away. */
S7_MUST_CHECK s7_status plant_create_temporary(const char *path, const struct plant_new_plc *plcs,
                                               size_t n_plcs, struct plant_error *error);

/* ---- personalities ---- */

typedef void plant_personality_fn(const struct plant_personality *who, void *arg);

/* Call fn for each personality of a plant file, or (path NULL) of a new one; `who` lives for the call.
 * S7_E_PLANT_MISSING, S7_E_PLANT_SCHEMA, S7_E_PLANT_IO, S7_E_NOMEM. */
S7_MUST_CHECK s7_status plant_personalities(const char *path, plant_personality_fn *fn, void *arg,
                                            struct plant_error *error);

/* ---- opening ---- */

/* Open, migrate an older schema, load the mirror, apply edits made while no server ran. A second server on
 * the same file is refused (flock on a descriptor of its own, held until plant_close). options NULL:
 * defaults. S7_E_PLANT_MISSING; S7_E_PLANT_SCHEMA: no plant file, damaged, or newer than this program ("made
 * by a newer s7rig: schema 5, this one knows 4"); S7_E_PLANT_BUSY: another server has it, or its lock is
 * held; S7_E_PLANT_IO: also a file system without shared memory (NFS, SMB, 9p, FUSE) when journal_delete is
 * not set, with that advice; S7_E_NOMEM. */
S7_MUST_CHECK s7_status plant_open(const char *path, const struct plant_options *options, plant **out,
                                   struct plant_error *error);

/* Flush what is owed (memory durability, events), end the helper thread, checkpoint, close. NULL is fine. */
void plant_close(plant *p);

/* ---- the mirror: read directly, changed only through plant_store ---- */

struct plant_tag; /* private to plant/ */

struct plant_block {
    int64_t id; /* rowid in `block` */
    s7_area area;
    uint16_t number;
    uint32_t len;
    const uint8_t *data; /* len bytes, valid until the next plant_turn_begin */
    bool optimized;      /* S7 clients do not find it */
    bool write_protected;
};

enum plant_mode { PLANT_RUN, PLANT_STOP };

/* What services change of a PLC, and foreign programs as well. */
struct plant_state {
    enum plant_mode mode;
    int64_t clock_ms; /* its clock minus the wall clock */
};

#define PLANT_PASSWORD_CAP 9

/* What one PLC tells of itself; "": as its status lists have it. */
struct plant_identity {
    char as_name[25], module_name[25], plant_name[33], location[33], serial[25];
    char order_code[PLANT_ORDER_CODE_CAP], firmware[PLANT_FIRMWARE_CAP];
};

struct plant_plc {
    int64_t id; /* rowid in `plc` */
    char name[PLANT_NAME_CAP];
    char listen[PLANT_LISTEN_CAP]; /* "" : none given */
    char cpu[PLANT_NAME_CAP];
    int32_t rack, slot;  /* -1: as the personality says */
    int32_t pdu_len;     /* -1: as the personality says */
    int32_t amq;         /* -1: as the personality says */
    int32_t connections; /* most S7 connections at once; -1: as the personality says */
    int32_t put_get;     /* reads and writes are permitted, 0 or 1; -1: as the personality says */
    bool service_time;   /* answers take the time that the personality says */
    struct plant_identity identity;
    /* What it plays; NULL: there was no personality of the name `cpu` when the file was opened. One that was
     * deleted or renamed since then is played on. */
    const struct plant_personality *who;
    struct plant_state state;
    uint8_t protection;                /* 1 none, 2 against writing, 3 against reading too */
    char password[PLANT_PASSWORD_CAP]; /* "": none */
    bool gone;                         /* its row was deleted: it has no blocks and tags any more */
};

/* PLCs in the order of their ids. The pointers stay valid until plant_close; rows added later appear at the
 * next start. */
size_t plant_plc_count(const plant *p);
const struct plant_plc *plant_plc_at(const plant *p, size_t index);

/* The names of all personalities of the file, with commas between them; cut at cap. Between turns. */
void plant_personality_names(plant *p, char *names, size_t cap);

/* Moves whenever rows of `plc` were read again. */
uint64_t plant_plcs_version(const plant *p);

/* The PLC's status lists by list and index: its rows of `szl`, and those of its personality's lists of which
 * it has none; valid until the next plant_turn_begin. */
const struct plant_szl *plant_szl(const plant *p, const struct plant_plc *plc, size_t *n);

/* The PLC's diagnostic buffer: the newest PLANT_DIAG_MAX rows of `diagnostic`; 0 is the newest. */
#define PLANT_DIAG_LEN 20
#define PLANT_DIAG_MAX 500
size_t plant_diag_count(const plant *p, const struct plant_plc *plc);
const uint8_t *plant_diag_at(const plant *p, const struct plant_plc *plc, size_t index);

/* Blocks as they were downloaded: rows of `code`. What the file of one means is the simulator's business. A
 * DB is a block of the mirror; a row of code beside it has what the program that loaded it gave besides. */
enum plant_kind { PLANT_OB, PLANT_FB, PLANT_FC, PLANT_DB, PLANT_SDB };
const char *plant_kind_name(enum plant_kind kind); /* "OB" */
#define PLANT_FILE_MIN 72
#define PLANT_FILE_MAX 196677 /* bytes */

struct plant_code {
    enum plant_kind kind;
    uint16_t number; /* DB: from 1 */
    uint32_t len;    /* PLANT_FILE_MIN..PLANT_FILE_MAX */
    const uint8_t *file;
};

/* NULL: none. Pointers are valid until the next plant_turn_begin, plant_load or plant_delete. plant_codes
 * calls fn for each, by kind and number. */
const struct plant_code *plant_code_find(const plant *p, const struct plant_plc *plc, enum plant_kind kind,
                                         uint16_t number);
void plant_codes(const plant *p, const struct plant_plc *plc, void (*fn)(const struct plant_code *, void *),
                 void *arg);

/* The block, or NULL. number is ignored unless area is DB (DI finds the DB of that number). O(log n), no
 * allocation. The pointer is valid until the next plant_turn_begin, plant_load or plant_delete. */
struct plant_block *plant_block_find(plant *p, const struct plant_plc *plc, s7_area area, uint16_t number);

/* ---- the turn ---- */

/* The wall clock, milliseconds since 1970 UTC, until the next call: for the time of what is written to
 * write_log. Before each turn and upkeep. */
void plant_clock(plant *p, int64_t wall_ms);

/* Who makes the stores that follow, for write_log. peer and conn as in struct plant_event; peer is borrowed
 * until the turn ends or the next call. A turn begins with PLANT_BY_SQL: what is stored then follows from an
 * edit. */
enum plant_source { PLANT_BY_SQL, PLANT_BY_S7, PLANT_BY_SCRIPT, PLANT_BY_GENERATOR };
void plant_writer(plant *p, enum plant_source source, const char *peer, unsigned conn);

/* Steps 2 and 3. On every status the mirror is as fresh as the file can tell and reads may be served.
 *   S7_OK                the turn may write (if writes was set)
 *   S7_E_PLANT_BUSY      a foreign program, or our own checkpoint for a moment, holds the write lock: park
 * this turn's writes and try again later anything else        this turn's writes must be refused;
 * plant_last_error says why: S7_E_PLANT_REPLACED, S7_E_PLANT_IO, S7_E_PLANT_SCHEMA (damaged), S7_E_NOMEM,
 * S7_E_MISUSE (read only) With writes false it returns S7_OK always. Must be followed by plant_turn_end. With
 * journal_delete an edit is seen once no foreign program holds the file exclusively any more. */
S7_MUST_CHECK s7_status plant_turn_begin(plant *p, bool writes);

/* Step 4: bytes [offset, offset + len) of a block become src. The range must lie inside the block and the
 * turn must have begun with writes and S7_OK. S7_E_NOMEM: no room to keep the old bytes; nothing was changed.
 */
S7_MUST_CHECK s7_status plant_store(plant *p, struct plant_block *block, uint32_t offset, const uint8_t *src,
                                    uint32_t len);

/* Step 4 as well: the PLC's row gets this state; its diagnostic buffer gets a newest entry of PLANT_DIAG_LEN
 * bytes, with words for people (at most 79 bytes are kept). Under the same conditions, undone in the same
 * way. S7_E_MISUSE, S7_E_NOMEM. */
S7_MUST_CHECK s7_status plant_set_state(plant *p, const struct plant_plc *plc,
                                        const struct plant_state *state);
S7_MUST_CHECK s7_status plant_diag_add(plant *p, const struct plant_plc *plc, const uint8_t *entry,
                                       const char *text);

/* Hold the file's write lock as a foreign program would, or let go of it; between turns. Turns that write are
 * busy meanwhile. The same twice: nothing happens. S7_E_PLANT_BUSY: somebody else holds it; S7_E_PLANT_IO,
 * S7_E_NOMEM. */
S7_MUST_CHECK s7_status plant_lock(plant *p, bool held);

/* From now on commits fail as they do when the disk is full, or one reason less for that; between turns, in
 * pairs. Turns that write fail with S7_E_PLANT_IO; with PLANT_MEMORY their stores stand, and are written when
 * there is room again. */
void plant_fill_disk(plant *p, bool full);

/* Has this turn stored anything so far? */
bool plant_turn_stored(const plant *p);

/* Step 4 as well: a block takes the place of the one of its kind and number, or comes; or goes. A DB has
 * data_len bytes of data from then on, tags find it or lose it; data of other kinds is ignored. Under the
 * same conditions as plant_store, undone in the same way, and with every durability in the file when
 * plant_turn_end returns S7_OK; with PLANT_MEMORY they try for the lock, which a foreign program may hold
 * (S7_E_PLANT_BUSY). S7_E_ARG: no such block to delete, a file, number or length out of range, a PLC that is
 * gone; S7_E_MISUSE; of these nothing was changed. S7_E_NOMEM, S7_E_PLANT_IO and what else SQLite says:
 * plant_turn_end fails as well, so that several blocks of one turn come and go together. */
S7_MUST_CHECK s7_status plant_load(plant *p, const struct plant_plc *plc, const struct plant_code *code,
                                   const uint8_t *data, uint32_t data_len);
S7_MUST_CHECK s7_status plant_delete(plant *p, const struct plant_plc *plc, enum plant_kind kind,
                                     uint16_t number);

/* Step 5. S7_OK also when nothing was stored. On failure everything is as it was after
 * plant_turn_begin;
 * S7_E_PLANT_BUSY (rollback journal only: a foreign program is reading) means that the same stores may
 * succeed soon. */
S7_MUST_CHECK s7_status plant_turn_end(plant *p);

/* Once a second, between turns: is the file still the one that was opened; apply and flush what is owed
 * (edits that came while a foreign lock was held, events, memory durability). S7_OK also when a foreign lock
 * is in the way: the next upkeep tries again. S7_E_PLANT_REPLACED: the file is another one now, or gone;
 * writes are refused from now on, reads go on from RAM. S7_E_PLANT_IO, S7_E_PLANT_SCHEMA, S7_E_NOMEM: what is
 * owed could not be written; the next upkeep tries again. */
s7_status plant_upkeep(plant *p);

/* The last error of a turn or of upkeep; lives until the next call. */
const struct plant_error *plant_last_error(const plant *p);

/* ---- audit: who wrote what, who is connected, what happened ---- */

/* The row of `audit`, by which people switch what is noted. plant/ itself heeds writes and the bounds; the
 * others say what to tell it. */
struct plant_audit {
    bool writes;                      /* rows of write_log [true] */
    bool connections;                 /* rows of connection, events about connections [true] */
    bool jobs;                        /* an event for each job [false] */
    bool errors;                      /* for each job that was refused, or an item of it [false] */
    int64_t slow_us;                  /* for each job that took as long or longer; -1: none [-1] */
    int64_t keep_writes, keep_events; /* rows; write_log has at most 256 more [10000] */
};

/* Valid until plant_close; changes when a turn or upkeep finds the row edited. */
const struct plant_audit *plant_audit_settings(const plant *p);

/* With each store, and with each edit that changes bytes, a row of write_log is committed, unless
 * audit.writes is 0: with memory durability at most PLANT_LOG_WAITING rows wait for the next flush, what is
 * more is counted in an event "dropped". */
#define PLANT_LOG_WAITING 10000

/* What happened. wall_ms: milliseconds since 1970 UTC; kind: one word of at most 15 bytes ("connect",
 * "refuse", "close", "error", "job"); plc may be NULL; peer, text and fn may be ""; longer ones are cut. The
 * rest is NULL in the file when it is 0, but for latency_us: when it is below 0. */
struct plant_event {
    int64_t wall_ms;
    const struct plant_plc *plc;
    const char *kind, *peer, *text;
    unsigned conn; /* number of the connection at its PLC */
    const char *fn;
    unsigned items;
    uint16_t error; /* of the job, class << 8 | code; of an item: its code, below 0x100 */
    int64_t latency_us;
};

/* Note an event; it is written with the next commit or upkeep. A bounded number waits in RAM: beyond it
 * events are counted as one "dropped" row. The table keeps its newest audit.keep_events rows. */
void plant_event_add(plant *p, const struct plant_event *event);

/* The same without numbers. */
void plant_event(plant *p, int64_t wall_ms, const struct plant_plc *plc, const char *kind, const char *peer,
                 const char *text);

/* A row of `connection`: an S7 connection from its admission to its end, and for a while beyond. The rows are
 * written with the next commit or upkeep. */
typedef struct plant_conn plant_conn;

/* NULL: connections are not noted, or there is no memory for it; the calls below take that. tsap: hex digits,
 * or "". */
plant_conn *plant_conn_open(plant *p, int64_t wall_ms, const struct plant_plc *plc, unsigned conn,
                            const char *peer, const char *tsap);
/* As setup communication left it (0: not yet), and how many jobs were run so far. Nothing new costs nothing;
 * alone it is written at the next upkeep. */
void plant_conn_set(plant *p, plant_conn *conn, unsigned pdu_len, unsigned amq, uint64_t jobs);
/* It is over; conn is gone. */
void plant_conn_close(plant *p, int64_t wall_ms, plant_conn *conn, uint64_t jobs, const char *reason);

/* ---- looking at the audit ---- */

enum plant_audit_table { PLANT_AUDIT_WRITES, PLANT_AUDIT_EVENTS, PLANT_AUDIT_CONNECTIONS, PLANT_AUDIT_SLOW };
#define PLANT_AUDIT_CELLS 16 /* of a row, at most */
struct plant_cell {
    const char *name, *text; /* text NULL: the row has nothing there */
    bool is_number;
};
typedef void plant_audit_fn(const struct plant_cell *cells, size_t n, void *arg); /* they live for the call */

/* Call fn for the newest rows of last_writes, event, connections (those that last first) or slow (the slowest
 * first), as they are in the file now. Between turns. S7_E_PLANT_IO, S7_E_PLANT_SCHEMA (a view is gone),
 * S7_E_NOMEM: plant_last_error. */
s7_status plant_audit_rows(plant *p, enum plant_audit_table which, uint32_t most, plant_audit_fn *fn,
                           void *arg);

/* ---- faults: rows of `fault`, by which a foreign program breaks the simulated PLC ---- */

#define PLANT_FAULT_NAME_CAP 32
#define PLANT_FAULT_ARGS_CAP 256

/* A row. What name and args mean is the simulator's business; plant/ only carries them. */
struct plant_fault {
    int64_t id;
    const struct plant_plc *plc;
    char name[PLANT_FAULT_NAME_CAP];
    char args[PLANT_FAULT_ARGS_CAP];
    bool armed;       /* fault.armed, or what was reported since */
    uint64_t version; /* another one whenever a foreign program edited the row: take it as new */
};

/* Moves whenever plant_open, plant_turn_begin or plant_upkeep read rows of `fault` (compare it with what it
 * was). */
uint64_t plant_faults_version(const plant *p);

/* The rows of PLCs that are there, in the order of their ids; valid until the next plant_turn_begin or
 * plant_upkeep. Rows beyond the first 1000, of a PLC that is not served, or smuggled past the table's checks
 * are not among them, and their `error` says so. */
size_t plant_fault_count(const plant *p);
const struct plant_fault *plant_fault_at(const plant *p, size_t index);

/* Write back what a fault did: counts, whether it is still armed, why it cannot be ("" or NULL: NULL in the
 * file; beyond 255 bytes it is cut). urgent: with this turn's plant_turn_end, so that who sees the fault's
 * effect finds its counts in the file; while another program holds the lock, with the first turn or upkeep
 * that gets it. Else with the next commit or upkeep. Reports alone never make plant_turn_end fail. A row
 * that was deleted or edited by a foreign program since its version was read is left alone. fault may be a
 * copy that the caller kept: its id and version count. Call inside a turn or between turns; a later report
 * takes the place of one that waits. */
void plant_fault_report(plant *p, const struct plant_fault *fault, uint64_t matched, uint64_t fired,
                        bool armed, const char *error, bool urgent);

/* ---- tags, for showing ---- */

struct plant_tag_view {
    const char *name;    /* UTF-8 */
    const char *address; /* canonical address and type, "DB1.DBD4:REAL" */
    const char *value;   /* as text from the block; "" when the tag fits no block */
    const char *error;   /* why the tag or its last edit cannot be applied; "" */
};
/* Call fn for each tag of a PLC in the order of names; views live for the call. */
void plant_tags(plant *p, const struct plant_plc *plc, void (*fn)(const struct plant_tag_view *, void *),
                void *arg);

/* Call fn for each block of a PLC in the order DB by number, then I, Q, M, T, C. */
void plant_blocks(plant *p, const struct plant_plc *plc, void (*fn)(const struct plant_block *, void *),
                  void *arg);

#endif
