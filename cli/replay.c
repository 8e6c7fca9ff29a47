/* `s7rig replay`: the client's side of a recorded conversation is sent again, and each answer compared with
 * the recorded one. */
#include "cli/replay.h"

#include "cli/line.h"
#include "loop/blocking.h"
#include "protocol/userdata.h"

#include <stdlib.h>
#include <string.h>

struct replay {
    const struct cli_command *self;
    struct cli_connection connection;
    const char *capture, *endpoint;
    bool tap, exact, writes, yes, as_recorded;
    uint32_t chosen; /* connection, from 1; 0: the only one */
    struct recorded recorded;
    struct recorded_connection *talk;
    struct s7_settings settings;
    struct cli_line *line; /* NULL: it was lost */
    uint16_t ref;
    struct replay_names names;
    struct replay_report report;
};

/* ---- one request ---- */

/* Decoded; false: it is no request, or setup, which is part of connecting. */
static bool request_of(const struct recorded_pdu *recorded, struct s7_pdu *request)
{
    struct s7_setup setup;

    return recorded_is_request(recorded) && s7_pdu_decode(recorded->bytes, recorded->len, request) == S7_OK &&
           (request->rosctr != S7_ROSCTR_JOB || s7_setup_decode(request, &setup) != S7_OK);
}

static bool is_answer(const struct s7_pdu *pdu, uint16_t ref)
{
    struct s7_userdata userdata;

    if (pdu->ref != ref || pdu->rosctr == S7_ROSCTR_JOB)
        return false;
    return pdu->rosctr != S7_ROSCTR_USERDATA ||
           (s7_userdata_decode(pdu, &userdata) == S7_OK && userdata.type == S7_USERDATA_ANSWER);
}

/* Pushes, and answers that came too late for their own request, are passed over. */
static s7_status exchange(struct replay *replay, struct s7_pdu *request, struct s7_pdu *answer)
{
    int64_t deadline_ns = s7_now_ns() + (int64_t)replay->settings.options.request_ms * 1000000;

    request->ref = ++replay->ref;
    s7_status status = cli_line_send(replay->line, request, deadline_ns);
    while (status == S7_OK) {
        status = cli_line_receive(replay->line, answer, deadline_ns);
        if (status == S7_OK && is_answer(answer, request->ref))
            break;
    }
    return status;
}

/* Nothing came that could be compared. */
static void told_nothing(struct replay *replay, s7_status status, char why[REPLAY_TEXT_CAP])
{
    if (status == S7_E_TOO_LARGE) {
        snprintf(why, REPLAY_TEXT_CAP, "longer than the PDU length of %u that was granted: not sent",
                 cli_line_granted(replay->line)->pdu_len);
        return;
    }
    snprintf(why, REPLAY_TEXT_CAP, "no answer: %s", s7_strerror(status));
    if (status == S7_E_TIMEOUT)
        return;
    cli_line_close(replay->line);
    replay->line = NULL;
}

static enum replay_result send_and_compare(struct replay *replay, const struct s7_pdu *request,
                                           const struct recorded_pdu *recorded_answer,
                                           char why[REPLAY_TEXT_CAP])
{
    uint8_t param[S7_PDU_LEN_MAX];
    struct s7_pdu sent = *request, was, is;

    if (request->param_len > sizeof param ||
        s7_pdu_decode(recorded_answer->bytes, recorded_answer->len, &was) != S7_OK) {
        snprintf(why, REPLAY_TEXT_CAP, "longer than any PDU");
        return REPLAY_LEFT_OUT;
    }
    memcpy(param, request->param, request->param_len);
    replay_rename(&replay->names, request, param);
    sent.param = param;
    s7_status status = exchange(replay, &sent, &is);
    if (status != S7_OK) {
        told_nothing(replay, status, why);
        return REPLAY_DIFFERS;
    }
    replay->report.akin += replay_is_akin(&was, &is);
    replay_learn(&replay->names, &was, &is);
    bool same = replay_same_records(request, &was, &is, why) &&
                replay_same(&was, recorded_answer->bytes + recorded_answer->kept, &is, replay->exact, why);
    return same ? REPLAY_SAME : REPLAY_DIFFERS;
}

/* NULL, or why it is not sent. */
static const char *why_not(struct replay *replay, const struct recorded_pdu *recorded,
                           const struct s7_pdu *request, const struct recorded_pdu *answer)
{
    if (recorded->kept < recorded->len)
        return "the capture has not all of its bytes";
    if (!replay->writes && !replay_only_reads(request)) {
        replay->report.writes++;
        return "it may change the PLC: --writes sends it";
    }
    return answer == NULL ? "no answer to it was recorded" : NULL;
}

