#include "client/prom_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static void put(struct s7_prom *text, char c)
{
    if (text->len + 1 < text->cap)
        text->buf[text->len] = c;
    text->len++;
}

static void __attribute__((format(printf, 2, 3))) say(struct s7_prom *text, const char *format, ...)
{
    char piece[256]; /* longer than anything below */
    va_list args;

    va_start(args, format);
    vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    for (const char *c = piece; *c != '\0'; c++)
        put(text, *c);
}

static void say_escaped(struct s7_prom *text, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"' || *value == '\n')
            put(text, '\\');
        put(text, *value == '\n' ? 'n' : *value);
    }
}

/* {plc="...",label="value"}; label NULL: only the one that all have. */
static void say_labels(struct s7_prom *text, const char *label, const char *value)
{
    if (text->value == NULL && label == NULL)
        return;
    say(text, "{");
    if (text->value != NULL) {
        say(text, "%s=\"", text->label);
        say_escaped(text, text->value);
        say(text, "\"%s", label != NULL ? "," : "");
    }
    if (label != NULL)
        say(text, "%s=\"%s\"", label, value);
    say(text, "}");
}

void s7_prom_head(struct s7_prom *text, const char *name, const char *type, const char *help)
{
    say(text, "# HELP %s%s %s\n# TYPE %s%s %s\n", text->prefix, name, help, text->prefix, name, type);
}

void s7_prom_sample(struct s7_prom *text, const char *name, const char *suffix, const char *label,
                    const char *value, uint64_t number)
{
    say(text, "%s%s%s", text->prefix, name, suffix);
    say_labels(text, label, value);
    say(text, " %" PRIu64 "\n", number);
}

/* Without the locale's comma. */
void s7_prom_seconds(struct s7_prom *text, const char *name, const char *suffix, const char *label,
                     const char *value, int64_t ns)
{
    say(text, "%s%s%s", text->prefix, name, suffix);
    say_labels(text, label, value);
    say(text, " %" PRId64 ".%09" PRId64 "\n", ns / 1000000000, ns % 1000000000);
}

void s7_prom_number(struct s7_prom *text, const char *name, const char *type, const char *help,
                    uint64_t number)
{
    s7_prom_head(text, name, type, help);
    s7_prom_sample(text, name, "", NULL, NULL, number);
}

size_t s7_prom_end(struct s7_prom *text)
{
    if (text->cap > 0)
        text->buf[text->len < text->cap ? text->len : text->cap - 1] = '\0';
    return text->len;
}
