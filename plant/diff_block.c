/* Blocks of two plants: which there are, and bytes that no tag shows. */
#include "diff_impl.h"

#define SHOWN_BYTES 16 /* of a range that differs */

static void block_name(const struct mirror_block *block, char name[16])
{
    snprintf(name, 16, block->pub.area == S7_AREA_DB ? "%s%u" : "%s", mirror_kind(block->pub.area),
             block->pub.number);
}

/* ---- bytes ---- */

/* The bits that a tag shows. */
static void cover(uint8_t *mask, const struct mirror_tag *tag)
{
    unsigned first = tag->address.bit;

    if (tag->address.type != S7_TYPE_BOOL) {
        memset(mask + tag->offset, 0xFF, tag->len);
        return;
    }
    for (unsigned bit = first; bit < first + tag->address.count; bit++)
        mask[tag->offset + bit / 8] |= (uint8_t)(1U << bit % 8);
}

/* What tags show that both plants have at the same place; others say nothing of both. */
static uint8_t *covered(struct diff *diff, const struct mirror_block *block)
{
    size_t n;
    struct mirror_tag **others = tag_sorted(diff->p[1], diff->plc[1], &n);
    uint8_t *mask = calloc(PLANT_BLOCK_MAX, 1);

    for (size_t i = 0; mask != NULL && i < block->n_tags; i++) {
        const struct mirror_tag *tag = block->tags[i], *other = diff_pair(others, n, tag->name);
        if (other != NULL && other->block != NULL && diff_same_place(tag, other))
            cover(mask, tag);
    }
    if (mask == NULL || others == NULL)
        diff_nomem(diff);
    free(others);
    return mask;
}

static void hex(const uint8_t *bytes, uint32_t len, char text[2 * SHOWN_BYTES + 4])
{
    for (uint32_t i = 0; i < len && i < SHOWN_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02X", bytes[i]);
    if (len > SHOWN_BYTES)
        snprintf(text + 2 * SHOWN_BYTES, 4, "...");
}

static void tell_range(struct diff *diff, const struct mirror_block *a, const struct mirror_block *b,
                       uint32_t from, uint32_t to)
{
    char name[16], left[2 * SHOWN_BYTES + 4], right[2 * SHOWN_BYTES + 4];

    block_name(a, name);
    hex(a->bytes + from, to - from, left);
    hex(b->bytes + from, to - from, right);
    diff_tell(diff,
              (struct plant_difference){
                  .part = PLANT_PART_BYTES, .name = name, .from = from, .to = to, .a = left, .b = right});
}

static void compare_bytes(struct diff *diff, const struct mirror_block *a, const struct mirror_block *b)
{
    uint32_t len = a->pub.len < b->pub.len ? a->pub.len : b->pub.len, from;

    if (memcmp(a->bytes, b->bytes, len) == 0)
        return;
    uint8_t *mask = covered(diff, a);
    for (uint32_t i = 0; i < len && diff->status == S7_OK; i++) {
        for (from = i; i < len && ((a->bytes[i] ^ b->bytes[i]) & ~mask[i] & 0xFF) != 0;)
            i++;
        if (i > from)
            tell_range(diff, a, b, from, i);
    }
    free(mask);
}

/* ---- blocks ---- */

static const char *block_text(const struct mirror_block *block, char text[64])
{
    if (block == NULL)
        return NULL;
    snprintf(text, 64, "%u bytes%s%s", block->pub.len, block->pub.optimized ? ", optimized" : "",
             block->pub.write_protected ? ", write-protected" : "");
    return text;
}

static void compare_block(struct diff *diff, const struct mirror_block *a, const struct mirror_block *b)
{
    char name[16], left[64], right[64];
    const char *text_a = block_text(a, left), *text_b = block_text(b, right);

    if (a != NULL && b != NULL)
        compare_bytes(diff, a, b);
    if (a != NULL && b != NULL && strcmp(text_a, text_b) == 0)
        return;
    block_name(a != NULL ? a : b, name);
    diff_tell(diff,
              (struct plant_difference){.part = PLANT_PART_BLOCK, .name = name, .a = text_a, .b = text_b});
}

struct walk {
    struct diff *diff;
    struct mirror_plc *other;
    int side;
};

/* From A: all; from B: those that A has not. */
static void visit(const struct plant_block *block, void *arg)
{
    struct walk *walk = arg;
    const struct mirror_block *mine = (const struct mirror_block *)block; /* pub is its first member */
    const struct mirror_block *other = mirror_block_find(walk->other, block->area, block->number);

    if (walk->side == 0)
        compare_block(walk->diff, mine, other);
    else if (other == NULL)
        compare_block(walk->diff, NULL, mine);
}

static struct mirror_plc *mirror_of(const struct plant_plc *plc)
{
    return (struct mirror_plc *)(uintptr_t)plc; /* pub is its first member */
}

void diff_blocks(struct diff *diff)
{
    for (int side = 0; side < 2 && diff->status == S7_OK; side++) {
        struct walk walk = {diff, mirror_of(diff->plc[1 - side]), side};
        plant_blocks(diff->p[side], diff->plc[side], visit, &walk);
    }
}
