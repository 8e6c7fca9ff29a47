/* Endpoints: what is taken has a host, a port and options in their ranges, and written as an endpoint again
 * says the same; what is refused is refused at a character of the text. */
#include "fuzz.h"

#include "client/settings.h"

#include <stdio.h>
#include <string.h>

const char *const fuzz_seeds[] = {"\"192.168.0.1",
                                  "\"plc7:10102",
                                  "\"[fe80::1%eth0]:102",
                                  "\"[fe80O1%eth0]:10",
                                  "\"::1",
                                  "\"s7://10.0.0.1:2000/?rack=0&slot=2&type=pg",
                                  "\"s7://plc?remote-tsap=03.02&local-tsap=0x0100&pdu=480&jobs=4",
                                  "\"s7://plc?slot=5&family=s7-300&family=logo",
                                  "\"S7://plc?timeout=5s&connect-timeout=250ms&handshake-timeout=2m",
                                  "\"s7://plc?auto-reconnect=yes&read-retries=3&read-only=1&max-items=40",
                                  "\"s7://[::1]?heartbeat=10s&FAMILY=S7-200-Smart",
                                  NULL};

/* Our own encoder: everything that an endpoint may say. */
static void to_text(const struct s7_settings *settings, char *text, size_t cap)
{
    static const char *const types[] = {"?", "pg", "op", "basic"};
    const s7_client_options *o = &settings->options;
    char family[32] = "", remote[32] = "";

    if (o->family != 0)
        snprintf(family, sizeof family, "&family=%s", s7_family_name((s7_family)o->family));
    if (o->remote_tsap != 0)
        snprintf(remote, sizeof remote, "&remote-tsap=%02X.%02X", o->remote_tsap >> 8,
                 o->remote_tsap & 0xFFU);
    snprintf(text, cap,
             "s7://%s?rack=%u&slot=%u&type=%s&local-tsap=0x%04X%s%s&pdu=%u&jobs=%u&max-items=%u&timeout=%ums&"
             "connect-timeout=%ums&handshake-timeout=%ums&auto-reconnect=%s&read-retries=%u&read-only=%u",
             settings->where, o->rack, o->slot, types[o->conn_type], o->local_tsap, remote, family,
             o->pdu_len, o->max_jobs, o->max_items, o->request_ms, o->connect_ms, o->handshake_ms,
             o->auto_reconnect ? "true" : "false", o->read_retries, o->read_only);
}

static bool same(const s7_client_options *a, const s7_client_options *b)
{
    return a->rack == b->rack && a->slot == b->slot && a->conn_type == b->conn_type &&
           a->local_tsap == b->local_tsap && a->remote_tsap == b->remote_tsap && a->family == b->family &&
           a->pdu_len == b->pdu_len && a->max_jobs == b->max_jobs && a->max_items == b->max_items &&
           a->request_ms == b->request_ms && a->connect_ms == b->connect_ms &&
           a->handshake_ms == b->handshake_ms && a->auto_reconnect == b->auto_reconnect &&
           a->read_retries == b->read_retries && a->read_only == b->read_only;
}

static void expect_there_and_back(const char *text, const struct s7_settings *settings)
{
    char own[1024];
    struct s7_settings again;
    s7_errinfo err = S7_ERRINFO_INIT;

    to_text(settings, own, sizeof own);
    if (s7_settings_make(own, NULL, &again, &err) != S7_OK)
        fuzz_fail("\"%s\" is taken, and \"%s\", which says the same, is not: %s", text, own, err.came);
    if (again.endpoint.port != settings->endpoint.port ||
        strcmp(again.endpoint.host, settings->endpoint.host) != 0 ||
        !same(&again.options, &settings->options))
        fuzz_fail("\"%s\" says something else than \"%s\"", own, text);
}

static void expect_reason(const char *text, s7_status status, const s7_errinfo *err)
{
    const char *at = NULL;
    unsigned long n = 0;

    for (const char *next = err->came; (next = strstr(next, "at character ")) != NULL; next++)
        at = next; /* the last; words of the text may stand before it */
    if (status != S7_E_SYNTAX || err->status != status)
        fuzz_fail("\"%s\" is refused with %s", text, s7_errname(status));
    if (at == NULL || sscanf(at, "at character %lu", &n) != 1 || n == 0 || n > strlen(text) + 1)
        fuzz_fail("\"%s\" is refused without a place: %s", text, err->came);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char text[512];
    struct s7_settings settings;
    s7_errinfo err = S7_ERRINFO_INIT;

    if (len >= sizeof text || memchr(bytes, 0, len) != NULL)
        return 0;
    memcpy(text, bytes, len);
    text[len] = '\0';
    s7_status status = s7_settings_make(text, NULL, &settings, &err);
    if (status == S7_OK)
        expect_there_and_back(text, &settings);
    else
        expect_reason(text, status, &err);
    return 0;
}
