/* Statistics as text: for Prometheus, read by a parser that allows nothing that its format does not; as JSON;
 * for people; and since an earlier look. */
#include "client/test_names.h"

#include <s7rig/metrics.h>
#include <s7rig/pool.h>

#include <ctype.h>
#include <stdlib.h>

static const char odd_name[] = "press \"4\" \\ line\n2";

/* Every number another one. */
static s7_pool_stats sample_stats(void)
{
    s7_pool_stats s = {.struct_size = sizeof s,
                       .total_connections = 3,
                       .available = 1,
                       .in_use = 2,
                       .size = 5,
                       .limit = 5,
                       .gets = 1200,
                       .gets_waited = 40,
                       .gets_failed = 6,
                       .gets_timed_out = 3,
                       .gets_cancelled = 1,
                       .puts = 1198,
                       .dials = 9,
                       .connects = 4,
                       .connect_failures = 5,
                       .health_checks = 61,
                       .health_check_failures = 7,
                       .outages = 11,
                       .reconnects = 12,
                       .last_connect_error = S7_E_REFUSED};

    s.closed[S7_POOL_CLOSE_PEER] = 1;
    s.dial_failures[S7_POOL_DIAL_TIMEOUT] = 2;
    s.dial_failures[S7_POOL_DIAL_LOCAL] = 3;
    s.wait = (s7_pool_times){1200, 1500000000, 400, 500, 812000, 1250000000};
    return s;
}

