#include "client/meter.h"
#include "client/plc_thread.h"
#include "client/test_names.h"
#include "loop/random.h"

#include <s7rig/metrics.h>

#include <stdlib.h>

/* ---- the histogram ---- */

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void expect_near(const struct s7_histogram *histogram, const int64_t *sorted, size_t n,
                        unsigned per_mille)
{
    int64_t exact = sorted[(n * per_mille + 999) / 1000 - 1];
    int64_t got = s7_histogram_quantile(histogram, per_mille);
    int64_t error = got > exact ? got - exact : exact - got;

    if (error > exact / 16 + 512)
        fail_msg("%u of 1000: %lld, exact %lld", per_mille, (long long)got, (long long)exact);
}

static void quantiles_are_off_by_a_sixteenth_at_most(void **state)
{
    enum { N = 5000 };
    static int64_t ns[N];

    (void)state;
    for (unsigned bits = 1; bits <= 42; bits++) {
        struct s7_histogram histogram = {.count = 0};

        for (unsigned i = 0; i < N; i++) {
            ns[i] = (int64_t)(s7_draw(1, bits, i, 0) >> (64 - bits) >> (s7_draw(2, bits, i, 0) % bits));
            s7_histogram_add(&histogram, ns[i]);
        }
        qsort(ns, N, sizeof ns[0], by_size);
        assert_int_equal(histogram.count, N);
        assert_true(histogram.min_ns == ns[0] && histogram.max_ns == ns[N - 1]);
        for (unsigned per_mille = 1; per_mille <= 1000; per_mille++)
            expect_near(&histogram, ns, N, per_mille);
    }
}

static void spans_at_both_ends_are_kept_in_bounds(void **state)
{
    struct s7_histogram histogram = {.count = 0};

    (void)state;
    assert_int_equal(s7_histogram_quantile(&histogram, 500), 0);
    s7_histogram_add(&histogram, -5);
    assert_int_equal(s7_histogram_quantile(&histogram, 500), 0);
    s7_histogram_add(&histogram, INT64_MAX);
    s7_histogram_add(&histogram, INT64_MAX);
    assert_true(histogram.max_ns == INT64_MAX && histogram.sum_ns == INT64_MAX);
    assert_true(s7_histogram_quantile(&histogram, 1000) > INT64_C(1) << 41);
    assert_true(s7_histogram_quantile(&histogram, 1) < 1024);
}

/* ---- a client's ---- */

static s7_client_metrics metrics_of(const s7_client *client)
{
    s7_client_metrics metrics = {.struct_size = sizeof metrics};

    assert_int_equal(s7_client_metrics_get(client, &metrics), S7_OK);
    return metrics;
}

static void calls_are_counted_by_what_became_of_them(void **state)
{
    uint8_t data[700];

    (void)state;
    server_start(240, 1, FIN, 8);
    s7_client *client = new_client(PATIENCE_MS, PATIENCE_MS);
    assert_int_equal(s7_read_area(client, NULL, S7_AREA_DB, 1, 0, data, 1), S7_E_NOT_CONNECTED);
    assert_int_equal(s7_client_connect(client, NULL), S7_OK);
    assert_int_equal(s7_read_area(client, NULL, S7_AREA_DB, 1, 0, data, 700), S7_OK); /* frames 2 to 5 */
    assert_int_equal(s7_read_area(client, NULL, S7_AREA_DB, 2, 0, data, 1), S7_E_ITEM_MISSING);
    assert_int_equal(s7_write_area(client, NULL, S7_AREA_DB, 1, 0, data, 1), S7_OK);
    assert_int_equal(s7_read_area(client, NULL, S7_AREA_DB, 1, 4000000, data, 1), S7_E_ARG); /* not begun */
    s7_client_metrics before = metrics_of(client);
    assert_true(before.connected && before.uptime_ns > 0);
    assert_int_equal(s7_write_area(client, NULL, S7_AREA_DB, 1, 0, data, 1), S7_E_OUTCOME_UNKNOWN);
    s7_client_metrics now = metrics_of(client);
    assert_false(now.connected);
    assert_int_equal(now.uptime_ns, 0);
    assert_int_equal(now.calls, 5);
    assert_int_equal(now.successes, 2);
    assert_int_equal(now.errors[S7_ERROR_CONNECTION], 1);
    assert_int_equal(now.errors[S7_ERROR_REFUSED], 1);
    assert_int_equal(now.errors[S7_ERROR_UNKNOWN], 1);
    assert_int_equal(now.requests, 7);
    assert_int_equal(now.connects, 1);
    assert_int_equal(now.reconnects, 0);
    assert_true(now.bytes_in > 700 && now.bytes_out > 7 * 31);
    assert_int_equal(now.latency_count, 3);
    assert_true(now.latency_min_ns > 0 && now.latency_min_ns <= now.latency_p50_ns &&
                now.latency_p50_ns <= now.latency_p95_ns && now.latency_p95_ns <= now.latency_p99_ns &&
                now.latency_p99_ns <= now.latency_max_ns);
    assert_true(now.latency_mean_ns * 3 <= now.latency_sum_ns && now.latency_mean_ns >= now.latency_min_ns);
    s7_client_free(client);
    server_stop();
}

