/* flight.h - the flight recorder: the last frames of a client, to be looked at after something went wrong.
 *
 * Every client keeps the last flight_frames (s7_client_options, 32) frames that it sent and received: of each
 * the first 32 bytes, which say what it is, and of the latest ones the first 256, as far as flight_bytes
 * (448) have room for what they are longer. The memory, 2.3 KiB, is allocated by s7_client_new. Recording
 * costs a copy and, for what is sent, a look at the clock.
 *
 * Both calls may be made any time, also after the connection was lost; while a call is inside, or in
 * on_connect and on_disconnect, they are S7_E_MISUSE. On a lease: the frames of the connection that is lent.
 */
#ifndef S7RIG_FLIGHT_H
#define S7RIG_FLIGHT_H

#include <s7rig/client.h>

#ifdef __cplusplus
extern "C" {
#endif

#define S7_FLIGHT_KEPT 256 /* bytes of a frame that are kept */

typedef struct s7_flight_frame {
    int64_t time_ns;     /* CLOCK_REALTIME, of its first byte */
    bool sent;           /* by us */
    uint32_t connection; /* the client's first connection has 1 */
    size_t len;          /* of the frame, TPKT header included; what is no TPKT: what came at once */
    size_t kept;         /* bytes, of them: the first ones */
    const uint8_t *bytes;
    const char *text; /* "job 0002 read, 2 items, first DB1.DBX10.0" */
} s7_flight_frame;

/* frame and what it points to live for the call. It may not use the client. */
typedef void s7_flight_fn(const s7_flight_frame *frame, void *arg);

/* Every frame that is kept, oldest first. S7_E_ARG, S7_E_MISUSE, S7_E_STALE_LEASE, S7_E_FORKED. */
s7_status s7_client_flight_each(const s7_client *client, s7_flight_fn *fn, void *arg);

/* The same as a pcapng file, written to fd from where it is, for Wireshark and tshark. TCP and IP are made
 * up: from 192.0.2.1 to the PLC (192.0.2.2 unless the endpoint is an IPv4 address), and to port 102 whichever
 * it is, so that the frames are shown as S7 without settings; each connection has a client port of its own.
 * Frames end where they are no longer kept: what s7rig replay is to send again needs more flight_bytes.
 * S7_E_ARG, S7_E_IO (errno says more; part of the file may be there), S7_E_MISUSE, S7_E_STALE_LEASE,
 * S7_E_FORKED. */
s7_status s7_client_flight_pcapng(const s7_client *client, int fd);

#ifdef __cplusplus
}
#endif
#endif
