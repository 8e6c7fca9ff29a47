/* raw.h - a peer of bytes, on the loop of house_virtual.h: what came, byte by byte, when, and how it ended.
 * It never waits; time goes on with run_for_ms(). (wire.h has one that waits, for both loops.) */
#ifndef TESTS_INTEGRATION_RAW_H
#define TESTS_INTEGRATION_RAW_H

#include "house_virtual.h"

struct raw {
    s7_stream *stream;
    uint8_t got[1 << 19];
    size_t len;
    bool deaf; /* reads nothing */
    bool over;
    s7_status how; /* S7_OK: FIN */
    int64_t last_ns;
};

/* Frames of this peer, as the numbers of an array. */
#define CR    3, 0, 0, 22, 17, 0xe0, 0, 0, 0, 1, 0, 0xc0, 1, 10, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2
#define SETUP 3, 0, 0, 25, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, 0, 0, 8, 0, 0, 0xf0, 0, 0, 8, 0, 8, 1, 0xe0
/* DB1.DBB0, 4 bytes: answered by 29 */
#define READ(ref)                                                                                            \
    3, 0, 0, 31, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, ref, 0, 14, 0, 0, 4, 1, 0x12, 10, 16, 2, 0, 4, 0, 1, 0x84, \
        0, 0, 0
/* DB1.DBB0 := value: answered by 22 */
#define WRITE(ref, value)                                                                                    \
    3, 0, 0, 36, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, ref, 0, 14, 0, 5, 5, 1, 0x12, 10, 16, 2, 0, 1, 0, 1, 0x84, \
        0, 0, 0, 0, 4, 0, 8, value

#define CC_LEN           22
#define SETUP_ANSWER_LEN 27
#define READ_ANSWER_LEN  29
#define WRITE_ANSWER_LEN 22

/* A TCP connection: as far as it gets within 5 ms. */
void raw_dial(struct raw *raw);
/* Connected and set up; what was answered to that is forgotten. */
void raw_open(struct raw *raw);
void raw_send(struct raw *raw, const void *bytes, size_t len);
void raw_close(struct raw *raw);

#define SEND(raw, ...)                                                                                       \
    do {                                                                                                     \
        const uint8_t bytes_[] = {__VA_ARGS__};                                                              \
        raw_send(raw, bytes_, sizeof bytes_);                                                                \
    } while (0)

#endif
