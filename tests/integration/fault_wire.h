/* fault_wire.h - a house with faults in it, and raw connections that note what came, when, and how it ended.
 * For tests of faults by what is on the wire, in virtual time, and by guests over kernel TCP. */
#ifndef TESTS_INTEGRATION_FAULT_WIRE_H
#define TESTS_INTEGRATION_FAULT_WIRE_H

#include "house.h"

/* One way takes 50 to 150 us, so a request and its answer less than this. */
#define RIG_ROUND_TRIP_NS (HOUSE_NS_PER_MS / 2)

extern struct house rig_house;

/* cmocka's setup and teardown; the server is one of a generic CPU. */
int rig_open(void **state);
int rig_open_real(void **state); /* kernel TCP: what needs virtual time below is not for it */
int rig_close(void **state);

void rig_arm(uint64_t id, const char *name, const char *args);
void rig_drop(uint64_t id);
struct sim_fault_state rig_state(uint64_t id);
struct sim_plc_stats rig_stats(void);
int64_t rig_now_ns(void);
void rig_run_ms(int64_t ms);

/* A guest's read of DB1.DBB0, 4 bytes. timeout_ms 0: its own. */
s7_status rig_read(struct guest *guest, uint32_t timeout_ms);

/* ---- raw connections ---- */

#define RAW_CAP      32768
#define RAW_SEGMENTS 512

struct raw {
    s7_stream *stream;
    uint8_t got[RAW_CAP];
    size_t len;
    struct {
        size_t len;
        int64_t at_ns;
    } segments[RAW_SEGMENTS]; /* of what came since raw_forget */
    size_t n_segments;
    bool connected, over;
    s7_status how; /* over: S7_OK for FIN */
    int os_errno;
    int64_t over_ns, connected_ns;
};

void raw_dial(struct raw *peer);  /* begin only */
void raw_open(struct raw *peer);  /* connected and set up; what was answered to that is forgotten */
void raw_close(struct raw *peer); /* FIN */
void raw_forget(struct raw *peer);

/* rig_open and one connection that is open, for tests that need no more. */
extern struct raw raw;
int rig_open_raw(void **state);
int rig_close_raw(void **state);

void raw_send(struct raw *peer, const uint8_t *bytes, size_t len);

/* Fails unless exactly these bytes came since raw_forget; then forgets them. */
void raw_expect(struct raw *peer, const uint8_t *bytes, size_t len);

/* The frame that begins at *at, which must be a whole TPKT; moves *at behind it. */
const uint8_t *raw_frame(const struct raw *peer, size_t *at, size_t *len);

#define RAW_SEND(raw, ...)                                                                                   \
    do {                                                                                                     \
        const uint8_t bytes_[] = {__VA_ARGS__};                                                              \
        raw_send(raw, bytes_, sizeof bytes_);                                                                \
    } while (0)

/* ... and there was time to answer. */
#define RAW_ASK(raw, ...)                                                                                    \
    do {                                                                                                     \
        RAW_SEND(raw, __VA_ARGS__);                                                                          \
        rig_run_ms(5);                                                                                       \
    } while (0)

#define RAW_EXPECT(raw, ...)                                                                                 \
    do {                                                                                                     \
        const uint8_t bytes_[] = {__VA_ARGS__};                                                              \
        raw_expect(raw, bytes_, sizeof bytes_);                                                              \
    } while (0)

/* Frames, for RAW_SEND and RAW_EXPECT. */
#define CR     3, 0, 0, 22, 17, 0xe0, 0, 0, 0, 1, 0, 0xc0, 1, 10, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2
#define CC_LEN 22
#define SETUP  3, 0, 0, 25, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, 0, 0, 8, 0, 0, 0xf0, 0, 0, 8, 0, 8, 1, 0xe0
/* DB1.DBB0, 4 bytes, which are 0 */
#define READ(ref)                                                                                            \
    3, 0, 0, 31, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, ref, 0, 14, 0, 0, 4, 1, 0x12, 10, 16, 2, 0, 4, 0, 1, 0x84, \
        0, 0, 0
#define READ_ANSWER(ref)                                                                                     \
    3, 0, 0, 29, 2, 0xf0, 0x80, 0x32, 3, 0, 0, 0, ref, 0, 2, 0, 8, 0, 0, 4, 1, 0xff, 4, 0, 32, 0, 0, 0, 0
#define READ_ANSWER_LEN 29
/* DB1.DBB0 := value */
#define WRITE(ref, value)                                                                                    \
    3, 0, 0, 36, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, ref, 0, 14, 0, 5, 5, 1, 0x12, 10, 16, 2, 0, 1, 0, 1, 0x84, \
        0, 0, 0, 0, 4, 0, 8, value
#define WRITE_ANSWER(ref) 3, 0, 0, 22, 2, 0xf0, 0x80, 0x32, 3, 0, 0, 0, ref, 0, 2, 0, 1, 0, 0, 5, 1, 0xff
#define WRITE_ANSWER_LEN  22

#endif
