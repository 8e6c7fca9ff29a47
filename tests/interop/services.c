/* Every call of s7rig/services.h, for the tests with foreign servers: one call, one JSON object.
 *
 *   services ENDPOINT PDU_LENGTH szl 0011 0000 | cpu | code | comm | protection | mode | leds | diag | count
 * | list A | block A 1 | upload A 1 | download A 1 | delete A 1 | clock | set 2026-11-24T19:03:25 |
 * password TEXT | clear | stop | warm | cold | compress | rom */
#include <s7rig/services.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A call and its operands. */
struct order {
    s7_client *client;
    const s7_ctx *ctx;
    const char *a, *b;
};

static void print_hex(const char *name, const uint8_t *bytes, size_t len)
{
    printf(", \"%s\": \"", name);
    for (size_t i = 0; i < len; i++)
        printf("%02x", bytes[i]);
    printf("\"");
}

/* Texts of the servers under test are ASCII. */
static void print_text(const char *name, const char *text)
{
    printf(", \"%s\": \"", name);
    for (; *text != '\0'; text++)
        if (*text >= ' ' && *text <= '~' && *text != '"' && *text != '\\')
            putchar(*text);
    printf("\"");
}

static void print_number(const char *name, unsigned long number)
{
    printf(", \"%s\": %lu", name, number);
}

static void print_datetime(const char *name, const s7_datetime *d)
{
    printf(", \"%s\": \"%04u-%02u-%02uT%02u:%02u:%02u\"", name, d->year, d->month, d->day, d->hour, d->minute,
           d->second);
}

/* ---- status lists ---- */

static s7_status szl(const struct order *order)
{
    static uint8_t records[65536];
    s7_szl_head head = {.struct_size = sizeof head};
    size_t len;
    s7_status status =
        s7_szl_read(order->client, order->ctx, (uint16_t)strtoul(order->a, NULL, 16),
                    (uint16_t)strtoul(order->b, NULL, 16), &head, records, sizeof records, &len);

    if (status != S7_OK)
        return status;
    print_number("id", head.id);
    print_number("index", head.index);
    print_number("record_len", head.record_len);
    print_number("n_records", head.n_records);
    print_hex("records", records, len);
    return S7_OK;
}

static s7_status cpu(const struct order *order)
{
    s7_cpu_info info = {.struct_size = sizeof info};
    s7_status status = s7_cpu_info_get(order->client, order->ctx, &info);

    if (status != S7_OK)
        return status;
    print_text("module_type", info.module_type);
    print_text("serial", info.serial);
    print_text("as_name", info.as_name);
    print_text("module_name", info.module_name);
    print_text("copyright", info.copyright);
    return S7_OK;
}

static s7_status code(const struct order *order)
{
    s7_order_code info = {.struct_size = sizeof info};
    s7_status status = s7_order_code_get(order->client, order->ctx, &info);

    if (status != S7_OK)
        return status;
    print_text("order_code", info.order_code);
    print_text("firmware", info.firmware);
    return S7_OK;
}

static s7_status comm(const struct order *order)
{
    s7_comm_info info = {.struct_size = sizeof info};
    s7_status status = s7_comm_info_get(order->client, order->ctx, &info);

    if (status != S7_OK)
        return status;
    print_number("pdu_len", info.max_pdu_len);
    print_number("connections", info.max_connections);
    print_number("mpi_bps", info.mpi_bps);
    print_number("bus_bps", info.bus_bps);
    return S7_OK;
}

static s7_status protection(const struct order *order)
{
    s7_protection info = {.struct_size = sizeof info};
    s7_status status = s7_protection_get(order->client, order->ctx, &info);

    if (status != S7_OK)
        return status;
    print_number("key", info.key_level);
    print_number("set", info.set_level);
    print_number("valid", info.valid_level);
    print_number("mode_switch", info.mode_switch);
    print_number("startup_switch", info.startup_switch);
    return S7_OK;
}

