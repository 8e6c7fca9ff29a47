/* loop_virtual.h - loop.h in virtual time over a seeded in-memory network.
 *
 * Nothing waits: time starts at 0 and jumps to the next event. Events are ordered by (time, sequence number),
 * random draws are functions of the seed, and every event enters a trace hash: the same program with the same
 * seed gives the same hash on every machine and compiler.
 *
 * The network models TCP as its ends see it. Bytes written travel as segments: each is delayed by the latency
 * of its direction, never overtakes an earlier one, may be split at any byte, and is never lost out of the
 * middle. The handshake, FIN and RST take the same way: a dial is CONNECTED after two latencies and accepted
 * after three. Bytes in flight and received but not yet read are at most buffer_len per direction, so a peer
 * that does not read stops the writer (zero window; that there is space again is known to the writer at
 * once). Bytes received before a RST are still read. What arrives where the stream was closed is answered by
 * RST. Not modelled: giving up on bytes that nobody acknowledges, and keep-alive.
 *
 * s7_loop_run and s7_virtual_run_until end when nothing can happen any more, even if idle streams and
 * listeners are left. A program that stays ready for something without ever doing it would stop virtual time:
 * after S7_VIRTUAL_TURNS_MAX turns at one time s7_loop_run returns S7_E_MISUSE.
 *
 * Controls below act on an address (all connections to it) or on one stream; they are the levers that faults
 * pull, with s7_stream_vanish and s7_listener_refuse of loop.h. */
#ifndef LOOP_LOOP_VIRTUAL_H
#define LOOP_LOOP_VIRTUAL_H

#include "loop/loop.h"

#define S7_VIRTUAL_TURNS_MAX 1000000U

struct s7_virtual_options {
    uint32_t struct_size;
    uint64_t seed;          /* [1] */
    int64_t latency_min_ns; /* one way, drawn evenly per segment [50 000] */
    int64_t latency_max_ns; /* [150 000] */
    bool split; /* cut segments at drawn places; pieces arrive at least 1 ns apart, so each is read alone
                   [false] */
    uint32_t buffer_len;   /* receive buffer of each side in bytes [65536] */
    int64_t start_wall_ms; /* what s7_loop_wall_ms starts at [2026-01-01 00:00 UTC] */
};
void s7_virtual_options_init(struct s7_virtual_options *options); /* defaults in brackets */

/* options NULL: defaults. S7_E_ARG: latency_min above max or negative, buffer_len 0. */
S7_MUST_CHECK s7_status s7_loop_virtual_new(const struct s7_virtual_options *options, s7_loop **out);

/* Run turns, those at until_ns included, then make until_ns the time, even if nothing happened; a time in the
 * past: do nothing. Returns true then. False: the loop was stopped, is stuck (see above), or no stream,
 * listener or timer is left. */
bool s7_virtual_run_until(s7_loop *loop, int64_t until_ns);

/* Hash over all events so far (FNV-1a, 64 bits): time, sequence, kind, stream ordinal, bytes. Events are what
 * the network does, what the program does to it (listen, dial, write as it arrives, close), levers, and
 * timers that fired. */
uint64_t s7_virtual_trace_hash(const s7_loop *loop);
uint64_t s7_virtual_event_count(const s7_loop *loop);

/* One line per event to this function as well ("12.000150000 #3 segment 31 bytes 0300001f..."; #3 is the
 * ordinal of the stream it happened to, #0 the loop). fn NULL: none. line lives for the call. */
typedef void s7_virtual_trace_fn(const char *line, void *arg);
void s7_virtual_trace(s7_loop *loop, s7_virtual_trace_fn *fn, void *arg);

/* ---- levers ---- */

/* What dials to this address meet while it is set, listener or not: ACCEPT (the usual), RST, no answer (the
 * SYN is dropped; the dialing kernel sends it again after 1, 3, 7, 15, 31 and 63 s and fails with
 * S7_E_TIMEOUT after 127 s), or a router's answer. Decided when a SYN arrives: the address comes first, what
 * it accepts is still refused by a listener that is shut (s7_listener_refuse). Established connections stay.
 * 0.0.0.0 and :: stand for every address of their family. S7_E_RESOLVE: not a numeric address. S7_E_NOMEM. */
enum s7_virtual_dial { S7_DIAL_ACCEPT, S7_DIAL_REFUSE, S7_DIAL_VANISH, S7_DIAL_UNREACHABLE };
s7_status s7_virtual_set_dial(s7_loop *loop, const char *host, uint16_t port, enum s7_virtual_dial how);

/* Latency of one stream's outgoing direction for what is sent from now on; 0 <= min_ns <= max_ns (others are
 * moved there). */
void s7_virtual_set_latency(s7_stream *stream, int64_t min_ns, int64_t max_ns);

/* Half-open: what this stream sends from now on (outgoing) or what its peer sends from now on (incoming) goes
 * nowhere, silently; what is on its way still arrives. false again: what was held arrives, each segment with
 * a fresh latency (the cable is back). FIN is held like bytes; RST, which TCP sends once, is lost, and what
 * was held before it with it. The same as s7_stream_vanish, which always succeeds here. */
void s7_virtual_vanish(s7_stream *stream, bool outgoing, bool incoming);

/* The machine that the loop runs on sleeps for so long, between this turn and the next: the wall clock goes
 * on, time does not, and nobody is called for it. What is on its way waits. */
void s7_virtual_sleep(s7_loop *loop, int64_t ns);

/* Reset the connection from the network's middle: both sides see RST in the next turn; what was on its way is
 * lost. */
void s7_virtual_reset(s7_stream *stream);

/* Stop taking bytes from the peer: the stream is not ready for READ, its peer's writes fill its buffer and
 * then stop. A RST is still seen. */
void s7_virtual_stall(s7_stream *stream, bool stalled);

/* The stream's receive buffer from now on: with a stall, the peer's writes stop after so many bytes. What is
 * there already stays; 0 counts as 1. */
void s7_virtual_set_buffer(s7_stream *stream, uint32_t buffer_len);

/* The other end of a connection, NULL when it is closed already, or not accepted yet. For tests and faults.
 */
s7_stream *s7_virtual_peer(s7_stream *stream);

#endif
