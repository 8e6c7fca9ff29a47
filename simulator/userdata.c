/* Userdata: which service, and its answer in as many units as it takes. */
#include "userdata.h"

#include "protocol/alarm.h"
#include "protocol/cyclic.h"
#include "protocol/programmer.h"

#include <stdlib.h>

/* A unit of a list of blocks has this much less than a PDU would take: 52 entries at 240, as real CPUs have.
 */
#define LIST_SPARES 6

static const struct service {
    uint8_t group, subfunction;
    uint8_t sequence; /* in answers, as a 300 has it */
    uint8_t record;   /* units are cut behind whole records of so many bytes */
    bool writes;
    sim_call_fn *run;
} services[] = {
    {S7_GROUP_PROGRAMMER, S7_TEST_VARIABLES, 3, 1, false, sim_test_begin}, /* the job is the sequence */
    {S7_GROUP_PROGRAMMER, S7_TEST_MODIFY, 3, 1, true, sim_test_begin},
    {S7_GROUP_PROGRAMMER, S7_TEST_DISABLE, 3, 1, false, sim_test_disable},
    {S7_GROUP_PROGRAMMER, S7_TEST_ENABLE, 3, 1, true, sim_test_enable},
    {S7_GROUP_PROGRAMMER, S7_TEST_DELETE, 3, 1, false, sim_test_delete},
    {S7_GROUP_PROGRAMMER, S7_TEST_JOBS, 1, 1, false, sim_test_jobs},
    {S7_GROUP_PROGRAMMER, S7_TEST_FLASH, 3, 1, false, sim_test_flash},
    {S7_GROUP_CYCLIC, S7_CYCLIC_TIME, 0, 1, false, sim_cyclic_begin}, /* the job is the sequence */
    {S7_GROUP_CYCLIC, S7_CYCLIC_CHANGE, 0, 1, false, sim_cyclic_begin},
    {S7_GROUP_CYCLIC, S7_CYCLIC_MODIFY, 0, 1, false, sim_cyclic_modify},
    {S7_GROUP_CYCLIC, S7_CYCLIC_END, 0, 1, false, sim_cyclic_end},
    {S7_GROUP_CPU, S7_CPU_READ_SZL, 1, 1, false, sim_szl},
    {S7_GROUP_CPU, S7_CPU_MESSAGES, 1, 1, false, sim_messages},
    {S7_GROUP_CPU, S7_CPU_ALARM_QUERY, 3, 1, false, sim_alarms},
    {S7_GROUP_BLOCKS, S7_BLOCKS_COUNT, 0, 1, false, sim_block_counts},
    {S7_GROUP_BLOCKS, S7_BLOCKS_OF_TYPE, 1, S7_BLOCK_ENTRY_LEN, false, sim_blocks_of_type},
    {S7_GROUP_BLOCKS, S7_BLOCKS_INFO, 0, 1, false, sim_block_info},
    {S7_GROUP_SECURITY, S7_SECURITY_PASSWORD, 1, 1, false, sim_password},
    {S7_GROUP_SECURITY, S7_SECURITY_CLEAR, 1, 1, false, sim_password_clear},
    {S7_GROUP_CLOCK, S7_CLOCK_READ, 1, 1, false, sim_clock_read},
    {S7_GROUP_CLOCK, S7_CLOCK_SET, 1, 1, true, sim_clock_set},
    {S7_GROUP_CLOCK, S7_CLOCK_READ + 2, 1, 1, false, sim_clock_read}, /* the clock to be followed */
    {S7_GROUP_CLOCK, S7_CLOCK_SET + 2, 1, 1, true, sim_clock_set},
};

static const struct service *find(uint8_t group, uint8_t subfunction)
{
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (services[i].group == group && services[i].subfunction == subfunction)
            return &services[i];
    return NULL;
}

bool sim_userdata_writes(const uint8_t *param, size_t len)
{
    const struct service *service = len < S7_USERDATA_PARAM_SHORT ? NULL : find(param[5] & 0xF, param[6]);

    return service != NULL && service->writes;
}

bool sim_call_room(struct sim_call *call, size_t most)
{
    struct sim_reply *reply = call->reply;

    if (most > reply->cap) {
        uint8_t *grown = realloc(reply->bytes, most);
        if (grown == NULL)
            return false;
        reply->bytes = grown;
        reply->cap = most;
    }
    call->wr = (struct s7_wr){.buf = reply->bytes, .cap = most};
    return true;
}

/* ---- answers ---- */

