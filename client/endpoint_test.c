#include "client/endpoint.h"

#include "client/settings.h"
#include "client/test_names.h"

#include <stdlib.h>

static s7_status parse(const char *text, struct s7_client_endpoint *out, s7_client_options *options,
                       s7_errinfo *err)
{
    s7_client_options_init(options);
    *err = (s7_errinfo)S7_ERRINFO_INIT;
    return s7_client_endpoint_parse(text, out, options, err);
}

static void hosts_and_ports_of_all_forms_parse(void **state)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
    } cases[] = {
        {"192.168.0.1", "192.168.0.1", 102},
        {"plc7:10102", "plc7", 10102},
        {"plc-7.site_2.example:1", "plc-7.site_2.example", 1},
        {"[::1]:102", "::1", 102},
        {"[fe80::1%eth0]", "fe80::1%eth0", 102},
        {"::1", "::1", 102},
        {"127.0.0.1:65535", "127.0.0.1", 65535},
        {"s7://10.0.0.1", "10.0.0.1", 102},
        {"S7://10.0.0.1:2000/", "10.0.0.1", 2000},
        {"s7://[::1]:2000?rack=1", "::1", 2000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct s7_client_endpoint endpoint;
        s7_client_options options;
        s7_errinfo err;

        if (parse(cases[i].text, &endpoint, &options, &err) != S7_OK)
            fail_msg("\"%s\": %s", cases[i].text, err.came);
        assert_string_equal(endpoint.host, cases[i].host);
        assert_int_equal(endpoint.port, cases[i].port);
    }
}

static void settings_of_the_endpoint_win_over_the_options(void **state)
{
    struct s7_client_endpoint endpoint;
    s7_client_options options;
    s7_errinfo err = S7_ERRINFO_INIT;

    (void)state;
    s7_client_options_init(&options);
    options.rack = 5;
    options.slot = 5;
    options.remote_tsap = 0x4D57;
    assert_int_equal(s7_client_endpoint_parse("10.0.0.1:7", &endpoint, &options, &err), S7_OK);
    assert_int_equal(options.remote_tsap, 0x4D57);
    assert_int_equal(
        s7_client_endpoint_parse("s7://10.0.0.1:7?rack=2&SLOT=31&type=PG", &endpoint, &options, &err), S7_OK);
    assert_int_equal(options.rack, 2);
    assert_int_equal(options.slot, 31);
    assert_int_equal(options.conn_type, S7_CONN_PG);
    assert_int_equal(options.remote_tsap, 0);
}

static void every_setting_of_an_endpoint_reaches_its_option(void **state)
{
    struct s7_client_endpoint endpoint;
    s7_client_options o;
    s7_errinfo err;

    (void)state;
    if (parse(
            "s7://plc?type=basic&rack=1&slot=4&local-tsap=0x1234&remote-tsap=4d.57&pdu=480&JOBS=4&timeout=7s&"
            "connect-timeout=250ms&handshake-timeout=2m&auto-reconnect=yes&read-retries=0&read-only=1&"
            "heartbeat=10s&max-"
            "items=255",
            &endpoint, &o, &err) != S7_OK)
        fail_msg("%s", err.came);
    assert_int_equal(o.conn_type, S7_CONN_BASIC);
    assert_int_equal(o.rack, 1);
    assert_int_equal(o.slot, 4);
    assert_int_equal(o.local_tsap, 0x1234);
    assert_int_equal(o.remote_tsap, 0x4D57);
    assert_int_equal(o.pdu_len, 480);
    assert_int_equal(o.max_jobs, 4);
    assert_int_equal(o.max_items, 255);
    assert_int_equal(o.heartbeat_ms, 10000);
    assert_int_equal(o.request_ms, 7000);
    assert_int_equal(o.connect_ms, 250);
    assert_int_equal(o.handshake_ms, 120000);
    assert_true(o.auto_reconnect);
    assert_int_equal(o.read_retries, 0);
    assert_true(o.read_only);
    /* the last word on where the CPU is counts */
    assert_int_equal(parse("s7://plc?remote-tsap=770&slot=2", &endpoint, &o, &err), S7_OK);
    assert_int_equal(o.remote_tsap, 0);
    assert_int_equal(parse("s7://plc?slot=2&remote-tsap=770", &endpoint, &o, &err), S7_OK);
    assert_int_equal(o.remote_tsap, 770);
}

