/* Counts the bottles that the demo plant has filled up by one: reads a value and writes it back.
 *
 *   first_read [ENDPOINT]      127.0.0.1:10102 unless given; a real PLC is as good: 192.168.0.1 */
#include <s7rig/client.h>

#include <inttypes.h>
#include <stdio.h>

#define DB          1
#define BOTTLES_POS 4 /* DB1.DBD4, a DINT */

/* Every call that fails has filled err: what was asked, what came, what to try. */
static int count_up(s7_client *plc, s7_errinfo *err)
{
    s7_ctx within_2s = {.struct_size = sizeof within_2s, .timeout_ms = 2000, .err = err};
    int32_t bottles;

    if (s7_client_connect(plc, &within_2s) != S7_OK ||
        s7_read_i32(plc, &within_2s, S7_AREA_DB, DB, BOTTLES_POS, &bottles) != S7_OK ||
        s7_write_i32(plc, &within_2s, S7_AREA_DB, DB, BOTTLES_POS, bottles + 1) != S7_OK)
        return 1;
    printf("bottles filled: %" PRId32 ", now %" PRId32 "\n", bottles, bottles + 1);
    return 0;
}

int main(int argc, char **argv)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_client *plc = NULL;
    char text[600];
    int status = 1;

    if (s7_client_new(argc > 1 ? argv[1] : "127.0.0.1:10102", NULL, &plc, &err) == S7_OK)
        status = count_up(plc, &err);
    if (status != 0) {
        s7_errinfo_format(&err, text, sizeof text);
        fprintf(stderr, "first_read: %s\n", text);
    }
    s7_client_free(plc);
    return status;
}
