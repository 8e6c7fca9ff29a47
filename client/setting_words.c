#include "client/setting_words.h"

#include "client/preset.h"
#include "client/report.h"
#include "protocol/nearest.h"
#include "protocol/pdu.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_JOBS  32
#define MIN_ITEMS 20
#define MAX_MS    86400000U /* a day */

enum kind { NUMBER_8, NUMBER_16, TSAP, TIME, TYPE, FLAG, FAMILY };

static const struct setting {
    const char *name, *env;
    enum kind kind;
    size_t field; /* its place in the options */
    uint32_t min, max;
    bool names_remote; /* says what a remote TSAP says otherwise */
    const char *what;
} settings[] = {
#define FIELD(name) offsetof(s7_client_options, name)
    {"family", "S7_FAMILY", FAMILY, FIELD(family), 0, 0, false, "a family"}, /* the first: see below */
    {"rack", "S7_RACK", NUMBER_8, FIELD(rack), 0, 7, true, "a rack"},
    {"slot", "S7_SLOT", NUMBER_8, FIELD(slot), 0, 31, true, "a slot"},
    {"type", "S7_TYPE", TYPE, FIELD(conn_type), 0, 0, true, "a type"},
    {"local-tsap", "S7_LOCAL_TSAP", TSAP, FIELD(local_tsap), 0, 0xFFFF, false, "a TSAP"},
    {"remote-tsap", "S7_REMOTE_TSAP", TSAP, FIELD(remote_tsap), 0, 0xFFFF, false, "a TSAP"},
    {"pdu", "S7_PDU", NUMBER_16, FIELD(pdu_len), S7_PDU_LEN_MIN, S7_PDU_LEN_MAX, false, "a PDU length"},
    {"jobs", "S7_JOBS", NUMBER_8, FIELD(max_jobs), 1, MAX_JOBS, false, "a number of jobs"},
    {"max-items", "S7_MAX_ITEMS", NUMBER_8, FIELD(max_items), MIN_ITEMS, 255, false, "a number of items"},
    {"timeout", "S7_TIMEOUT_MS", TIME, FIELD(request_ms), 1, MAX_MS, false, "a time"},
    {"connect-timeout", "S7_CONNECT_MS", TIME, FIELD(connect_ms), 1, MAX_MS, false, "a time"},
    {"handshake-timeout", "S7_HANDSHAKE_MS", TIME, FIELD(handshake_ms), 1, MAX_MS, false, "a time"},
    {"auto-reconnect", "S7_AUTO_RECONNECT", FLAG, FIELD(auto_reconnect), 0, 1, false, "auto-reconnect"},
    {"read-retries", "S7_READ_RETRIES", NUMBER_8, FIELD(read_retries), 0, 255, false, "a number of repeats"},
    {"heartbeat", "S7_HEARTBEAT_MS", TIME, FIELD(heartbeat_ms), 0, MAX_MS, false, "a time"},
    {"read-only", "S7_READ_ONLY", FLAG, FIELD(read_only), 0, 1, false, "read-only"},
};

#define N_SETTINGS (sizeof settings / sizeof settings[0])

/* Always false. */
static bool __attribute__((format(printf, 3, 4)))
fail(struct s7_word_fault *fault, const char *at, const char *format, ...)
{
    va_list args;

    fault->at = at;
    va_start(args, format);
    vsnprintf(fault->why, sizeof fault->why, format, args);
    va_end(args);
    return false;
}

static bool is(struct s7_word word, const char *text)
{
    return strlen(text) == word.len && strncasecmp(text, word.at, word.len) == 0;
}

/* ---- values ---- */

static unsigned digit(char c)
{
    if (isdigit((unsigned char)c))
        return (unsigned)(c - '0');
    return isxdigit((unsigned char)c) ? (unsigned)(tolower((unsigned char)c) - 'a' + 10) : 16;
}

/* The digits at the begin of the value; *rest: what follows them. */
static bool read_digits(const struct setting *setting, struct s7_word value, unsigned base, uint64_t max,
                        uint64_t *number, struct s7_word *rest, struct s7_word_fault *fault)
{
    size_t i = 0;

    *number = 0;
    for (; i < value.len && digit(value.at[i]) < base; i++) {
        *number = *number * base + digit(value.at[i]);
        if (*number > max)
            return fail(fault, value.at, "%s is at most %llu", setting->what, (unsigned long long)max);
    }
    if (i == 0)
        return fail(fault, value.at, "expected %s, a number up to %llu", setting->what,
                    (unsigned long long)max);
    *rest = (struct s7_word){value.at + i, value.len - i};
    return true;
}