static s7_status mode(const struct order *order)
{
    s7_cpu_mode got;
    s7_datetime since;
    s7_status status = s7_cpu_mode_get(order->client, order->ctx, &got, &since);

    if (status != S7_OK)
        return status;
    print_number("mode", got);
    print_text("name", s7_cpu_mode_name(got));
    return S7_OK;
}

static s7_status leds(const struct order *order)
{
    s7_led list[64];
    size_t n;
    s7_status status = s7_leds_get(order->client, order->ctx, list, 64, &n);

    for (size_t i = 0; status == S7_OK && i < n; i++)
        print_number(s7_led_name(list[i].id), list[i].on);
    return status;
}

static s7_status diag(const struct order *order)
{
    static s7_diag_entry entries[S7_DIAG_MAX];
    size_t n;
    s7_status status = s7_diag_read(order->client, order->ctx, entries, S7_DIAG_MAX, &n);

    if (status != S7_OK)
        return status;
    print_number("n", n);
    for (size_t i = 0; i < n && i < 3; i++) {
        print_number(i == 0 ? "event0" : i == 1 ? "event1" : "event2", entries[i].event);
        print_text(i == 0 ? "text0" : i == 1 ? "text1" : "text2", s7_diag_text(entries[i].event));
    }
    return S7_OK;
}

/* ---- blocks ---- */

static s7_block_type type_of(const char *letter)
{
    return (s7_block_type)letter[0];
}

static s7_status count(const struct order *order)
{
    s7_block_counts counts = {.struct_size = sizeof counts};
    s7_status status = s7_blocks_count(order->client, order->ctx, &counts);

    if (status != S7_OK)
        return status;
    print_number("OB", counts.ob);
    print_number("FB", counts.fb);
    print_number("FC", counts.fc);
    print_number("SFB", counts.sfb);
    print_number("SFC", counts.sfc);
    print_number("DB", counts.db);
    print_number("SDB", counts.sdb);
    return S7_OK;
}

static s7_status list(const struct order *order)
{
    static s7_block_entry entries[4096];
    size_t n;
    s7_status status = s7_blocks_list(order->client, order->ctx, type_of(order->a), entries, 4096, &n);

    if (status != S7_OK)
        return status;
    printf(", \"numbers\": [");
    for (size_t i = 0; i < n; i++)
        printf("%s%u", i > 0 ? "," : "", entries[i].number);
    printf("]");
    return S7_OK;
}

static s7_status block(const struct order *order)
{
    s7_block_info info = {.struct_size = sizeof info};
    s7_status status = s7_block_info_get(order->client, order->ctx, type_of(order->a),
                                         (uint16_t)strtoul(order->b, NULL, 10), &info);

    if (status != S7_OK)
        return status;
    print_number("number", info.number);
    print_number("language", info.language);
    print_number("load_len", info.load_len);
    print_number("data_len", info.data_len);
    print_number("local_len", info.local_len);
    print_number("checksum", info.checksum);
    print_datetime("code_time", &info.code_time);
    print_datetime("interface_time", &info.interface_time);
    print_text("author", info.author);
    print_text("family", info.family);
    print_text("header", info.name);
    return S7_OK;
}

static s7_status upload(const struct order *order)
{
    static uint8_t bytes[65536];
    size_t len;
    s7_status status = s7_block_upload(order->client, order->ctx, type_of(order->a),
                                       (uint16_t)strtoul(order->b, NULL, 10), bytes, sizeof bytes, &len);

    if (status == S7_OK)
        print_hex("block", bytes, len);
    return status;
}

/* A block of 100 bytes of data. */
static s7_status download(const struct order *order)
{
    uint8_t block[172] = {0x70, 0x70, 1, 1, 5, 0, 0, 1, 0, 0, 0, sizeof block};

    block[5] = (uint8_t)strtoul(order->a, NULL, 16);
    block[35] = 100;
    return s7_block_download(order->client, order->ctx, type_of(order->a),
                             (uint16_t)strtoul(order->b, NULL, 10), block, sizeof block);
}

