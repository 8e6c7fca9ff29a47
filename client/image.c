#include "client/image.h"

#include "client/transfer.h"
#include "client/transfer_plan.h"
#include "loop/never.h"
#include "protocol/cyclic.h"
#include "protocol/dbread.h"

#include <stdlib.h>

#define ITEMS_MAX UINT8_MAX

/* ---- what is watched ---- */

/* A part of a DBREAD item has one byte for its length and two for its start. */
static bool is_part(const s7_address *address)
{
    return address->area == S7_AREA_DB && s7_address_size(address) <= UINT8_MAX &&
           address->byte <= UINT16_MAX;
}

static bool all_are_parts(const s7_address *addresses, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_part(&addresses[i]))
            return false;
    return n <= S7_DBREAD_PARTS_MAX;
}

/* The checks of a read: nothing else may be subscribed. */
static s7_status check(struct s7_image *image, s7_errinfo *err)
{
    struct s7_transfer transfer;
    s7_status status = s7_transfer_begin(&transfer, false, image->items, image->n_items, S7_NEVER_NS, err);

    for (size_t i = 0; i < image->n_items; i++)
        image->items[i].status = S7_E_MISUSE;
    return status;
}

static size_t bytes_of(const s7_address *addresses, size_t n)
{
    size_t bytes = 0;

    for (size_t i = 0; i < n; i++)
        bytes += s7_address_size(&addresses[i]);
    return bytes;
}

static struct s7_image *allocate(size_t n, size_t bytes)
{
    struct s7_image *image = calloc(1, sizeof *image + bytes);
    if (image == NULL)
        return NULL;
    image->items = calloc(n, sizeof *image->items);
    image->changed = calloc(n, sizeof *image->changed);
    if (image->items != NULL && image->changed != NULL)
        return image;
    s7_image_free(image);
    return NULL;
}

s7_status s7_image_new(const s7_address *addresses, size_t n, bool compact, struct s7_image **out,
                       s7_errinfo *err)
{
    size_t bytes = bytes_of(addresses, n);

    if (n > ITEMS_MAX || bytes > S7_PDU_LEN_MAX)
        return S7_E_TOO_LARGE;
    struct s7_image *image = allocate(n, bytes);
    if (image == NULL)
        return S7_E_NOMEM;
    uint8_t *at = image->bytes;
    image->n_items = n;
    for (size_t i = 0; i < n; i++) {
        size_t len = s7_address_size(&addresses[i]);

        image->items[i] = (s7_item){.address = addresses[i], .data = at, .len = len};
        at += len;
    }
    s7_status status = check(image, err);
    if (status != S7_OK) {
        s7_image_free(image);
        return status;
    }
    image->parts = compact && all_are_parts(addresses, n);
    *out = image;
    return S7_OK;
}

void s7_image_free(struct s7_image *image)
{
    if (image == NULL)
        return;
    free(image->items);
    free(image->changed);
    free(image);
}

/* ---- asking ---- */

uint8_t s7_image_n_items(const struct s7_image *image)
{
    return image->parts ? 1 : (uint8_t)image->n_items;
}

static void append_parts(struct s7_wr *wr, const struct s7_image *image)
{
    struct s7_db_part parts[S7_DBREAD_PARTS_MAX];

    for (size_t i = 0; i < image->n_items; i++) {
        const s7_address *address = &image->items[i].address;

        parts[i] = (struct s7_db_part){(uint8_t)image->items[i].len, address->db, (uint16_t)address->byte};
    }
    s7_dbread_append(wr, parts, image->n_items);
}

void s7_image_append(struct s7_wr *wr, const struct s7_image *image)
{
    struct s7_var_item item;

    if (image->parts) {
        append_parts(wr, image);
        return;
    }
    for (size_t i = 0; i < image->n_items; i++) {
        if (s7_item_from_address(&image->items[i].address, &item) != S7_OK)
            wr->full = true; /* more bytes than one item may have */
        else
            s7_item_append(wr, &item, i + 1 == image->n_items);
    }
}

#define UNIT_HEADER_LEN 4

size_t s7_image_answer_len(const struct s7_image *image)
{
    size_t len = S7_CYCLIC_VALUES_LEN + (image->parts ? UNIT_HEADER_LEN : 0);

    for (size_t i = 0; i < image->n_items; i++) {
        size_t bytes = image->items[i].len;
        bool filled = bytes % 2 != 0 && i + 1 < image->n_items;

        len += image->parts ? 1 + bytes : UNIT_HEADER_LEN + bytes + filled;
    }
    return len;
}

