/* Has a PLC tell two values whenever they change, instead of asking for them again and again.
 *
 *   subscription [ENDPOINT [PUSHES]]      192.168.0.1 unless given: an S7-400; ends after so many pushes */
#include <s7rig/push.h>

#include <stdio.h>
#include <stdlib.h>

static const char *const names[] = {"conveyor_speed", "bottles_rejected"};
static const char *const addresses[] = {"DB1.DBD0:REAL", "DB1.DBW8:INT"};
#define N_TAGS 2

/* The first push has all values; later ones too, and say which of them are others than before. */
static void print_changes(const s7_push *push)
{
    char text[40];

    for (size_t i = 0; i < push->n_items && i < N_TAGS; i++) {
        if (!push->changed[i])
            continue;
        s7_status status = s7_push_text(push, i, text, sizeof text);
        printf("%s = %s\n", names[i], status == S7_OK ? text : s7_strerror(status));
    }
    fflush(stdout);
}

static s7_status subscribe(s7_client *plc, const s7_ctx *ctx)
{
    s7_address tags[N_TAGS];
    s7_subscribe_options options;
    uint32_t subscription;

    for (size_t i = 0; i < N_TAGS; i++)
        if (s7_address_parse(addresses[i], &tags[i], NULL) != S7_OK)
            return S7_E_SYNTAX;
    s7_subscribe_options_init(&options);
    options.period_ms = 1000; /* the PLC looks once a second */
    return s7_subscribe(plc, ctx, &options, tags, N_TAGS, &subscription);
}

/* Nothing comes while nothing changes: waits as long as it takes, or until the connection ends. */
static s7_status follow(s7_client *plc, s7_errinfo *err, long pushes)
{
    s7_ctx within_5s = {.struct_size = sizeof within_5s, .timeout_ms = 5000, .err = err};
    s7_ctx forever = {.struct_size = sizeof forever, .timeout_ms = -1, .err = err};
    s7_push push = {.struct_size = sizeof push};

    s7_status status = s7_client_connect(plc, &within_5s);
    if (status == S7_OK)
        status = subscribe(plc, &within_5s);
    for (long i = 0; status == S7_OK && i < pushes; i++) {
        status = s7_push_next(plc, &forever, &push);
        if (status == S7_OK && push.kind == S7_PUSH_VALUES)
            print_changes(&push);
    }
    return status;
}

int main(int argc, char **argv)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_client *plc = NULL;
    char text[600];

    s7_status status = s7_client_new(argc > 1 ? argv[1] : "192.168.0.1", NULL, &plc, &err);
    if (status == S7_OK)
        status = follow(plc, &err, argc > 2 ? strtol(argv[2], NULL, 10) : 1000000);
    if (status == S7_E_PLC && err.plc_error == 0x8104) {
        fprintf(stderr, "subscription: this PLC tells nothing by itself; read in a loop, as tag_list does\n");
    } else if (status != S7_OK) {
        s7_errinfo_format(&err, text, sizeof text);
        fprintf(stderr, "subscription: %s\n", text);
    }
    s7_client_free(plc);
    return status == S7_OK ? 0 : 1;
}