static void an_endpoint_does_not_undo_read_only(void **state)
{
    struct s7_client_endpoint endpoint;
    s7_client_options options;
    s7_errinfo err = S7_ERRINFO_INIT;

    (void)state;
    s7_client_options_init(&options);
    options.read_only = true;
    assert_int_equal(s7_client_endpoint_parse("s7://plc?read-only=no", &endpoint, &options, &err), S7_OK);
    assert_true(options.read_only);
}

static void a_preset_sets_what_is_usual_for_a_family(void **state)
{
    s7_client_options options;

    (void)state;
    for (int family = S7_FAMILY_S7_300; family <= S7_FAMILY_S7_400_CP; family++) {
        struct s7_settings settings;

        s7_client_options_init(&options);
        options.rack = 3;
        options.remote_tsap = 0x4D57;
        options.request_ms = 77;
        assert_int_equal(s7_preset(&options, (s7_family)family), S7_OK);
        assert_int_equal(options.family, family);
        assert_int_equal(options.rack, 0);
        assert_int_equal(options.remote_tsap, family == S7_FAMILY_LOGO ? 0x2000 : 0);
        assert_int_equal(options.request_ms, 77);
        assert_int_equal(s7_settings_make("plc", &options, &settings, NULL), S7_OK);
        assert_string_not_equal(s7_family_name((s7_family)family), "?");
    }
    assert_int_equal(s7_preset(&options, S7_FAMILY_S7_400), S7_OK);
    assert_int_equal(options.slot, 3);
    assert_int_equal(options.pdu_len, 480);
    assert_int_equal(s7_preset(&options, S7_FAMILY_S7_300), S7_OK);
    assert_int_equal(options.slot, 2);
    assert_int_equal(s7_preset(&options, (s7_family)0), S7_E_ARG);
    assert_int_equal(s7_preset(NULL, S7_FAMILY_S7_300), S7_E_ARG);
    assert_string_equal(s7_family_name((s7_family)99), "?");
    s7_client_options older = options;
    older.struct_size = offsetof(s7_client_options, family);
    assert_int_equal(s7_preset(&older, S7_FAMILY_S7_1500), S7_E_ARG);
    assert_int_equal(older.slot, 2);
}

static void settings_win_over_a_family_in_any_order(void **state)
{
    static const struct {
        const char *text;
        uint8_t family, slot;
        uint16_t remote_tsap, pdu_len;
    } cases[] = {
        {"s7://plc?family=s7-300", S7_FAMILY_S7_300, 2, 0, 240},
        {"s7://plc?family=S71500&slot=0", S7_FAMILY_S7_1500, 0, 0, 960},
        {"s7://plc?slot=5&pdu=480&family=s7-300", S7_FAMILY_S7_300, 5, 0, 480},
        {"s7://plc?family=logo", S7_FAMILY_LOGO, 0, 0x2000, 240},
        {"s7://plc?family=s7-400-cp", S7_FAMILY_S7_400_CP, 3, 0, 480},
        {"s7://plc?remote-tsap=03.00&FAMILY=LOGO", S7_FAMILY_LOGO, 0, 0x0300, 240},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct s7_client_endpoint endpoint;
        s7_client_options options;
        s7_errinfo err;

        if (parse(cases[i].text, &endpoint, &options, &err) != S7_OK)
            fail_msg("\"%s\": %s", cases[i].text, err.came);
        if (options.family != cases[i].family || options.slot != cases[i].slot ||
            options.remote_tsap != cases[i].remote_tsap || options.pdu_len != cases[i].pdu_len)
            fail_msg("\"%s\": family %u, slot %u, TSAP %04X, PDU length %u", cases[i].text, options.family,
                     options.slot, options.remote_tsap, options.pdu_len);
    }
}

