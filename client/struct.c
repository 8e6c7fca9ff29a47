#include <s7rig/struct.h>

#include "client/client_impl.h"
#include "client/report.h"
#include "client/single.h"
#include "protocol/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OFFSET_MAX 2097151U

/* ---- tables ---- */

/* As an address in the record's own bytes. */
static s7_address place_of(const s7_field *field)
{
    return (s7_address){.area = S7_AREA_DB,
                        .db = 1,
                        .byte = field->offset,
                        .bit = field->bit,
                        .type = field->type,
                        .string_cap = field->max,
                        .count = field->count};
}

static size_t end_of(const s7_field *field)
{
    s7_address place = place_of(field);

    return field->offset + s7_address_size(&place);
}

/* false: why says what is wrong with it. */
static bool field_good(const s7_field *field, size_t object_size, char why[S7_CAME_CAP])
{
    s7_address place = place_of(field);
    size_t native = s7_native_size(field->type);

    if (field->size > object_size || field->at > object_size - field->size)
        snprintf(why, S7_CAME_CAP, "it lies behind the end of the struct of %zu bytes", object_size);
    else if (field->offset > OFFSET_MAX || field->bit > (field->type == S7_TYPE_BOOL ? 7 : 0))
        snprintf(why, S7_CAME_CAP, "no such offset or bit");
    else if (s7_values_fit(&place, field->size))
        return true;
    else if (native != 0)
        snprintf(why, S7_CAME_CAP, "the member has %zu bytes, %u of %s need %zu", field->size, field->count,
                 s7_type_name(field->type), native * field->count);
    else
        snprintf(why, S7_CAME_CAP, "no data type, or no maximum length of a text");
    return false;
}

/* asked, and "field speed: " in front of why. */
static s7_status fail(s7_errinfo *err, const char *asked, const s7_field *fields, size_t i, s7_status status,
                      const char *why)
{
    s7_errinfo said = S7_ERRINFO_INIT;
    char came[S7_CAME_CAP];

    snprintf(said.asked, sizeof said.asked, "%s", asked);
    if (fields != NULL)
        said.item = (int32_t)i;
    snprintf(came, sizeof came, "%s%.40s%s%.120s", fields != NULL ? "field " : "",
             fields != NULL && fields[i].name != NULL ? fields[i].name : "", fields != NULL ? ": " : "", why);
    s7_report_came(&said, status, came);
    s7_report_give(err, &said);
    return status;
}

static s7_status check(const s7_field *fields, size_t n, const void *object, size_t object_size,
                       const char *asked, s7_errinfo *err)
{
    char why[S7_CAME_CAP];

    if (fields == NULL || n == 0 || n > INT32_MAX || object == NULL)
        return fail(err, asked, NULL, 0, S7_E_ARG, "no fields or no object");
    for (size_t i = 0; i < n; i++)
        if (!field_good(&fields[i], object_size, why))
            return fail(err, asked, fields, i, S7_E_ARG, why);
    return S7_OK;
}

size_t s7_struct_len(const s7_field *fields, size_t n)
{
    size_t len = 0;

    if (fields == NULL || check(fields, n, fields, SIZE_MAX, "", NULL) != S7_OK)
        return 0;
    for (size_t i = 0; i < n; i++)
        len = end_of(&fields[i]) > len ? end_of(&fields[i]) : len;
    return len;
}

/* ---- in a buffer ---- */

static s7_status misfit(s7_errinfo *err, const char *asked, const s7_field *fields, size_t i,
                        s7_status status)
{
    char why[S7_CAME_CAP];

    snprintf(why, sizeof why, "no %s: expected %s", s7_type_name(fields[i].type),
             s7_type_range(fields[i].type));
    return fail(err, asked, fields, i, status, status == S7_E_TOO_LARGE ? "the text is cut" : why);
}

/* Of a checked table; bytes[0] is byte first of the record. */
static s7_status decode(const s7_field *fields, size_t n, const uint8_t *bytes, size_t first, void *object,
                        const char *asked, s7_errinfo *err)
{
    s7_status status = S7_OK;

    for (size_t i = 0; i < n; i++) {
        s7_address place = place_of(&fields[i]);
        s7_status one = s7_decode(&place, bytes + (fields[i].offset - first), (char *)object + fields[i].at,
                                  fields[i].size);

        if (one != S7_OK && status == S7_OK)
            status = misfit(err, asked, fields, i, one);
    }
    return status;
}