/* ---- being told ---- */

/* Reads what a payload tells of one item after the other. */
struct reader {
    const struct s7_image *image;
    size_t next;
    struct s7_data_walk units; /* an item each */
    uint8_t code;              /* of the one unit of all parts */
    struct s7_rd parts;
};

struct told {
    uint8_t code;
    const uint8_t *bytes; /* with S7_ITEM_OK, as many as the item has */
};

/* An unchanged unit is the byte alone, as an unchanged part is, or has the header of one without data: no
 * code is 00, so that they cannot be mistaken for each other. */
static bool next_unit(struct s7_data_walk *units, bool last, struct s7_data_unit *unit)
{
    static const uint8_t header[UNIT_HEADER_LEN] = {S7_ITEM_UNCHANGED, 0, 0, 0};
    struct s7_rd *rd = &units->rd;
    const uint8_t *skipped;

    if (rd->left == 0 || rd->at[0] != S7_ITEM_UNCHANGED)
        return s7_data_walk_next(units, last, unit) == S7_OK;
    *unit = (struct s7_data_unit){.code = S7_ITEM_UNCHANGED};
    bool whole = rd->left >= sizeof header && memcmp(rd->at, header, sizeof header) == 0;
    return s7_rd_view(rd, whole ? sizeof header : 1, &skipped);
}

static bool reader_begin(struct reader *reader, const struct s7_image *image, const uint8_t *payload,
                         size_t len)
{
    struct s7_data_unit unit;
    unsigned n;

    *reader = (struct reader){.image = image};
    if (s7_cyclic_values_decode(payload, len, &n, &reader->units) != S7_OK || n != s7_image_n_items(image))
        return false;
    if (!image->parts)
        return true;
    if (!next_unit(&reader->units, true, &unit))
        return false;
    reader->code = unit.code;
    reader->parts = (struct s7_rd){unit.payload, unit.payload_len};
    return true;
}

static bool next_part(struct reader *reader, const s7_item *item, struct told *told)
{
    *told = (struct told){.code = reader->code};
    if (reader->code != S7_ITEM_OK) /* one code for all of them */
        return true;
    return s7_dbread_value(&reader->parts, (uint8_t)item->len, &told->code, &told->bytes);
}

static bool reader_next(struct reader *reader, struct told *told)
{
    const struct s7_image *image = reader->image;
    const s7_item *item = &image->items[reader->next++];
    struct s7_data_unit unit;

    if (image->parts)
        return next_part(reader, item, told);
    if (!next_unit(&reader->units, reader->next == image->n_items, &unit))
        return false;
    *told = (struct told){unit.code, unit.payload};
    return unit.code != S7_ITEM_OK || unit.payload_len == item->len;
}

bool s7_image_fits(const struct s7_image *image, const uint8_t *payload, size_t len)
{
    struct reader reader;
    struct told told;

    if (!reader_begin(&reader, image, payload, len))
        return false;
    for (size_t i = 0; i < image->n_items; i++)
        if (!reader_next(&reader, &told))
            return false;
    return true;
}

/* A part carries the whole byte of a bit, an item the bit alone. */
static uint8_t bit_of(const struct s7_image *image, const s7_item *item, uint8_t byte)
{
    return (uint8_t)(byte >> (image->parts ? item->address.bit : 0) & 1);
}

/* Does it say anything new? */
static bool item_take(const struct s7_image *image, s7_item *item, const struct told *told)
{
    s7_status before = item->status;
    uint8_t bit, code_before = item->code;
    const uint8_t *bytes = told->bytes;

    if (told->code == S7_ITEM_UNCHANGED)
        return false;
    item->code = told->code;
    item->status = s7_item_status(told->code);
    if (item->status != S7_OK)
        return item->code != code_before;
    if (s7_item_is_bit(&item->address)) {
        bit = bit_of(image, item, bytes[0]);
        bytes = &bit;
    }
    bool same = before == S7_OK && memcmp(item->data, bytes, item->len) == 0;
    memcpy(item->data, bytes, item->len);
    return !same;
}

void s7_image_take(struct s7_image *image, const uint8_t *payload, size_t len, bool add)
{
    struct reader reader;
    struct told told;
    bool well = reader_begin(&reader, image, payload, len);

    for (size_t i = 0; i < image->n_items; i++) {
        well = well && reader_next(&reader, &told);
        bool changed = well && item_take(image, &image->items[i], &told);
        image->changed[i] = changed || (add && image->changed[i]);
    }
}
