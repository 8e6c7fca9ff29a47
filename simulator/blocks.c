/* What blocks there are. The plant holds data blocks; a PLC without a program has no others. */
#include "protocol/blocks.h"

#include "block_file.h"
#include "userdata.h"

#define TYPE_LEAD   '0'
#define TYPE_DB     'A'
#define LISTED_FLAG 0x22 /* linked, in RAM */
#define LANGUAGE_DB 0x05
#define INFO_LEN    0x004A

/* OB FB FC DB SDB SFC SFB */
static const uint8_t types[] = {'8', 'E', 'C', TYPE_DB, 'B', 'D', 'F'};

static void count_db(const struct plant_block *block, void *arg)
{
    size_t *n = arg;

    *n += block->area == S7_AREA_DB;
}

static size_t n_dbs(const struct sim_plc *plc)
{
    size_t n = 0;

    plant_blocks(plc->plant, plc->row, count_db, &n);
    return n;
}

uint16_t sim_block_counts(struct sim_call *call)
{
    if (!sim_call_room(call, sizeof types * S7_BLOCK_COUNT_LEN))
        return S7_ERR_RESOURCES;
    for (size_t i = 0; i < sizeof types; i++) {
        s7_wr_be(&call->wr, 1, TYPE_LEAD);
        s7_wr_be(&call->wr, 1, types[i]);
        s7_wr_be(&call->wr, 2, types[i] == TYPE_DB ? (uint32_t)n_dbs(call->job->plc) : 0);
    }
    return 0;
}

static void list_db(const struct plant_block *block, void *arg)
{
    struct s7_wr *wr = arg;

    if (block->area != S7_AREA_DB)
        return;
    s7_wr_be(wr, 2, block->number);
    s7_wr_be(wr, 1, LISTED_FLAG);
    s7_wr_be(wr, 1, LANGUAGE_DB);
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
    size_t n = request->payload[1] == TYPE_DB ? n_dbs(plc) : 0;
    if (n == 0)
        return SIM_ERR_NO_MORE;
    if (!sim_call_room(call, n * S7_BLOCK_ENTRY_LEN))
        return S7_ERR_RESOURCES;
    plant_blocks(plc->plant, plc->row, list_db, &call->wr);
    return 0;
}

/* "0A00001A"; some clients have the last letter in front of the digits: "0AA00001". */
static bool read_name(const struct s7_userdata *request, uint8_t *type, uint32_t *number)
{
    const uint8_t *name = request->payload;

    if (request->payload_len != 8 || name[0] != TYPE_LEAD)
        return false;
    *type = name[1];
    *number = 0;
    const uint8_t *digits = name[2] >= 'A' ? name + 3 : name + 2;
    for (size_t i = 0; i < 5; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        *number = *number * 10 + digits[i] - '0';
    }
    return true;
}

uint16_t sim_block_info(struct sim_call *call)
{
    struct sim_plc *plc = call->job->plc;
    const struct plant_block *block = NULL;
    uint8_t type;
    uint32_t number;

    if (!read_name(call->request, &type, &number))
        return SIM_ERR_SYNTAX;
    if (type == TYPE_DB && number > 0 && number <= UINT16_MAX)
        block = plant_block_find(plc->plant, plc->row, S7_AREA_DB, (uint16_t)number);
    if (block == NULL)
        return SIM_ERR_NO_BLOCK;
    if (!sim_call_room(call, S7_BLOCK_INFO_LEN))
        return S7_ERR_RESOURCES;
    s7_wr_be(&call->wr, 2, 0x0100);
    s7_wr_be(&call->wr, 2, INFO_LEN);
    s7_wr_be(&call->wr, 1, LISTED_FLAG);
    s7_wr_be(&call->wr, 1, 0);
    sim_block_head_append(&call->wr, block);
    sim_block_foot_append(&call->wr);
    return 0;
}
