/* virtual_wire.h - a connection of the virtual network and the packets between its two sides.
 *
 * Side 0 dialed, side 1 was dialed. Each side's packets arrive in the order in which they were sent. A packet
 * is in one place only: in flight (in the loop's heap), held (its side vanished), or received (data that was
 * not read yet).
 *
 * A connection lives as long as a stream or a packet in flight refers to it; held and received packets go
 * with it. */
#ifndef LOOP_VIRTUAL_WIRE_H
#define LOOP_VIRTUAL_WIRE_H

#include "loop/virtual_impl.h"

enum packet_kind {
    PACKET_SYN,
    PACKET_SYN_ACK,
    PACKET_ACK, /* the last one of the handshake; others are not modelled */
    PACKET_DATA,
    PACKET_FIN,
    PACKET_RST,
    PACKET_UNREACHABLE,  /* a router's answer to SYN */
    PACKET_DIAL_TIMEOUT, /* the dialing kernel gives up */
};

struct packet {
    struct s7_heap_node node; /* in flight */
    struct packet *next;      /* held or received */
    struct connection *connection;
    enum packet_kind kind;
    unsigned from;       /* side */
    uint32_t len, taken; /* data: bytes, and how many of them were read */
    uint8_t *bytes;
};

struct packet_queue {
    struct packet *first, *last;
};

struct side {
    struct virtual_stream *stream; /* NULL: not accepted yet, or closed */
    uint64_t ordinal;              /* of the stream, kept when it is closed; 0: never was one */
    bool closed;                   /* the program has closed it, or its patience was over */
    bool reset;                    /* RST has come: nothing can come or go any more */
    /* what comes in */
    struct packet_queue received;
    uint32_t received_len, buffer_len;
    bool fin_received;
    bool stalled;
    /* what goes out */
    int64_t latency_min_ns, latency_max_ns;
    int64_t last_arrival_ns;
    uint64_t n_packets, n_cuts; /* keys of draws */
    uint32_t in_flight_len;     /* bytes in flight or held */
    bool vanished;
    struct packet_queue held;
    bool fin_sent, rst_sent;
    int64_t heard_ns;   /* when the other side gave a sign of life, an acknowledgement too */
    int64_t unacked_ns; /* since when something that was sent waits for one in vain; S7_NEVER_NS: nothing */
    struct packet handshake, fin, rst; /* so that only data needs memory */
};

struct connection {
    struct virtual_loop *loop;
    uint64_t id; /* ordinal of the side that dialed: who, in draws */
    unsigned refs;
    struct s7_ip_addr from, to;
    int64_t broken_ns; /* since when no acknowledgement comes through; S7_NEVER_NS: one would */
    unsigned n_syn;    /* how often SYN was sent again */
    int unreachable;   /* what a router's answer to it says */
    struct side sides[2];
};

/* With one reference, the caller's. NULL: out of memory. */
struct connection *connection_new(struct virtual_loop *loop, const struct s7_ip_addr *to);
void connection_ref(struct connection *connection);
void connection_unref(struct connection *connection);

/* Send one of the packets that a side brings with it, and is not under way. */
void wire_send_handshake(struct connection *connection, unsigned from, enum packet_kind kind);
void wire_send_fin(struct connection *connection, unsigned from); /* once */

/* Once. What the side still held is lost, and so is the RST itself when it would be held. */
void wire_send_rst(struct connection *connection, unsigned from);

/* RST in both directions now, and everything that is held is lost. */
void wire_reset(struct connection *connection);

/* Let the SYN that just arrived be lost, and come again after a time. */
void wire_repeat_syn(struct connection *connection, int64_t after_ns);

/* Let a router answer it after a time, and its latency. */
void wire_send_unreachable(struct connection *connection, int64_t after_ns);

/* How many bytes fit into the other side's buffer. */
uint32_t wire_window(const struct connection *connection, unsigned from);

/* Send bytes, as one segment or cut into several: how many were sent, 0 when there is no memory. len <=
 * wire_window. */
uint32_t wire_send_bytes(struct connection *connection, unsigned from, const uint8_t *bytes, uint32_t len);

/* Hold what this side sends from now on, or let go of what was held. */
void wire_vanish(struct connection *connection, unsigned from, bool vanished);

/* Does what one side sends get no answer any more? */
static inline bool wire_is_broken(const struct connection *connection)
{
    return connection->sides[0].vanished || connection->sides[1].vanished;
}

/* The next packet that is due and not newer than this sequence number, out of flight; the caller takes over
 * its reference to the connection. NULL: none. */
struct packet *wire_next_due(struct virtual_loop *loop, uint64_t newest_seq);

void packet_queue_add(struct packet_queue *queue, struct packet *packet);
struct packet *packet_queue_take(struct packet_queue *queue); /* NULL: empty */
void packet_queue_drop(struct packet_queue *queue);
void packet_free(struct packet *packet); /* data: gives the memory back; others: nothing */

/* ---- virtual_net.c, for what arrives ---- */

/* Put a stream on the list of those to be called, or take it off, after anything that may have changed what
 * it is ready for. NULL is fine. */
void virtual_stream_update(struct virtual_stream *stream);

/* The end of a connection at this side; it does not count as a reference. NULL: out of memory. */
struct virtual_stream *virtual_stream_new(struct connection *connection, unsigned side,
                                          const struct s7_ip_addr *peer);

/* ---- virtual_patience.c ---- */

void virtual_patience_init(struct virtual_stream *stream);
void virtual_patience_end(struct virtual_stream *stream);

/* After the wire broke or was mended, something arrived, something was sent: look again how long each side
 * may wait. */
void virtual_patience_look(struct connection *connection);

/* ---- virtual_listen.c ---- */

/* Who listens there and does not refuse; an address of its own wins over every address. NULL: nobody. */
s7_listener *virtual_listener_for(struct virtual_loop *loop, const struct s7_ip_addr *to);

/* What the SYN that has just arrived meets on its way to a listener: lost, refused or accepted as usual when
 * the kind is S7_LOSS_NONE. */
struct s7_loss virtual_listener_loss(struct virtual_loop *loop, const struct s7_ip_addr *to);

struct virtual_stream {
    s7_stream base;
    struct connection *connection;
    unsigned side;
    enum {
        STREAM_DIALING,
        STREAM_CONNECTED, /* to be reported */
        STREAM_UP,
        STREAM_FAILED, /* to be reported */
        STREAM_DEAD    /* dialing failed, reported */
    } state;
    s7_listener *listener; /* to be handed over by; NULL: was */
    struct virtual_stream *accept_next;
    struct virtual_stream *ready_next, *ready_prev;
    struct s7_tcp_options tcp; /* all 0: waits for ever */
    s7_timer patience;
    bool is_ready;       /* on the list */
    uint64_t ready_turn; /* in which it got there */
};

static inline struct virtual_stream *virtual_stream_of(const s7_stream *stream)
{
    return (struct virtual_stream *)(void *)(uintptr_t)stream;
}

#endif
