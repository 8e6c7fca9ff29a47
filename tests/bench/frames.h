/* frames.h - S7 frames for loads and checks, independent of protocol/ on purpose: a test that encodes with
 * the code under test would agree with its mistakes.
 *
 * Requests are written whole, TPKT included. Answers are judged as one whole frame. Stateless, no allocation.
 */
#ifndef BENCH_FRAMES_H
#define BENCH_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FRAME_CONNECT_LEN    22
#define FRAME_SETUP_LEN      25
#define FRAME_SETUP_DONE_LEN 27
#define FRAME_READ_LEN       31
#define FRAME_WRITE_OVERHEAD 35 /* and the bytes written */
#define FRAME_READ_DONE      25 /* and the bytes read */
#define FRAME_WRITE_DONE_LEN 22
#define FRAME_CAP            1024
#define FRAME_ITEM_OK        0xFF

/* A place in a data block. */
struct frame_place {
    uint16_t db;
    uint32_t byte;
    uint16_t len; /* bytes */
};

/* COTP connection request to rack 0, slot 1, as OP; setup communication with this PDU length and AmQ; Read
 * Var and Write Var of one item as BYTEs. Each returns the length written to buf[0..FRAME_CAP). */
size_t frame_connect(uint8_t *buf);
size_t frame_setup(uint8_t *buf, uint16_t pdu_len, uint16_t amq);
size_t frame_read(uint8_t *buf, uint16_t ref, const struct frame_place *place);
size_t frame_write(uint8_t *buf, uint16_t ref, const struct frame_place *place, const void *data);

/* One Write Var of several items, each with its data in order in data. n <= 8. */
size_t frame_write_many(uint8_t *buf, uint16_t ref, const struct frame_place *places, size_t n,
                        const void *data);

/* Length of the frame that buf[0..len) begins with; 0: not whole yet; -1: no TPKT header. */
ssize_t frame_len(const uint8_t *buf, size_t len);

/* PDU reference of a whole frame that holds an S7 PDU. */
uint16_t frame_ref(const uint8_t *frame);

/* Is this whole frame a connection confirm, or a setup answer that grants at least this much? */
bool frame_is_confirm(const uint8_t *frame, size_t len);
bool frame_is_setup_done(const uint8_t *frame, size_t len, uint16_t *pdu_len, uint16_t *amq);

/* Is this whole frame an answer to the read or write of ref with the shape that its code asks for (a good
 * read carries exactly place_len bytes, a refused one none)? *code is the item's return code, *data the bytes
 * read. */
bool frame_is_read_done(const uint8_t *frame, size_t len, uint16_t ref, uint16_t place_len, uint8_t *code,
                        const uint8_t **data);
bool frame_is_write_done(const uint8_t *frame, size_t len, uint16_t ref, size_t n_items,
                         const uint8_t **codes);

#endif