static bool end_of(struct s7_word rest, struct s7_word_fault *fault)
{
    return rest.len == 0 || fail(fault, rest.at, "nothing is expected here");
}

static bool read_number(const struct setting *setting, struct s7_word value, uint32_t *number,
                        struct s7_word_fault *fault)
{
    struct s7_word rest;
    uint64_t n;

    if (!read_digits(setting, value, 10, setting->max, &n, &rest, fault) || !end_of(rest, fault))
        return false;
    if (n < setting->min)
        return fail(fault, value.at, "%s is %u..%u", setting->what, setting->min, setting->max);
    *number = (uint32_t)n;
    return true;
}

/* 0x0102, 258, or 01.02 as the reports write it */
static bool read_tsap(const struct setting *setting, struct s7_word value, uint32_t *number,
                      struct s7_word_fault *fault)
{
    struct s7_word rest;
    uint64_t high, low;

    if (value.len == 5 && value.at[2] == '.') {
        if (!read_digits(setting, (struct s7_word){value.at, 2}, 16, 0xFF, &high, &rest, fault) ||
            !end_of(rest, fault) ||
            !read_digits(setting, (struct s7_word){value.at + 3, 2}, 16, 0xFF, &low, &rest, fault) ||
            !end_of(rest, fault))
            return false;
        *number = (uint32_t)(high << 8 | low);
        return true;
    }
    bool is_hex = value.len > 2 && value.at[0] == '0' && tolower((unsigned char)value.at[1]) == 'x';
    struct s7_word digits = is_hex ? (struct s7_word){value.at + 2, value.len - 2} : value;
    if (!read_digits(setting, digits, is_hex ? 16 : 10, 0xFFFF, &low, &rest, fault) || !end_of(rest, fault))
        return false;
    *number = (uint32_t)low;
    return true;
}

/* 500ms, 5s, 2m */
static bool read_time(const struct setting *setting, struct s7_word value, uint32_t *number,
                      struct s7_word_fault *fault)
{
    static const struct {
        const char *name;
        uint32_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}};
    struct s7_word rest;
    uint64_t n;

    if (!read_digits(setting, value, 10, setting->max, &n, &rest, fault))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!is(rest, units[i].name))
            continue;
        if (n * units[i].ms < setting->min || n * units[i].ms > setting->max)
            return fail(fault, value.at, "%s is 1ms..24h here", setting->what);
        *number = (uint32_t)n * units[i].ms;
        return true;
    }
    return fail(fault, rest.at, "a time has a unit: 500ms, 5s, 2m");
}

static bool read_type(const struct setting *setting, struct s7_word value, uint32_t *number,
                      struct s7_word_fault *fault)
{
    static const char *const names[] = {"pg", "op", "basic"};

    for (uint32_t i = 0; i < 3; i++) {
        if (!is(value, names[i]))
            continue;
        *number = S7_CONN_PG + i;
        return true;
    }
    return fail(fault, value.at, "%s is pg, op or basic", setting->what);
}

static bool read_family(const struct setting *setting, struct s7_word value, uint32_t *number,
                        struct s7_word_fault *fault)
{
    s7_family family;

    if (!s7_family_from_name(value.at, value.len, &family))
        return fail(fault, value.at, "%s is " S7_FAMILY_NAMES, setting->what);
    *number = family;
    return true;
}

static bool read_flag(const struct setting *setting, struct s7_word value, uint32_t *number,
                      struct s7_word_fault *fault)
{
    bool yes = is(value, "1") || is(value, "yes") || is(value, "true");

    if (!yes && !is(value, "0") && !is(value, "no") && !is(value, "false"))
        return fail(fault, value.at, "%s is yes or no", setting->what);
    *number = yes;
    return true;
}