static void one(struct replay *replay, const struct recorded_pdu *recorded, const struct s7_pdu *request)
{
    const struct recorded_pdu *answer = recorded_answer(replay->talk, recorded);
    const char *reason = why_not(replay, recorded, request, answer);
    enum replay_result result = REPLAY_LEFT_OUT;
    char text[REPLAY_TEXT_CAP], why[REPLAY_TEXT_CAP] = "";

    replay_request_text(request, text);
    if (reason != NULL)
        snprintf(why, sizeof why, "%s", reason);
    else
        result = send_and_compare(replay, request, answer, why);
    replay_report_one(&replay->report, recorded->packet, text, result, why);
}

/* ---- all of them ---- */

/* Returns -1, or the exit status (said on stderr). */
static int connect_line(struct replay *replay)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status = cli_line_open(&replay->settings, &replay->line, &err);

    return status == S7_OK ? -1 : cli_fail(replay->self, status, &err);
}

static int replay_all(struct replay *replay)
{
    for (size_t i = 0; i < replay->talk->n_pdus; i++) {
        const struct recorded_pdu *recorded = &replay->talk->pdus[i];
        struct s7_pdu request;

        if (!request_of(recorded, &request))
            continue;
        int failed = replay->line == NULL ? connect_line(replay) : -1;
        if (failed >= 0)
            return failed;
        one(replay, recorded, &request);
    }
    if (replay->report.differ > 0)
        return CLI_FAILED;
    return replay->report.same > 0 ? CLI_OK : CLI_NOTHING;
}

static int replay_talk(struct replay *replay)
{
    int ended = connect_line(replay);

    if (ended >= 0)
        return ended;
    replay_report_begin(&replay->report, replay->capture, replay->talk, replay->settings.where);
    ended = replay_all(replay);
    replay_report_end(&replay->report);
    cli_line_close(replay->line);
    if (ended == CLI_NOTHING)
        fprintf(stderr, "s7rig %s: nothing was compared\n", replay->self->name);
    if (replay->talk->gaps > 0)
        fprintf(stderr,
                "s7rig %s: bytes are missing in the capture in %u places: what was cut through there was "
                "left out\n",
                replay->self->name, replay->talk->gaps);
    return ended;
}

/* ---- which conversation ---- */

static unsigned requests_in(const struct recorded_connection *talk)
{
    struct s7_pdu request;
    unsigned n = 0;

    for (size_t i = 0; i < talk->n_pdus; i++)
        n += request_of(&talk->pdus[i], &request);
    return n;
}

static int no_conversation(const struct replay *replay)
{
    const struct capture_sum *sum = &replay->recorded.sum;

    fprintf(stderr, "s7rig %s: %s: no S7 conversation is in it: %u packets, %u of them TCP",
            replay->self->name, replay->capture, sum->packets, sum->segments);
    if (sum->unknown_links > 0)
        fprintf(stderr,
                ", %u of link type %u, which s7rig does not read (it reads Ethernet, Linux cooked, raw IP, "
                "loopback)",
                sum->unknown_links, sum->unknown_link);
    fprintf(stderr, "\n");
    return CLI_NOTHING;
}

static void list(const struct replay *replay)
{
    for (size_t i = 0; i < replay->recorded.n; i++) {
        const struct recorded_connection *talk = &replay->recorded.connections[i];
        char client[RECORDED_PLACE_CAP], plc[RECORDED_PLACE_CAP];

        recorded_place(talk->flow.src, talk->flow.src_port, client);
        recorded_place(talk->flow.dst, talk->flow.dst_port, plc);
        fprintf(stderr, "  %zu  %s to %s, from frame %u, %u requests\n", i + 1, client, plc,
                talk->pdus[0].packet, requests_in(talk));
    }
}

/* Returns -1, or the exit status (said on stderr). */
static int choose(struct replay *replay)
{
    size_t n = replay->recorded.n;

    if (n == 0)
        return no_conversation(replay);
    if (replay->chosen > n || (replay->chosen == 0 && n > 1)) {
        int status = cli_usage_error(replay->self, "%s has %zu connection%s: choose one with --connection N",
                                     replay->capture, n, n == 1 ? "" : "s");
        list(replay);
        return status;
    }
    replay->talk = &replay->recorded.connections[replay->chosen == 0 ? 0 : replay->chosen - 1];
    return -1;
}

/* Returns -1, or the exit status (said on stderr). */
static int load(struct replay *replay)
{
    struct recorded *recorded = &replay->recorded;

    if (!recorded_read(replay->capture, recorded))
        return cli_fail_nomem(replay->self);
    if (recorded->end == CAPTURE_NONE || recorded->end == CAPTURE_UNREAD) {
        fprintf(stderr, "s7rig %s: cannot read %s: %s\n", replay->self->name, replay->capture, recorded->why);
        return recorded->end == CAPTURE_NONE ? CLI_PARSE : CLI_ENVIRONMENT;
    }
    if (recorded->end == CAPTURE_TORN)
        fprintf(stderr, "s7rig %s: %s is torn %s; what is before is used\n", replay->self->name,
                replay->capture, recorded->why);
    return choose(replay);
}