static void every_status_has_a_kind(void **state)
{
    static const struct {
        s7_status status;
        s7_error_kind kind;
    } cases[] = {{S7_E_TIMEOUT, S7_ERROR_TIMEOUT},         {S7_E_REFUSED, S7_ERROR_CONNECTION},
                 {S7_E_RESET, S7_ERROR_CONNECTION},        {S7_E_FRAME, S7_ERROR_CONNECTION},
                 {S7_E_NEGOTIATION, S7_ERROR_CONNECTION},  {S7_E_COTP_REFUSED, S7_ERROR_CONNECTION},
                 {S7_E_PROTOCOL, S7_ERROR_PROTOCOL},       {S7_E_PLC, S7_ERROR_REFUSED},
                 {S7_E_PARTIAL, S7_ERROR_REFUSED},         {S7_E_ITEM_HARDWARE, S7_ERROR_REFUSED},
                 {S7_E_CANCELLED, S7_ERROR_CANCELLED},     {S7_E_ARG, S7_ERROR_CALLER},
                 {S7_E_GUARDED, S7_ERROR_CALLER},          {S7_E_TOO_LARGE, S7_ERROR_OTHER},
                 {S7_E_OUTCOME_UNKNOWN, S7_ERROR_UNKNOWN}, {S7_E_STALE_LEASE, S7_ERROR_OTHER}};

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct s7_meter meter = {.calls = 0};

        s7_meter_call(&meter, cases[i].status, 5000);
        if (meter.errors[cases[i].kind] != 1)
            fail_msg("%s is not of the kind %s", s7_errname(cases[i].status),
                     s7_error_kind_name(cases[i].kind));
        assert_int_equal(meter.successes, 0);
        assert_int_equal(meter.latency.count, cases[i].kind == S7_ERROR_REFUSED);
    }
    for (unsigned kind = 0; kind < S7_ERROR_KINDS; kind++)
        assert_string_not_equal(s7_error_kind_name((s7_error_kind)kind), "?");
    assert_string_equal(s7_error_kind_name(S7_ERROR_KINDS), "?");
}

static void an_older_struct_is_filled_no_further_than_it_goes(void **state)
{
    s7_client_metrics metrics = {.struct_size = offsetof(s7_client_metrics, successes), .successes = 99};
    s7_client *client = NULL;

    (void)state;
    assert_int_equal(s7_client_new("127.0.0.1", NULL, &client, NULL), S7_OK);
    assert_int_equal(s7_client_metrics_get(client, &metrics), S7_OK);
    assert_int_equal(metrics.successes, 99);
    metrics.struct_size = 0;
    assert_int_equal(s7_client_metrics_get(client, &metrics), S7_E_ARG);
    assert_int_equal(s7_client_metrics_get(client, NULL), S7_E_ARG);
    assert_int_equal(s7_client_metrics_get(NULL, &metrics), S7_E_ARG);
    s7_client_free(client);
}

/* ---- text ---- */

static void the_text_is_what_a_scraper_takes(void **state)
{
    s7_client_metrics metrics = {.struct_size = sizeof metrics,
                                 .connected = true,
                                 .calls = 7,
                                 .errors[S7_ERROR_TIMEOUT] = 2,
                                 .latency_count = 5,
                                 .latency_sum_ns = 1500000000,
                                 .latency_p99_ns = 2500};
    char text[4096], small[100];
    size_t len = s7_client_metrics_text(&metrics, "a\"b\\c\nd", text, sizeof text);

    (void)state;
    assert_true(len < sizeof text && len == strlen(text) && text[len - 1] == '\n');
    expect_text(text,
                "# TYPE s7_client_calls_total counter\ns7_client_calls_total{plc=\"a\\\"b\\\\c\\nd\"} 7\n");
    expect_text(text, "s7_client_errors_total{plc=\"a\\\"b\\\\c\\nd\",kind=\"timeout\"} 2\n");
    expect_text(text, "quantile=\"0.99\"} 0.000002500\n");
    expect_text(text, "s7_client_call_seconds_sum{plc=\"a\\\"b\\\\c\\nd\"} 1.500000000\n");
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
        assert_true(strncmp(line, "# ", 2) == 0 || strncmp(line, "s7_client_", 10) == 0);
    assert_int_equal(s7_client_metrics_text(&metrics, "a\"b\\c\nd", NULL, 0), len);
    assert_int_equal(s7_client_metrics_text(&metrics, "a\"b\\c\nd", small, sizeof small), len);
    assert_int_equal(strlen(small), sizeof small - 1);
    s7_client_metrics_text(&metrics, NULL, text, sizeof text);
    expect_text(text, "\ns7_client_calls_total 7\n");
    expect_text(text, "s7_client_errors_total{kind=\"timeout\"} 2\n");
    metrics.struct_size = 8;
    assert_int_equal(s7_client_metrics_text(&metrics, NULL, text, sizeof text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_off_by_a_sixteenth_at_most),
        cmocka_unit_test(spans_at_both_ends_are_kept_in_bounds),
        cmocka_unit_test(calls_are_counted_by_what_became_of_them),
        cmocka_unit_test(every_status_has_a_kind),
        cmocka_unit_test(an_older_struct_is_filled_no_further_than_it_goes),
        cmocka_unit_test(the_text_is_what_a_scraper_takes),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.metrics");
}
