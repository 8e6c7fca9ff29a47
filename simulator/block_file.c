#include "block_file.h"

#include "protocol/blocks.h"

#define MARK          0x7070
#define FLAG_LINKED   0x01
#define LANGUAGE_DB   0x05
#define SUBTYPE_DB    0x0A
#define BLOCK_VERSION 0x01

uint32_t sim_block_file_len(const struct plant_block *block)
{
    return S7_BLOCK_FILE_HEAD + block->len + SIM_BLOCK_INTERFACE_LEN + S7_BLOCK_FILE_FOOT;
}

static void zeros_append(struct s7_wr *wr, size_t len)
{
    uint8_t *room = s7_wr_room(wr, len);

    if (room != NULL)
        memset(room, 0, len);
}

void sim_block_head_append(struct s7_wr *wr, const struct plant_block *block)
{
    s7_wr_be(wr, 2, MARK);
    s7_wr_be(wr, 1, 0x01);
    s7_wr_be(wr, 1, FLAG_LINKED);
    s7_wr_be(wr, 1, LANGUAGE_DB);
    s7_wr_be(wr, 1, SUBTYPE_DB);
    s7_wr_be(wr, 2, block->number);
    s7_wr_be(wr, 4, sim_block_file_len(block));
    zeros_append(wr, 4 + 6 + 6); /* security, times */
    s7_wr_be(wr, 2, SIM_BLOCK_INTERFACE_LEN);
    s7_wr_be(wr, 2, 0);
    s7_wr_be(wr, 2, 0);
    s7_wr_be(wr, 2, block->len <= SIM_BLOCK_BYTES_MAX ? block->len : SIM_BLOCK_BYTES_MAX);
}

void sim_block_foot_append(struct s7_wr *wr)
{
    zeros_append(wr, 3 * 8);
    s7_wr_be(wr, 1, BLOCK_VERSION);
    zeros_append(wr, 1 + 2 + 8);
}

/* What of the wanted range lies in a part of the file that begins at part_at. */
static void overlap_append(struct s7_wr *wr, uint32_t at, uint32_t len, uint32_t part_at, const uint8_t *part,
                           uint32_t part_len)
{
    uint32_t from = at > part_at ? at : part_at;
    uint32_t to = at + len < part_at + part_len ? at + len : part_at + part_len;

    if (from < to)
        s7_wr_bytes(wr, part + (from - part_at), to - from);
}

void sim_block_file_append(struct s7_wr *wr, const struct plant_block *block, uint32_t at, uint32_t len)
{
    uint8_t head[S7_BLOCK_FILE_HEAD], tail[SIM_BLOCK_INTERFACE_LEN + S7_BLOCK_FILE_FOOT];
    struct s7_wr head_wr = {.buf = head, .cap = sizeof head}, tail_wr = {.buf = tail, .cap = sizeof tail};

    sim_block_head_append(&head_wr, block);
    zeros_append(&tail_wr, SIM_BLOCK_INTERFACE_LEN);
    sim_block_foot_append(&tail_wr);
    overlap_append(wr, at, len, 0, head, sizeof head);
    overlap_append(wr, at, len, sizeof head, block->data, block->len);
    overlap_append(wr, at, len, (uint32_t)sizeof head + block->len, tail, sizeof tail);
}