static s7_status encode(const s7_field *fields, size_t n, uint8_t *bytes, const void *object,
                        const char *asked, s7_errinfo *err)
{
    for (size_t i = 0; i < n; i++) {
        s7_address place = place_of(&fields[i]);
        s7_status status =
            s7_encode(&place, bytes + fields[i].offset, (const char *)object + fields[i].at, fields[i].size);

        if (status != S7_OK)
            return misfit(err, asked, fields, i, status);
    }
    return S7_OK;
}

static s7_status check_buffer(const s7_field *fields, size_t n, const void *bytes, size_t len,
                              const void *object, size_t object_size, const char *asked, s7_errinfo *err)
{
    s7_status status = check(fields, n, object, object_size, asked, err);

    if (status != S7_OK)
        return status;
    for (size_t i = 0; i < n; i++)
        if (bytes == NULL || end_of(&fields[i]) > len)
            return fail(err, asked, fields, i, S7_E_ARG, "it lies behind the end of the bytes");
    return S7_OK;
}

s7_status s7_struct_decode(const s7_field *fields, size_t n, const void *bytes, size_t len, void *object,
                           size_t object_size, s7_errinfo *err)
{
    static const char asked[] = "take a struct from bytes";
    s7_status status = check_buffer(fields, n, bytes, len, object, object_size, asked, err);

    return status == S7_OK ? decode(fields, n, bytes, 0, object, asked, err) : status;
}

s7_status s7_struct_encode(const s7_field *fields, size_t n, void *bytes, size_t len, const void *object,
                           size_t object_size, s7_errinfo *err)
{
    static const char asked[] = "put a struct into bytes";
    s7_status status = check_buffer(fields, n, bytes, len, object, object_size, asked, err);

    return status == S7_OK ? encode(fields, n, bytes, object, asked, err) : status;
}

/* ---- at a PLC ---- */

/* Where a record is, and words for it. */
struct record {
    s7_area area;
    uint16_t db;
    uint32_t start;
    char asked[S7_ASKED_CAP];
};

static s7_status begin(const s7_client *client, const s7_ctx *ctx, bool write, struct record *record,
                       const s7_field *fields, size_t n, const void *object, size_t object_size)
{
    s7_address at = {
        .area = record->area, .db = record->db, .byte = record->start, .type = S7_TYPE_BYTE, .count = 1};
    char text[S7_ADDRESS_TEXT_CAP];

    if (client == NULL)
        return s7_client_refuse(NULL, ctx, "client is NULL");
    if (record->area == S7_AREA_T || record->area == S7_AREA_C)
        return s7_client_refuse(client, ctx, "there are no structs of timers and counters");
    if (record->area != S7_AREA_DB && record->area != S7_AREA_DI)
        record->db = at.db = 0;
    s7_address_format(&at, text, sizeof text);
    snprintf(record->asked, sizeof record->asked, "%s the struct at %s %s %.50s", write ? "write" : "read",
             text, write ? "to" : "from", s7_client_where(client));
    return check(fields, n, object, object_size, record->asked, s7_ctx_err(ctx));
}

static size_t first_of(const s7_field *fields, size_t n)
{
    size_t first = SIZE_MAX;

    for (size_t i = 0; i < n; i++)
        first = fields[i].offset < first ? fields[i].offset : first;
    return first;
}

