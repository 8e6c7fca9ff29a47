/* What a CPU does not do: which words of personality.lacks stand for which services, and the switch PUT/GET.
 */
#include "job.h"

#include "protocol/control.h"
#include "protocol/userdata.h"

#include <string.h>

static const struct {
    uint8_t function;
    uint32_t lack;
} jobs[] = {{S7_FN_UPLOAD_START, PLANT_LACKS_UPLOAD}, {S7_FN_UPLOAD, PLANT_LACKS_UPLOAD},
            {S7_FN_UPLOAD_END, PLANT_LACKS_UPLOAD},   {S7_FN_DOWNLOAD_START, PLANT_LACKS_DOWNLOAD},
            {S7_FN_DOWNLOAD, PLANT_LACKS_DOWNLOAD},   {S7_FN_DOWNLOAD_END, PLANT_LACKS_DOWNLOAD},
            {S7_FN_PLC_STOP, PLANT_LACKS_START_STOP}};

/* PI services, by the name at the end of their parameters. */
static const struct {
    const char *name;
    uint32_t lack;
} controls[] = {{"P_PROGRAM", PLANT_LACKS_START_STOP}, {"_INSE", PLANT_LACKS_DOWNLOAD},
                {"_DELE", PLANT_LACKS_DELETE},         {"_GARB", PLANT_LACKS_COMPRESS},
                {"_MODU", PLANT_LACKS_COPY},           {"_PLC_MEMORYRESET", PLANT_LACKS_RESET}};

#define ANY 0xFF

static const struct {
    uint8_t group, subfunction;
    uint32_t lack;
} services[] = {{S7_GROUP_CPU, S7_CPU_READ_SZL, PLANT_LACKS_SZL},
                {S7_GROUP_CPU, ANY, PLANT_LACKS_MESSAGES},
                {S7_GROUP_BLOCKS, ANY, PLANT_LACKS_BLOCKS},
                {S7_GROUP_SECURITY, ANY, PLANT_LACKS_PASSWORD},
                {S7_GROUP_CLOCK, S7_CLOCK_READ, PLANT_LACKS_CLOCK_READ},
                {S7_GROUP_CLOCK, S7_CLOCK_READ + 2, PLANT_LACKS_CLOCK_READ},
                {S7_GROUP_CLOCK, ANY, PLANT_LACKS_CLOCK_SET},
                {S7_GROUP_PROGRAMMER, ANY, PLANT_LACKS_TEST},
                {S7_GROUP_CYCLIC, ANY, PLANT_LACKS_CYCLIC}};

static uint32_t lack_of_control(const struct s7_pdu *pdu)
{
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
        size_t len = strlen(controls[i].name);
        if (pdu->param_len > len && pdu->param[pdu->param_len - len - 1] == len &&
            memcmp(pdu->param + pdu->param_len - len, controls[i].name, len) == 0)
            return controls[i].lack;
    }
    return 0;
}

static bool may_put_and_get(const struct sim_plc *plc)
{
    return plc->row->put_get >= 0 ? plc->row->put_get != 0 : plc->who->put_get;
}

bool sim_lacks_job(const struct sim_job *job)
{
    uint8_t function = job->pdu->param_len > 0 ? job->pdu->param[0] : 0;
    uint32_t lack = function == S7_FN_PI_SERVICE ? lack_of_control(job->pdu) : 0;

    if (job->pdu->rosctr != S7_ROSCTR_JOB)
        return false;
    if (function == S7_FN_READ_VAR || function == S7_FN_WRITE_VAR)
        return !may_put_and_get(job->plc);
    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++)
        if (jobs[i].function == function)
            lack = jobs[i].lack;
    return (job->plc->who->lacks & lack) != 0;
}

bool sim_lacks_userdata(const struct sim_job *job, uint8_t group, uint8_t subfunction)
{
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (services[i].group == group &&
            (services[i].subfunction == subfunction || services[i].subfunction == ANY))
            return (job->plc->who->lacks & services[i].lack) != 0;
    return false;
}
