/* `s7rig bench`: how fast one connection reads, measured by the same bytes that every client sends. */
#include "cli/cli.h"

#include "cli/line.h"
#include "client/histogram.h"
#include "client/report.h"
#include "loop/blocking.h"
#include "protocol/var.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1e9

struct bench {
    const struct cli_command *self;
    struct cli_connection connection;
    const char *endpoint, *symbols;
    uint32_t db, len, seconds, count, jobs;
    struct cli_tag *tag;
    struct s7_settings settings;
    struct cli_line *line;
    uint8_t param[2 + S7_ITEM_LEN]; /* of the request */

    /* measured */
    unsigned in_flight;                   /* granted of jobs */
    int64_t sent_ns[S7_SESSION_MAX_JOBS]; /* by reference, which begins at 1 and is used again by turns */
    bool waits[S7_SESSION_MAX_JOBS];
    unsigned open;
    uint64_t sent, refused;
    int64_t begun_ns, ended_ns;
    struct s7_histogram latency;
};

/* ---- one request and one answer ---- */

static s7_status ask(struct bench *bench, int64_t deadline_ns)
{
    unsigned slot = 0;

    while (bench->waits[slot])
        slot++;
    struct s7_pdu request = {.rosctr = S7_ROSCTR_JOB,
                             .ref = (uint16_t)(slot + 1),
                             .param = bench->param,
                             .param_len = sizeof bench->param};
    bench->sent_ns[slot] = s7_now_ns();
    bench->waits[slot] = true;
    bench->open++;
    bench->sent++;
    return cli_line_send(bench->line, &request, deadline_ns);
}

/* The return code of the only item; 0: this is no answer to a read. */
static uint8_t code_of(const struct s7_pdu *answer)
{
    if (answer->rosctr != S7_ROSCTR_ACK_DATA || answer->error != 0 || answer->param_len != 2 ||
        answer->param[0] != S7_FN_READ_VAR || answer->param[1] != 1 || answer->data_len == 0)
        return 0;
    return answer->data[0];
}

/* Pushes and others that nobody waits for are passed over. *code: of the answer. */
static s7_status take(struct bench *bench, int64_t deadline_ns, uint8_t *code)
{
    struct s7_pdu answer;

    for (;;) {
        s7_status status = cli_line_receive(bench->line, &answer, deadline_ns);

        if (status != S7_OK)
            return status;
        unsigned slot = answer.ref - 1U;
        if (slot >= bench->in_flight || !bench->waits[slot] || answer.rosctr == S7_ROSCTR_USERDATA)
            continue;
        bench->ended_ns = s7_now_ns();
        s7_histogram_add(&bench->latency, bench->ended_ns - bench->sent_ns[slot]);
        bench->waits[slot] = false;
        bench->open--;
        *code = code_of(&answer);
        bench->refused += *code != S7_ITEM_OK;
        return S7_OK;
    }
}

/* ---- the measurement ---- */

static bool wants_more(const struct bench *bench)
{
    if (bench->count != 0)
        return bench->sent < bench->count;
    return s7_now_ns() - bench->begun_ns < (int64_t)bench->seconds * 1000000000;
}

/* The window is kept full, then emptied. */
static s7_status measure(struct bench *bench)
{
    bench->begun_ns = s7_now_ns();
    while (bench->open > 0 || wants_more(bench)) {
        int64_t deadline_ns = s7_now_ns() + (int64_t)bench->connection.timeout_ms * 1000000;
        s7_status status = S7_OK;
        uint8_t code;

        while (status == S7_OK && bench->open < bench->in_flight && wants_more(bench))
            status = ask(bench, deadline_ns);
        if (status == S7_OK && bench->open > 0)
            status = take(bench, deadline_ns, &code);
        if (status != S7_OK)
            return status;
    }
    return S7_OK;
}

/* ---- what it says ---- */

static int fail(const struct bench *bench, s7_status status, const char *detail)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    snprintf(err.asked, sizeof err.asked, "read %s from %.60s", bench->tag->text, bench->settings.where);
    s7_report_came(&err, status, detail);
    return cli_fail(bench->self, status, &err);
}

static double us(int64_t ns)
{
    return (double)ns / 1e3;
}