static void a_wrong_setting_is_named_with_the_nearest_one(void **state)
{
    static const struct {
        const char *text, *came;
    } cases[] = {
        {"s7://plc?rak=0", "no such setting \"rak\"; did you mean rack?"},
        {"s7://plc?time-out=5s", "did you mean timeout?"},
        {"s7://plc?timeout=5", "a time has a unit"},
        {"s7://plc?timeout=0s", "1ms..24h"},
        {"s7://plc?timeout=5h", "a time has a unit"},
        {"s7://plc?timeout=2000m", "1ms..24h"},
        {"s7://plc?family=s7-3000", "a family is s7-300, s7-400,"},
        {"s7://plc?family=", "a family is"},
        {"s7://plc?pdu=100", "a PDU length is 240..960"},
        {"s7://plc?jobs=0", "1..32"},
        {"s7://plc?max-items=19", "20..255"},
        {"s7://plc?local-tsap=0x10000", "a TSAP is at most 65535"},
        {"s7://plc?local-tsap=0x", "nothing is expected here"},
        {"s7://plc?local-tsap=1g.00", "nothing is expected here"},
        {"s7://plc?read-only=maybe", "yes or no"},
        {"s7://plc?read-only", "expected a setting"},
        {"s7://plc?allow-control=1", "no such setting"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct s7_client_endpoint endpoint;
        s7_client_options options;
        s7_errinfo err;

        assert_int_equal(parse(cases[i].text, &endpoint, &options, &err), S7_E_SYNTAX);
        if (strstr(err.came, cases[i].came) == NULL)
            fail_msg("\"%s\": \"%s\" does not say \"%s\"", cases[i].text, err.came, cases[i].came);
    }
}

static void options_come_from_the_environment_where_it_has_them(void **state)
{
    s7_client_options options, before;
    s7_errinfo err = S7_ERRINFO_INIT;

    (void)state;
    s7_client_options_init(&options);
    before = options;
    assert_int_equal(s7_options_from_env(&options, &err), S7_OK);
    assert_memory_equal(&options, &before, sizeof options);
    setenv("S7_SLOT", "4", 1);
    setenv("S7_FAMILY", "s7-400", 1);
    assert_int_equal(s7_options_from_env(&options, &err), S7_OK);
    assert_int_equal(options.slot, 4);
    assert_int_equal(options.pdu_len, 480);
    unsetenv("S7_FAMILY");
    setenv("S7_SLOT", "2", 1);
    setenv("S7_TIMEOUT_MS", "1500", 1);
    setenv("S7_TYPE", "pg", 1);
    setenv("S7_RACK", "", 1); /* as good as unset */
    assert_int_equal(s7_options_from_env(&options, &err), S7_OK);
    assert_int_equal(options.slot, 2);
    assert_int_equal(options.request_ms, 1500);
    assert_int_equal(options.conn_type, S7_CONN_PG);
    before = options;
    setenv("S7_TIMEOUT_MS", "5s", 1);
    assert_int_equal(s7_options_from_env(&options, &err), S7_E_SYNTAX);
    assert_non_null(strstr(err.came, "S7_TIMEOUT_MS=\"5s\": expected plain milliseconds, 1.."));
    setenv("S7_TIMEOUT_MS", "1500", 1);
    setenv("S7_JOBS", "99", 1);
    setenv("S7_SLOT", "3", 1);
    assert_int_equal(s7_options_from_env(&options, &err), S7_E_SYNTAX);
    assert_non_null(strstr(err.came, "S7_JOBS=\"99\": a number of jobs is at most 32"));
    assert_int_equal(s7_options_from_env(&options, NULL), S7_E_SYNTAX);
    assert_memory_equal(&options, &before, sizeof options);
    static const char *const names[] = {"S7_SLOT", "S7_TIMEOUT_MS", "S7_TYPE", "S7_RACK", "S7_JOBS"};
    for (size_t i = 0; i < 5; i++)
        unsetenv(names[i]);
    options.struct_size = 4;
    assert_int_equal(s7_options_from_env(&options, &err), S7_E_ARG);
}

static void what_is_no_endpoint_says_where_and_changes_nothing(void **state)
{
    static const struct {
        const char *text;
        unsigned at; /* the character that is named */
    } cases[] = {
        {"", 1},
        {":102", 1},
        {"http://h", 1},
        {"s7://h?slot=2&rack=0&SLOT=3", 22},
        {"plc:", 5},
        {"plc:0", 5},
        {"plc:65536", 5},
        {"plc:99999999999999999999", 5},
        {"plc:10x", 7},
        {"plc 7", 4},
        {"[::1", 1},
        {"[]:102", 2},
        {"[plc]:102", 2},
        {"[10.0.0.1%eth0]", 2},
        {"[::1]102", 6},
        {"::1g/", 5},
        {"plc?rack=0", 4},
        {"s7://", 6},
        {"s7://plc?rack=8", 15},
        {"s7://plc?slot=", 15},
        {"s7://plc?slot=32", 15},
        {"s7://plc?type=xx", 15},
        {"s7://plc?color=red", 10},
        {"s7://plc?rack=0&", 17},
        {"s7://plc?rack=0;slot=1", 16},
        {"s7://plc/x", 10},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct s7_client_endpoint endpoint = {.host = "untouched", .port = 9};
        s7_client_options options, before;
        s7_errinfo err;
        char where[40];

        s7_client_options_init(&before);
        if (parse(cases[i].text, &endpoint, &options, &err) != S7_E_SYNTAX)
            fail_msg("\"%s\" was taken", cases[i].text);
        snprintf(where, sizeof where, "at character %u", cases[i].at);
        if (strstr(err.came, where) == NULL)
            fail_msg("\"%s\": \"%s\" does not say %s", cases[i].text, err.came, where);
        assert_string_equal(endpoint.host, "untouched");
        assert_int_equal(options.rack, before.rack);
        assert_int_equal(options.slot, before.slot);
        assert_int_equal(options.conn_type, before.conn_type);
        assert_int_equal(options.remote_tsap, before.remote_tsap);
    }
}

static void a_host_name_that_is_too_long_is_refused(void **state)
{
    char text[S7_HOST_CAP + 8];
    struct s7_client_endpoint endpoint;
    s7_client_options options;
    s7_errinfo err;

    (void)state;
    memset(text, 'a', sizeof text);
    text[S7_HOST_CAP - 1] = '\0';
    assert_int_equal(parse(text, &endpoint, &options, &err), S7_OK);
    text[S7_HOST_CAP - 1] = 'a';
    text[S7_HOST_CAP] = '\0';
    assert_int_equal(parse(text, &endpoint, &options, &err), S7_E_SYNTAX);
}

static void random_texts_are_taken_or_refused(void **state)
{
    static const char letters[] = "s7:/?&=rackslotype0123456789[].%- \t";
    uint32_t seed = 99;

    (void)state;
    for (unsigned round = 0; round < 100000; round++) {
        char text[32];
        struct s7_client_endpoint endpoint;
        s7_client_options options;
        s7_errinfo err;
        size_t len = 0, max;

        seed = seed * 1664525 + 1013904223;
        for (max = seed >> 27; len < max && len < sizeof text - 1; len++) {
            seed = seed * 1664525 + 1013904223;
            text[len] = letters[(seed >> 16) % (sizeof letters - 1)];
        }
        text[len] = '\0';
        s7_status status = parse(text, &endpoint, &options, &err);
        if (status == S7_OK)
            assert_true(endpoint.port != 0 && strlen(endpoint.host) > 0 && options.rack <= 7 &&
                        options.slot <= 31);
        else
            assert_true(status == S7_E_SYNTAX && err.came[0] != '\0');
    }
}

/* ---- settings: endpoint and options together ---- */

static void options_out_of_range_are_named(void **state)
{
    s7_client_options bad[11];
    struct s7_settings settings;

    (void)state;
    for (unsigned i = 0; i < 11; i++)
        s7_client_options_init(&bad[i]);
    bad[0].rack = 8;
    bad[1].slot = 32;
    bad[2].conn_type = 0;
    bad[3].max_jobs = 0;
    bad[4].max_jobs = 33;
    bad[5].pdu_len = 239;
    bad[6].pdu_len = 961;
    bad[7].request_ms = 0;
    bad[8].struct_size = 0;
    bad[9].max_items = 19;
    bad[10].family = S7_FAMILY_S7_400_CP + 1;
    for (unsigned i = 0; i < 11; i++) {
        s7_errinfo err = S7_ERRINFO_INIT;

        assert_int_equal(s7_settings_make("plc", &bad[i], &settings, &err), S7_E_ARG);
        assert_int_equal(err.status, S7_E_ARG);
        assert_true(err.came[0] != '\0');
        assert_int_equal(s7_settings_make("plc", &bad[i], &settings, NULL), S7_E_ARG);
    }
}

static void fields_that_an_older_caller_does_not_know_keep_their_defaults(void **state)
{
    s7_client_options old;
    struct s7_settings settings;

    (void)state;
    memset(&old, 0, sizeof old);
    old.struct_size = offsetof(s7_client_options, local_tsap);
    old.slot = 2;
    old.conn_type = S7_CONN_PG;
    old.max_jobs = 4;
    assert_int_equal(s7_settings_make("[::1]:7", &old, &settings, NULL), S7_OK);
    assert_int_equal(settings.options.slot, 2);
    assert_int_equal(settings.options.max_jobs, 4);
    assert_int_equal(settings.options.local_tsap, 0x0100);
    assert_int_equal(settings.options.pdu_len, 960);
    assert_string_equal(settings.where, "[::1]:7");
}

static void an_error_report_never_passes_the_struct_that_the_caller_knows(void **state)
{
    struct s7_settings settings;
    union {
        s7_errinfo info;
        uint8_t bytes[sizeof(s7_errinfo)];
    } err;

    (void)state;
    memset(&err, 0xEE, sizeof err);
    err.info.struct_size = offsetof(s7_errinfo, asked);
    assert_int_equal(s7_settings_make("plc:0", NULL, &settings, &err.info), S7_E_SYNTAX);
    assert_int_equal(err.info.status, S7_E_SYNTAX);
    assert_int_equal(err.info.struct_size, offsetof(s7_errinfo, asked));
    for (size_t i = offsetof(s7_errinfo, asked); i < sizeof err; i++)
        assert_int_equal(err.bytes[i], 0xEE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_and_ports_of_all_forms_parse),
        cmocka_unit_test(settings_of_the_endpoint_win_over_the_options),
        cmocka_unit_test(every_setting_of_an_endpoint_reaches_its_option),
        cmocka_unit_test(an_endpoint_does_not_undo_read_only),
        cmocka_unit_test(a_preset_sets_what_is_usual_for_a_family),
        cmocka_unit_test(settings_win_over_a_family_in_any_order),
        cmocka_unit_test(a_wrong_setting_is_named_with_the_nearest_one),
        cmocka_unit_test(options_come_from_the_environment_where_it_has_them),
        cmocka_unit_test(what_is_no_endpoint_says_where_and_changes_nothing),
        cmocka_unit_test(a_host_name_that_is_too_long_is_refused),
        cmocka_unit_test(random_texts_are_taken_or_refused),
        cmocka_unit_test(options_out_of_range_are_named),
        cmocka_unit_test(fields_that_an_older_caller_does_not_know_keep_their_defaults),
        cmocka_unit_test(an_error_report_never_passes_the_struct_that_the_caller_knows),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.endpoint");
}
