/* symbols.h - tags by their names: a table of symbols from an array or a CSV text, values by name, and plans
 * made of names.
 *
 * A table never changes after it was made, so any number of threads may use it at the same time. Names are
 * compared byte by byte. */
#ifndef S7RIG_SYMBOLS_H
#define S7RIG_SYMBOLS_H

#include <s7rig/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct s7_symbols s7_symbols;

typedef struct s7_symbol {
    const char *name; /* not empty */
    s7_address address;
    const char *comment; /* NULL: none */
} s7_symbol;

/* ---- tables ---- */

/* Copies the list. S7_E_ARG: an empty name, an address out of range (err->item says which), or a name that is
 * in the list twice. S7_E_NOMEM. err may be NULL, here and below. */
S7_MUST_CHECK s7_status s7_symbols_new(const s7_symbol *list, size_t n, s7_symbols **out, s7_errinfo *err);

/* From CSV: a line for each symbol with name, address, and if you like type and comment.
 *
 *   Motor1.Speed;DB1.DBD0:REAL;;in m/s
 *   "Motor1.Name";%DB1.DBB20;STRING(20)
 *
 * The separator is what follows the first field: comma, semicolon or tab. A field may be in quotes, with two
 * quotes for one in it. Addresses and types are those of s7_address_parse; "STRING[20]" is taken as well. An
 * address without type and an empty type have the type that the address alone stands for. If the first line
 * begins with "name", it says which columns there are and in which order: "name", "address" or "logical
 * address", "type" or "data type", "comment"; others are skipped. Empty lines, and lines that begin with #,
 * are skipped.
 *
 * S7_E_SYNTAX: err->came begins with "line 3, column 14: ", err->item is the symbol's index.
 * S7_E_UNSUPPORTED: a data type that s7rig knows by name only; the same. S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_symbols_parse(const char *text, size_t len, s7_symbols **out, s7_errinfo *err);

void s7_symbols_free(s7_symbols *symbols); /* NULL is fine */

/* In the order of the list; views that live as long as the table. at: NULL behind the last. */
size_t s7_symbols_count(const s7_symbols *symbols);
const s7_symbol *s7_symbols_at(const s7_symbols *symbols, size_t index);

/* The symbol of that name; NULL: none. */
const s7_symbol *s7_symbols_find(const s7_symbols *symbols, const char *name);

/* ---- many tags: a plan ---- */

/* s7_plan_new for the tags of these names. S7_E_ARG: a name that is not in the table; err->item says which,
 * err->hint names the nearest. */
S7_MUST_CHECK s7_status s7_symbols_plan(const s7_symbols *symbols, const char *const *names, size_t n_names,
                                        const s7_plan_options *options, s7_plan **out, s7_errinfo *err);

/* ---- one tag ---- */

/* Like s7_read_area; S7_E_ARG also: no such name. S7_E_CONVERT: the value is of another kind or does not fit
 * (an _int of REAL, a _real of STRING; an array, but for _text). _text: as s7_plan_text. */
S7_MUST_CHECK s7_status s7_read_tag_int(s7_client *client, const s7_ctx *ctx, const s7_symbols *symbols,
                                        const char *name, int64_t *value);
S7_MUST_CHECK s7_status s7_read_tag_real(s7_client *client, const s7_ctx *ctx, const s7_symbols *symbols,
                                         const char *name, double *value);
S7_MUST_CHECK s7_status s7_read_tag_text(s7_client *client, const s7_ctx *ctx, const s7_symbols *symbols,
                                         const char *name, char *text, size_t cap);

/* Like s7_write_area; nothing is sent when the value is not one of the tag's type (S7_E_CONVERT). Of a STRING
 * the length and the characters are written, the byte of its maximum length stays. */
S7_MUST_CHECK s7_status s7_write_tag_int(s7_client *client, const s7_ctx *ctx, const s7_symbols *symbols,
                                         const char *name, int64_t value);
S7_MUST_CHECK s7_status s7_write_tag_real(s7_client *client, const s7_ctx *ctx, const s7_symbols *symbols,
                                          const char *name, double value);
S7_MUST_CHECK s7_status s7_write_tag_text(s7_client *client, const s7_ctx *ctx, const s7_symbols *symbols,
                                          const char *name, const char *text);

#ifdef __cplusplus
}
#endif
#endif
