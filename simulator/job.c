#include "job.h"

#include "userdata.h"

#include "protocol/control.h"

#include <stdlib.h>

typedef void sim_service_fn(struct sim_job *);

static const struct sim_service {
    uint8_t function;
    bool before_setup; /* allowed on a connection without setup communication whatever the personality says */
    bool writes;
    sim_service_fn *run;
} services[] = {
    {S7_FN_SETUP, true, false, sim_setup},
    {S7_FN_READ_VAR, false, false, sim_read_var},
    {S7_FN_WRITE_VAR, false, true, sim_write_var},
    {S7_FN_UPLOAD_START, false, false, sim_upload_start},
    {S7_FN_UPLOAD, false, false, sim_upload},
    {S7_FN_UPLOAD_END, false, false, sim_upload_end},
    {S7_FN_PI_SERVICE, false, true, sim_control},
    {S7_FN_PLC_STOP, false, true, sim_control},
    {S7_FN_DOWNLOAD_START, false, false, sim_download_start},
};

static const struct sim_service *find(uint8_t function)
{
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (services[i].function == function)
            return &services[i];
    return NULL;
}

static const struct sim_service *find_for(const struct s7_pdu *pdu)
{
    return pdu->rosctr != S7_ROSCTR_JOB || pdu->param_len == 0 ? NULL : find(pdu->param[0]);
}

static bool writes(uint8_t rosctr, const uint8_t *param, size_t len)
{
    const struct sim_service *service;

    if (rosctr == S7_ROSCTR_USERDATA)
        return sim_userdata_writes(param, len);
    service = rosctr == S7_ROSCTR_JOB && len > 0 ? find(param[0]) : NULL;
    return service != NULL && service->writes;
}

bool sim_job_writes(const struct s7_pdu *pdu)
{
    return writes(pdu->rosctr, pdu->param, pdu->param_len);
}

bool sim_job_may_write(const uint8_t *bytes, size_t len)
{
    return len <= S7_PDU_HEADER_LEN || writes(bytes[1], bytes + S7_PDU_HEADER_LEN, len - S7_PDU_HEADER_LEN);
}

bool sim_job_is_barred(const struct sim_job *job, uint8_t level)
{
    const struct sim_plc *plc = job->plc;

    if (plc->protection != 0)
        return plc->protection > level && !job->link->legitimate;
    return plc->row->protection > level && plc->row->password[0] != '\0' && !job->link->legitimate;
}

struct sim_tasks *sim_job_tasks(struct sim_job *job, enum sim_task_kind kind)
{
    if (job->tasks[kind] == NULL)
        job->tasks[kind] = calloc(1, sizeof *job->tasks[kind]);
    return job->tasks[kind];
}

void sim_job_refuse(struct sim_job *job, uint16_t error)
{
    job->answer->len = 0;
    job->answer->full = false;
    s7_refusal_encode(job->answer, job->pdu->ref, error);
}

static size_t pdu_len(const struct s7_pdu *pdu)
{
    return S7_PDU_HEADER_LEN + pdu->param_len + pdu->data_len;
}

void sim_job_run(struct sim_job *job)
{
    const struct sim_service *service = find_for(job->pdu);
    bool early = !job->link->setup_done && !job->plc->who->serves_before_setup;

    uint16_t error = sim_quirk_refuses(job->quirk);

    if (sim_download_awaits(job->link, job->pdu))
        sim_download_answer(job);
    else if (pdu_len(job->pdu) > job->link->pdu_len)
        sim_job_refuse(job, S7_ERR_FRAME_SIZE);
    else if (job->pdu->rosctr == S7_ROSCTR_USERDATA && !early)
        sim_userdata(job);
    else if (error != 0)
        sim_job_refuse(job, error);
    else if (service == NULL || (early && !service->before_setup) || sim_lacks_job(job))
        sim_job_refuse(job, S7_ERR_NOT_IMPLEMENTED);
    else
        service->run(job);
    if (job->answer->full) /* more than the granted PDU length */
        sim_job_refuse(job, S7_ERR_FRAME_SIZE);
}
