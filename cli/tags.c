/* Tags as users name them: symbols of a file, or addresses. */
#include "cli/symbols.h"

#include "protocol/nearest.h"

#include <stdlib.h>

static void say_nearest(const s7_symbols *symbols, const char *text)
{
    struct s7_nearest nearest = {.word = text};

    for (size_t i = 0; i < s7_symbols_count(symbols); i++)
        s7_nearest_try(&nearest, s7_symbols_at(symbols, i)->name);
    fprintf(stderr, "  and it is no symbol of the %zu in the file", s7_symbols_count(symbols));
    if (nearest.best != NULL)
        fprintf(stderr, "; did you mean %s?", nearest.best);
    fprintf(stderr, "\n");
}

/* false: said on stderr what is wrong. */
static bool parse(const struct cli_command *self, const s7_symbols *symbols, const char *text,
                  struct cli_tag *tag)
{
    const s7_symbol *symbol = symbols != NULL ? s7_symbols_find(symbols, text) : NULL;

    if (symbol != NULL) {
        tag->address = symbol->address;
        tag->symbol = text;
    } else if (!cli_address(self, text, &tag->address)) {
        if (symbols != NULL)
            say_nearest(symbols, text);
        return false;
    }
    s7_address_format(&tag->address, tag->text, sizeof tag->text);
    return true;
}

/* Returns -1, or the exit status (said on stderr). */
static int take(const struct cli_command *self, const char *symbols_path, char **texts, size_t n,
                struct cli_tag *tags)
{
    s7_symbols *symbols;
    int status = cli_symbols(self, symbols_path, &symbols);

    for (size_t i = 0; i < n && status < 0; i++)
        if (!parse(self, symbols, texts[i], &tags[i]))
            status = CLI_USAGE;
    s7_symbols_free(symbols);
    return status;
}

int cli_tags(const struct cli_command *self, const char *symbols_path, char **texts, size_t n,
             struct cli_tag **out)
{
    struct cli_tag *tags = calloc(n, sizeof *tags);

    *out = NULL;
    if (tags == NULL)
        return cli_fail_nomem(self);
    int status = take(self, symbols_path, texts, n, tags);
    if (status < 0)
        *out = tags;
    else
        free(tags);
    return status;
}
