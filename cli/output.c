#include "cli/cli.h"

#include "protocol/utf8.h"
#include "protocol/value.h"

#include <string.h>
#include <unistd.h>

/* C0, DEL and C1: what a terminal would obey instead of showing. */
static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

static void put_char(FILE *out, uint32_t c)
{
    char bytes[S7_UTF8_MAX];

    fwrite(bytes, 1, s7_utf8_put(c, bytes), out);
}

/* ---- texts of the PLC ---- */

static void json_char(FILE *out, uint32_t c)
{
    if (c == '"' || c == '\\')
        fprintf(out, "\\%c", (int)c);
    else if (is_control(c) || s7_is_surrogate(c))
        fprintf(out, "\\u%04x", (unsigned)c);
    else
        put_char(out, c);
}

void cli_json_text(FILE *out, const struct s7_value *value)
{
    size_t at = 0;
    uint32_t c;

    fputc('"', out);
    while (s7_value_char(value, &at, &c))
        json_char(out, c);
    fputc('"', out);
}

void cli_print_text(FILE *out, const struct s7_value *value, bool quoted)
{
    size_t at = 0;
    uint32_t c;

    if (quoted)
        fputc('"', out);
    while (s7_value_char(value, &at, &c)) {
        if (quoted && (c == '"' || c == '\\'))
            fputc('\\', out);
        if (is_control(c))
            fprintf(out, "\\x%02X", (unsigned)c);
        else if (s7_is_surrogate(c))
            fprintf(out, "\\u%04X", (unsigned)c);
        else
            put_char(out, c);
    }
    if (quoted)
        fputc('"', out);
}

/* ---- texts of the plant file ---- */

/* The next character, and its length; a byte that is no UTF-8 counts as U+FFFD. */
static size_t utf8_next(const char *text, uint32_t *c)
{
    size_t len = s7_utf8_take(text, strnlen(text, S7_UTF8_MAX), c);

    if (len > 0)
        return len;
    *c = S7_REPLACEMENT;
    return 1;
}

size_t cli_print_utf8(FILE *out, const char *text)
{
    size_t n = 0;

    while (*text != '\0') {
        uint32_t c;

        text += utf8_next(text, &c);
        if (out != NULL && is_control(c))
            fprintf(out, "\\x%02X", (unsigned)c);
        else if (out != NULL)
            put_char(out, c);
        n += is_control(c) ? 4 : 1;
    }
    return n;
}

void cli_json_utf8(FILE *out, const char *text)
{
    fputc('"', out);
    while (*text != '\0') {
        uint32_t c;

        text += utf8_next(text, &c);
        json_char(out, c);
    }
    fputc('"', out);
}

/* A comma, a quote, or a blank that readers would drop. */
static bool wants_quotes(const char *text)
{
    size_t len = strlen(text);

    return strpbrk(text, ",\"") != NULL || (len > 0 && (text[0] == ' ' || text[len - 1] == ' '));
}

void cli_csv_utf8(FILE *out, const char *text)
{
    bool quotes = wants_quotes(text);

    if (quotes)
        fputc('"', out);
    while (*text != '\0') {
        uint32_t c;

        text += utf8_next(text, &c);
        if (c == '"')
            fputc('"', out);
        if (is_control(c))
            fprintf(out, "\\x%02X", (unsigned)c);
        else
            put_char(out, c);
    }
    if (quotes)
        fputc('"', out);
}

const char *cli_latin1_utf8(const char *text, char buf[CLI_LATIN1_CAP])
{
    size_t len = 0;

    for (; *text != '\0' && len + S7_UTF8_MAX < CLI_LATIN1_CAP; text++)
        len += s7_utf8_put((unsigned char)*text, buf + len);
    buf[len] = '\0';
    return buf;
}

/* ---- which form ---- */

int cli_one_format(const struct cli_command *self, bool json, bool csv, bool raw, enum cli_format *format)
{
    if (json + csv + raw > 1)
        return cli_usage_error(self, "--json, --csv and --raw cannot be had together: say one");
    *format = json ? CLI_JSON : csv ? CLI_CSV : raw ? CLI_RAW : CLI_TEXT;
    return -1;
}

int cli_raw_output(const struct cli_command *self)
{
    if (!isatty(STDOUT_FILENO))
        return -1;
    return cli_usage_error(self, "raw bytes are not for a terminal: send them to a file or a program, as in"
                                 " `--raw ... > FILE` or `--raw ... | xxd`");
}
