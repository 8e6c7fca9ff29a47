/* What a failure at each step means, and what to do. */
#include "cli/doctor.h"

#include "protocol/errors.h"

#include <string.h>

enum doctor_step doctor_step_of(s7_status status, const s7_errinfo *err)
{
    switch (status) {
    case S7_E_COTP_REFUSED:
        return DOCTOR_COTP;
    case S7_E_NEGOTIATION:
        return DOCTOR_SETUP;
    case S7_E_FRAME: /* the session tells S7's and COTP's frames apart in words only */
    case S7_E_TIMEOUT:
    case S7_E_CLOSED:
    case S7_E_RESET:
        if (strstr(err->came, "S7") != NULL || strstr(err->came, "setup communication") != NULL)
            return DOCTOR_SETUP;
        return strstr(err->came, "TCP connection request") != NULL ? DOCTOR_TCP : DOCTOR_COTP;
    default:
        return DOCTOR_TCP;
    }
}

/* Connecting. */
static const struct {
    enum doctor_step step;
    s7_status status;
    const char *hint;
} connecting[] = {
    {DOCTOR_TCP, S7_E_REFUSED,
     "the machine is there, nothing listens on that port: 102 is a PLC's, 10102 that of s7rig's simulator; "
     "is the CP or the CPU's Ethernet port configured, does a firewall reject it?"},
    {DOCTOR_TCP, S7_E_TIMEOUT,
     "no such machine, or a firewall on the way drops it: ping it, check the address and that TCP port 102 "
     "is let through"},
    {DOCTOR_COTP, S7_E_TIMEOUT,
     "something took the connection and says nothing: no S7 PLC, a port forwarding without a PLC behind it, "
     "or a PLC that hangs"},
    {DOCTOR_COTP, S7_E_FRAME, "what listens there is no S7 PLC: check address and port"},
    {DOCTOR_SETUP, S7_E_FRAME,
     "what listens there speaks ISO-on-TCP, but not classic S7: check address and port"},
    {DOCTOR_SETUP, S7_E_TIMEOUT,
     "the PLC takes the connection and does not answer S7: it starts, hangs, or is a gateway without its "
     "PLC"},
    {DOCTOR_SETUP, S7_E_CLOSED,
     "no classic S7 there, or the PLC is full: close other connections, try again"},
    {DOCTOR_SETUP, S7_E_RESET, "no classic S7 there, or the PLC is full: close other connections, try again"},
    {DOCTOR_SETUP, S7_E_NEGOTIATION, "ask for less: --pdu 240"},
};

static const char put_get[] =
    "PUT/GET is not permitted: in TIA Portal, properties of the CPU, Protection & Security, Connection "
    "mechanisms, permit access with PUT/GET; then download. S7-300/400: look at the protection level";

static const char optimized[] =
    "there is no such DB (s7rig scan finds those there are), or (S7-1200/1500) it has optimized access: "
    "properties "
    "of the DB, Attributes, switch off Optimized block access, compile and download";

static const char db_short[] = "the DB is empty, or (S7-1200/1500) it has optimized access: properties of "
                               "the DB, Attributes, switch off Optimized block access, compile and download";

static bool is_locked(s7_status status, const s7_errinfo *err)
{
    return status == S7_E_ITEM_ACCESS || (status == S7_E_PLC && (err->plc_error == S7_ERR_NOT_IMPLEMENTED ||
                                                                 err->plc_error == S7_ERR_ACCESS));
}

static const char *read_hint(enum doctor_step step, s7_status status, const s7_errinfo *err)
{
    if (is_locked(status, err))
        return put_get;
    if (step != DOCTOR_DB)
        return err->hint;
    if (status == S7_E_ITEM_MISSING)
        return optimized;
    return status == S7_E_ITEM_ADDRESS ? db_short : err->hint;
}

static const char *hint_for(enum doctor_step step, s7_status status, const s7_errinfo *err)
{
    if (step == DOCTOR_MEMORY || step == DOCTOR_DB)
        return read_hint(step, status, err);
    for (size_t i = 0; i < sizeof connecting / sizeof connecting[0]; i++)
        if (connecting[i].step == step && connecting[i].status == status)
            return connecting[i].hint;
    return err->hint;
}

struct doctor_finding doctor_failed(enum doctor_step step, s7_status status, const s7_errinfo *err)
{
    struct doctor_finding finding = {.step = step, .end = DOCTOR_FAILED};

    snprintf(finding.came, sizeof finding.came, "%s: %s", err->asked, err->came);
    snprintf(finding.hint, sizeof finding.hint, "%s", hint_for(step, status, err));
    return finding;
}
