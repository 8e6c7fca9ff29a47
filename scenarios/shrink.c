/* Shrinking a schedule that fails: every step tries something simpler, and keeps it when it fails as well.
 * Draws are keyed by fault, so what goes leaves the others as they were. */
#include "scenarios/schedule.h"

#include "plant/plant.h"
#include "simulator/fault.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 32

struct shrinking {
    struct sc_schedule *best;
    sc_still_fn *still;
    void *arg;
    unsigned runs, max_runs;
};

static bool keep_if_fails(struct shrinking *shrinking, const struct sc_schedule *candidate)
{
    if (shrinking->runs == shrinking->max_runs)
        return false;
    shrinking->runs++;
    if (!shrinking->still(candidate, shrinking->arg))
        return false;
    *shrinking->best = *candidate;
    return true;
}

/* ---- fewer faults ---- */

static bool without(struct shrinking *shrinking, unsigned from, unsigned n)
{
    struct sc_schedule candidate = *shrinking->best;

    memmove(&candidate.at[from], &candidate.at[from + n], (candidate.n - from - n) * sizeof candidate.at[0]);
    candidate.n -= n;
    return keep_if_fails(shrinking, &candidate);
}

/* Pieces of that length, wherever they can be spared. */
static bool drop_pieces(struct shrinking *shrinking, unsigned len)
{
    bool any = false;

    for (unsigned from = 0; from < shrinking->best->n;) {
        unsigned left = shrinking->best->n - from, n = len < left ? len : left;

        if (without(shrinking, from, n))
            any = true;
        else
            from += n;
    }
    return any;
}

/* All at once, halves, quarters ... until none can be spared. */
static bool fewer_faults(struct shrinking *shrinking)
{
    bool any = false;

    for (unsigned len = shrinking->best->n; len > 1; len = (len + 1) / 2)
        any |= drop_pieces(shrinking, len);
    while (shrinking->best->n > 0 && drop_pieces(shrinking, 1))
        any = true;
    return any;
}

/* ---- simpler words ---- */

/* The words of one fault; they point into text. */
struct words {
    char text[sizeof((struct sc_planned *)0)->args];
    const char *at[WORDS_MAX];
    unsigned n;
};

static void split(const struct sc_planned *planned, struct words *words)
{
    char *rest;

    memcpy(words->text, planned->args, sizeof words->text);
    words->n = 0;
    for (char *word = strtok_r(words->text, " ", &rest); word != NULL && words->n < WORDS_MAX;
         word = strtok_r(NULL, " ", &rest))
        words->at[words->n++] = word;
}

static bool has_key(const char *word, const char *key)
{
    size_t len = strlen(key);

    return strncmp(word, key, len) == 0 && word[len] == '=';
}

static int find(const struct words *words, const char *key)
{
    for (unsigned i = 0; i < words->n; i++)
        if (has_key(words->at[i], key))
            return (int)i;
    return -1;
}

/* With those words, the NULL ones left out; what is no fault then is not tried. */
static bool reworded(struct shrinking *shrinking, unsigned which, const struct words *words)
{
    struct sc_schedule candidate = *shrinking->best;
    struct sc_planned *planned = &candidate.at[which];
    struct plant_error error;
    struct sim_fault fault;
    size_t len = 0;

    planned->args[0] = '\0';
    for (unsigned i = 0; i < words->n && len < sizeof planned->args; i++)
        if (words->at[i] != NULL)
            len += (size_t)snprintf(planned->args + len, sizeof planned->args - len, "%s%s",
                                    len > 0 ? " " : "", words->at[i]);
    if (len >= sizeof planned->args || strcmp(planned->args, shrinking->best->at[which].args) == 0 ||
        sim_fault_parse(planned->name, planned->args, &fault, &error) != S7_OK)
        return false;
    return keep_if_fails(shrinking, &candidate);
}