static void answer(struct sim_job *job, const struct s7_userdata *request, struct s7_userdata unit)
{
    unit.is_long = true;
    unit.method = S7_METHOD_ANSWER;
    unit.type = S7_USERDATA_ANSWER;
    unit.group = request->group;
    unit.subfunction = request->subfunction;
    s7_userdata_encode(job->answer, job->pdu->ref, &unit);
}

static void answer_error(struct sim_job *job, const struct s7_userdata *request, uint8_t sequence,
                         uint16_t error)
{
    struct s7_userdata unit = s7_userdata_request(0, 0, NULL, 0);

    unit.sequence = sequence;
    unit.error = error;
    answer(job, request, unit);
}

static size_t unit_len(const struct sim_job *job, const struct service *service)
{
    size_t room = s7_userdata_room(job->link->pdu_len);

    if (service->record > 1)
        room -= LIST_SPARES;
    return room - room % service->record;
}

/* The next unit of the chain; with the last one it is over. */
static void answer_unit(struct sim_job *job, const struct s7_userdata *request, const struct service *service)
{
    struct sim_chain *chain = &job->link->chain;
    size_t left = chain->len - chain->at, room = unit_len(job, service), len = left < room ? left : room;
    const uint8_t *from = len > 0 ? job->replies[chain->which].bytes + chain->at : NULL;
    struct s7_userdata unit = s7_userdata_request(0, 0, from, len);

    unit.sequence = chain->sequence;
    unit.unit_ref = chain->unit_ref;
    unit.last_unit = left > room;
    chain->at += len;
    chain->open = left > room;
    answer(job, request, unit);
}

/* One counter for the whole CPU; 0 means that there is one unit only. */
static uint8_t next_unit_ref(struct sim_plc *plc)
{
    plc->unit_ref = plc->unit_ref == UINT8_MAX ? 1 : plc->unit_ref + 1;
    return plc->unit_ref;
}

static void answer_first(struct sim_call *call, const struct service *service)
{
    struct sim_job *job = call->job;
    struct sim_chain *chain = &job->link->chain;
    bool is_long = call->wr.len > unit_len(job, service);

    *chain = (struct sim_chain){.service = service,
                                .which = !chain->which,
                                .sequence = call->sequence,
                                .len = call->wr.len,
                                .unit_ref = is_long ? next_unit_ref(job->plc) : 0};
    chain->refuses = sim_quirk_is(job->quirk, SIM_FAULT_SZL_PARTIAL);
    job->chained = is_long;
    answer_unit(job, call->request, service);
}

/* ---- requests ---- */

static void follow_up(struct sim_job *job, const struct s7_userdata *request)
{
    const struct sim_chain *chain = &job->link->chain;
    const struct service *service = chain->service;

    if (chain->open && !chain->refuses && service->group == request->group &&
        service->subfunction == request->subfunction && chain->sequence == request->sequence)
        answer_unit(job, request, service);
    else
        answer_error(job, request, request->sequence, SIM_ERR_NOT_NOW);
}

/* A first request ends what was open. Its answer is made beside that, for a turn that is run again. */
static void first_request(struct sim_job *job, const struct s7_userdata *request,
                          const struct service *service)
{
    struct sim_call call = {.job = job,
                            .request = request,
                            .reply = &job->replies[!job->link->chain.which],
                            .sequence = service->sequence};

    uint16_t error = sim_quirk_refuses(job->quirk);

    job->link->chain.open = false;
    if (error == 0)
        error = service->run(&call);
    if (error == 0 && call.wr.full)
        error = S7_ERR_RESOURCES;
    if (error != 0)
        answer_error(job, request, call.sequence, error);
    else
        answer_first(&call, service);
}

/* Go by the sequence, not by the method: some clients ask for the next unit as for a first one. */
static bool is_follow_up(const struct s7_userdata *request)
{
    return request->sequence != 0 && request->payload_len == 0;
}

/* Nothing is ever met with silence: who gets no answer waits for its whole timeout. */
void sim_userdata(struct sim_job *job)
{
    struct s7_userdata request;

    if (s7_userdata_decode(job->pdu, &request) != S7_OK) {
        sim_job_refuse(job, S7_ERR_FRAME_SIZE);
        return;
    }
    const struct service *service =
        request.type == S7_USERDATA_REQUEST ? find(request.group, request.subfunction) : NULL;
    if (service == NULL || sim_lacks_userdata(job, request.group, request.subfunction))
        answer_error(job, &request, request.sequence == 0 ? 1 : request.sequence, S7_ERR_NOT_IMPLEMENTED);
    else if (is_follow_up(&request))
        follow_up(job, &request);
    else
        first_request(job, &request, service);
}