s7_status s7_struct_read(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                         const s7_field *fields, size_t n, void *object, size_t object_size)
{
    struct record record = {.area = area, .db = db, .start = start};
    uint8_t usual[S7_SINGLE_USUAL], *bytes = usual;
    s7_status status = begin(client, ctx, false, &record, fields, n, object, object_size);

    if (status != S7_OK)
        return status;
    size_t first = first_of(fields, n), len = s7_struct_len(fields, n) - first;
    if (start > OFFSET_MAX - first)
        return s7_client_refuse(client, ctx, "the place reaches past byte 2097151");
    if (len > sizeof usual)
        bytes = malloc(len);
    if (bytes == NULL)
        return fail(s7_ctx_err(ctx), record.asked, NULL, 0, S7_E_NOMEM, "");
    status = s7_read_area(client, ctx, area, record.db, start + (uint32_t)first, bytes, len);
    if (status == S7_OK)
        status = decode(fields, n, bytes, first, object, record.asked, s7_ctx_err(ctx));
    if (bytes != usual)
        free(bytes);
    return status;
}

/* What is written: the record's image, a byte for each single bit, and items that point into both. */
struct draft {
    s7_item *items;
    size_t n_items;
    uint8_t *image, *bits;
};

static bool draft_new(size_t n, size_t len, struct draft *draft)
{
    draft->n_items = 0;
    draft->items = calloc(n, sizeof *draft->items);
    draft->image = calloc(1, len);
    draft->bits = calloc(n, 1);
    return draft->items != NULL && draft->image != NULL && draft->bits != NULL;
}

static void draft_free(struct draft *draft)
{
    free(draft->items);
    free(draft->image);
    free(draft->bits);
}

/* Bytes that begin where the last item ends become part of it; false: they do not, or it has no room. */
static bool draft_extend(struct draft *draft, const s7_item *item)
{
    s7_item *last = draft->n_items > 0 ? &draft->items[draft->n_items - 1] : NULL;

    if (last == NULL || last->address.type != S7_TYPE_BYTE || item->address.type != S7_TYPE_BYTE ||
        last->address.byte + last->len != item->address.byte || last->len + item->len > UINT16_MAX ||
        (uint8_t *)last->data + last->len != (uint8_t *)item->data) /* of a text that was moved */
        return false;
    last->len += item->len;
    last->address.count = (uint16_t)last->len;
    return true;
}

static void draft_add(struct draft *draft, const struct record *record, const s7_field *field)
{
    s7_item item = {.address = place_of(field)};

    item.len = s7_address_size(&item.address);
    item.data = draft->image + field->offset;
    item.address.area = record->area;
    item.address.db = record->db;
    item.address.byte += record->start;
    if (field->type == S7_TYPE_BOOL && field->count == 1) {
        draft->bits[draft->n_items] = s7_get_bool(item.data, field->bit);
        item.data = &draft->bits[draft->n_items];
    }
    s7_item whole = item;
    s7_single_leave_maximum(&item);
    bool is_text = item.address.type != whole.address.type;
    if (!is_text && field->type != S7_TYPE_BOOL && item.len <= UINT16_MAX) {
        item.address.type = S7_TYPE_BYTE;
        item.address.string_cap = 0;
        item.address.count = (uint16_t)item.len;
    }
    if (!draft_extend(draft, &item))
        draft->items[draft->n_items++] = item;
}

static s7_status write_record(s7_client *client, const s7_ctx *ctx, const struct record *record,
                              const s7_field *fields, size_t n, const void *object, struct draft *draft)
{
    s7_status status = encode(fields, n, draft->image, object, record->asked, s7_ctx_err(ctx));

    if (status != S7_OK)
        return status;
    for (size_t i = 0; i < n; i++)
        draft_add(draft, record, &fields[i]);
    return s7_client_call(client, ctx, true, draft->items, draft->n_items, true);
}

s7_status s7_struct_write(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db, uint32_t start,
                          const s7_field *fields, size_t n, const void *object, size_t object_size)
{
    struct record record = {.area = area, .db = db, .start = start};
    struct draft draft;
    s7_status status = begin(client, ctx, true, &record, fields, n, object, object_size);

    if (status != S7_OK)
        return status;
    if (start > OFFSET_MAX)
        return s7_client_refuse(client, ctx, "the place reaches past byte 2097151");
    if (draft_new(n, s7_struct_len(fields, n), &draft))
        status = write_record(client, ctx, &record, fields, n, object, &draft);
    else
        status = fail(s7_ctx_err(ctx), record.asked, NULL, 0, S7_E_NOMEM, "");
    draft_free(&draft);
    return status;
}