static bool read_value(const struct setting *setting, struct s7_word value, uint32_t *number,
                       struct s7_word_fault *fault)
{
    switch (setting->kind) {
    case TSAP:
        return read_tsap(setting, value, number, fault);
    case TIME:
        return read_time(setting, value, number, fault);
    case TYPE:
        return read_type(setting, value, number, fault);
    case FLAG:
        return read_flag(setting, value, number, fault);
    case FAMILY:
        return read_family(setting, value, number, fault);
    default:
        return read_number(setting, value, number, fault);
    }
}

static void store(const struct setting *setting, uint32_t number, s7_client_options *options)
{
    char *at = (char *)options + setting->field;
    uint16_t number_16 = (uint16_t)number;

    switch (setting->kind) {
    case FAMILY:
        (void)s7_preset(options, (s7_family)number); /* its name is one of a family */
        break;
    case NUMBER_16:
    case TSAP:
        memcpy(at, &number_16, sizeof number_16);
        break;
    case TIME:
        memcpy(at, &number, sizeof number);
        break;
    case FLAG:
        if (setting->field == FIELD(read_only) && number == 0)
            break; /* a guard that the program set is not taken away by text */
        *(bool *)at = number != 0;
        break;
    default:
        *(uint8_t *)at = (uint8_t)number;
    }
    if (setting->names_remote)
        options->remote_tsap = 0;
}

/* ---- names ---- */

static bool unknown(struct s7_word name, struct s7_word_fault *fault)
{
    char word[32];
    struct s7_nearest nearest = {.word = word};

    snprintf(word, sizeof word, "%.*s", (int)(name.len < 31 ? name.len : 31), name.at);
    for (char *c = word; *c != '\0'; c++)
        *c = (char)(isprint((unsigned char)*c) ? tolower((unsigned char)*c) : '?');
    for (size_t i = 0; i < N_SETTINGS; i++)
        s7_nearest_try(&nearest, settings[i].name);
    if (nearest.best != NULL)
        return fail(fault, name.at, "no such setting \"%s\"; did you mean %s?", word, nearest.best);
    return fail(fault, name.at, "no such setting \"%s\"", word);
}

/* Others are set by a family, and must be set again where they are given: it goes first. */
bool s7_word_goes_first(struct s7_word name)
{
    return is(name, settings[0].name);
}

bool s7_word_set(s7_client_options *options, struct s7_word name, struct s7_word value,
                 struct s7_word_fault *fault)
{
    for (size_t i = 0; i < N_SETTINGS; i++) {
        uint32_t number;

        if (!is(name, settings[i].name))
            continue;
        if (!read_value(&settings[i], value, &number, fault))
            return false;
        store(&settings[i], number, options);
        return true;
    }
    return unknown(name, fault);
}

/* ---- environment ---- */

/* Times have their unit in the name: S7_TIMEOUT_MS=5000. */
static bool set_from_env(const struct setting *setting, const char *text, s7_client_options *options,
                         struct s7_word_fault *fault)
{
    struct s7_word value = {text, strlen(text)};
    uint32_t number;
    if (setting->kind == TIME && strspn(text, "0123456789") != value.len)
        return fail(fault, text, "expected plain milliseconds, %u..%u", setting->min, setting->max);
    bool good = setting->kind == TIME ? read_number(setting, value, &number, fault)
                                      : read_value(setting, value, &number, fault);

    if (good)
        store(setting, number, options);
    return good;
}

s7_status s7_options_from_env(s7_client_options *options, s7_errinfo *err)
{
    if (options == NULL || options->struct_size < sizeof *options)
        return S7_E_ARG;
    s7_client_options changed = *options;
    for (size_t i = 0; i < N_SETTINGS; i++) {
        const char *text = getenv(settings[i].env);
        s7_errinfo why = S7_ERRINFO_INIT;
        struct s7_word_fault fault;

        if (text == NULL || *text == '\0' || set_from_env(&settings[i], text, &changed, &fault))
            continue;
        snprintf(why.asked, sizeof why.asked, "take options from the environment");
        snprintf(why.hint, sizeof why.hint, "unset %s, or correct it", settings[i].env);
        char came[S7_CAME_CAP];
        snprintf(came, sizeof came, "%s=\"%.40s\": %s", settings[i].env, text, fault.why);
        s7_report_came(&why, S7_E_SYNTAX, came);
        s7_report_give(err, &why);
        return S7_E_SYNTAX;
    }
    *options = changed;
    return S7_OK;
}