static void print_text(const struct bench *bench, double seconds, double rate)
{
    const struct s7_histogram *latency = &bench->latency;

    printf("%s: reads of %s (%zu bytes), %u at a time on one connection, PDU length %u\n",
           bench->settings.where, bench->tag->text, s7_address_size(&bench->tag->address), bench->in_flight,
           cli_line_granted(bench->line)->pdu_len);
    printf("reads    %llu in %.2f s, %.0f per second\n", (unsigned long long)latency->count, seconds, rate);
    printf("latency  p50 %.0f us, p95 %.0f us, p99 %.0f us, max %.0f us; from sending to having the answer\n",
           us(s7_histogram_quantile(latency, 500)), us(s7_histogram_quantile(latency, 950)),
           us(s7_histogram_quantile(latency, 990)), us(latency->max_ns));
    if (bench->refused > 0)
        printf("refused  %llu\n", (unsigned long long)bench->refused);
}

static void print_json(const struct bench *bench, double seconds, double rate)
{
    const struct s7_histogram *latency = &bench->latency;
    const struct s7_setup *granted = cli_line_granted(bench->line);

    printf("{\"endpoint\": ");
    cli_json_utf8(stdout, bench->settings.where);
    printf(",\n \"address\": \"%s\", \"bytes\": %zu, \"jobs\": %u,\n \"pdu_len\": %u, \"amq\": %u,\n",
           bench->tag->text, s7_address_size(&bench->tag->address), bench->in_flight, granted->pdu_len,
           granted->amq_calling);
    printf(" \"reads\": %llu, \"refused\": %llu, \"seconds\": %.6f, \"per_second\": %.1f,\n",
           (unsigned long long)latency->count, (unsigned long long)bench->refused, seconds, rate);
    printf(" \"latency_us\": {\"p50\": %.1f, \"p95\": %.1f, \"p99\": %.1f, \"max\": %.1f}}\n",
           us(s7_histogram_quantile(latency, 500)), us(s7_histogram_quantile(latency, 950)),
           us(s7_histogram_quantile(latency, 990)), us(latency->max_ns));
}

static int print(const struct bench *bench)
{
    double seconds = (double)(bench->ended_ns - bench->begun_ns) / NS_PER_S;
    double rate = seconds > 0 ? (double)bench->latency.count / seconds : 0;

    (bench->connection.json ? print_json : print_text)(bench, seconds, rate);
    return bench->refused == 0 ? CLI_OK : CLI_FAILED;
}

/* ---- one connection ---- */

/* The first read says whether it can be read at all, and is not counted. */
static int first_read(struct bench *bench)
{
    int64_t deadline_ns = s7_now_ns() + (int64_t)bench->connection.timeout_ms * 1000000;
    uint8_t code;
    s7_status status = ask(bench, deadline_ns);

    if (status == S7_OK)
        status = take(bench, deadline_ns, &code);
    if (status != S7_OK)
        return fail(bench, status, "");
    if (code == 0)
        return fail(bench, S7_E_PROTOCOL, "the answer is none to a read of one item");
    if (code != S7_ITEM_OK)
        return fail(bench, s7_item_status(code), "");
    bench->sent = 0;
    bench->latency = (struct s7_histogram){0};
    return -1;
}

static int bench_line(struct bench *bench)
{
    const struct s7_setup *granted = cli_line_granted(bench->line);
    size_t len = s7_address_size(&bench->tag->address), most = s7_max_read(granted->pdu_len);

    if (len > most)
        return cli_usage_error(bench->self,
                               "%s has %zu bytes; one job can read %zu with the PDU length of %u that "
                               "the PLC grants",
                               bench->tag->text, len, most, granted->pdu_len);
    bench->in_flight = bench->jobs < granted->amq_calling ? bench->jobs : granted->amq_calling;
    if (bench->in_flight < bench->jobs)
        fprintf(stderr, "s7rig %s: the PLC grants %u jobs at a time, not %u\n", bench->self->name,
                bench->in_flight, bench->jobs);
    int failed = first_read(bench);
    if (failed >= 0)
        return failed;
    s7_status status = measure(bench);
    if (status == S7_OK)
        return print(bench);
    char detail[S7_CAME_CAP];
    snprintf(detail, sizeof detail, "%s, after %llu answers", s7_strerror(status),
             (unsigned long long)bench->latency.count);
    return fail(bench, status, detail);
}

