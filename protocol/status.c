#include <s7rig/status.h>

#include <stdio.h>

static const struct {
    s7_status status;
    const char *name;
    const char *text;
} statuses[] = {
    {S7_OK, "S7_OK", "success"},
    {S7_E_ARG, "S7_E_ARG", "an argument is out of its range"},
    {S7_E_MISUSE, "S7_E_MISUSE", "not allowed in this state"},
    {S7_E_NOMEM, "S7_E_NOMEM", "out of memory"},
    {S7_E_UNSUPPORTED, "S7_E_UNSUPPORTED", "not supported"},
    {S7_E_FORKED, "S7_E_FORKED", "it belongs to the parent of this process"},
    {S7_E_GUARDED, "S7_E_GUARDED", "the options of this client forbid it"},
    {S7_E_TIMEOUT, "S7_E_TIMEOUT", "the deadline passed"},
    {S7_E_CANCELLED, "S7_E_CANCELLED", "cancelled by the caller"},
    {S7_E_RESOLVE, "S7_E_RESOLVE", "the host name has no address"},
    {S7_E_REFUSED, "S7_E_REFUSED", "connection refused"},
    {S7_E_UNREACHABLE, "S7_E_UNREACHABLE", "no route to the host"},
    {S7_E_CLOSED, "S7_E_CLOSED", "the peer closed the connection"},
    {S7_E_RESET, "S7_E_RESET", "the peer reset the connection"},
    {S7_E_IO, "S7_E_IO", "input/output error"},
    {S7_E_NOT_CONNECTED, "S7_E_NOT_CONNECTED", "no S7 connection is up"},
    {S7_E_ADDRESS_IN_USE, "S7_E_ADDRESS_IN_USE", "another program listens on this address and port"},
    {S7_E_COTP_REFUSED, "S7_E_COTP_REFUSED", "the peer refused the COTP connection"},
    {S7_E_FRAME, "S7_E_FRAME", "the bytes are not a valid TPKT, COTP or S7 frame"},
    {S7_E_TRUNCATED, "S7_E_TRUNCATED", "the frame is not complete yet"},
    {S7_E_NEGOTIATION, "S7_E_NEGOTIATION", "setup communication failed"},
    {S7_E_PROTOCOL, "S7_E_PROTOCOL", "the answer does not fit the request"},
    {S7_E_PLC, "S7_E_PLC", "the PLC refused the job"},
    {S7_E_ITEM_HARDWARE, "S7_E_ITEM_HARDWARE", "hardware fault"},
    {S7_E_ITEM_ACCESS, "S7_E_ITEM_ACCESS", "access not allowed"},
    {S7_E_ITEM_ADDRESS, "S7_E_ITEM_ADDRESS", "address out of range"},
    {S7_E_ITEM_TYPE, "S7_E_ITEM_TYPE", "data type not supported by the PLC"},
    {S7_E_ITEM_INCONSISTENT, "S7_E_ITEM_INCONSISTENT", "data type or length inconsistent"},
    {S7_E_ITEM_MISSING, "S7_E_ITEM_MISSING", "object does not exist"},
    {S7_E_ITEM_OTHER, "S7_E_ITEM_OTHER", "item refused with an unknown code"},
    {S7_E_PARTIAL, "S7_E_PARTIAL", "some items failed"},
    {S7_E_TOO_LARGE, "S7_E_TOO_LARGE", "too large"},
    {S7_E_CONVERT, "S7_E_CONVERT", "the value does not fit the data type"},
    {S7_E_SYNTAX, "S7_E_SYNTAX", "the text does not parse"},
    {S7_E_OUTCOME_UNKNOWN, "S7_E_OUTCOME_UNKNOWN", "the write may or may not have happened"},
    {S7_E_POOL_CLOSED, "S7_E_POOL_CLOSED", "the pool is closed"},
    {S7_E_POOL_EXHAUSTED, "S7_E_POOL_EXHAUSTED", "all connections of the pool are in use"},
    {S7_E_POOL_QUEUE_FULL, "S7_E_POOL_QUEUE_FULL", "too many callers wait for a connection of the pool"},
    {S7_E_POOL_PAUSED, "S7_E_POOL_PAUSED", "the pool is paused"},
    {S7_E_PLC_DOWN, "S7_E_PLC_DOWN", "no connection to the PLC can be made"},
    {S7_E_BUDGET, "S7_E_BUDGET", "the pool's group allows no more connections to the PLC"},
    {S7_E_STALE_LEASE, "S7_E_STALE_LEASE", "the client was given back to its pool"},
    {S7_E_FOREIGN, "S7_E_FOREIGN", "the client does not belong to this pool"},
    {S7_E_PLANT_MISSING, "S7_E_PLANT_MISSING", "no such plant file"},
    {S7_E_PLANT_SCHEMA, "S7_E_PLANT_SCHEMA", "not a plant file of this version"},
    {S7_E_PLANT_BUSY, "S7_E_PLANT_BUSY", "another program holds the plant file's write lock"},
    {S7_E_PLANT_IO, "S7_E_PLANT_IO", "the plant file cannot be read or written"},
    {S7_E_PLANT_REPLACED, "S7_E_PLANT_REPLACED", "the plant file on disk is another one now"},
};

#define N_STATUSES (sizeof statuses / sizeof statuses[0])

const char *s7_errname(s7_status status)
{
    for (size_t i = 0; i < N_STATUSES; i++)
        if (statuses[i].status == status)
            return statuses[i].name;
    return "S7_E_?";
}

const char *s7_strerror(s7_status status)
{
    for (size_t i = 0; i < N_STATUSES; i++)
        if (statuses[i].status == status)
            return statuses[i].text;
    return "unknown status";
}

/* What no call has written says nothing; "success" would be a lie where one has failed. */
static const char *came_of(const s7_errinfo *info)
{
    if (info->came[0] != '\0')
        return info->came;
    if (info->struct_size == 0)
        return "nothing more is known: struct_size was not set (S7_ERRINFO_INIT)";
    return info->status == S7_OK ? "nothing more is known" : s7_strerror(info->status);
}

size_t s7_errinfo_format(const s7_errinfo *info, char *buf, size_t cap)
{
    const char *came = came_of(info);

    /* The precisions guard against texts that a caller filled to the brim. */
    int len =
        snprintf(buf, cap, "%.*s%s%.*s%s%.*s", S7_ASKED_CAP, info->asked, info->asked[0] != '\0' ? ": " : "",
                 S7_CAME_CAP, came, info->hint[0] != '\0' ? "; try: " : "", S7_HINT_CAP, info->hint);
    return len < 0 ? 0 : (size_t)len;
}
