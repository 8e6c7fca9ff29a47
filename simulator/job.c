#include "job.h"

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
};

static const struct sim_service *find(const struct s7_pdu *pdu)
{
    if (pdu->rosctr != S7_ROSCTR_JOB || pdu->param_len == 0)
        return NULL;
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (services[i].function == pdu->param[0])
            return &services[i];
    return NULL;
}

bool sim_job_writes(const struct s7_pdu *pdu)
{
    const struct sim_service *service = find(pdu);

    return service != NULL && service->writes;
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
    const struct sim_service *service = find(job->pdu);
    bool early = !job->link->setup_done && !job->plc->who->serves_before_setup;

    if (pdu_len(job->pdu) > job->link->pdu_len)
        sim_job_refuse(job, S7_ERR_FRAME_SIZE);
    else if (job->pdu->rosctr == S7_ROSCTR_USERDATA && !early)
        sim_userdata(job);
    else if (service == NULL || (early && !service->before_setup))
        sim_job_refuse(job, S7_ERR_NOT_IMPLEMENTED);
    else
        service->run(job);
    if (job->answer->full) /* more than the granted PDU length */
        sim_job_refuse(job, S7_ERR_FRAME_SIZE);
}
