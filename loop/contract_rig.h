/* contract_rig.h - a loop with a listener, a dialing end and an accepted end, for tests of loops. */
#ifndef LOOP_CONTRACT_RIG_H
#define LOOP_CONTRACT_RIG_H

#include "loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define END_CAP 256

struct rig;
struct end;
typedef void end_fn(struct end *end, unsigned ready);

/* One side of a connection. It notes what it is called for, reads what comes unless reads is false, then
 * calls then. */
struct end {
    struct rig *rig;
    s7_stream *stream; /* NULL: not there, or closed */
    bool reads;
    bool ended;      /* FIN was read */
    s7_status error; /* of dial or read */
    unsigned n_calls, seen;
    uint8_t got[END_CAP];
    size_t got_len;
    end_fn *then;
};

struct rig {
    s7_loop *loop;
    s7_listener *listener;
    struct end client, server;
    end_fn *on_accept; /* instead of keeping the stream in server */
    unsigned n_accepted;
    s7_timer guard;
    bool guard_fired;
};

/* What rig_setup makes loops with; and how they are run and freed: s7_loop_run and s7_loop_free, or by the
 * program that they belong to. */
extern s7_status (*rig_make_loop)(s7_loop **out);
extern s7_status (*rig_run_loop)(s7_loop *loop);
extern void (*rig_free_loop)(s7_loop *loop); /* NULL is fine */

/* A test whose state is an open rig. */
int rig_setup(void **state);
int rig_teardown(void **state);
#define RIG_TEST(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

/* With a listener on 127.0.0.1 and a guard that ends every run. */
void rig_open(struct rig *rig, s7_loop *loop);
void rig_close(struct rig *rig); /* closes what is open, frees the loop */

/* Run until somebody stops the loop; fails the test when the guard had to. */
void rig_run(struct rig *rig);

void rig_dial(struct rig *rig, struct end *end); /* to the rig's listener */

/* Run until client and server are connected with each other. */
void rig_connect(struct rig *rig);

/* The same with two ends of the caller's, who closes them; the rig's own are not connected yet. */
void rig_connect_apart(struct rig *rig, struct end *client, struct end *server);

/* Run until "hello" is back from the other end, which echoes: what was sent before on other connections has
 * had time to arrive (after three of them: has arrived) without waiting by the clock. */
void rig_exchange(struct rig *rig, struct end *with);

void end_send(struct end *end, const char *text); /* fails the test unless all is taken */
void end_close(struct end *end, enum s7_close_how how);
void end_attach(struct end *end, s7_stream *stream);

/* Ready-made then. */
void then_stop(struct end *end, unsigned ready);
void then_stop_at_five(struct end *end, unsigned ready);   /* bytes */
void then_stop_when_over(struct end *end, unsigned ready); /* FIN or error */
void then_echo(struct end *end, unsigned ready);
void then_close(struct end *end, unsigned ready);
void then_nothing(struct end *end, unsigned ready);

#define assert_got(end, text)                                                                                \
    do {                                                                                                     \
        assert_int_equal((end)->got_len, strlen(text));                                                      \
        assert_memory_equal((end)->got, text, strlen(text));                                                 \
    } while (0)

#endif
