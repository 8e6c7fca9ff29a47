/* plc_thread.h - for tests of the blocking client: the fake PLC on a thread and a port of loopback, one
 * connection at a time, and clients to talk to it. */
#ifndef CLIENT_PLC_THREAD_H
#define CLIENT_PLC_THREAD_H

#include "client/fake_plc.h"

#include <pthread.h>

/* Nothing here waits longer than this: a test that hangs fails. */
#define PATIENCE_MS 20000

struct server {
    pthread_t thread;
    int listen_fd;
    int command[2]; /* to the thread: 'r' release the held answer, 'c' close, 'd' close and refuse from now
                       on, 't' tell, 'q' quit */
    int held[2]; /* from the thread: a byte for each answer that is held, and each 'c' and 't' that is done */
    const struct bytes *told; /* what to tell; NULL: a cycle of the PLC's jobs */
    uint16_t port;
    char endpoint[32];
    struct fake_plc plc; /* belongs to the thread while it runs */
    enum act act;        /* what happens instead of an answer ... */
    unsigned act_frame;  /* ... to this frame of each connection: CR, setup, first job ... */
};

extern struct server server;

void server_start(unsigned pdu_len, unsigned amq, enum act act, unsigned act_frame);
void server_stop(void); /* the PLC's memory may be looked at afterwards */

void server_wait_for_held(void); /* until it holds an answer */
void server_release(void);       /* let the held answer go */
void server_drop(void);          /* close the connection that is up, and wait for it */
void server_refuse(void);        /* the same, and answer each CR with a DR from now on */

/* The PLC tells by itself, and it was sent: a cycle of its jobs (fake_push.h), or these frames. */
void server_cycle(void);
void server_tell(const struct bytes *frames);

/* Clients of the server; other options have their defaults. */
s7_client *new_client(uint32_t request_ms, uint32_t handshake_ms);
s7_client *connected_client(uint32_t request_ms);

s7_client_info info_of(const s7_client *client);

#endif
