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

s7_status s7_blocks_count(s7_client *client, const s7_ctx *ctx, s7_block_counts *counts)
{
    struct s7_service_call call = {client, ctx, "count the blocks of", false};
    uint8_t bytes[COUNTS_CAP], type;
    s7_block_counts made = {0};
    struct s7_service service;
    uint16_t count;

    if (!s7_services_struct(counts))
        return s7_client_refuse(client, ctx, "counts is NULL or has no struct_size");
    s7_service_userdata(&service, S7_GROUP_BLOCKS, S7_BLOCKS_COUNT, NULL, 0, bytes, sizeof bytes);
    s7_status status = s7_services_call(&call, &service);
    if (status != S7_OK)
        return status;
    struct s7_rd rd = {bytes, service.len};
    if (service.len == 0 || service.len > sizeof bytes)
        return s7_services_fail(&call, S7_E_PROTOCOL, "the answer has no or too many types");
    while (rd.left > 0) {
        if (!s7_block_count_decode(&rd, &type, &count))
            return s7_services_fail(&call, S7_E_PROTOCOL, "the answer is no list of types and counts");
        take_count(type, count, &made);
    }
    s7_services_give(counts, &made, sizeof made);
    return S7_OK;
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

s7_status s7_blocks_list(s7_client *client, const s7_ctx *ctx, s7_block_type type, s7_block_entry *entries,
                         size_t cap, size_t *n)
{
    char what[32];
    struct s7_service_call call = {client, ctx, what, false};
    struct s7_service service;
    uint8_t payload[8];
    struct s7_wr wr = {.buf = payload, .cap = sizeof payload};

    if (n == NULL || (entries == NULL && cap > 0))
        return s7_client_refuse(client, ctx, "entries or n is NULL");
    if (type_name(type) == NULL)
        return s7_client_refuse(client, ctx, no_type);
    snprintf(what, sizeof what, "list the %ss of", type_name(type));
    s7_blocks_of_type_append(&wr, (uint8_t)type);
    s7_service_userdata(&service, S7_GROUP_BLOCKS, S7_BLOCKS_OF_TYPE, payload, wr.len, entries,
                        cap < S7_SERVICE_MAX ? cap * sizeof *entries : S7_SERVICE_MAX);
    service.empty_error = ERROR_NO_BLOCK;
    s7_status status = s7_services_call(&call, &service);
    if (status != S7_OK)
        return status;
    if (service.len % S7_BLOCK_ENTRY_LEN != 0)
        return s7_services_fail(&call, S7_E_PROTOCOL, "the list ends within an entry");
    *n = service.len / S7_BLOCK_ENTRY_LEN;
    decode_entries(entries, *n < cap ? *n : cap);
    return *n > cap ? s7_services_too_large(&call, "blocks", *n, cap) : S7_OK;
}

/* ---- one block ---- */

s7_status s7_block_info_get(s7_client *client, const s7_ctx *ctx, s7_block_type type, uint16_t number,
                            s7_block_info *info)
{
    char what[48];
    struct s7_service_call call = {client, ctx, what, false};
    uint8_t payload[16], bytes[S7_BLOCK_INFO_LEN];
    struct s7_wr wr = {.buf = payload, .cap = sizeof payload};
    struct s7_block_details said;
    struct s7_service service;

    if (!s7_services_struct(info))
        return s7_client_refuse(client, ctx, "info is NULL or has no struct_size");
    if (type_name(type) == NULL)
        return s7_client_refuse(client, ctx, no_type);
    snprintf(what, sizeof what, "read the details of %s%u of", type_name(type), number);
    s7_block_info_append(&wr, (uint8_t)type, number);
    s7_service_userdata(&service, S7_GROUP_BLOCKS, S7_BLOCKS_INFO, payload, wr.len, bytes, sizeof bytes);
    s7_status status = s7_services_call(&call, &service);
    if (status != S7_OK)
        return status;
    if (service.len != sizeof bytes || !s7_block_details_decode(bytes, sizeof bytes, &said))
        return s7_services_fail(&call, S7_E_PROTOCOL, "the answer is not the 78 bytes of a block's details");
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
    s7_services_give(info, &made, sizeof made);
    return S7_OK;
}

s7_status s7_block_upload(s7_client *client, const s7_ctx *ctx, s7_block_type type, uint16_t number,
                          void *dst, size_t cap, size_t *len)
{
    char what[32];
    struct s7_service_call call = {client, ctx, what, false};
    struct s7_service service;

    if (len == NULL || (dst == NULL && cap > 0))
        return s7_client_refuse(client, ctx, "dst or len is NULL");
    if (type_name(type) == NULL)
        return s7_client_refuse(client, ctx, no_type);
    snprintf(what, sizeof what, "upload %s%u of", type_name(type), number);
    s7_service_upload(&service, (uint8_t)type, number, dst, cap);
    s7_status status = s7_services_call(&call, &service);
    if (status != S7_OK)
        return status;
    *len = service.len;
    return *len > cap ? s7_services_too_large(&call, "bytes", *len, cap) : S7_OK;
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

s7_status s7_block_download(s7_client *client, const s7_ctx *ctx, s7_block_type type, uint16_t number,
                            const void *block, size_t len)
{
    struct s7_download download;
    struct s7_service_call call = {client, ctx, download.what, true};

    if (block == NULL)
        return s7_client_refuse(client, ctx, "block is NULL");
    if (type_name(type) == NULL)
        return s7_client_refuse(client, ctx, no_type);
    if (type == S7_BLOCK_SFC || type == S7_BLOCK_SFB)
        return s7_client_refuse(client, ctx, "SFCs and SFBs are in the CPU's firmware");
    const char *why = s7_download_begin(&download, (uint8_t)type, type_name(type), number, block, len);
    if (why != NULL)
        return s7_client_refuse(client, ctx, why);
    return s7_services_download(&call, &download);
}

s7_status s7_block_delete(s7_client *client, const s7_ctx *ctx, s7_block_type type, uint16_t number)
{
    char what[32];
    struct s7_service_call call = {client, ctx, what, true};
    struct s7_service service;

    if (type_name(type) == NULL)
        return s7_client_refuse(client, ctx, no_type);
    snprintf(what, sizeof what, "delete %s%u in", type_name(type), number);
    s7_service_block_control(&service, S7_BLOCK_DELETE, (uint8_t)type, number);
    return s7_services_call(&call, &service);
}