/* A fault that does less is simpler than one with fewer words: what says how often, or how long, stays. */
static bool bounds(const char *word)
{
    static const char *const keys[] = {"nth", "count", "every", "at", "p", "burst", "once", "for", "to"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (has_key(word, keys[i]))
            return true;
    return false;
}

static bool drop_word(struct shrinking *shrinking, unsigned which, unsigned i)
{
    struct words words;

    split(&shrinking->best->at[which], &words);
    if (bounds(words.at[i]))
        return false;
    words.at[i] = NULL;
    return reworded(shrinking, which, &words);
}

/* "every=7 count=3" fires first where nth=7 does. */
static bool only_once(struct shrinking *shrinking, unsigned which)
{
    struct words words;
    char nth[32];

    split(&shrinking->best->at[which], &words);
    int every = find(&words, "every"), count = find(&words, "count");
    if (every < 0)
        return false;
    snprintf(nth, sizeof nth, "nth=%.20s", words.at[every] + strlen("every="));
    words.at[every] = nth;
    if (count >= 0)
        words.at[count] = NULL;
    return reworded(shrinking, which, &words);
}

/* "key=" and another number in the place of the first; the unit follows. */
static bool with_number(struct shrinking *shrinking, unsigned which, unsigned i, long n)
{
    struct words words;
    char word[sizeof words.text];

    split(&shrinking->best->at[which], &words);
    size_t key_len = strcspn(words.at[i], "=") + 1;
    const char *unit = words.at[i] + key_len + strspn(words.at[i] + key_len, "0123456789");

    if (strcmp(unit, "ms") == 0 && n >= 1000 && n % 1000 == 0) {
        n /= 1000;
        unit = "s";
    }
    snprintf(word, sizeof word, "%.*s%ld%.60s", (int)key_len, words.at[i], n, unit);
    words.at[i] = word;
    return reworded(shrinking, which, &words);
}

/* The greatest number of one digit and zeros that is not greater. */
static long round_down(long n)
{
    long unit = 1;

    while (n / unit >= 10)
        unit *= 10;
    return n - n % unit;
}

/* Smaller, or at least rounder. */
static bool smaller(struct shrinking *shrinking, unsigned which, unsigned i)
{
    struct words words;

    split(&shrinking->best->at[which], &words);
    const char *equals = strchr(words.at[i], '='), *digits = equals != NULL ? equals + 1 : "";
    size_t len = strspn(digits, "0123456789"), unit_len = strlen(digits + len);
    if (len == 0 || len > 9 || unit_len > 3 || strspn(digits + len, "umsinh") != unit_len)
        return false;
    long n = strtol(digits, NULL, 10), tries[] = {1, n / 2, round_down(n), unit_len == 0 ? n - 1 : 0};
    for (size_t k = 0; k < sizeof tries / sizeof tries[0]; k++)
        if (tries[k] > 0 && tries[k] < n && with_number(shrinking, which, i, tries[k]))
            return true;
    return false;
}

static unsigned n_words(const struct shrinking *shrinking, unsigned which)
{
    struct words words;

    split(&shrinking->best->at[which], &words);
    return words.n;
}

static bool simpler_words(struct shrinking *shrinking, unsigned which)
{
    bool any = only_once(shrinking, which);

    for (unsigned i = 0; i < n_words(shrinking, which);)
        if (drop_word(shrinking, which, i))
            any = true;
        else
            i++;
    for (unsigned i = 0; i < n_words(shrinking, which); i++)
        while (smaller(shrinking, which, i))
            any = true;
    return any;
}

unsigned sc_shrink(struct sc_schedule *schedule, sc_still_fn *still, void *arg, unsigned max_runs)
{
    struct shrinking shrinking = {.best = schedule, .still = still, .arg = arg, .max_runs = max_runs};
    bool any = true;

    while (any && shrinking.runs < max_runs) {
        any = fewer_faults(&shrinking);
        for (unsigned which = 0; which < schedule->n; which++)
            any |= simpler_words(&shrinking, which);
    }
    return shrinking.runs;
}
