/* Tags of two plants, one by one. */
#include "diff_impl.h"

/* Both sides' tags by name, and the queries of their rows. */
struct sides {
    struct mirror_tag **tags[2];
    size_t n[2];
    sqlite3_stmt *rows[2];
};

bool diff_same_place(const struct mirror_tag *a, const struct mirror_tag *b)
{
    const s7_address *x = &a->address, *y = &b->address;

    return a->parsed && b->parsed && x->area == y->area && x->db == y->db && x->byte == y->byte &&
           x->bit == y->bit && x->type == y->type && x->string_cap == y->string_cap && x->count == y->count;
}

struct mirror_tag *diff_pair(struct mirror_tag *const *sorted, size_t n, const char *name)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(name, sorted[mid]->name);
        if (order == 0)
            return sorted[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

/* "DB1.DBD4:REAL"; where that is none, as the row has it. */
static void place_text(const struct mirror_tag *tag, sqlite3_stmt *row, char *text, size_t cap)
{
    struct export_place place;

    if (tag->parsed) {
        s7_address_format(&tag->address, text, cap);
        return;
    }
    export_place(&place, tag, row);
    snprintf(text, cap, "%s%s%s", place.text, place.type[0] != '\0' ? ":" : "", place.type);
}

static void rows_failed(struct diff *diff, int side)
{
    plant_sql_fail(diff->p[side], "read the table tag");
    diff_fail(diff, diff->p[side]);
}

/* NULL: it is gone, or diff->status. */
static sqlite3_stmt *row_of(struct diff *diff, const struct sides *sides, int side,
                            const struct mirror_tag *tag)
{
    int rc = export_row(sides->rows[side], tag->id);

    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        rows_failed(diff, side);
    return rc == SQLITE_ROW ? sides->rows[side] : NULL;
}

static void only(struct diff *diff, const struct sides *sides, int side, const struct mirror_tag *tag)
{
    plant *p = diff->p[side];
    char text[512], *whole = text;

    place_text(tag, row_of(diff, sides, side, tag), text, sizeof text);
    if (tag->block != NULL && tag_utf8(p, tag) > 0 && asprintf(&whole, "%s = %s", text, p->utf8) < 0) {
        diff_nomem(diff);
        return;
    }
    diff_tell(diff, (struct plant_difference){.part = PLANT_PART_TAG,
                                              .name = tag->name,
                                              .a = side == 0 ? whole : NULL,
                                              .b = side == 1 ? whole : NULL});
    if (whole != text)
        free(whole);
}

static void tell(struct diff *diff, enum plant_part part, const char *name, const char *a, const char *b)
{
    diff_tell(diff, (struct plant_difference){.part = part, .name = name, .a = a, .b = b});
}

static void values(struct diff *diff, const struct mirror_tag *a, const struct mirror_tag *b)
{
    size_t len_a = tag_utf8(diff->p[0], a), len_b = tag_utf8(diff->p[1], b);
    bool same = (a->block == NULL) == (b->block == NULL) && len_a == len_b &&
                memcmp(diff->p[0]->utf8, diff->p[1]->utf8, len_a) == 0;

    if (!same)
        tell(diff, PLANT_PART_VALUE, a->name, a->block != NULL ? diff->p[0]->utf8 : NULL,
             b->block != NULL ? diff->p[1]->utf8 : NULL);
}

static void both(struct diff *diff, const struct sides *sides, const struct mirror_tag *a,
                 const struct mirror_tag *b)
{
    sqlite3_stmt *row_a = row_of(diff, sides, 0, a), *row_b = row_of(diff, sides, 1, b);
    const char *comment_a = row_a != NULL ? export_column(row_a, 2) : NULL;
    const char *comment_b = row_b != NULL ? export_column(row_b, 2) : NULL;
    char place_a[512], place_b[512];

    place_text(a, row_a, place_a, sizeof place_a);
    place_text(b, row_b, place_b, sizeof place_b);
    if (strcmp(place_a, place_b) != 0)
        tell(diff, PLANT_PART_ADDRESS, a->name, place_a, place_b);
    values(diff, a, b);
    if ((comment_a == NULL) != (comment_b == NULL) ||
        (comment_a != NULL && strcmp(comment_a, comment_b) != 0))
        tell(diff, PLANT_PART_COMMENT, a->name, comment_a, comment_b);
}

static void merge(struct diff *diff, const struct sides *sides)
{
    size_t i = 0, k = 0;

    while (diff->status == S7_OK && (i < sides->n[0] || k < sides->n[1])) {
        int order = i == sides->n[0]   ? 1
                    : k == sides->n[1] ? -1
                                       : strcmp(sides->tags[0][i]->name, sides->tags[1][k]->name);
        if (order < 0)
            only(diff, sides, 0, sides->tags[0][i++]);
        else if (order > 0)
            only(diff, sides, 1, sides->tags[1][k++]);
        else
            both(diff, sides, sides->tags[0][i++], sides->tags[1][k++]);
    }
}

void diff_tags(struct diff *diff)
{
    struct sides sides = {.n = {0, 0}};

    for (int side = 0; side < 2 && diff->status == S7_OK; side++) {
        sides.tags[side] = tag_sorted(diff->p[side], diff->plc[side], &sides.n[side]);
        if (sides.tags[side] == NULL)
            diff_nomem(diff);
        sides.rows[side] = export_rows(diff->p[side]);
        if (sides.rows[side] == NULL)
            diff_fail(diff, diff->p[side]);
    }
    merge(diff, &sides);
    for (int side = 0; side < 2; side++) {
        free(sides.tags[side]);
        if (sqlite3_finalize(sides.rows[side]) != SQLITE_OK)
            rows_failed(diff, side);
    }
}
