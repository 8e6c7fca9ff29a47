/* Services about blocks. */
#include "client/services.h"

#include "client/report.h"
#include "protocol/blocks.h"
#include "protocol/userdata.h"

#include <stdio.h>

#define ERROR_NO_BLOCK 0xD20E /* none of the type */

static const struct {
    s7_block_type type;
    const char *name;
} types[] = {
    {S7_BLOCK_OB, "OB"}, {S7_BLOCK_DB, "DB"},   {S7_BLOCK_SDB, "SDB"}, {S7_BLOCK_FC, "FC"},
    {S7_BLOCK_FB, "FB"}, {S7_BLOCK_SFC, "SFC"}, {S7_BLOCK_SFB, "SFB"},
};

/* NULL: not a type. */
static const char *type_name(s7_block_type type)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].type == type)
            return types[i].name;
    return NULL;
}

const char *s7_block_type_name(s7_block_type type)
{
    const char *name = type_name(type);

    return name != NULL ? name : "";
}

static const char no_type[] = "not a type of blocks";

/* ---- counts ---- */

#define COUNTS_CAP (16 * S7_BLOCK_COUNT_LEN)

static void take_count(uint8_t type, uint16_t count, s7_block_counts *counts)
{
    const struct {
        s7_block_type type;
        uint16_t *count;
    } places[] = {
        {S7_BLOCK_OB, &counts->ob},   {S7_BLOCK_FB, &counts->fb},   {S7_BLOCK_FC, &counts->fc},
        {S7_BLOCK_DB, &counts->db},   {S7_BLOCK_SDB, &counts->sdb}, {S7_BLOCK_SFC, &counts->sfc},
        {S7_BLOCK_SFB, &counts->sfb},
    };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (places[i].type == (s7_block_type)type)
            *places[i].count = count;
}

static s7_status finish_counts(struct s7_errand *errand, char detail[S7_ERRAND_DETAIL_CAP])
{
    const struct s7_service *service = &errand->service;
    struct s7_rd rd = {service->own, service->len};
    s7_block_counts made = {0};
    uint16_t count;
    uint8_t type;

    if (service->len == 0 || service->len > service->cap)
        return s7_errand_bad(detail, "the answer has no or too many types");
    while (rd.left > 0) {
        if (!s7_block_count_decode(&rd, &type, &count))
            return s7_errand_bad(detail, "the answer is no list of types and counts");
        take_count(type, count, &made);
    }
    s7_services_give(errand->to, &made, sizeof made);
    return S7_OK;
}

const char *s7_errand_blocks_count(struct s7_errand *errand, s7_block_counts *counts)
{
    s7_errand_init(errand, "count the blocks of", false);
    s7_service_userdata(&errand->service, S7_GROUP_BLOCKS, S7_BLOCKS_COUNT, NULL, 0, NULL, COUNTS_CAP);
    errand->finish = finish_counts;
    errand->to = counts;
    return s7_services_struct(counts) ? NULL : "counts is NULL or has no struct_size";
}

s7_status s7_blocks_count(s7_client *client, const s7_ctx *ctx, s7_block_counts *counts)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_blocks_count(&errand, counts));
}

/* ---- lists ---- */

_Static_assert(sizeof(s7_block_entry) == S7_BLOCK_ENTRY_LEN, "entries are decoded where they were received");

static void decode_entries(s7_block_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct s7_rd rd = {(const uint8_t *)&entries[i], S7_BLOCK_ENTRY_LEN};
        struct s7_block_listed listed = {0};

        if (s7_block_listed_decode(&rd, &listed))
            entries[i] = (s7_block_entry){listed.number, listed.flags, listed.language};
    }
}

static s7_status finish_list(struct s7_errand *errand, char detail[S7_ERRAND_DETAIL_CAP])
{
    size_t n = errand->service.len / S7_BLOCK_ENTRY_LEN;

    if (errand->service.len % S7_BLOCK_ENTRY_LEN != 0)
        return s7_errand_bad(detail, "the list ends within an entry");
    *errand->n = n;
    decode_entries(errand->to, n < errand->cap ? n : errand->cap);
    return n > errand->cap ? s7_errand_too_large(detail, "blocks", n, errand->cap) : S7_OK;
}

const char *s7_errand_blocks_list(struct s7_errand *errand, s7_block_type type, s7_block_entry *entries,
                                  size_t cap, size_t *n)
{
    uint8_t payload[8];
    struct s7_wr wr = {.buf = payload, .cap = sizeof payload};
    char what[S7_ERRAND_WHAT_CAP];

    if (n == NULL || (entries == NULL && cap > 0))
        return "entries or n is NULL";
    if (type_name(type) == NULL)
        return no_type;
    snprintf(what, sizeof what, "list the %ss of", type_name(type));
    s7_errand_init(errand, what, false);
    s7_blocks_of_type_append(&wr, (uint8_t)type);
    s7_service_userdata(&errand->service, S7_GROUP_BLOCKS, S7_BLOCKS_OF_TYPE, payload, wr.len, entries,
                        cap < S7_SERVICE_MAX ? cap * sizeof *entries : S7_SERVICE_MAX);
    errand->service.empty_error = ERROR_NO_BLOCK;
    errand->finish = finish_list;
    errand->to = entries;
    errand->n = n;
    errand->cap = cap;
    return NULL;
}

s7_status s7_blocks_list(s7_client *client, const s7_ctx *ctx, s7_block_type type, s7_block_entry *entries,
                         size_t cap, size_t *n)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_blocks_list(&errand, type, entries, cap, n));
}

/* ---- one block ---- */

