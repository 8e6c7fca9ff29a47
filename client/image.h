/* image.h - what a subscription watches: its items, what was told of each last, and how answers and pushes
 * change that. No I/O, no clock. */
#ifndef CLIENT_IMAGE_H
#define CLIENT_IMAGE_H

#include "protocol/wire.h"

#include <s7rig/push.h>

struct s7_image {
    bool parts;     /* asked for as the parts of one DBREAD item, not as an item each */
    size_t n_items; /* 1..255 */
    s7_item *items; /* data is what was told last; status S7_E_MISUSE until something was */
    bool *changed;  /* by the push that was taken last */
    uint8_t bytes[];
};

/* Copies the addresses. compact: as one DBREAD item where all of them allow it. S7_E_ARG: err (may be NULL)
 * names the item. S7_E_TOO_LARGE: more than 255 items, or bytes than any PDU takes. S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_image_new(const s7_address *addresses, size_t n, bool compact,
                                     struct s7_image **out, s7_errinfo *err);
void s7_image_free(struct s7_image *image); /* NULL is fine */

/* Append what asks for it: the payload of a subscription but for its head. n_items: for the head. */
void s7_image_append(struct s7_wr *wr, const struct s7_image *image);
uint8_t s7_image_n_items(const struct s7_image *image);

/* Bytes of the payload that tells all items, head included. */
size_t s7_image_answer_len(const struct s7_image *image);

/* Does the payload of an answer or a push tell of these items? */
bool s7_image_fits(const struct s7_image *image, const uint8_t *payload, size_t len);

/* Take a payload that fits. add: changes that were noted before stay. */
void s7_image_take(struct s7_image *image, const uint8_t *payload, size_t len, bool add);

#endif
