#include "client/prom_text.h"

#include <inttypes.h>

static void say_escaped(struct s7_prom *text, const char *value)
{
    while (*value != '\0') {
        if (*value == '\\' || *value == '"' || *value == '\n')
            s7_sink_put(&text->out, '\\');
        if (*value == '\n')
            value += s7_sink_put_char(&text->out, "n");
        else
            value += s7_sink_put_char(&text->out, value);
    }
}

/* {plc="...",label="value"}; label NULL: only the one that all have. */
static void say_labels(struct s7_prom *text, const char *label, const char *value)
{
    if (text->value == NULL && label == NULL)
        return;
    s7_sink_say(&text->out, "{");
    if (text->value != NULL) {
        s7_sink_say(&text->out, "%s=\"", text->label);
        say_escaped(text, text->value);
        s7_sink_say(&text->out, "\"%s", label != NULL ? "," : "");
    }
    if (label != NULL)
        s7_sink_say(&text->out, "%s=\"%s\"", label, value);
    s7_sink_say(&text->out, "}");
}

void s7_prom_head(struct s7_prom *text, const char *name, const char *type, const char *help)
{
    s7_sink_say(&text->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", text->prefix, name, help, text->prefix, name,
                type);
}

void s7_prom_sample(struct s7_prom *text, const char *name, const char *suffix, const char *label,
                    const char *value, uint64_t number)
{
    s7_sink_say(&text->out, "%s%s%s", text->prefix, name, suffix);
    say_labels(text, label, value);
    s7_sink_say(&text->out, " %" PRIu64 "\n", number);
}

/* Without the locale's comma. */
void s7_prom_seconds(struct s7_prom *text, const char *name, const char *suffix, const char *label,
                     const char *value, int64_t ns)
{
    s7_sink_say(&text->out, "%s%s%s", text->prefix, name, suffix);
    say_labels(text, label, value);
    s7_sink_say(&text->out, " %" PRId64 ".%09" PRId64 "\n", ns / 1000000000, ns % 1000000000);
}

void s7_prom_number(struct s7_prom *text, const char *name, const char *type, const char *help,
                    uint64_t number)
{
    s7_prom_head(text, name, type, help);
    s7_prom_sample(text, name, "", NULL, NULL, number);
}

size_t s7_prom_end(struct s7_prom *text)
{
    return s7_sink_end(&text->out);
}
