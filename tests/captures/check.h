/* check.h - one frame of the table against our decoders and encoders. */
#ifndef CAPTURES_CHECK_H
#define CAPTURES_CHECK_H

#include "table.h"

#include <stdint.h>

#define FRAME_CAP 4096

struct check {
    const struct table *row;
    uint8_t frame[FRAME_CAP];
    size_t len;
    char kind[32];        /* "CR", "DT empty", "job 04", "userdata" */
    bool modelled;        /* encoded again from its fields, not only from views of its parts */
    unsigned dirty_fills; /* peers only: fill bytes that are not 00, taken over as they are */
    bool failed;
    char why[256]; /* the first thing that was wrong */
};

/* Decode, compare with the columns, encode again, compare the bytes. */
void check_frame(struct check *check, const struct table *row);

#endif
