/* rig.h - a real `s7rig serve` as a child process on a plant in a folder of its own, and blocking S7
 * connections to it.
 *
 * For tests only: everything that goes wrong fails the test that called, with the server's own words. */
#ifndef DURABILITY_RIG_H
#define DURABILITY_RIG_H

#include "bench/frames.h"

#include <sqlite3.h>
#include <sys/types.h>

#define RIG_PATH_CAP 256
#define RIG_FAR_DB   4095 /* many bits away from DB 1 and 2: no few flipped bits turn one into the other */
#define RIG_WAIT_S   20   /* longest wait for an answer or for the server to start or end */

struct rig {
    char dir[RIG_PATH_CAP];
    char plant[RIG_PATH_CAP]; /* the plant file */
    char log[RIG_PATH_CAP];   /* what serve says on stderr */
    pid_t pid;                /* 0: not running */
    uint16_t port;
};

/* Make the folder and, by `s7rig plant new`, the plant: a generic CPU with DB1, DB2 and RIG_FAR_DB of 4096
 * bytes. */
void rig_new(struct rig *rig);

/* Start serve and wait until it says that it listens. journal NULL: wal. */
void rig_serve(struct rig *rig, const char *journal);

void rig_serve_again(struct rig *rig); /* at the port that it had */

void rig_kill(struct rig *rig); /* SIGKILL */
void rig_stop(
    struct rig *rig); /* SIGTERM; the test fails unless serve ends with 0 (a leak is a failure under ASan) */

/* Ends a server that is still there and removes the folder. */
void rig_free(struct rig *rig);

long rig_rss_kb(const struct rig *rig); /* resident memory of the server */

/* A foreign program's connection to the plant file. */
sqlite3 *rig_sqlite(const struct rig *rig);
void rig_sql(sqlite3 *db, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The one integer that this gives. */
int64_t rig_sql_int(sqlite3 *db, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The one BLOB, into data[0..len): it must have this length. */
void rig_sql_blob(sqlite3 *db, const char *sql, uint8_t *data, size_t len);

/* A connected TCP socket; one with COTP and S7 set up, AmQ 8. Receiving gives up after RIG_WAIT_S. */
int rig_dial(const struct rig *rig);
int rig_connect(const struct rig *rig);

void rig_send(int fd, const uint8_t *bytes, size_t len);
size_t rig_receive(int fd, uint8_t *frame); /* one whole frame into frame[0..FRAME_CAP) */

/* One job and its answer: the item's return code. Reads fill data when it is FF. */
uint8_t rig_read(int fd, const struct frame_place *place, void *data);
uint8_t rig_write(int fd, const struct frame_place *place, const void *data);

#endif
