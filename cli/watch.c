/* `s7rig watch`: rounds of one plan, shown on a screen or as lines. */
#include "cli/watch.h"

#include "loop/blocking.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* A person waits for the PLC to come back. */
#define BACKOFF_MIN_MS 500
#define BACKOFF_MAX_MS 5000

struct watch {
    const struct cli_command *self;
    struct cli_connection connection;
    const char *endpoint, *symbols;
    enum cli_format format;
    bool screen; /* a table that is drawn again and again, instead of lines */
    uint32_t every_ms, count;
    struct cli_tag *tags;
    size_t n;
    s7_plan *plan;
    s7_client *client;
    s7_token *token;
    struct watch_rows rows;
    struct watch_line line;
    struct watch_keys *keys;
    size_t first;   /* row at the top of the screen */
    s7_status last; /* of the last round */
};

static int64_t wall_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- the screen ---- */

static struct winsize window(void)
{
    struct winsize size = {0};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
        size = (struct winsize){.ws_row = 24, .ws_col = 80};
    return size;
}

/* In one write, so that no half of a screen is seen. */
static void draw(const struct watch *watch)
{
    struct watch_view view = {&watch->rows, &watch->line, watch->endpoint, watch->every_ms, watch->first};
    struct winsize size = window();
    char *bytes = NULL;
    size_t len;
    FILE *out = open_memstream(&bytes, &len);

    if (out == NULL)
        return;
    watch_screen_draw(out, &view, size.ws_row, size.ws_col);
    if (fclose(out) == 0)
        fwrite(bytes, 1, len, stdout);
    free(bytes);
    fflush(stdout);
}

static void scroll(struct watch *watch, const struct watch_wish *wish)
{
    size_t room = watch_screen_room(watch->rows.n, window().ws_row);
    size_t last = watch->rows.n > room ? watch->rows.n - room : 0;
    int64_t first = (int64_t)watch->first + wish->lines + (int64_t)wish->pages * (int64_t)room;

    watch->first = first < 0 ? 0 : (size_t)first;
    if (watch->first > last)
        watch->first = last;
}

/* ---- rounds ---- */

/* Came or went: since when, and why; told once. */
static void line_is(struct watch *watch, bool up, const s7_errinfo *err)
{
    bool turned = watch->line.up != up;

    if (turned) {
        watch->line.up = up;
        watch->line.since_ns = wall_ns();
    }
    if (!up)
        snprintf(watch->line.why, sizeof watch->line.why, "%s",
                 err->came[0] != '\0' ? err->came : s7_strerror(err->status));
    if (turned && !watch->screen)
        watch_lines_line(stdout, stderr, watch->format, &watch->line);
}

static bool is_answered(s7_status status)
{
    return status == S7_OK || status == S7_E_PARTIAL;
}

static void show(const struct watch *watch)
{
    if (watch->screen)
        draw(watch);
    else if (is_answered(watch->last))
        watch_lines_rows(stdout, watch->format, &watch->rows, s7_plan_tags(watch->plan));
    fflush(stdout);
}

/* Returns -1, or the exit status (said on stderr). */
static int round_once(struct watch *watch)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err, .cancel = watch->token};
    s7_status status = s7_plan_read(watch->client, &ctx, watch->plan);

    if (status == S7_E_CANCELLED)
        return -1;
    watch->last = status;
    line_is(watch, is_answered(status), &err);
    if (!is_answered(status))
        watch_rows_pass(&watch->rows);
    else if (watch_rows_take(&watch->rows, s7_plan_tags(watch->plan), wall_ns()) != S7_OK)
        return cli_fail_nomem(watch->self);
    show(watch);
    return ferror(stdout) ? CLI_ENVIRONMENT : -1; /* who read it is gone; the command's end says so */
}

/* Until the next round; true: somebody wants to leave. */
static bool wait_for(struct watch *watch, int64_t next_ns)
{
    for (;;) {
        struct watch_wish wish = watch_keys_wait(watch->keys, next_ns);

        if (wish.end)
            return true;
        if (wish.redraw && watch->screen) {
            scroll(watch, &wish);
            draw(watch);
        }
        if (s7_now_ns() >= next_ns)
            return false;
    }
}

static int exit_of(s7_status last)
{
    return last == S7_OK ? CLI_OK : cli_exit_of(last);
}

/* Rounds begin at multiples of the period; those that a slow PLC made us miss are left out. */
static int rounds(struct watch *watch)
{
    int64_t period_ns = (int64_t)watch->every_ms * 1000000, next_ns = s7_now_ns();

    for (uint32_t done = 0;;) {
        int status = round_once(watch);

        if (status >= 0)
            return status;
        if (++done == watch->count)
            return exit_of(watch->last);
        next_ns += period_ns;
        if (next_ns < s7_now_ns())
            next_ns = s7_now_ns();
        if (wait_for(watch, next_ns))
            return exit_of(watch->last);
    }
}

/* ---- begin and end ---- */

static int watch_it(struct watch *watch)
{
    s7_status status = watch_keys_new(watch->token, watch->screen, &watch->keys);

    if (status != S7_OK) {
        fprintf(stderr, "s7rig %s: cannot take keys and signals: %s\n", watch->self->name,
                s7_strerror(status));
        return CLI_ENVIRONMENT;
    }
    watch->line = (struct watch_line){.up = true, .since_ns = wall_ns()};
    if (!watch->screen)
        watch_lines_begin(stdout, watch->format);
    int ended = rounds(watch);
    watch_keys_free(watch->keys);
    if (watch->screen)
        watch_screen_table(stdout, &watch->rows); /* the screen is gone, what it showed last stays */
    if (watch->screen && !watch->line.up)
        fprintf(stderr, "s7rig %s: no values at the end: %s\n", watch->self->name, watch->line.why);
    return ended;
}

