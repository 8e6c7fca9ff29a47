/* A pattern is a row of items without alternatives, so a capture's last writer is always the attempt that
 * succeeds: nothing has to be undone, and only items that may be repeated need recursion. */
#include "sandbox_pattern.h"

#include <string.h>

#define MAX_DEPTH 200 /* items that may be repeated: bounds the C stack */

enum kind { ONE, LONGEST, SHORTEST, OPTIONAL, OPEN, CLOSE, BACK, BALANCED, FRONTIER, AT_END, DONE };

/* ---- sets of bytes ---- */

static void set_add(struct sc_byte_set *set, unsigned low, unsigned high)
{
    for (unsigned c = low; c <= high; c++)
        set->bits[c / 32] |= UINT32_C(1) << c % 32;
}

static void set_invert(struct sc_byte_set *set)
{
    for (size_t i = 0; i < 8; i++)
        set->bits[i] = ~set->bits[i];
}

static bool set_has(const struct sc_byte_set *set, char c)
{
    unsigned byte = (unsigned char)c;

    return set->bits[byte / 32] >> byte % 32 & 1;
}

/* What %letter takes: ranges of ASCII, both ends included. */
static const struct class
{
    char letter;
    uint8_t n;
    unsigned char ranges[4][2];
} classes[] = {
    {'a', 2, {{'A', 'Z'}, {'a', 'z'}}},
    {'c', 2, {{0, 31}, {127, 127}}},
    {'d', 1, {{'0', '9'}}},
    {'g', 1, {{'!', '~'}}},
    {'l', 1, {{'a', 'z'}}},
    {'p', 4, {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}},
    {'s', 2, {{'\t', '\r'}, {' ', ' '}}},
    {'u', 1, {{'A', 'Z'}}},
    {'w', 3, {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}},
    {'x', 3, {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}},
    {'z', 1, {{0, 0}}},
};

static const struct class *find_class(char letter)
{
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (classes[i].letter == letter)
            return &classes[i];
    return NULL;
}

/* Add what %c stands for: a class, its complement (upper case), or c itself. */
static void set_add_class(struct sc_byte_set *set, char c)
{
    bool upper = c >= 'A' && c <= 'Z';
    const struct class *class = find_class(upper ? (char)(c + 'a' - 'A') : c);
    struct sc_byte_set taken = {{0}};

    if (class == NULL)
        set_add(&taken, (unsigned char)c, (unsigned char)c);
    for (size_t i = 0; class != NULL && i < class->n; i++)
        set_add(&taken, class->ranges[i][0], class->ranges[i][1]);
    if (class != NULL && upper)
        set_invert(&taken);
    for (size_t i = 0; i < 8; i++)
        set->bits[i] |= taken.bits[i];
}

/* ---- compiling ---- */

struct compiler {
    struct sc_pattern *pattern;
    const char *text;
    size_t len, at, n_items;
    unsigned depth;
    uint32_t open; /* bit n: capture n was opened and not closed */
    const char *error;
};

static bool fail(struct compiler *c, const char *why)
{
    c->error = why;
    return false;
}

static bool is_next(const struct compiler *c, char wanted)
{
    return c->at < c->len && c->text[c->at] == wanted;
}

static struct sc_item *add_item(struct compiler *c, enum kind kind)
{
    struct sc_item *item = &c->pattern->items[c->n_items++];

    *item = (struct sc_item){.kind = (uint8_t)kind};
    return item;
}

/* Past '[': where its ']' is. The first character is never the end. */
static bool find_bracket(struct compiler *c, size_t *end)
{
    size_t at = c->at;

    do {
        if (at < c->len && c->text[at] == '%')
            at++;
        at++;
    } while (at < c->len && c->text[at] != ']');
    *end = at;
    return at < c->len || fail(c, "malformed pattern (missing ']')");
}

static bool parse_bracket(struct compiler *c, struct sc_byte_set *set)
{
    bool inverted = is_next(c, '^');
    size_t end;

    c->at += inverted;
    if (!find_bracket(c, &end))
        return false;
    for (const char *p = c->text + c->at, *last = c->text + end; p < last; p++) {
        if (*p == '%') {
            set_add_class(set, *++p);
        } else if (last - p > 2 && p[1] == '-') {
            set_add(set, (unsigned char)p[0], (unsigned char)p[2]);
            p += 2;
        } else {
            set_add(set, (unsigned char)*p, (unsigned char)*p);
        }
    }
    c->at = end + 1;
    if (inverted)
        set_invert(set);
    return true;
}

