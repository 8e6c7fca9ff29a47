/* diff_impl.h - what the files of the diff share. */
#ifndef PLANT_DIFF_IMPL_H
#define PLANT_DIFF_IMPL_H

#include "export_impl.h"

/* Two plants; a[0] is A, a[1] is B. */
struct diff {
    plant *p[2];
    const struct plant_plc *plc[2]; /* those that are compared */
    void (*fn)(const struct plant_difference *, void *);
    void *arg;
    size_t n;
    s7_status status;
    struct plant_error *error;
};

/* Tell one; of is plc and is filled in. */
void diff_tell(struct diff *diff, struct plant_difference difference);
void diff_fail(struct diff *diff, const plant *p);
void diff_nomem(struct diff *diff);

/* ---- diff_tag.c, diff_block.c ---- */
struct mirror_tag *diff_pair(struct mirror_tag *const *sorted, size_t n, const char *name);
bool diff_same_place(const struct mirror_tag *a, const struct mirror_tag *b);
void diff_tags(struct diff *diff);
void diff_blocks(struct diff *diff);

#endif
