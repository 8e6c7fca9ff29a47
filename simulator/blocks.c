/* What blocks there are: data blocks of the plant, and what was downloaded. */
#include "protocol/block_jobs.h"

#include "block_file.h"
#include "userdata.h"

#define TYPE_LEAD   '0'
#define LISTED_FLAG 0x22 /* linked, in RAM */
#define INFO_LEN    0x004A

/* OB FB FC DB SDB SFC SFB */
static const uint8_t types[] = {'8', 'E', 'C', SIM_BLOCK_DB, 'B', 'D', 'F'};

static void count(const struct sim_block *block, void *arg)
{
    size_t *n = arg;

    (void)block;
    *n += 1;
}

static size_t n_blocks(const struct sim_plc *plc, uint8_t type)
{
    size_t n = 0;

    sim_blocks(plc, type, count, &n);
    return n;
}

uint16_t sim_block_counts(struct sim_call *call)
{
    if (!sim_call_room(call, sizeof types * S7_BLOCK_COUNT_LEN))
        return S7_ERR_RESOURCES;
    for (size_t i = 0; i < sizeof types; i++) {
        s7_wr_be(&call->wr, 1, TYPE_LEAD);
        s7_wr_be(&call->wr, 1, types[i]);
        s7_wr_be(&call->wr, 2, (uint32_t)n_blocks(call->job->plc, types[i]));
    }
    return 0;
}

static void list(const struct sim_block *block, void *arg)
{
    struct s7_wr *wr = arg;

    s7_wr_be(wr, 2, block->number);
    s7_wr_be(wr, 1, LISTED_FLAG);
    s7_wr_be(wr, 1, sim_block_language(block));
}

static bool is_type(uint8_t type)
{
    return memchr(types, type, sizeof types) != NULL;
}

/* Bytes behind the type do not count: some clients send four. */
uint16_t sim_blocks_of_type(struct sim_call *call)
{
    const struct s7_userdata *request = call->request;
    struct sim_plc *plc = call->job->plc;

    if (request->payload_len < 2 || request->payload[0] != TYPE_LEAD || !is_type(request->payload[1]))
        return SIM_ERR_SYNTAX;
    size_t n = n_blocks(plc, request->payload[1]);
    if (n == 0)
        return SIM_ERR_NO_MORE;
    if (!sim_call_room(call, n * S7_BLOCK_ENTRY_LEN))
        return S7_ERR_RESOURCES;
    sim_blocks(plc, request->payload[1], list, &call->wr);
    return 0;
}

/* "0A00001A"; some clients have the last letter in front of the digits: "0AA00001". */
static bool read_name(const struct s7_userdata *request, struct s7_block_name *out)
{
    uint8_t name[S7_BLOCK_NAME_LEN];
    struct s7_rd rd = {name, sizeof name};

    if (request->payload_len != sizeof name)
        return false;
    memcpy(name, request->payload, sizeof name);
    if (name[2] >= 'A') {
        name[7] = name[2];
        memcpy(name + 2, request->payload + 3, 5);
    }
    return s7_block_name_decode(&rd, out);
}

uint16_t sim_block_info(struct sim_call *call)
{
    struct sim_plc *plc = call->job->plc;
    struct s7_block_name name;
    struct sim_block block;

    if (!read_name(call->request, &name))
        return SIM_ERR_SYNTAX;
    if (!sim_block_find(plc, name.type, name.number, &block))
        return SIM_ERR_NO_BLOCK;
    if (!sim_call_room(call, S7_BLOCK_INFO_LEN))
        return S7_ERR_RESOURCES;
    s7_wr_be(&call->wr, 2, 0x0100);
    s7_wr_be(&call->wr, 2, INFO_LEN);
    s7_wr_be(&call->wr, 1, LISTED_FLAG);
    s7_wr_be(&call->wr, 1, 0);
    sim_block_head_append(&call->wr, &block);
    sim_block_foot_append(&call->wr, &block);
    return 0;
}
