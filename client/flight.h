/* flight.h - the recorder behind <s7rig/flight.h>: a ring of frames and one of what they are longer, cut from
 * the two streams of bytes of one connection after the other. */
#ifndef CLIENT_FLIGHT_H
#define CLIENT_FLIGHT_H

#include <s7rig/flight.h>

struct s7_flight;

#define S7_FLIGHT_TEXT_CAP  128
#define S7_FLIGHT_BYTES_MAX 1048576

#define S7_FLIGHT_SLOT_LEN  56 /* bytes of memory for a frame, of which */
#define S7_FLIGHT_SLOT_KEPT 32 /* are the first ones of the frame itself */

/* n_bytes: for what frames are longer than that. *out NULL for n_frames 0: then nothing is recorded.
 * S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_flight_new(unsigned n_frames, uint32_t n_bytes, struct s7_flight **out);
void s7_flight_free(struct s7_flight *flight); /* NULL is fine */

/* All may be called with NULL. A new connection begins; bytes of it went out or came in (now_ns: of the
 * monotonic clock). */
void s7_flight_connection(struct s7_flight *flight);
void s7_flight_bytes(struct s7_flight *flight, bool sent, const uint8_t *bytes, size_t len, int64_t now_ns);
bool s7_flight_is_on(const struct s7_flight *flight);

/* Oldest first. to_realtime_ns: what to add to the monotonic clock. */
void s7_flight_each(const struct s7_flight *flight, int64_t to_realtime_ns, s7_flight_fn *fn, void *arg);

/* The same as a pcapng file (flight.h of s7rig says how); host: of the endpoint. S7_E_IO. */
s7_status s7_flight_pcapng(const struct s7_flight *flight, int64_t to_realtime_ns, const char *host, int fd);

/* A frame in words, of the bytes that are kept of it. */
void s7_flight_text(const uint8_t *bytes, size_t kept, size_t len, char text[S7_FLIGHT_TEXT_CAP]);

#endif