static s7_status finish_info(struct s7_errand *errand, char detail[S7_ERRAND_DETAIL_CAP])
{
    const struct s7_service *service = &errand->service;
    struct s7_block_details said;

    if (service->len != S7_BLOCK_INFO_LEN || !s7_block_details_decode(service->own, service->len, &said))
        return s7_errand_bad(detail, "the answer is not the 78 bytes of a block's details");
    s7_block_info made = {.number = said.number,
                          .flags = said.flags,
                          .language = said.language,
                          .version = said.version,
                          .protected_block = (said.security & 3) != 0,
                          .checksum = said.checksum,
                          .load_len = said.load_len,
                          .data_len = said.mc7_len,
                          .local_len = said.local_len,
                          .code_time = said.code_time,
                          .interface_time = said.interface_time};
    memcpy(made.author, said.author, sizeof made.author);
    memcpy(made.family, said.family, sizeof made.family);
    memcpy(made.name, said.name, sizeof made.name);
    s7_services_give(errand->to, &made, sizeof made);
    return S7_OK;
}

const char *s7_errand_block_info(struct s7_errand *errand, s7_block_type type, uint16_t number,
                                 s7_block_info *info)
{
    uint8_t payload[16];
    struct s7_wr wr = {.buf = payload, .cap = sizeof payload};
    char what[S7_ERRAND_WHAT_CAP];

    if (!s7_services_struct(info))
        return "info is NULL or has no struct_size";
    if (type_name(type) == NULL)
        return no_type;
    snprintf(what, sizeof what, "read the details of %s%u of", type_name(type), number);
    s7_errand_init(errand, what, false);
    s7_block_info_append(&wr, (uint8_t)type, number);
    s7_service_userdata(&errand->service, S7_GROUP_BLOCKS, S7_BLOCKS_INFO, payload, wr.len, NULL,
                        S7_BLOCK_INFO_LEN);
    errand->finish = finish_info;
    errand->to = info;
    return NULL;
}

s7_status s7_block_info_get(s7_client *client, const s7_ctx *ctx, s7_block_type type, uint16_t number,
                            s7_block_info *info)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_block_info(&errand, type, number, info));
}

static s7_status finish_upload(struct s7_errand *errand, char detail[S7_ERRAND_DETAIL_CAP])
{
    const struct s7_service *service = &errand->service;

    *errand->n = service->len;
    return service->len > service->cap ? s7_errand_too_large(detail, "bytes", service->len, service->cap)
                                       : S7_OK;
}

const char *s7_errand_block_upload(struct s7_errand *errand, s7_block_type type, uint16_t number, void *dst,
                                   size_t cap, size_t *len)
{
    char what[S7_ERRAND_WHAT_CAP];

    if (len == NULL || (dst == NULL && cap > 0))
        return "dst or len is NULL";
    if (type_name(type) == NULL)
        return no_type;
    snprintf(what, sizeof what, "upload %s%u of", type_name(type), number);
    s7_errand_init(errand, what, false);
    s7_service_upload(&errand->service, (uint8_t)type, number, dst, cap);
    errand->finish = finish_upload;
    errand->n = len;
    return NULL;
}

s7_status s7_block_upload(s7_client *client, const s7_ctx *ctx, s7_block_type type, uint16_t number,
                          void *dst, size_t cap, size_t *len)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_block_upload(&errand, type, number, dst, cap, len));
}

/* ---- giving and taking away ---- */

s7_status s7_block_head_get(const void *block, size_t len, s7_block_head *head, s7_errinfo *err)
{
    struct s7_block_file file;
    char text[96];
    const char *why = block != NULL && s7_services_struct(head)
                          ? s7_download_check(block, len, &file, text, sizeof text)
                          : "block or head is NULL, or head has no struct_size";

    if (why != NULL) {
        s7_errinfo made = S7_ERRINFO_INIT;

        s7_report_came(&made, S7_E_ARG, why);
        s7_report_give(err, &made);
        return S7_E_ARG;
    }
    s7_block_head made = {.type = (s7_block_type)s7_block_type_of(file.subtype),
                          .number = file.number,
                          .language = file.language,
                          .load_len = file.len,
                          .data_len = file.mc7_len};
    s7_services_give(head, &made, sizeof made);
    return S7_OK;
}

const char *s7_services_download_fault(s7_block_type type, const void *block)
{
    if (block == NULL)
        return "block is NULL";
    if (type_name(type) == NULL)
        return no_type;
    if (type == S7_BLOCK_SFC || type == S7_BLOCK_SFB)
        return "SFCs and SFBs are in the CPU's firmware";
    return NULL;
}

s7_status s7_block_download(s7_client *client, const s7_ctx *ctx, s7_block_type type, uint16_t number,
                            const void *block, size_t len)
{
    struct s7_download download;
    struct s7_service_call call = {client, ctx, download.what, true};
    const char *fault = s7_services_download_fault(type, block);

    if (fault == NULL)
        fault = s7_download_begin(&download, (uint8_t)type, type_name(type), number, block, len);
    if (fault != NULL)
        return s7_client_refuse(client, ctx, fault);
    return s7_services_download(&call, &download);
}

const char *s7_errand_block_delete(struct s7_errand *errand, s7_block_type type, uint16_t number)
{
    char what[S7_ERRAND_WHAT_CAP];

    if (type_name(type) == NULL)
        return no_type;
    snprintf(what, sizeof what, "delete %s%u in", type_name(type), number);
    s7_errand_init(errand, what, true);
    s7_service_block_control(&errand->service, S7_BLOCK_DELETE, (uint8_t)type, number);
    return NULL;
}

s7_status s7_block_delete(s7_client *client, const s7_ctx *ctx, s7_block_type type, uint16_t number)
{
    struct s7_errand errand;

    return s7_errand_run(client, ctx, &errand, s7_errand_block_delete(&errand, type, number));
}
