/* download_rig.h - for tests: a client that gives a simulated CPU blocks, frame by frame, as raw bytes. */
#ifndef TESTS_INTEGRATION_DOWNLOAD_RIG_H
#define TESTS_INTEGRATION_DOWNLOAD_RIG_H

#include "simulator/test_rig.h"

#include "protocol/block_jobs.h"
#include "protocol/pdu.h"

#define DL_FILE_CAP 4096

struct dl_file {
    uint8_t type;
    uint16_t number;
    size_t len;
    uint8_t bytes[DL_FILE_CAP];
};

/* A block as a programming tool sends it: mc7 bytes of code or data, 28 of interface. */
struct dl_file dl_make(uint8_t type, uint16_t number, uint16_t mc7, uint8_t seed);

/* ---- frames ---- */

struct dl_frame {
    uint8_t bytes[1200];
    size_t len;
};

struct dl_frame dl_frame(uint8_t rosctr, uint16_t ref, const struct s7_wr *param, const struct s7_wr *data);
struct dl_frame dl_start(const struct dl_file *file);                                /* 1A */
struct dl_frame dl_piece(uint16_t ref, const uint8_t *bytes, size_t len, bool more); /* answer to 1B */
struct dl_frame dl_end(uint16_t ref);                                                /* answer to 1C */
struct dl_frame dl_control(const char *names, const char *service); /* 28; names of 8 letters each */

/* ---- conversations ---- */

/* PDUs that came, one after the other; n 0: nothing did. */
struct dl_came {
    struct s7_pdu pdus[4];
    size_t n;
    uint8_t bytes[2000];
};

void dl_take(struct rig *rig, struct dl_came *came);
void dl_say(struct rig *rig, struct dl_frame frame, struct dl_came *came); /* and take */

/* The CPU's job, last of what came. */
struct s7_download_job dl_job(const struct dl_came *came, uint16_t *ref);

/* All of a download but the answer to 1C, or with it; returns the error that 1C told. */
uint16_t dl_give(struct rig *rig, const struct dl_file *file, uint16_t *ref);
uint16_t dl_download(struct rig *rig, const struct dl_file *file);

/* The error of a job that has one answer. */
uint16_t dl_error(struct rig *rig, struct dl_frame frame);
uint16_t dl_insert(struct rig *rig, const char *names);
uint16_t dl_delete(struct rig *rig, const char *names);

/* The block as the CPU has it; how many bytes, or 0 and the error. */
size_t dl_upload(struct rig *rig, uint8_t type, uint16_t number, uint8_t *out, uint16_t *error);
uint16_t dl_upload_error(struct rig *rig, uint8_t type, uint16_t number);
void dl_expect_uploads_as(struct rig *rig, const struct dl_file *file);

/* ---- else ---- */
void dl_sql(struct rig *rig, const char *text); /* a foreign program */
void dl_expect_usable(struct rig *rig);         /* the connection */

/* cmocka setup and teardown: a 300 with PDUs of 240 bytes, in *state. */
int dl_setup(void **state);
int dl_teardown(void **state);
#define DL_TEST(test) cmocka_unit_test_setup_teardown(test, dl_setup, dl_teardown)

#endif
