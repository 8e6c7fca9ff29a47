#include "client/symbols_impl.h"

#include "client/plan_impl.h"
#include "client/report.h"
#include "protocol/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- life ---- */

struct s7_symbols *s7_symbols_room(size_t n, size_t text_len)
{
    struct s7_symbols *symbols = calloc(1, sizeof *symbols);

    if (symbols == NULL)
        return NULL;
    symbols->list = calloc(n + 1, sizeof *symbols->list);
    symbols->keys = calloc(n + 1, sizeof *symbols->keys);
    symbols->text = calloc(text_len + 1, 1);
    if (symbols->list != NULL && symbols->keys != NULL && symbols->text != NULL)
        return symbols;
    s7_symbols_free(symbols);
    return NULL;
}

void s7_symbols_free(s7_symbols *symbols)
{
    if (symbols == NULL)
        return;
    free(symbols->list);
    free(symbols->keys);
    free(symbols->text);
    free(symbols);
}

static int compare_keys(const void *left, const void *right)
{
    const struct s7_symbol_key *a = left, *b = right;
    int order = strcmp(a->name, b->name);

    return order != 0 ? order : a->index < b->index ? -1 : a->index > b->index;
}

bool s7_symbols_index(struct s7_symbols *symbols, uint32_t *first, uint32_t *again)
{
    for (size_t i = 0; i < symbols->n; i++)
        symbols->keys[i] = (struct s7_symbol_key){symbols->list[i].name, (uint32_t)i};
    s7_plan_sort(symbols->keys, symbols->n, sizeof symbols->keys[0], compare_keys);
    for (size_t i = 1; i < symbols->n; i++) {
        if (strcmp(symbols->keys[i - 1].name, symbols->keys[i].name) != 0)
            continue;
        *first = symbols->keys[i - 1].index;
        *again = symbols->keys[i].index;
        return false;
    }
    return true;
}

s7_status s7_symbols_refuse(s7_errinfo *err, s7_status status, size_t item, const char *asked,
                            const char *came, const char *hint)
{
    s7_errinfo why = S7_ERRINFO_INIT;

    why.item = item <= INT32_MAX ? (int32_t)item : -1;
    snprintf(why.asked, sizeof why.asked, "%s", asked);
    snprintf(why.hint, sizeof why.hint, "%s", hint);
    s7_report_came(&why, status, came);
    s7_report_give(err, &why);
    return status;
}

/* ---- from an array ---- */

/* NULL, or what is wrong. */
static const char *symbol_fault(const s7_symbol *symbol)
{
    uint8_t some = 0;
    s7_item item = {.address = symbol->address, .data = &some, .len = s7_address_size(&symbol->address)};
    struct s7_transfer probe;

    if (symbol->name == NULL || symbol->name[0] == '\0')
        return "the name is empty";
    return s7_transfer_begin(&probe, false, &item, 1, 0, NULL) == S7_OK ? NULL
                                                                        : "the address is out of range";
}

static const char *copy_text(char **to, const char *text)
{
    char *copy = *to;
    size_t size = strlen(text) + 1;

    memcpy(copy, text, size);
    *to += size;
    return copy;
}

s7_status s7_symbols_new(const s7_symbol *list, size_t n, s7_symbols **out, s7_errinfo *err)
{
    size_t text_len = 0;
    uint32_t first, again;

    if (out == NULL)
        return s7_report_argument(err, "a table of symbols", "out is NULL");
    if ((list == NULL && n > 0) || n > INT32_MAX)
        return s7_symbols_refuse(err, S7_E_ARG, SIZE_MAX, "a table of symbols",
                                 list == NULL ? "list is NULL" : "more symbols than can be counted", "");
    for (size_t i = 0; i < n; i++) {
        const char *fault = symbol_fault(&list[i]);

        if (fault != NULL)
            return s7_symbols_refuse(err, S7_E_ARG, i, "a table of symbols", fault, "");
        text_len += strlen(list[i].name) + 1 + (list[i].comment != NULL ? strlen(list[i].comment) + 1 : 0);
    }
    struct s7_symbols *symbols = s7_symbols_room(n, text_len);
    if (symbols == NULL)
        return s7_symbols_refuse(err, S7_E_NOMEM, SIZE_MAX, "a table of symbols", "", "");
    char *to = symbols->text;
    for (; symbols->n < n; symbols->n++) {
        const s7_symbol *symbol = &list[symbols->n];

        symbols->list[symbols->n] = *symbol;
        symbols->list[symbols->n].name = copy_text(&to, symbol->name);
        if (symbol->comment != NULL)
            symbols->list[symbols->n].comment = copy_text(&to, symbol->comment);
    }
    if (!s7_symbols_index(symbols, &first, &again)) {
        s7_symbols_free(symbols);
        return s7_symbols_refuse(err, S7_E_ARG, again, "a table of symbols", "the name is in the list twice",
                                 "");
    }
    *out = symbols;
    return S7_OK;
}