static s7_status delete_block(const struct order *order)
{
    return s7_block_delete(order->client, order->ctx, type_of(order->a),
                           (uint16_t)strtoul(order->b, NULL, 10));
}

/* ---- clock, password, control ---- */

static s7_status clock_get(const struct order *order)
{
    s7_datetime datetime;
    s7_status status = s7_clock_get(order->client, order->ctx, &datetime);

    if (status != S7_OK)
        return status;
    print_datetime("clock", &datetime);
    return S7_OK;
}

static s7_status clock_set(const struct order *order)
{
    unsigned year, month, day, hour, minute, second;

    if (sscanf(order->a, "%4u-%2u-%2uT%2u:%2u:%2u", &year, &month, &day, &hour, &minute, &second) != 6)
        return S7_E_ARG;
    s7_datetime datetime = {.year = (uint16_t)year,
                            .month = (uint8_t)month,
                            .day = (uint8_t)day,
                            .hour = (uint8_t)hour,
                            .minute = (uint8_t)minute,
                            .second = (uint8_t)second};
    return s7_clock_set(order->client, order->ctx, &datetime);
}

static s7_status password(const struct order *order)
{
    return s7_password_set(order->client, order->ctx, order->a);
}

static s7_status clear(const struct order *order)
{
    return s7_password_clear(order->client, order->ctx);
}

static s7_status stop(const struct order *order)
{
    return s7_plc_stop(order->client, order->ctx);
}

static s7_status warm(const struct order *order)
{
    return s7_plc_start_warm(order->client, order->ctx);
}

static s7_status cold(const struct order *order)
{
    return s7_plc_start_cold(order->client, order->ctx);
}

static s7_status compress(const struct order *order)
{
    return s7_plc_compress(order->client, order->ctx);
}

static s7_status rom(const struct order *order)
{
    return s7_plc_copy_ram_to_rom(order->client, order->ctx);
}

static const struct {
    const char *name;
    int operands;
    s7_status (*call)(const struct order *order);
} calls[] = {
    {"szl", 2, szl},
    {"cpu", 0, cpu},
    {"code", 0, code},
    {"comm", 0, comm},
    {"protection", 0, protection},
    {"mode", 0, mode},
    {"leds", 0, leds},
    {"diag", 0, diag},
    {"count", 0, count},
    {"list", 1, list},
    {"block", 2, block},
    {"upload", 2, upload},
    {"download", 2, download},
    {"delete", 2, delete_block},
    {"clock", 0, clock_get},
    {"set", 1, clock_set},
    {"password", 1, password},
    {"clear", 0, clear},
    {"stop", 0, stop},
    {"warm", 0, warm},
    {"cold", 0, cold},
    {"compress", 0, compress},
    {"rom", 0, rom},
};

static int carry_out(const struct order *order, s7_status (*call)(const struct order *order))
{
    printf("{\"connected\": true");
    s7_status status = call(order);
    print_text("status", s7_errname(status));
    if (status != S7_OK) {
        print_number("plc_error", order->ctx->err->plc_error);
        print_text("came", order->ctx->err->came);
    }
    printf("}\n");
    return 0;
}

int main(int argc, char **argv)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = 10000, .err = &err};
    s7_client_options options;
    struct order order = {.ctx = &ctx, .a = argc > 4 ? argv[4] : "", .b = argc > 5 ? argv[5] : ""};
    int result = 2;

    s7_client_options_init(&options);
    options.allow_control = true;
    options.pdu_len = argc > 2 ? (uint16_t)strtoul(argv[2], NULL, 10) : 0;
    if (argc < 4 || s7_client_new(argv[1], &options, &order.client, &err) != S7_OK)
        return 2;
    if (s7_client_connect(order.client, &ctx) != S7_OK)
        fprintf(stderr, "%s\n", err.came);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (strcmp(calls[i].name, argv[3]) == 0 && argc == 4 + calls[i].operands &&
            s7_client_is_connected(order.client))
            result = carry_out(&order, calls[i].call);
    s7_client_free(order.client);
    return result;
}