/* One character of the subject: '.', "[...]", "%x" or itself. */
static bool parse_single(struct compiler *c, struct sc_byte_set *set)
{
    char first = c->text[c->at++];

    if (first == '[')
        return parse_bracket(c, set);
    if (first == '.')
        set_invert(set);
    else if (first != '%')
        set_add(set, (unsigned char)first, (unsigned char)first);
    else if (c->at == c->len)
        return fail(c, "malformed pattern (ends with '%')");
    else
        set_add_class(set, c->text[c->at++]);
    return true;
}

static bool repeats(struct compiler *c, enum kind kind)
{
    c->at++;
    c->pattern->items[c->n_items - 1].kind = (uint8_t)kind;
    return ++c->depth <= MAX_DEPTH || fail(c, "pattern too complex");
}

static bool parse_repeated(struct compiler *c)
{
    struct sc_item *item = add_item(c, ONE);

    if (!parse_single(c, &item->set))
        return false;
    if (is_next(c, '?'))
        return repeats(c, OPTIONAL);
    if (is_next(c, '-'))
        return repeats(c, SHORTEST);
    if (is_next(c, '*'))
        return repeats(c, LONGEST);
    if (is_next(c, '+')) { /* one, then any number more; the text's two bytes make room for two items */
        *add_item(c, LONGEST) = *item;
        return repeats(c, LONGEST);
    }
    return true;
}

static bool parse_open(struct compiler *c)
{
    unsigned n = c->pattern->n_captures;

    if (n == SC_CAPTURES)
        return fail(c, "too many captures");
    c->pattern->n_captures++;
    add_item(c, OPEN)->capture = (uint8_t)n;
    c->at++;
    if (is_next(c, ')')) {
        c->pattern->positions |= UINT32_C(1) << n;
        c->at++;
    } else {
        c->open |= UINT32_C(1) << n;
    }
    return true;
}

static bool parse_close(struct compiler *c)
{
    unsigned n = SC_CAPTURES;

    while (n > 0 && !(c->open >> (n - 1) & 1))
        n--;
    if (n == 0)
        return fail(c, "invalid pattern capture");
    c->open &= ~(UINT32_C(1) << (n - 1));
    add_item(c, CLOSE)->capture = (uint8_t)(n - 1);
    c->at++;
    return true;
}

static bool parse_balanced(struct compiler *c)
{
    struct sc_item *item = add_item(c, BALANCED);

    if (c->len - c->at < 4)
        return fail(c, "malformed pattern (missing arguments to '%b')");
    memcpy(item->ends, c->text + c->at + 2, 2);
    c->at += 4;
    return true;
}

static bool parse_frontier(struct compiler *c)
{
    struct sc_item *item = add_item(c, FRONTIER);

    c->at += 2;
    if (!is_next(c, '['))
        return fail(c, "missing '[' after '%f' in pattern");
    c->at++;
    return parse_bracket(c, &item->set);
}

static bool parse_back(struct compiler *c, char digit)
{
    unsigned n = (unsigned)(digit - '1');

    if (digit == '0' || n >= c->pattern->n_captures || c->open >> n & 1)
        return fail(c, "invalid capture index in pattern");
    add_item(c, BACK)->capture = (uint8_t)n;
    c->at += 2;
    return true;
}

static bool parse_item(struct compiler *c)
{
    char first = c->text[c->at];
    char second = c->len - c->at > 1 ? c->text[c->at + 1] : '\0';

    if (first == '(')
        return parse_open(c);
    if (first == ')')
        return parse_close(c);
    if (first == '$' && c->at + 1 == c->len) {
        c->at++;
        add_item(c, AT_END);
        return true;
    }
    if (first == '%' && second == 'b')
        return parse_balanced(c);
    if (first == '%' && second == 'f')
        return parse_frontier(c);
    if (first == '%' && second >= '0' && second <= '9')
        return parse_back(c, second);
    return parse_repeated(c);
}

size_t sc_pattern_size(size_t len)
{
    return sizeof(struct sc_pattern) + (len + 1) * sizeof(struct sc_item);
}

const char *sc_pattern_compile(struct sc_pattern *pattern, const char *text, size_t len, bool caret)
{
    struct compiler c = {.pattern = pattern, .text = text, .len = len};

    *pattern = (struct sc_pattern){.anchored = caret && is_next(&c, '^')};
    c.at = pattern->anchored;
    while (c.at < len)
        if (!parse_item(&c))
            return c.error;
    add_item(&c, DONE);
    return c.open == 0 ? NULL : "unfinished capture";
}

