/* Which slots and connection types a PLC lets in. */
#include "cli/doctor.h"

#include "client/endpoint.h"

#include <string.h>

#define WAY_MS 1000 /* for one of them: the PLC answered within the first's time already */

static const uint8_t types[] = {S7_CONN_OP, S7_CONN_PG, S7_CONN_BASIC};
static const uint8_t slots[] = {1, 2, 3, 0, 4, 5};

const char *doctor_type_name(uint8_t conn_type)
{
    static const char *const names[] = {"?", "pg", "op", "basic"};

    return names[conn_type <= S7_CONN_BASIC ? conn_type : 0];
}

bool doctor_settle(const char *endpoint, s7_client_options *options, char place[DOCTOR_PLACE_CAP])
{
    struct s7_client_endpoint where;

    if (s7_client_endpoint_parse(endpoint, &where, options, NULL) != S7_OK)
        return false;
    bool v6 = strchr(where.host, ':') != NULL;
    snprintf(place, DOCTOR_PLACE_CAP, "%s%s%s:%u", v6 ? "[" : "", where.host, v6 ? "]" : "", where.port);
    return true;
}

static s7_status try_way(const char *place, const s7_client_options *base, struct doctor_way way)
{
    s7_client_options options = *base;
    s7_client *client;

    options.remote_tsap = 0; /* it would win over type and slot */
    options.conn_type = way.conn_type;
    options.slot = way.slot;
    s7_status status = s7_client_new(place, &options, &client, NULL);
    if (status != S7_OK)
        return status;
    status = s7_client_connect(client, S7_WITHIN(WAY_MS));
    s7_client_free(client);
    return status;
}

/* That slot with each type first, then the other slots: a type that is full is told from a wrong slot. */
static size_t list_ways(const s7_client_options *refused, struct doctor_way *ways)
{
    struct doctor_way own = {refused->conn_type, refused->slot};
    size_t n = 0;

    for (size_t t = 0; t < sizeof types; t++)
        if (types[t] != own.conn_type)
            ways[n++] = (struct doctor_way){types[t], own.slot};
    for (size_t s = 0; s < sizeof slots; s++)
        for (size_t t = 0; t < sizeof types; t++)
            if (slots[s] != own.slot)
                ways[n++] = (struct doctor_way){types[t], slots[s]};
    return n;
}

size_t doctor_other_ways(const char *place, const s7_client_options *options,
                         struct doctor_way ways[DOCTOR_MAX_WAYS])
{
    struct doctor_way all[DOCTOR_MAX_WAYS];
    size_t n = 0, n_all = list_ways(options, all);

    for (size_t i = 0; i < n_all; i++) {
        s7_status status = try_way(place, options, all[i]);

        if (status == S7_OK)
            ways[n++] = all[i];
        else if (status != S7_E_COTP_REFUSED)
            break;
    }
    return n;
}