static void every_byte(s7_pool_stats *s, int byte)
{
    memset(s, byte, sizeof *s);
    s->struct_size = sizeof *s;
    s->down = s->paused = s->denied = byte != 0;
    s->last_connect_error = S7_E_ADDRESS_IN_USE;
    s->wait = s->lease = s->connect =
        (s7_pool_times){UINT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
}

/* ---- Prometheus ---- */

#define FAMILIES 64
#define SAMPLES  256

struct prom {
    const char *at;
    char family[FAMILIES][64]; /* that had their HELP and TYPE */
    char type[16];             /* of the last one */
    unsigned n_families;
    char samples[SAMPLES][256]; /* name and labels */
    unsigned n_samples;
    const char *label, *value; /* that every sample must have */
};

static bool take(struct prom *p, const char *text)
{
    size_t len = strlen(text);

    if (strncmp(p->at, text, len) != 0)
        return false;
    p->at += len;
    return true;
}

static void want(struct prom *p, const char *text)
{
    if (!take(p, text))
        fail_msg("expected \"%s\" at \"%.40s\"", text, p->at);
}

static void name(struct prom *p, char *to, size_t cap, bool colon)
{
    size_t n = 0;

    while (isalpha((unsigned char)*p->at) || *p->at == '_' || (colon && *p->at == ':') ||
           (n > 0 && isdigit((unsigned char)*p->at))) {
        assert_true(n + 1 < cap);
        to[n++] = *p->at++;
    }
    to[n] = '\0';
    if (n == 0)
        fail_msg("expected a name at \"%.40s\"", p->at);
}

static void value_of_label(struct prom *p, char *to, size_t cap)
{
    size_t n = 0;

    want(p, "\"");
    for (; *p->at != '"'; p->at++) {
        if (*p->at == '\n' || *p->at == '\0')
            fail_msg("a label's value does not end");
        bool escaped = *p->at == '\\' && *++p->at != '\0';
        if (escaped && strchr("\\\"n", *p->at) == NULL)
            fail_msg("\\%c is no escape", *p->at);
        assert_true(n + 1 < cap);
        to[n++] = escaped && *p->at == 'n' ? '\n' : *p->at;
    }
    to[n] = '\0';
    p->at++;
}

static void labels(struct prom *p)
{
    bool found = p->value == NULL;

    if (take(p, "{")) {
        do {
            char label[32], value[128];

            name(p, label, sizeof label, false);
            want(p, "=");
            value_of_label(p, value, sizeof value);
            if (p->value != NULL && strcmp(label, p->label) == 0)
                found = strcmp(value, p->value) == 0;
        } while (take(p, ","));
        want(p, "}");
    }
    if (!found)
        fail_msg("no %s=\"%s\" before \"%.40s\"", p->label, p->value, p->at);
}

static void number(struct prom *p)
{
    char *end;

    want(p, " ");
    if (!isdigit((unsigned char)*p->at) && *p->at != '-')
        fail_msg("expected a number at \"%.40s\"", p->at);
    (void)strtod(p->at, &end);
    p->at = end;
    want(p, "\n");
}

static void head(struct prom *p)
{
    char family[64], again[64];

    name(p, family, sizeof family, true);
    want(p, " ");
    size_t help = strcspn(p->at, "\n");
    if (help == 0 || memchr(p->at, '\\', help) != NULL)
        fail_msg("no help, or one that had to be escaped: %s", family);
    p->at += help;
    want(p, "\n# TYPE ");
    name(p, again, sizeof again, true);
    assert_string_equal(again, family);
    want(p, " ");
    name(p, p->type, sizeof p->type, false);
    if (strcmp(p->type, "counter") != 0 && strcmp(p->type, "gauge") != 0 && strcmp(p->type, "summary") != 0)
        fail_msg("%s is no type", p->type);
    want(p, "\n");
    for (unsigned i = 0; i < p->n_families; i++)
        if (strcmp(p->family[i], family) == 0)
            fail_msg("%s has two heads", family);
    bool total = strlen(family) > 6 && strcmp(family + strlen(family) - 6, "_total") == 0;
    if (total != (strcmp(p->type, "counter") == 0))
        fail_msg("%s is a %s", family, p->type);
    strcpy(p->family[p->n_families++], family);
    assert_true(p->n_families < FAMILIES);
}

static void sample(struct prom *p)
{
    const char *family = p->n_families > 0 ? p->family[p->n_families - 1] : "", *begin = p->at;
    char of[64];

    name(p, of, sizeof of, true);
    size_t len = strlen(family);
    bool summary = strcmp(p->type, "summary") == 0 && strncmp(of, family, len) == 0 &&
                   (strcmp(of + len, "_sum") == 0 || strcmp(of + len, "_count") == 0);
    if (strcmp(of, family) != 0 && !summary)
        fail_msg("%s stands under %s", of, family);
    labels(p);
    char *key = p->samples[p->n_samples++];
    assert_true(p->n_samples < SAMPLES && (size_t)(p->at - begin) < sizeof p->samples[0]);
    memcpy(key, begin, (size_t)(p->at - begin));
    for (unsigned i = 0; i + 1 < p->n_samples; i++)
        if (strcmp(p->samples[i], key) == 0)
            fail_msg("%s comes twice", key);
    number(p);
}

/* Returns the number of samples. */
static unsigned parse(const char *text, const char *label, const char *value)
{
    static struct prom p;

    memset(&p, 0, sizeof p);
    p.at = text;
    p.label = label;
    p.value = value;
    while (*p.at != '\0') {
        if (take(&p, "# HELP "))
            head(&p);
        else
            sample(&p);
    }
    return p.n_samples;
}

static void the_room_that_is_promised_is_enough_for_any_name(void **state)
{
    static char quotes[] = "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"";
    s7_pool_stats s;
    s7_client_metrics m;

    (void)state;
    every_byte(&s, 0xFF);
    memset(&m, 0x7F, sizeof m);
    m.struct_size = sizeof m;
    m.connected = true;
    assert_int_equal(strlen(quotes), 39);
    assert_in_range(s7_client_metrics_text(&m, quotes, NULL, 0), 1, 6144 - 1);
    assert_in_range(s7_pool_stats_prometheus(&s, quotes, NULL, 0), 1, 16384 - 1);
    assert_in_range(s7_pool_stats_json(&s, quotes, NULL, 0), 1, 3072 - 1);
    assert_in_range(s7_pool_stats_text(&s, quotes, NULL, 0), 1, 2048 - 1);
}

static void a_pool_is_text_that_a_strict_parser_takes(void **state)
{
    static char text[12288];
    s7_pool_stats s = sample_stats();

    (void)state;
    assert_in_range(s7_pool_stats_prometheus(&s, odd_name, text, sizeof text), 1, sizeof text - 1);
    unsigned n = parse(text, "pool", odd_name);
    assert_in_range(n, 60, 120);
    assert_non_null(strstr(text, "{pool=\"press \\\"4\\\" \\\\ line\\n2\",why=\"local\"} 3\n"));
    s7_pool_stats_prometheus(&s, NULL, text, sizeof text);
    assert_int_equal(parse(text, "pool", NULL), n);
    assert_null(strstr(text, "pool=\""));
    every_byte(&s, 0xFF);
    assert_in_range(
        s7_pool_stats_prometheus(&s, "\"23456789012345678901234567890123456789\"", text, sizeof text), 1,
        sizeof text - 1);
    assert_int_equal(parse(text, "pool", "\"23456789012345678901234567890123456789\""), n);
}

static void a_client_is_text_that_a_strict_parser_takes(void **state)
{
    static char text[8192];
    s7_client_metrics m = {.struct_size = sizeof m, .connected = true, .calls = 7};

    (void)state;
    assert_in_range(s7_client_metrics_text(&m, odd_name, text, sizeof text), 1, sizeof text - 1);
    assert_in_range(parse(text, "plc", odd_name), 20, 60);
}

/* ---- JSON ---- */

static const char *json_value(const char *at);

static const char *json_string(const char *at)
{
    if (*at++ != '"')
        return NULL;
    for (; *at != '"'; at++) {
        if ((unsigned char)*at < 0x20)
            return NULL;
        if (*at != '\\')
            continue;
        at++;
        if (*at == 'u' && strspn(at + 1, "0123456789abcdefABCDEF") >= 4)
            at += 4;
        else if (strchr("\"\\/bfnrt", *at) == NULL)
            return NULL;
    }
    return at + 1;
}

static const char *json_object(const char *at)
{
    do {
        at = json_string(at + 1);
        if (at == NULL || *at != ':')
            return NULL;
        at = json_value(at + 1);
    } while (at != NULL && *at == ',');
    return at != NULL && *at == '}' ? at + 1 : NULL;
}

/* After it, or NULL. Without blanks: we write none. */
static const char *json_value(const char *at)
{
    static const char *const words[] = {"true", "false", "null"};

    for (unsigned i = 0; i < 3; i++)
        if (strncmp(at, words[i], strlen(words[i])) == 0)
            return at + strlen(words[i]);
    if (*at == '{')
        return json_object(at);
    if (*at == '"')
        return json_string(at);
    size_t digits = strspn(at, "0123456789");
    return digits > 0 ? at + digits : NULL;
}

static void a_pool_is_an_object_of_json(void **state)
{
    static char text[3072];
    s7_pool_stats s = sample_stats();

    (void)state;
    size_t len = s7_pool_stats_json(&s, odd_name, text, sizeof text);
    assert_int_equal(len, strlen(text));
    assert_string_equal(json_value(text), "\n");
    assert_non_null(strstr(text, "{\"pool\":\"press \\\"4\\\" \\\\ line\\u000a2\",\"total_connections\":3,"));
    assert_non_null(strstr(text, "\"last_connect_error\":\"S7_E_REFUSED\""));
    assert_non_null(strstr(text, "\"closed\":{\"idle\":0,"));
    assert_non_null(strstr(text, "\"local\":3}"));
    assert_non_null(strstr(text, "\"wait\":{\"count\":1200,\"sum_ns\":1500000000,\"p50_ns\":400,"));
    assert_int_equal(s7_pool_stats_json(&s, odd_name, NULL, 0), len);
    s7_pool_stats_json(&s, NULL, text, sizeof text);
    assert_memory_equal(text, "{\"pool\":null,", 13);
    assert_string_equal(json_value(text), "\n");
    every_byte(&s, 0xFF);
    assert_in_range(s7_pool_stats_json(&s, "123456789012345678901234567890123456789", text, sizeof text),
                    1500, sizeof text - 1);
    assert_string_equal(json_value(text), "\n");
    s.struct_size--;
    assert_int_equal(s7_pool_stats_json(&s, NULL, text, sizeof text), 0);
    assert_int_equal(s7_pool_stats_json(NULL, NULL, text, sizeof text), 0);
}

/* In both U+FFFD stands for each byte that is no character. */
static void a_name_that_is_no_text_becomes_one(void **state)
{
    static char text[16384];
    s7_pool_stats s = sample_stats();

    (void)state;
    s7_pool_stats_json(&s, "caf\xe9 \xe2\x82 \u20ac", text, sizeof text);
    assert_ptr_equal(strstr(text, "{\"pool\":\"caf\ufffd \ufffd\ufffd \u20ac\",\"total"), text);
    s7_pool_stats_prometheus(&s, "caf\xe9", text, sizeof text);
    assert_non_null(strstr(text, "{pool=\"caf\ufffd\",state="));
}

/* ---- for people ---- */

static void a_pool_is_told_to_people_in_a_few_lines(void **state)
{
    static const char expected[] =
        "press 4: up, 3 of 5 connections (1 idle, 2 in use)\n"
        "  gets    1200, 40 after a wait, 6 in vain (3 timed out, 1 cancelled, 2 refused); puts 1198\n"
        "  waits   p50 0.4 us, p99 812.0 us, max 1.250 s\n"
        "  leases  p50 0.0 us, p99 0.0 us, max 0.0 us\n"
        "  dials   9, 4 made: p50 0.0 us, p99 0.0 us, max 0.0 us; 5 failed (2 timeout, 3 local), the last "
        "one: connection refused; 11 outages, 12 reconnects\n"
        "  closed  1 (1 peer); checks 61, 7 without an answer\n";
    char text[2048], cut[20];
    s7_pool_stats s = sample_stats();

    (void)state;
    assert_int_equal(s7_pool_stats_text(&s, "press 4", text, sizeof text), sizeof expected - 1);
    assert_string_equal(text, expected);
    assert_int_equal(s7_pool_stats_text(&s, "press 4", cut, sizeof cut), sizeof expected - 1);
    assert_memory_equal(cut, expected, sizeof cut - 1);
    assert_int_equal(cut[sizeof cut - 1], '\0');
    s.direct_calls = 100;
    s.direct_jobs = 20;
    s.direct_merged = 90;
    s7_pool_stats_text(&s, NULL, text, sizeof text);
    assert_memory_equal(text, "pool: up", 8);
    assert_non_null(strstr(text, "\n  direct  100 calls in 20 requests, 90 merged\n"));
    assert_int_equal(s7_pool_stats_text(NULL, NULL, text, sizeof text), 0);
    every_byte(&s, 0xFF);
    assert_in_range(s7_pool_stats_text(&s, "123456789012345678901234567890123456789", text, sizeof text), 800,
                    sizeof text - 1);
}

static void the_state_is_told_in_a_word(void **state)
{
    char text[2048];
    s7_pool_stats s = sample_stats();

    (void)state;
#define SAYS(what)                                                                                           \
    s7_pool_stats_text(&s, "p", text, sizeof text);                                                          \
    if (strncmp(text, "p: " what, strlen("p: " what)) != 0)                                                  \
    fail_msg("%.40s", text)
    s.limit = 3;
    SAYS("the PLC is full, 3 of 5 connections (1 idle, 2 in use), the PLC allows 3\n");
    s.limit = 5;
    s.denied = true;
    SAYS("its group allows no more, ");
    s.total_connections = s.available = s.in_use = 0;
    s.denied = false;
    SAYS("not connected, 0 of 5 connections\n");
    s.down = true;
    s.connecting = 1;
    s.waiting = 4;
    SAYS("the PLC is down, 0 of 5 connections, 1 connecting, 4 waiting\n");
    s.paused = true;
    SAYS("paused, ");
}

/* ---- since ---- */

static void what_was_counted_since_an_earlier_look_is_the_difference(void **state)
{
    s7_pool_stats before = sample_stats(), s = sample_stats();

    (void)state;
    s.gets += 17;
    s.closed[S7_POOL_CLOSE_IDLE] += 2;
    s.dial_failures[S7_POOL_DIAL_COTP] += 3;
    s.wait.count += 17;
    s.wait.sum_ns += 1700;
    s.in_use = 1;
    assert_int_equal(s7_pool_stats_since(&s, &before), S7_OK);
    assert_int_equal(s.gets, 17);
    assert_int_equal(s.puts, 0);
    assert_int_equal(s.in_use, 1); /* now is now */
    assert_int_equal(s.size, 5);
    assert_int_equal(s.closed[S7_POOL_CLOSE_IDLE], 2);
    assert_int_equal(s.closed[S7_POOL_CLOSE_PEER], 0);
    assert_int_equal(s.dial_failures[S7_POOL_DIAL_COTP], 3);
    assert_int_equal(s.wait.count, 17);
    assert_int_equal(s.wait.sum_ns, 1700);
    assert_int_equal(s.wait.max_ns, before.wait.max_ns);
    assert_int_equal(s7_pool_stats_since(NULL, &before), S7_E_ARG);
    assert_int_equal(s7_pool_stats_since(&s, NULL), S7_E_ARG);
    before.struct_size = 4;
    assert_int_equal(s7_pool_stats_since(&s, &before), S7_E_ARG);
}

/* No count is forgotten: what is taken off itself leaves what is now, and nothing else. */
static void nothing_is_left_when_nothing_was_counted(void **state)
{
    s7_pool_stats s, before, now;

    (void)state;
    memset(&now, 0, sizeof now);
    every_byte(&s, 0x11);
    every_byte(&before, 0x11);
    assert_int_equal(s7_pool_stats_since(&s, &before), S7_OK);
    static char left[3072];
    s7_pool_stats_json(&s, NULL, left, sizeof left);
    char *counts = strstr(left, "\"gets\":"), *times = strstr(left, ",\"wait\":");
    assert_non_null(counts);
    assert_non_null(times);
    for (char *c = counts; c < times; c++)
        if (isdigit((unsigned char)*c) && *c != '0' && c[-1] == ':')
            fail_msg("not zero: %.40s", c - 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_room_that_is_promised_is_enough_for_any_name),
        cmocka_unit_test(a_pool_is_text_that_a_strict_parser_takes),
        cmocka_unit_test(a_client_is_text_that_a_strict_parser_takes),
        cmocka_unit_test(a_pool_is_an_object_of_json),
        cmocka_unit_test(a_name_that_is_no_text_becomes_one),
        cmocka_unit_test(a_pool_is_told_to_people_in_a_few_lines),
        cmocka_unit_test(the_state_is_told_in_a_word),
        cmocka_unit_test(what_was_counted_since_an_earlier_look_is_the_difference),
        cmocka_unit_test(nothing_is_left_when_nothing_was_counted),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "pool export");
}
