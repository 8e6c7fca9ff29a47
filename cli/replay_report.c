/* How `s7rig replay` tells what became of each request. */
#include "cli/replay.h"

static unsigned count(const struct replay_report *report)
{
    return report->same + report->differ + report->left_out;
}

void replay_report_begin(const struct replay_report *report, const char *capture,
                         const struct recorded_connection *connection, const char *endpoint)
{
    char client[RECORDED_PLACE_CAP], plc[RECORDED_PLACE_CAP];

    recorded_place(connection->flow.src, connection->flow.src_port, client);
    recorded_place(connection->flow.dst, connection->flow.dst_port, plc);
    if (report->form == REPLAY_TAP) {
        printf("TAP version 13\n");
    } else if (report->form == REPLAY_JSON) {
        printf("{\"capture\": ");
        cli_json_utf8(stdout, capture);
        printf(", \"client\": \"%s\", \"plc\": \"%s\", \"endpoint\": ", client, plc);
        cli_json_utf8(stdout, endpoint);
        printf(",\n \"results\": [");
    }
}

static void print_line(uint32_t packet, const char *request, enum replay_result result, const char *why)
{
    if (result == REPLAY_DIFFERS)
        printf("frame %u: %s\n  %s\n", packet, request, why);
}

static void print_tap(const struct replay_report *report, uint32_t packet, const char *request,
                      enum replay_result result, const char *why)
{
    printf("%s %u - frame %u: %s%s%s\n", result == REPLAY_DIFFERS ? "not ok" : "ok", count(report), packet,
           request, result == REPLAY_LEFT_OUT ? " # SKIP " : "", result == REPLAY_LEFT_OUT ? why : "");
    if (result == REPLAY_DIFFERS)
        printf("  ---\n  message: '%s'\n  ...\n", why);
}

static void print_json(const struct replay_report *report, uint32_t packet, const char *request,
                       enum replay_result result, const char *why)
{
    static const char *const results[] = {"same", "differs", "left out"};

    printf("%s{\"frame\": %u, \"request\": ", count(report) == 1 ? "\n  " : ",\n  ", packet);
    cli_json_utf8(stdout, request);
    printf(", \"result\": \"%s\"", results[result]);
    if (result != REPLAY_SAME) {
        printf(", \"why\": ");
        cli_json_utf8(stdout, why);
    }
    printf("}");
}

void replay_report_one(struct replay_report *report, uint32_t packet, const char *request,
                       enum replay_result result, const char *why)
{
    unsigned *const counters[] = {&report->same, &report->differ, &report->left_out};

    ++*counters[result];
    if (report->form == REPLAY_TAP)
        print_tap(report, packet, request, result, why);
    else if (report->form == REPLAY_JSON)
        print_json(report, packet, request, result, why);
    else
        print_line(packet, request, result, why);
}

void replay_report_end(const struct replay_report *report)
{
    if (report->form == REPLAY_TAP) {
        printf("1..%u\n", count(report));
    } else if (report->form == REPLAY_JSON) {
        printf("],\n \"requests\": %u, \"same\": %u, \"differ\": %u, \"left_out\": %u, \"answered\": %u}\n",
               count(report), report->same, report->differ, report->left_out, report->akin);
    } else {
        printf("%u request%s: %u same, %u differ, %u left out", count(report), count(report) == 1 ? "" : "s",
               report->same, report->differ, report->left_out);
        if (report->writes > 0)
            printf(" (%u that may change the PLC: --writes)", report->writes);
        printf("\n");
    }
}
