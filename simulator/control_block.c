/* Job 28, _INSE and _DELE: blocks that were downloaded begin to count, blocks go. All that one job names, or
 * none. */
#include "protocol/block_jobs.h"

#include "block_file.h"
#include "control.h"
#include "userdata.h"

#define PASSIVE 'P'
#define ACTIVE  'A'
#define BOTH    'B'

/* What the second parameter byte of a refusal says. */
#define NOT_POSSIBLE 0x02

typedef uint16_t block_fn(struct sim_job *job, const struct s7_block_name *name);

/* Until one of them cannot be. */
static uint16_t each(struct sim_job *job, struct s7_rd names, block_fn *fn)
{
    struct s7_block_name name;
    uint16_t error = 0;

    while (error == 0 && names.left > 0)
        error = s7_block_name_decode(&names, &name) ? fn(job, &name) : SIM_ERR_NAME;
    return error;
}

static const struct sim_shelved *shelved(const struct sim_job *job, const struct s7_block_name *name,
                                         uint8_t *place)
{
    return sim_shelf_find(job->shelf, job->link, name->type, name->number, place);
}

static void drop(struct sim_job *job, const struct s7_block_name *name)
{
    uint8_t place;

    if (shelved(job, name, &place) != NULL)
        job->link->shelved &= ~(UINT32_C(1) << place);
}

/* ---- insert ---- */

static uint16_t may_insert(struct sim_job *job, const struct s7_block_name *name)
{
    const struct sim_download *download = &job->link->download;
    uint8_t place;

    if (shelved(job, name, &place) != NULL)
        return 0;
    return download->step != SIM_DOWNLOAD_NONE && download->type == name->type &&
                   download->number == name->number
               ? S7_ERR_SEQUENCE
               : SIM_ERR_NO_BLOCK;
}

static uint16_t insert_block(struct sim_job *job, const struct s7_block_name *name)
{
    uint8_t place;
    const struct sim_shelved *block = shelved(job, name, &place);
    struct plant_code code;
    struct s7_block_file head;

    if (block == NULL) /* named twice */
        return 0;
    code = (struct plant_code){.number = block->number, .len = block->len, .file = block->bytes};
    if (!sim_block_kind(block->type, &code.kind) ||
        !s7_block_file_decode((struct s7_rd){block->bytes, block->len}, &head) ||
        plant_load(job->plc->plant, job->plc->row, &code, block->bytes + S7_BLOCK_FILE_HEAD, head.mc7_len) !=
            S7_OK)
        return S7_ERR_RESOURCES;
    drop(job, name);
    return 0;
}

/* ---- delete ---- */

static uint16_t may_delete(struct sim_job *job, const struct s7_block_name *name)
{
    struct sim_block block;
    uint8_t place;
    bool there;

    if (name->where != PASSIVE && name->where != ACTIVE && name->where != BOTH)
        return SIM_ERR_NAME;
    there = name->where == PASSIVE ? shelved(job, name, &place) != NULL
                                   : sim_block_find(job->plc, name->type, name->number, &block);
    return there ? 0 : SIM_ERR_NO_BLOCK;
}

static uint16_t delete_block(struct sim_job *job, const struct s7_block_name *name)
{
    enum plant_kind kind;
    s7_status status;

    if (name->where != ACTIVE)
        drop(job, name);
    if (name->where == PASSIVE || !sim_block_kind(name->type, &kind))
        return 0;
    status = plant_delete(job->plc->plant, job->plc->row, kind, (uint16_t)name->number);
    return status == S7_OK || status == S7_E_ARG /* named twice */ ? 0 : S7_ERR_RESOURCES;
}

/* ---- which ---- */

static const struct {
    block_fn *may, *run;
} controls[] = {
    [S7_BLOCK_INSERT] = {may_insert, insert_block}, [S7_BLOCK_DELETE] = {may_delete, delete_block}};

void sim_control_blocks(struct sim_job *job, enum s7_block_control control, struct s7_rd names)
{
    uint16_t error = each(job, names, controls[control].may);

    if (error != 0)
        sim_control_answer(job, error, NOT_POSSIBLE);
    else if (job->refuse_writes || each(job, names, controls[control].run) != 0)
        sim_job_refuse(job, S7_ERR_RESOURCES);
    else
        sim_control_answer(job, 0, 0);
}
