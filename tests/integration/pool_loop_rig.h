/* pool_loop_rig.h - a pool on a loop against the real simulator, in virtual time, with nobody to pass around.
 */
#ifndef TESTS_INTEGRATION_POOL_LOOP_RIG_H
#define TESTS_INTEGRATION_POOL_LOOP_RIG_H

#include "house.h"

#include "client/pool_loop.h"
#include "loop/loop_virtual.h"

#define MS          HOUSE_NS_PER_MS
#define SECOND      (1000 * MS)
#define PARCEL      INT64_C(150000) /* the longest that a segment travels */
#define MAX_WORKERS 100

extern struct house house;
extern s7_pool_loop *pool;
extern s7_pool_options options; /* of the next pool: the defaults */

/* Somebody who borrows, reads, puts. */
struct worker {
    struct s7_pool_request request;
    bool asked, got, reading, done;
    s7_status status;
    s7_errinfo err;
    int64_t at; /* when the last thing happened */
    uint8_t value[4];
    s7_item item;
    unsigned left; /* reads to do */
};

extern struct worker workers[MAX_WORKERS];

/* The last outcome of a start or close. */
extern bool ended;
extern s7_status ended_with;
extern s7_errinfo ended_err;

/* Around each test: a PLC of either CPU. */
int generic(void **state);
int s7_300(void **state);
int leave(void **state);
/* Started, as far as it gets in 10 ms. */
void open_pool(void);
void on_ended(s7_pool_loop *which, s7_status status, const s7_errinfo *err, void *arg);
int64_t now(void);
void run_to(int64_t at);
void run_for(int64_t ns);
s7_pool_stats stats(void);
/* What on_event() was told, where options.user is `told`. */
extern unsigned told[S7_POOL_EVENTS];
extern s7_pool_event last_told[S7_POOL_EVENTS];
void on_event(s7_pool *none, const s7_pool_event *event, void *user);

/* ---- workers, by number ---- */

void ask(unsigned i, uint32_t timeout_ms);
struct s7_pool_lease borrow(unsigned i);
void begin_read(unsigned i, uint32_t byte, uint32_t timeout_ms);
s7_status read_byte(unsigned i, uint32_t byte, uint32_t timeout_ms);
void put(unsigned i);

/* ---- the PLC's side ---- */

/* DB1 holds 10 n at byte 10 n: an answer for another byte is another value. */
void fill_db1(void);
/* Its connections. */
unsigned served(void);
s7_stream *stream_of(unsigned conn);
void set_dial(enum s7_virtual_dial how);

/* ---- functions that are called back, for tests that call the pool themselves ---- */

void on_got(s7_pool_loop *which, struct s7_pool_request *request, s7_status status, const s7_errinfo *err,
            void *arg);
void on_read(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg);

#endif