/* ---- how it connects ---- */

static uint16_t between(uint16_t value, uint16_t min, uint16_t max)
{
    return value < min ? min : value > max ? max : value;
}

/* Returns -1, or the exit status (said on stderr). */
static int take_recorded(struct replay *replay)
{
    const struct recorded_connection *talk = replay->talk;
    s7_client_options *options = &replay->settings.options;

    if (!talk->knows_tsaps || !talk->knows_setup)
        return cli_usage_error(
            replay->self,
            "%s does not have the beginning of this connection, so its TSAPs and setup are "
            "not known: leave out --as-recorded",
            replay->capture);
    options->local_tsap = talk->local_tsap;
    options->remote_tsap = talk->remote_tsap;
    options->pdu_len = between(talk->setup.pdu_len, S7_PDU_LEN_MIN, S7_PDU_LEN_MAX);
    options->max_jobs = (uint8_t)between(talk->setup.amq_calling, 1, S7_SESSION_MAX_JOBS);
    return -1;
}

/* Returns -1, or the exit status (said on stderr). */
static int settle(struct replay *replay)
{
    int status = cli_settings(replay->self, &replay->connection, replay->endpoint, &replay->settings);

    if (status < 0 && replay->writes && replay->settings.options.read_only)
        status =
            cli_usage_error(replay->self, "the endpoint or S7_READ_ONLY forbids what --writes would send");
    if (status < 0 && replay->writes)
        status = cli_consent(replay->self, replay->endpoint, replay->yes);
    if (status < 0 && replay->as_recorded)
        status = take_recorded(replay);
    return status;
}

static int load_and_replay(struct replay *replay)
{
    int status = load(replay);

    if (status < 0)
        status = settle(replay);
    if (status < 0)
        status = replay_talk(replay);
    recorded_free(&replay->recorded);
    return status;
}

/* ---- the command line ---- */

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct replay replay = {.self = self};

    cli_connection_init(&replay.connection);
    const struct cli_option options[] = {
        CLI_CONNECTION_OPTIONS(replay.connection),
        {.name = "connection", .number = &replay.chosen, .min = 1, .max = UINT32_MAX},
        {.name = "exact", .flag = &replay.exact},
        {.name = "writes", .flag = &replay.writes},
        {.name = "yes", .flag = &replay.yes},
        {.name = "as-recorded", .flag = &replay.as_recorded},
        {.name = "tap", .flag = &replay.tap},
        {.name = NULL}};
    int status = cli_options(self, options, &argc, argv);
    if (status >= 0)
        return status;
    if (argc != 3)
        return cli_usage_error(self, "expected a capture and an endpoint");
    if (replay.tap && replay.connection.json)
        return cli_usage_error(self, "--tap and --json cannot be had together: say one");
    replay.report.form = replay.tap ? REPLAY_TAP : replay.connection.json ? REPLAY_JSON : REPLAY_LINES;
    replay.capture = argv[1];
    replay.endpoint = argv[2];
    return load_and_replay(&replay);
}

const struct cli_command cli_replay = {
    .name = "replay",
    .summary = "send a recorded conversation to a PLC and compare the answers",
    .usage = "CAPTURE ENDPOINT [OPTION]...",
    .help =
        "CAPTURE is a pcap or pcapng file: of Wireshark, tcpdump, or of s7rig's flight recorder.\n"
        "The requests of one of its connections are sent to the endpoint in their order, one\n"
        "at a time, and each answer is compared with the recorded one: kind, function,\n"
        "errors, return codes and lengths. What differs is told with the number of the\n"
        "request's frame in the capture. What a PLC chooses (the id of an upload, the number\n"
        "of a status list's next part) is put in the place of what was recorded.\n"
        "\n"
        "  --exact         compare the bytes as well\n"
        "  --connection N  which connection, when the capture has several\n"
        "  --writes        send all requests. Without it only those are sent that read: Read\n"
        "                  Var, uploads, lists of blocks, status lists, the clock's time\n" CLI_CONSENT_HELP
        "                  (with --writes)\n"
        "  --as-recorded   connect with the TSAPs, PDU length and jobs of the capture\n"
        "  --tap           TAP version 13\n"
        "\n" CLI_CONNECTION_HELP "\n"
        "Exit status: 0 all the same, 1 something differs, 2 usage, 3 not a capture, 4 cannot\n"
        "connect, 5 nothing was compared.\n"
        "\n"
        "  s7rig replay site.pcapng 127.0.0.1:10102\n"
        "  s7rig replay site.pcapng 127.0.0.1:10102 --connection 2 --exact --tap\n",
    .run = run,
};
