#include "nearest.h"

#include <string.h>

#define WORD_MAX 32

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;

    return m < c ? m : c;
}

/* Letters to insert, delete, replace or swap with their neighbour. Both words are at most WORD_MAX long. */
static size_t distance(const char *a, const char *b)
{
    size_t len_a = strlen(a), len_b = strlen(b);
    size_t d[WORD_MAX + 1][WORD_MAX + 1];

    for (size_t i = 0; i <= len_a; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= len_b; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= len_a; i++)
        for (size_t j = 1; j <= len_b; j++) {
            d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < d[i][j])
                d[i][j] = d[i - 2][j - 2] + 1;
        }
    return d[len_a][len_b];
}

void s7_nearest_try(struct s7_nearest *nearest, const char *candidate)
{
    size_t len = strlen(nearest->word);

    if (len == 0 || len > WORD_MAX || strlen(candidate) > WORD_MAX)
        return;
    size_t mistakes = distance(nearest->word, candidate);
    if (len > 3 && mistakes > 1 && strncmp(candidate, nearest->word, len) == 0 && candidate[len] == '_')
        mistakes = 1;                        /* the rest was left out: a unit */
    size_t bearable = len < 4 ? 1 : len / 3; /* more, and it is another word */
    if (mistakes > bearable || (nearest->best != NULL && mistakes > nearest->mistakes))
        return;
    if (nearest->best != NULL && mistakes == nearest->mistakes && strcmp(candidate, nearest->best) > 0)
        return;
    nearest->best = candidate;
    nearest->mistakes = mistakes;
}
