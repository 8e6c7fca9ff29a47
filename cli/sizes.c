#include "cli/sizes.h"

#include "loop/blocking.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* Bytes tried by one call, which has one deadline; the client packs them. */
#define AT_ONCE 256
/* With a rate: they go into one job, PDU length 240 takes 18. */
#define AT_A_TIME 18

void sizes_begin(struct sizes *sizes, s7_client *client, uint32_t rate)
{
    *sizes = (struct sizes){.client = client, .rate = rate, .begun_ns = s7_now_ns()};
    sizes->err = (s7_errinfo)S7_ERRINFO_INIT;
    sizes->jobs_before = sizes_jobs(sizes);
}

uint64_t sizes_jobs(const struct sizes *sizes)
{
    s7_client_info info = {.struct_size = sizeof info};

    return s7_client_info_get(sizes->client, &info) == S7_OK ? info.requests - sizes->jobs_before : 0;
}

/* Wait until the jobs so far are no more than the rate allows. */
static void pace(const struct sizes *sizes)
{
    if (sizes->rate == 0)
        return;
    int64_t due_ns = sizes->begun_ns + (int64_t)(sizes_jobs(sizes) * 1000000000U / sizes->rate);

    for (int64_t left_ns; (left_ns = due_ns - s7_now_ns()) > 0;)
        poll(NULL, 0, left_ns < 1000000000 ? (int)(left_ns / 1000000) + 1 : 1000);
}

/* ---- probing ---- */

/* A round's bytes, as far as they go into one call. */
struct batch {
    struct probe *probes[AT_ONCE];
    s7_item items[AT_ONCE];
    uint8_t bytes[AT_ONCE];
    size_t n;
};

static void batch_add(struct batch *batch, struct probe *probe, uint32_t byte)
{
    size_t i = batch->n++;

    batch->probes[i] = probe;
    batch->items[i] = (s7_item){
        .address = {.area = probe->area, .db = probe->db, .byte = byte, .type = S7_TYPE_BYTE, .count = 1},
        .data = &batch->bytes[i],
        .len = 1};
}

static s7_status batch_run(struct sizes *sizes, struct batch *batch)
{
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &sizes->err};
    s7_status status;

    if (batch->n == 0)
        return S7_OK;
    pace(sizes);
    status = s7_read_multi(sizes->client, &ctx, batch->items, batch->n);
    if (status != S7_OK && status != S7_E_PARTIAL)
        return status;
    for (size_t i = 0; i < batch->n; i++)
        probe_take(batch->probes[i], batch->items[i].status);
    batch->n = 0;
    return S7_OK;
}

/* One byte of each that is not done; *done: there was none. */
static s7_status probe_round(struct sizes *sizes, struct batch *batch, struct probe *probes, size_t n,
                             bool *done)
{
    size_t cap = sizes->rate > 0 ? AT_A_TIME : AT_ONCE;
    s7_status status = S7_OK;
    uint32_t byte;

    *done = true;
    for (size_t i = 0; i < n && status == S7_OK; i++) {
        if (!probe_next(&probes[i], &byte))
            continue;
        *done = false;
        batch_add(batch, &probes[i], byte);
        if (batch->n == cap)
            status = batch_run(sizes, batch);
    }
    return status == S7_OK ? batch_run(sizes, batch) : status;
}

s7_status sizes_probe(struct sizes *sizes, struct probe *probes, size_t n)
{
    struct batch *batch = calloc(1, sizeof *batch);
    s7_status status = batch != NULL ? S7_OK : S7_E_NOMEM;

    for (bool done = false; status == S7_OK && !done;)
        status = probe_round(sizes, batch, probes, n, &done);
    free(batch);
    return status;
}

/* ---- as the PLC says ---- */

static int compare(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

#define LIST_CAP 16384 /* s7_blocks_list takes no more */

s7_status sizes_list(struct sizes *sizes, uint16_t **numbers, size_t *n)
{
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &sizes->err};
    s7_block_entry *entries = calloc(LIST_CAP, sizeof *entries);
    uint16_t *made = calloc(LIST_CAP, sizeof *made);
    s7_status status = entries != NULL && made != NULL ? S7_OK : S7_E_NOMEM;

    if (status == S7_OK)
        status = s7_blocks_list(sizes->client, &ctx, S7_BLOCK_DB, entries, LIST_CAP, n);
    if (status == S7_OK) {
        for (size_t i = 0; i < *n; i++)
            made[i] = entries[i].number;
        qsort(made, *n, sizeof *made, compare);
        *numbers = made;
    } else {
        free(made);
    }
    free(entries);
    return status;
}

s7_status sizes_told(struct sizes *sizes, uint16_t db, uint32_t *size)
{
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &sizes->err};
    s7_block_info info = {.struct_size = sizeof info};

    pace(sizes);
    s7_status status = s7_block_info_get(sizes->client, &ctx, S7_BLOCK_DB, db, &info);
    if (status == S7_OK)
        *size = info.data_len < UINT16_MAX ? info.data_len : SIZES_UNTOLD;
    return status;
}