/* Returns -1, or the exit status (said on stderr). */
static int make_plan(struct watch *watch)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_address *addresses = calloc(watch->n, sizeof *addresses);

    if (addresses == NULL)
        return cli_fail_nomem(watch->self);
    for (size_t i = 0; i < watch->n; i++)
        addresses[i] = watch->tags[i].address;
    s7_status status = s7_plan_new(addresses, watch->n, NULL, &watch->plan, &err);
    free(addresses);
    if (status == S7_OK)
        status = watch_rows_new(watch->tags, watch->n, &watch->rows);
    if (status == S7_E_NOMEM)
        return cli_fail_nomem(watch->self);
    return status == S7_OK ? -1 : cli_fail(watch->self, status, &err);
}

static int connect_to(struct watch *watch)
{
    s7_client_options *options = &watch->connection.options;

    options->auto_reconnect = true;
    options->read_retries = 0; /* a round that failed is shown as one */
    options->backoff_min_ms = BACKOFF_MIN_MS;
    options->backoff_max_ms = BACKOFF_MAX_MS;
    options->read_only = true;
    if (s7_token_new(&watch->token) != S7_OK)
        return cli_fail_nomem(watch->self);
    return cli_connect(watch->self, &watch->connection, watch->endpoint, &watch->client);
}

static int prepare_and_watch(struct watch *watch, char **texts)
{
    int status = cli_tags(watch->self, watch->symbols, texts, watch->n, &watch->tags);

    if (status < 0)
        status = make_plan(watch);
    if (status < 0)
        status = connect_to(watch);
    if (status < 0) {
        status = watch_it(watch);
        s7_client_free(watch->client);
    }
    s7_token_free(watch->token);
    watch_rows_free(&watch->rows);
    s7_plan_free(watch->plan);
    free(watch->tags);
    return status;
}

/* ---- the command line ---- */

/* A terminal that can move its cursor. */
static bool has_screen(void)
{
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

static int run(const struct cli_command *self, int argc, char **argv)
{
    struct watch watch = {.self = self, .every_ms = 500};
    const char *every = "500ms";
    bool csv = false, changes = false;

    cli_connection_init(&watch.connection);
    const struct cli_option options[] = {
        CLI_CONNECTION_OPTIONS(watch.connection),
        {.name = "csv", .flag = &csv},
        {.name = "changes", .flag = &changes},
        {.name = "every", .text = &every},
        {.name = "count", .number = &watch.count, .min = 1, .max = UINT32_MAX},
        {.name = "symbols", .text = &watch.symbols},
        {.name = NULL}};
    int status = cli_options(self, options, &argc, argv), next;
    if (status < 0)
        status = cli_one_format(self, watch.connection.json, csv, false, &watch.format);
    if (status >= 0)
        return status;
    if (!cli_duration(every, &watch.every_ms))
        return cli_usage_error(self, "--every takes a time from 1ms to 60m, like 500ms, 2s or 1m, got \"%s\"",
                               every);
    watch.endpoint = cli_endpoint(argc, argv, CLI_ADDRESSES, &next);
    if (watch.endpoint == NULL || next >= argc)
        return cli_usage_error(self, "expected an endpoint and at least one tag");
    watch.screen = watch.format == CLI_TEXT && !changes && has_screen();
    watch.n = (size_t)(argc - next);
    return prepare_and_watch(&watch, argv + next);
}

const struct cli_command cli_watch = {
    .name = "watch",
    .summary = "show values of a PLC as they change",
    .usage = "ENDPOINT TAG... [--every TIME] [--count N] [--changes]",
    .help = "On a terminal: a table that is drawn in place, with each tag's value, when it changed\n"
            "and how often; what changed in the last round is marked. Elsewhere, or with\n"
            "--changes, --json or --csv: a line for each change (time, tag, value), the first\n"
            "values among them. When the connection is lost it is made again, and the table\n"
            "says since when there are no values. q, Ctrl-C and SIGTERM end it.\n"
            "\n"
            "  --every TIME    how often to read: 500ms (default), 2s, 1m\n"
            "  --count N       end after N rounds of reading\n"
            "  --changes       lines on a terminal as well\n"
            "  --csv           lines as a table: time, tag, status, value, error\n" CLI_SYMBOLS_HELP
            "\n" CLI_CONNECTION_HELP "                  (one object a line)\n"
            "\n"
            "Tags are addresses as `s7rig read` takes them, or names with --symbols. They are\n"
            "read with the fewest PDUs. A change that is undone before the next round is not\n"
            "seen.\n"
            "\n"
            "Without ENDPOINT it is S7_ENDPOINT of the environment.\n"
            "\n"
            "Exit status: 0 ended with all tags read, 1 the PLC refused some in the last round,\n"
            "2 usage, 3 not a file of symbols, 4 cannot connect, or no values in the last round.\n"
            "\n"
            "  s7rig watch 127.0.0.1:10102 DB1.DBW0 DB1.DBD4:REAL M10.3 --every 1s\n"
            "  s7rig watch 127.0.0.1:10102 DB1.DBW0 --csv >> shift.csv\n",
    .run = run,
};