/* ---- looking up ---- */

size_t s7_symbols_count(const s7_symbols *symbols)
{
    return symbols != NULL ? symbols->n : 0;
}

const s7_symbol *s7_symbols_at(const s7_symbols *symbols, size_t index)
{
    return symbols != NULL && index < symbols->n ? &symbols->list[index] : NULL;
}

const s7_symbol *s7_symbols_find(const s7_symbols *symbols, const char *name)
{
    size_t first = 0, end = symbols != NULL && name != NULL ? symbols->n : 0;

    while (first < end) {
        size_t middle = first + (end - first) / 2;
        int order = strcmp(name, symbols->keys[middle].name);

        if (order == 0)
            return &symbols->list[symbols->keys[middle].index];
        if (order < 0)
            end = middle;
        else
            first = middle + 1;
    }
    return NULL;
}

const s7_symbol *s7_symbols_need(const s7_symbols *symbols, const char *name, int32_t item, const char *verb,
                                 s7_errinfo *err)
{
    const s7_symbol *symbol = s7_symbols_find(symbols, name);
    char asked[S7_ASKED_CAP], came[S7_CAME_CAP], hint[S7_HINT_CAP] = "";

    if (symbol != NULL)
        return symbol;
    struct s7_nearest nearest = {.word = name != NULL ? name : ""};
    for (size_t i = 0; i < s7_symbols_count(symbols); i++)
        s7_nearest_try(&nearest, symbols->list[i].name);
    if (nearest.best != NULL)
        snprintf(hint, sizeof hint, "did you mean %s?", nearest.best);
    snprintf(asked, sizeof asked, "%s %s", verb, nearest.word);
    if (symbols == NULL || name == NULL)
        snprintf(came, sizeof came, "%s is NULL", symbols == NULL ? "symbols" : "name");
    else
        snprintf(came, sizeof came, "no symbol has the name \"%.150s\"", nearest.word);
    s7_symbols_refuse(err, S7_E_ARG, item < 0 ? SIZE_MAX : (size_t)item, asked, came, hint);
    return NULL;
}

/* ---- plans ---- */

s7_status s7_symbols_plan(const s7_symbols *symbols, const char *const *names, size_t n_names,
                          const s7_plan_options *options, s7_plan **out, s7_errinfo *err)
{
    s7_status status = S7_OK;

    if (names == NULL && n_names > 0)
        return s7_symbols_refuse(err, S7_E_ARG, SIZE_MAX, "a plan of symbols", "names is NULL", "");
    s7_address *tags = calloc(n_names + 1, sizeof *tags);
    if (tags == NULL)
        return s7_symbols_refuse(err, S7_E_NOMEM, SIZE_MAX, "a plan of symbols", "", "");
    for (size_t i = 0; i < n_names && status == S7_OK; i++) {
        const s7_symbol *symbol = s7_symbols_need(symbols, names[i], (int32_t)i, "a plan with", err);

        if (symbol == NULL)
            status = S7_E_ARG;
        else
            tags[i] = symbol->address;
    }
    if (status == S7_OK)
        status = s7_plan_new(tags, n_names, options, out, err);
    free(tags);
    return status;
}
