#include "client/endpoint.h"

#include "client/setting_words.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DEFAULT_PORT 102
#define SCHEME       "s7://"

struct reader {
    const char *text, *at; /* at: what is read next */
    s7_errinfo *err;
};

/* Say what is wrong with the text from the given place on. Always false. */
static bool __attribute__((format(printf, 3, 4)))
fail(struct reader *rd, const char *at, const char *format, ...)
{
    char why[120];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    if (rd->err != NULL) {
        rd->err->status = S7_E_SYNTAX;
        snprintf(rd->err->came, sizeof rd->err->came, "%s, at character %zu", why,
                 (size_t)(at - rd->text) + 1);
        snprintf(rd->err->hint, sizeof rd->err->hint,
                 "host, host:port, [ipv6]:port or s7://host:port?rack=0&slot=1");
    }
    return false;
}

static bool is_host_char(char c, bool ipv6)
{
    return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_' || (ipv6 && (c == ':' || c == '%'));
}

/* Digits up to max; end: the character that must stop them is checked by the caller. */
static bool read_number(struct reader *rd, unsigned long max, const char *what, unsigned long *value)
{
    const char *start = rd->at;
    unsigned long v = 0;

    for (; isdigit((unsigned char)*rd->at); rd->at++) {
        v = v * 10 + (unsigned long)(*rd->at - '0');
        if (v > max)
            return fail(rd, start, "%s is at most %lu", what, max);
    }
    if (rd->at == start)
        return fail(rd, start, "expected %s, a number up to %lu", what, max);
    *value = v;
    return true;
}

static bool take_host(struct reader *rd, const char *start, const char *end, bool ipv6, char *host)
{
    size_t len = (size_t)(end - start);

    if (len == 0)
        return fail(rd, start, "expected a host name or address");
    if (len >= S7_HOST_CAP)
        return fail(rd, start, "a host name is shorter than %d characters", S7_HOST_CAP);
    for (const char *c = start; c < end; c++)
        if (!is_host_char(*c, ipv6))
            return fail(rd, c, "\"%c\" does not belong into a host name",
                        isprint((unsigned char)*c) ? *c : '?');
    memcpy(host, start, len);
    host[len] = '\0';
    return true;
}

static bool read_host(struct reader *rd, char *host)
{
    if (*rd->at == '[') {
        const char *end = strchr(rd->at, ']');

        if (end == NULL)
            return fail(rd, rd->at, "the bracket is not closed");
        if (!take_host(rd, rd->at + 1, end, true, host))
            return false;
        if (strchr(host, ':') == NULL)
            return fail(rd, rd->at + 1, "in brackets stands an IPv6 address");
        rd->at = end + 1;
        return true;
    }
    const char *start = rd->at;
    size_t len = strcspn(start, "/?"), colons = 0;
    for (size_t i = 0; i < len; i++)
        colons += start[i] == ':';
    if (colons < 2) /* two colons and no bracket: an IPv6 address without a port */
        len = strcspn(start, ":/?");
    rd->at = start + len;
    return take_host(rd, start, rd->at, colons >= 2, host);
}

static bool read_port(struct reader *rd, uint16_t *port)
{
    const char *start = rd->at;
    unsigned long value = 0;

    *port = DEFAULT_PORT;
    if (*rd->at != ':')
        return true;
    rd->at++;
    if (!read_number(rd, 65535, "a port", &value))
        return false;
    if (value == 0)
        return fail(rd, start + 1, "a port is 1..65535");
    *port = (uint16_t)value;
    return true;
}

/* ---- settings ---- */

/* Read one, and set it if its turn has come: those that go first have the first round. */
static bool read_setting(struct reader *rd, bool first_round, s7_client_options *options)
{
    struct s7_word name = {rd->at, strcspn(rd->at, "=&")}, value;
    struct s7_word_fault fault;

    if (name.at[name.len] != '=')
        return fail(rd, rd->at, "expected a setting, such as rack=0");
    value.at = name.at + name.len + 1;
    value.len = strcspn(value.at, "&");
    if (s7_word_goes_first(name) == first_round && !s7_word_set(options, name, value, &fault))
        return fail(rd, fault.at, "%s", fault.why);
    rd->at = value.at + value.len;
    return true;
}

/* Is this setting's name among those between begin ('?') and at? */
static bool was_said(const char *begin, const char *at)
{
    size_t len = strcspn(at, "=&");

    for (const char *c = begin; c + 1 < at; c += 1 + strcspn(c + 1, "&"))
        if (strcspn(c + 1, "=&") == len && strncasecmp(c + 1, at, len) == 0)
            return true;
    return false;
}

static bool read_settings(struct reader *rd, bool first_round, s7_client_options *options)
{
    const char *begin = rd->at;

    do {
        rd->at++;
        if (was_said(begin, rd->at))
            return fail(rd, rd->at, "a setting is said once");
        if (!read_setting(rd, first_round, options))
            return false;
    } while (*rd->at == '&');
    return true;
}

static bool read_query(struct reader *rd, s7_client_options *options)
{
    if (*rd->at == '/')
        rd->at++;
    if (*rd->at != '?')
        return true;
    const char *begin = rd->at;
    if (!read_settings(rd, true, options))
        return false;
    rd->at = begin;
    return read_settings(rd, false, options);
}

s7_status s7_client_endpoint_parse(const char *text, struct s7_client_endpoint *out,
                                   s7_client_options *options, s7_errinfo *err)
{
    struct reader rd = {text != NULL ? text : "", text != NULL ? text : "", err};
    s7_client_options changed = *options;
    struct s7_client_endpoint made;
    bool url = strncasecmp(rd.at, SCHEME, strlen(SCHEME)) == 0;

    if (!url && strstr(rd.at, "://") != NULL) {
        fail(&rd, rd.at, "the scheme is " SCHEME);
        return S7_E_SYNTAX;
    }
    if (url)
        rd.at += strlen(SCHEME);
    if (!read_host(&rd, made.host) || !read_port(&rd, &made.port) || (url && !read_query(&rd, &changed)))
        return S7_E_SYNTAX;
    if (*rd.at != '\0') {
        fail(&rd, rd.at, *rd.at == '?' ? "settings need the form s7://host?..." : "nothing is expected here");
        return S7_E_SYNTAX;
    }
    *out = made;
    *options = changed;
    return S7_OK;
}
