/* Reads a list of tags by name with as few PDUs as it takes, and says how. Then sets two of them, and reads
 * what the operator set: by address, and as a C struct.
 *
 *   tag_list [ENDPOINT]      127.0.0.1:10102 unless given; a real PLC is as good: 192.168.0.1 */
#include <s7rig/struct.h>
#include <s7rig/symbols.h>
#include <s7rig/typed.h>

#include <stdio.h>
#include <string.h>

/* Of the demo plant; usually a file, exported from the engineering tool. */
static const char csv[] = "name;address;type;comment\n"
                          "conveyor_speed;DB1.DBD0;REAL;m/s\n"
                          "bottles_rejected;DB1.DBW8;INT\n"
                          "fill_level;DB1.DBD10;REAL;of the tank, %\n"
                          "motor_on;DB1.DBX18.0\n"
                          "recipe;DB2.DBB0;STRING(20)\n"
                          "speed_setpoint;DB2.DBD22;REAL;m/s\n"
                          "fill_setpoint;DB2.DBW26;INT;ml\n"
                          "shift;MB2\n";

static const char *const shown[] = {"recipe",     "shift",          "motor_on",        "conveyor_speed",
                                    "fill_level", "speed_setpoint", "bottles_rejected"};
#define N_SHOWN (sizeof shown / sizeof shown[0])

/* A plan is made once and read as often as you like. */
static s7_status show(s7_client *plc, const s7_ctx *ctx, s7_plan *plan)
{
    char text[1000];
    s7_status status = s7_plan_read(plc, ctx, plan);

    for (size_t i = 0; i < N_SHOWN; i++) {
        s7_status tag = s7_plan_text(plan, i, text, sizeof text);

        printf("%s = %s\n", shown[i], tag == S7_OK ? text : s7_strerror(tag));
    }
    s7_plan_explain(plan, text, sizeof text);
    printf("\n%s", text);
    return status;
}

static s7_status set(s7_client *plc, const s7_ctx *ctx, s7_plan *plan)
{
    s7_status status = s7_plan_set_real(plan, 0, 0, 0.95);

    if (status == S7_OK)
        status = s7_plan_set_int(plan, 1, 0, 330);
    return status == S7_OK ? s7_plan_write(plc, ctx, plan) : status;
}

/* DB2 as the program thinks of it. */
struct setpoints {
    char recipe[41]; /* UTF-8 */
    float speed;
    int16_t fill;
};

static const s7_field setpoint_fields[] = {
    S7_FIELD_TEXT(struct setpoints, recipe, 0, S7_TYPE_STRING, 20),
    S7_FIELD(struct setpoints, speed, 22, S7_TYPE_REAL),
    S7_FIELD(struct setpoints, fill, 26, S7_TYPE_INT),
};
#define N_SETPOINT_FIELDS (sizeof setpoint_fields / sizeof setpoint_fields[0])

static s7_status show_setpoints(s7_client *plc, const s7_ctx *ctx)
{
    struct setpoints set;
    char shift[8];

    s7_status status = s7_read_text(plc, ctx, "MB2", shift, sizeof shift);
    if (status == S7_OK)
        status =
            s7_struct_read(plc, ctx, S7_AREA_DB, 2, 0, setpoint_fields, N_SETPOINT_FIELDS, &set, sizeof set);
    if (status == S7_OK)
        printf("shift %s makes %s, %d ml each, at %g m/s\n", shift, set.recipe, set.fill, (double)set.speed);
    return status;
}

static s7_status run(s7_client *plc, const s7_symbols *symbols, s7_errinfo *err)
{
    static const char *const written[] = {"speed_setpoint", "fill_setpoint"};
    s7_ctx within_2s = {.struct_size = sizeof within_2s, .timeout_ms = 2000, .err = err};
    s7_plan *reads = NULL, *writes = NULL;
    s7_plan_options options;
    double speed;

    s7_plan_options_init(&options);
    s7_status status = s7_symbols_plan(symbols, shown, N_SHOWN, &options, &reads, err);
    options.write = true;
    if (status == S7_OK)
        status = s7_symbols_plan(symbols, written, 2, &options, &writes, err);
    if (status == S7_OK)
        status = s7_client_connect(plc, &within_2s);
    if (status == S7_OK)
        status = show(plc, &within_2s, reads);
    if (status == S7_OK)
        status = set(plc, &within_2s, writes);
    if (status == S7_OK)
        status = s7_read_tag_real(plc, &within_2s, symbols, "speed_setpoint", &speed);
    if (status == S7_OK)
        printf("\nspeed_setpoint is %g now\n", speed);
    if (status == S7_OK)
        status = show_setpoints(plc, &within_2s);
    s7_plan_free(reads);
    s7_plan_free(writes);
    return status;
}

int main(int argc, char **argv)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_symbols *symbols = NULL;
    s7_client *plc = NULL;
    char text[600];

    s7_status status = s7_symbols_parse(csv, strlen(csv), &symbols, &err);
    if (status == S7_OK)
        status = s7_client_new(argc > 1 ? argv[1] : "127.0.0.1:10102", NULL, &plc, &err);
    if (status == S7_OK)
        status = run(plc, symbols, &err);
    if (status != S7_OK) {
        s7_errinfo_format(&err, text, sizeof text);
        fprintf(stderr, "tag_list: %s\n", text);
    }
    s7_client_free(plc);
    s7_symbols_free(symbols);
    return status == S7_OK ? 0 : 1;
}
