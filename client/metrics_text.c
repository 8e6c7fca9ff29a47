/* Metrics in the text format of Prometheus. */
#include <s7rig/metrics.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Counts what does not fit. */
struct text {
    char *buf;
    size_t cap, len;
    const char *plc; /* NULL: no label */
};

static void put(struct text *text, char c)
{
    if (text->len + 1 < text->cap)
        text->buf[text->len] = c;
    text->len++;
}

static void __attribute__((format(printf, 2, 3))) say(struct text *text, const char *format, ...)
{
    char piece[256]; /* longer than anything below */
    va_list args;

    va_start(args, format);
    vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    for (const char *c = piece; *c != '\0'; c++)
        put(text, *c);
}

static void say_escaped(struct text *text, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"' || *value == '\n')
            put(text, '\\');
        put(text, *value == '\n' ? 'n' : *value);
    }
}

/* {plc="...",name="value"}; name NULL: only the plc. */
static void say_labels(struct text *text, const char *name, const char *value)
{
    if (text->plc == NULL && name == NULL)
        return;
    say(text, "{");
    if (text->plc != NULL) {
        say(text, "plc=\"");
        say_escaped(text, text->plc);
        say(text, "\"%s", name != NULL ? "," : "");
    }
    if (name != NULL)
        say(text, "%s=\"%s\"", name, value);
    say(text, "}");
}

static void head(struct text *text, const char *name, const char *type, const char *help)
{
    say(text, "# HELP s7_client_%s %s\n# TYPE s7_client_%s %s\n", name, help, name, type);
}

static void number(struct text *text, const char *name, const char *type, const char *help, uint64_t value)
{
    head(text, name, type, help);
    say(text, "s7_client_%s", name);
    say_labels(text, NULL, NULL);
    say(text, " %" PRIu64 "\n", value);
}

/* Seconds, without the locale's comma. */
static void say_seconds(struct text *text, int64_t ns)
{
    say(text, " %" PRId64 ".%09" PRId64 "\n", ns / 1000000000, ns % 1000000000);
}

static void failures(struct text *text, const s7_client_metrics *metrics)
{
    head(text, "errors_total", "counter", "Calls that failed.");
    for (unsigned kind = 0; kind < S7_ERROR_KINDS; kind++) {
        say(text, "s7_client_errors_total");
        say_labels(text, "kind", s7_error_kind_name((s7_error_kind)kind));
        say(text, " %" PRIu64 "\n", metrics->errors[kind]);
    }
}

static void latency(struct text *text, const s7_client_metrics *metrics)
{
    const struct {
        const char *quantile;
        int64_t ns;
    } rows[] = {{"0", metrics->latency_min_ns},
                {"0.5", metrics->latency_p50_ns},
                {"0.95", metrics->latency_p95_ns},
                {"0.99", metrics->latency_p99_ns},
                {"1", metrics->latency_max_ns}};

    head(text, "call_seconds", "summary", "Time that answered calls took.");
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        say(text, "s7_client_call_seconds");
        say_labels(text, "quantile", rows[i].quantile);
        say_seconds(text, rows[i].ns);
    }
    say(text, "s7_client_call_seconds_sum");
    say_labels(text, NULL, NULL);
    say_seconds(text, metrics->latency_sum_ns);
    say(text, "s7_client_call_seconds_count");
    say_labels(text, NULL, NULL);
    say(text, " %" PRIu64 "\n", metrics->latency_count);
}

size_t s7_client_metrics_text(const s7_client_metrics *metrics, const char *plc, char *buf, size_t cap)
{
    struct text text = {buf, cap, 0, plc};

    if (metrics == NULL || metrics->struct_size < sizeof *metrics)
        return 0;
    number(&text, "connected", "gauge", "1 while a connection is up.", metrics->connected);
    number(&text, "calls_total", "counter", "Reads, writes and services.", metrics->calls);
    number(&text, "successes_total", "counter", "Calls that succeeded.", metrics->successes);
    failures(&text, metrics);
    number(&text, "requests_total", "counter", "Jobs sent.", metrics->requests);
    number(&text, "received_bytes_total", "counter", "Bytes received.", metrics->bytes_in);
    number(&text, "sent_bytes_total", "counter", "Bytes sent.", metrics->bytes_out);
    number(&text, "late_answers_total", "counter", "Answers that came too late and were discarded.",
           metrics->late_answers);
    number(&text, "connects_total", "counter", "Connections made.", metrics->connects);
    number(&text, "reconnects_total", "counter", "Connections made again by the client itself.",
           metrics->reconnects);
    head(&text, "uptime_seconds", "gauge", "Age of the connection that is up.");
    say(&text, "s7_client_uptime_seconds");
    say_labels(&text, NULL, NULL);
    say_seconds(&text, metrics->uptime_ns);
    latency(&text, metrics);
    if (cap > 0)
        buf[text.len < cap ? text.len : cap - 1] = '\0';
    return text.len;
}
