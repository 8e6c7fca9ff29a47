/* conn_rig.h - for tests: a fake PLC that listens on a virtual loop, for connections of async.h. */
#ifndef CLIENT_CONN_RIG_H
#define CLIENT_CONN_RIG_H

#include "client/conn.h"
#include "client/fake_plc.h"
#include "loop/loop_virtual.h"

#define WORLD_ENDPOINT "127.0.0.1:10102"
#define WORLD_KEPT_MAX 16

/* The PLC's end of a connection. */
struct peer {
    s7_stream *stream;
    uint8_t rx[4096];
    size_t rx_len;
    struct bytes tx; /* what the stream did not take yet */
    unsigned frames; /* received so far */
};

struct world {
    s7_loop *loop;
    s7_listener *listener;
    struct peer peer; /* one connection at a time */
    struct fake_plc plc;
    enum act act;       /* what happens instead of an answer ... */
    unsigned act_frame; /* ... to this frame, counted from 0: CR, setup, first job ... */
    struct bytes held;  /* by HOLD */
    bool keeps;         /* all answers but those of the handshake, until peer_deliver */
    struct bytes kept[WORLD_KEPT_MAX];
    unsigned n_kept, most_kept;
    unsigned accepted;
};

extern struct world world;

void world_up(const struct s7_virtual_options *options);
void world_down(void);
void run_for(int64_t ms);

/* Let an answer that was kept travel. */
void peer_deliver(unsigned which);
void peer_flush(struct peer *peer);
/* The PLC tells by itself: a cycle of its jobs (fake_push.h), or these frames. */
void peer_cycle(void);
void peer_tell(const struct bytes *frames);

void peer_close(struct peer *peer, enum s7_close_how how);

#endif
