/* symbols_impl.h - what stands behind an s7_symbols. For symbols*.c only. */
#ifndef CLIENT_SYMBOLS_IMPL_H
#define CLIENT_SYMBOLS_IMPL_H

#include <s7rig/symbols.h>

struct s7_symbol_key {
    const char *name;
    uint32_t index;
};

struct s7_symbols {
    s7_symbol *list;
    size_t n;
    struct s7_symbol_key *keys; /* sorted by name, then index */
    char *text;                 /* names and comments are in here */
};

/* A table with room for so many symbols and so much text; NULL: no memory. */
struct s7_symbols *s7_symbols_room(size_t n, size_t text_len);

/* All symbols are in the list: sort their names. false: *again is the later of two that have the same. */
bool s7_symbols_index(struct s7_symbols *symbols, uint32_t *first, uint32_t *again);

/* err: what is wrong with item, and returns status. err may be NULL. */
s7_status s7_symbols_refuse(s7_errinfo *err, s7_status status, size_t item, const char *asked,
                            const char *came, const char *hint);

/* The symbol of that name, or NULL and err: the nearest is hinted at. item: -1 for a single one. */
const s7_symbol *s7_symbols_need(const s7_symbols *symbols, const char *name, int32_t item, const char *verb,
                                 s7_errinfo *err);

#endif