/* ---- matching ---- */

static size_t match_items(struct sc_match *m, const struct sc_item *item, size_t at);

static bool takes(const struct sc_match *m, const struct sc_item *item, size_t at)
{
    return at < m->len && set_has(&item->set, m->subject[at]);
}

static size_t match_longest(struct sc_match *m, const struct sc_item *item, size_t at)
{
    size_t end = at;

    while (takes(m, item, end))
        end++;
    m->spent += end - at;
    for (;; end--) {
        size_t found = match_items(m, item + 1, end);
        if (found != SC_NO_MATCH || end == at || m->spent > m->budget)
            return found;
    }
}

static size_t match_shortest(struct sc_match *m, const struct sc_item *item, size_t at)
{
    for (;; at++) {
        size_t found = match_items(m, item + 1, at);
        if (found != SC_NO_MATCH || !takes(m, item, at) || m->spent > m->budget)
            return found;
    }
}

static size_t match_optional(struct sc_match *m, const struct sc_item *item, size_t at)
{
    size_t found = takes(m, item, at) ? match_items(m, item + 1, at + 1) : SC_NO_MATCH;

    return found != SC_NO_MATCH ? found : match_items(m, item + 1, at);
}

/* The same again; a position is no text and is never found again. */
static size_t match_back(struct sc_match *m, const struct sc_item *item, size_t at)
{
    const struct sc_capture *capture = &m->captures[item->capture];
    size_t len = capture->end - capture->begin;

    if (m->pattern->positions >> item->capture & 1 || len > m->len - at)
        return SC_NO_MATCH;
    m->spent += len;
    return memcmp(m->subject + capture->begin, m->subject + at, len) == 0 ? at + len : SC_NO_MATCH;
}

static size_t match_balanced(struct sc_match *m, const struct sc_item *item, size_t begin)
{
    size_t depth = 1, at = begin + 1;

    if (begin == m->len || m->subject[begin] != item->ends[0])
        return SC_NO_MATCH;
    for (; at < m->len && depth > 0; at++) {
        if (m->subject[at] == item->ends[1])
            depth--;
        else if (m->subject[at] == item->ends[0])
            depth++;
    }
    m->spent += at - begin;
    return depth == 0 ? at : SC_NO_MATCH;
}

static size_t match_frontier(const struct sc_match *m, const struct sc_item *item, size_t at)
{
    char before = '\0', after = '\0'; /* what lies around the subject */

    if (at > 0)
        before = m->subject[at - 1];
    if (at < m->len)
        after = m->subject[at];
    return !set_has(&item->set, before) && set_has(&item->set, after) ? at : SC_NO_MATCH;
}

/* Items that take one thing, or none: where they end. */
static size_t match_item(struct sc_match *m, const struct sc_item *item, size_t at)
{
    switch ((enum kind)item->kind) {
    case ONE:
        return takes(m, item, at) ? at + 1 : SC_NO_MATCH;
    case OPEN:
        m->captures[item->capture].begin = at;
        return at;
    case CLOSE:
        m->captures[item->capture].end = at;
        return at;
    case BACK:
        return match_back(m, item, at);
    case BALANCED:
        return match_balanced(m, item, at);
    case FRONTIER:
        return match_frontier(m, item, at);
    default:
        return at == m->len ? at : SC_NO_MATCH; /* AT_END */
    }
}

/* From this item on, here: the end of the whole, or SC_NO_MATCH. */
static size_t match_items(struct sc_match *m, const struct sc_item *item, size_t at)
{
    for (;; item++) {
        if (++m->spent > m->budget)
            return SC_NO_MATCH;
        switch ((enum kind)item->kind) {
        case DONE:
            return at;
        case LONGEST:
            return match_longest(m, item, at);
        case SHORTEST:
            return match_shortest(m, item, at);
        case OPTIONAL:
            return match_optional(m, item, at);
        default:
            at = match_item(m, item, at);
            if (at == SC_NO_MATCH)
                return SC_NO_MATCH;
        }
    }
}

bool sc_pattern_search(struct sc_match *match, size_t from, size_t not_end)
{
    match->spent = 0;
    for (size_t at = from; at <= match->len; at++) {
        size_t end = match_items(match, match->pattern->items, at);
        if (end != SC_NO_MATCH && end != not_end) {
            match->begin = at;
            match->end = end;
            return true;
        }
        if (match->pattern->anchored || match->spent > match->budget)
            return false;
    }
    return false;
}
