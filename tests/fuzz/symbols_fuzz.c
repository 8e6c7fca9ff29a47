/* Tables of symbols from CSV: what is taken is found by its names, and written as CSV again gives the same
 * table; what is refused is refused at a line and column of the text. */
#include "fuzz.h"

#include <s7rig/symbols.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const fuzz_seeds[] = {
    "\"Motor1.Speed;DB1.DBD0:REAL;;in m/s\n"
    "\"\"Motor1.Name\"\";%DB1.DBB20;STRING(20)\n",
    "\"name,address,type,comment\na,DB1.DBX0.3,,\nb,MW2,INT,\n",
    "\"Comment\tName\tLogical Address\tData Type\n\"\"say \"\"\"\"no\"\"\"\"\"\"\tx\tT5\t\n",
    "\"# nothing yet\r\n\r\n;;\r\nx ; DB1,INT12.2 ; ; \r\n",
    "\"\xEF\xBB\xBFtank;DB2.DBB0;STRING[20];\xC3\xB6\n",
    "\"a;DB1.DBB0;DTL\nb;DB1.DBB12;LREAL[4]\nc;DB1.DBX44.1;BOOL[9]\na;MB0;\n",
    "\"x;DB1.DBB0;IEC_TIMER\n",
    "\"x;DB1.DBW0;RAEL\n",
    NULL};

/* ---- our own encoder ---- */

static void put_quoted(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', to);
        fputc(*text, to);
    }
    fputc('"', to);
}

static char *to_csv(const s7_symbols *symbols, size_t *len)
{
    char *text = NULL, address[S7_ADDRESS_TEXT_CAP];
    FILE *to = open_memstream(&text, len);

    if (to == NULL)
        abort();
    fputs("name;address;type;comment\n", to);
    for (size_t i = 0; i < s7_symbols_count(symbols); i++) {
        const s7_symbol *symbol = s7_symbols_at(symbols, i);

        s7_address_format(&symbol->address, address, sizeof address);
        put_quoted(to, symbol->name);
        fprintf(to, ";%s;;", address);
        put_quoted(to, symbol->comment != NULL ? symbol->comment : "");
        fputc('\n', to);
    }
    fclose(to);
    return text;
}

/* ---- properties ---- */

static bool same(const s7_symbol *a, const s7_symbol *b)
{
    const s7_address *x = &a->address, *y = &b->address;

    return strcmp(a->name, b->name) == 0 && x->area == y->area && x->db == y->db && x->byte == y->byte &&
           x->bit == y->bit && x->type == y->type && x->string_cap == y->string_cap && x->count == y->count &&
           strcmp(a->comment != NULL ? a->comment : "", b->comment != NULL ? b->comment : "") == 0;
}

static void expect_there_and_back(const s7_symbols *symbols)
{
    size_t len;
    char *text = to_csv(symbols, &len);
    s7_symbols *again;
    s7_errinfo err = S7_ERRINFO_INIT;

    if (s7_symbols_parse(text, len, &again, &err) != S7_OK)
        fuzz_fail("our own CSV is refused: %s\n%s", err.came, text);
    if (s7_symbols_count(again) != s7_symbols_count(symbols))
        fuzz_fail("%zu symbols come back of %zu", s7_symbols_count(again), s7_symbols_count(symbols));
    for (size_t i = 0; i < s7_symbols_count(symbols); i++)
        if (!same(s7_symbols_at(again, i), s7_symbols_at(symbols, i)))
            fuzz_fail("another symbol %zu comes back:\n%s", i, text);
    s7_symbols_free(again);
    free(text);
}

static void expect_reason(s7_status status, const s7_errinfo *err, size_t len)
{
    unsigned long line = 0, column = 0;

    if (status != err->status || (status != S7_E_SYNTAX && status != S7_E_UNSUPPORTED))
        fuzz_fail("refused with %s", s7_errname(status));
    if (memchr(err->came, 0, sizeof err->came) == NULL || memchr(err->hint, 0, sizeof err->hint) == NULL ||
        sscanf(err->came, "line %lu, column %lu: ", &line, &column) != 2 || line == 0 || column == 0 ||
        line > len + 1 || column > len + 1 || err->item < 0)
        fuzz_fail("refused without a place: \"%.190s\"", err->came);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    s7_symbols *symbols = NULL;
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_status status = s7_symbols_parse((const char *)bytes, len, &symbols, &err);

    if (status != S7_OK) {
        expect_reason(status, &err, len);
        return 0;
    }
    for (size_t i = 0; i < s7_symbols_count(symbols); i++) {
        const s7_symbol *symbol = s7_symbols_at(symbols, i);

        if (symbol->name[0] == '\0' || s7_symbols_find(symbols, symbol->name) != symbol)
            fuzz_fail("symbol %zu, \"%s\", is not found by its name", i, symbol->name);
    }
    expect_there_and_back(symbols);
    s7_symbols_free(symbols);
    return 0;
}