/* Returns -1, or the exit status (said on stderr). */
static int make_request(struct bench *bench)
{
    struct s7_wr wr = {.buf = bench->param, .cap = sizeof bench->param};
    struct s7_var_item item;

    if (s7_item_from_address(&bench->tag->address, &item) != S7_OK)
        return cli_usage_error(bench->self, "%s is no address that one item can read", bench->tag->text);
    s7_wr_be(&wr, 1, S7_FN_READ_VAR);
    s7_wr_be(&wr, 1, 1);
    s7_item_append(&wr, &item, true);
    return -1;
}

static int connect_and_bench(struct bench *bench)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    if (bench->jobs > bench->connection.options.max_jobs)
        bench->connection.options.max_jobs = (uint8_t)bench->jobs;
    int failed = make_request(bench);
    if (failed < 0)
        failed = cli_settings(bench->self, &bench->connection, bench->endpoint, &bench->settings);
    if (failed >= 0)
        return failed;
    s7_status status = cli_line_open(&bench->settings, &bench->line, &err);
    if (status != S7_OK)
        return cli_fail(bench->self, status, &err);
    int ended = bench_line(bench);
    cli_line_close(bench->line);
    return ended;
}

/* ---- the command line ---- */

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct bench bench = {.self = self, .db = 1, .len = 32, .seconds = 5, .jobs = 1};
    char place[40], *default_tag = place;

    cli_connection_init(&bench.connection);
    const struct cli_option options[] = {
        CLI_CONNECTION_OPTIONS(bench.connection),
        {.name = "db", .number = &bench.db, .min = 1, .max = 65535},
        {.name = "len", .number = &bench.len, .min = 1, .max = S7_PDU_LEN_MAX},
        {.name = "seconds", .number = &bench.seconds, .min = 1, .max = 3600},
        {.name = "count", .number = &bench.count, .min = 1, .max = UINT32_MAX},
        {.name = "jobs", .number = &bench.jobs, .min = 1, .max = S7_SESSION_MAX_JOBS},
        {.name = "symbols", .text = &bench.symbols},
        {.name = NULL}};
    int status = cli_options(self, options, &argc, argv), next;
    if (status >= 0)
        return status;
    bench.endpoint = cli_endpoint(argc, argv, CLI_ADDRESSES, &next);
    if (bench.endpoint == NULL || argc - next > 1)
        return cli_usage_error(self, "expected an endpoint and one tag at most");
    snprintf(place, sizeof place, "DB%u.DBB0:BYTE[%u]", bench.db, bench.len);
    status = cli_tags(self, bench.symbols, next < argc ? &argv[next] : &default_tag, 1, &bench.tag);
    if (status < 0)
        status = connect_and_bench(&bench);
    free(bench.tag);
    return status;
}

const struct cli_command cli_bench = {
    .name = "bench",
    .summary = "measure how fast one connection reads",
    .usage = "ENDPOINT [TAG|--db N --len BYTES] [--seconds S|--count N] [--jobs J]",
    .help = "Reads one item again and again on one connection and prints how many answers came per\n"
            "second, and how long one took, from sending the request to having its answer, as\n"
            "this machine sees it: network, PLC and this program together. The first read is\n"
            "not counted. Percentiles are off by 6.25 % at most. It writes nothing; a real PLC\n"
            "answers between its cycles, and other clients of it wait meanwhile.\n"
            "\n"
            "  --db N          read DB N from its first byte (1)\n"
            "  --len BYTES     that many bytes (32)\n"
            "  --seconds S     for S seconds (5)\n"
            "  --count N       N reads instead\n"
            "  --jobs J        up to J requests at a time (1); the PLC may grant fewer\n" CLI_SYMBOLS_HELP
            "\n" CLI_CONNECTION_HELP "\n"
            "Without ENDPOINT it is S7_ENDPOINT of the environment.\n"
            "\n"
            "Exit status: 0 measured, 1 the PLC refused, 2 usage, 3 not a file of symbols, 4 cannot\n"
            "connect, or an answer did not come in time.\n"
            "\n"
            "  s7rig bench 127.0.0.1:10102\n"
            "  s7rig bench 's7://192.168.0.1?rack=0&slot=2' DB5.DBB0:BYTE[200] --count 1000 --jobs 4\n",
    .run = run,
};
