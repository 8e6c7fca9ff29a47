/* What is said when a PLC does not have a service. */
#include "cli/cli.h"

#include "protocol/errors.h"

/* 8104, 8100 and D405: the service; 8702, D401 and D402: this module, this list. */
bool cli_not_offered(s7_status status, const s7_errinfo *err)
{
    static const uint16_t errors[] = {S7_ERR_NOT_IMPLEMENTED, 0x8100, 0x8702, 0xD401, 0xD402, 0xD405};

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (status == S7_E_PLC && err->plc_error == errors[i])
            return true;
    return false;
}

int cli_fail_service(const struct cli_command *self, const char *what, s7_status status,
                     const s7_errinfo *err)
{
    if (!cli_not_offered(status, err))
        return cli_fail(self, status, err);
    fprintf(stderr, "s7rig %s: this PLC does not %s: it answered with error %04X\n", self->name, what,
            err->plc_error);
    fprintf(stderr,
            "s7rig %s: try: read, write, scan and dump, which do not need it; S7-300 and S7-400 have it, "
            "S7-1200, S7-1500 and simulators may not\n",
            self->name);
    return CLI_FAILED;
}
