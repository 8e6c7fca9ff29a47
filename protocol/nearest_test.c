#include "protocol/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void the_nearest_word_is_offered_unless_none_is_near(void **state)
{
    static const char *const known[] = {"serve", "plant new", "plant show", "read", "write"};
    static const struct {
        const char *word, *best;
    } rows[] = {{"reed", "read"},
                {"raed", "read"},
                {"wirte", "write"},
                {"srve", "serve"},
                {"plant nwe", "plant new"},
                {"plantshow", "plant show"},
                {"x", NULL},
                {"", NULL},
                {"benchmark", NULL},
                {"a-very-long-word-that-no-command-is-called", NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct s7_nearest nearest = {.word = rows[i].word};

        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            s7_nearest_try(&nearest, known[k]);
        if (nearest.best != rows[i].best &&
            (nearest.best == NULL || rows[i].best == NULL || strcmp(nearest.best, rows[i].best) != 0))
            fail_msg("for \"%s\" expected %s, got %s", rows[i].word, rows[i].best ? rows[i].best : "nothing",
                     nearest.best ? nearest.best : "nothing");
    }
}

static void of_equally_near_words_the_first_of_the_alphabet_is_offered(void **state)
{
    static const char *const orders[][3] = {{"wait", "want", "wart"}, {"wart", "want", "wait"}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct s7_nearest nearest = {.word = "waxt"};

        for (size_t k = 0; k < 3; k++)
            s7_nearest_try(&nearest, orders[i][k]);
        assert_string_equal(nearest.best, "wait");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_word_is_offered_unless_none_is_near),
        cmocka_unit_test(of_equally_near_words_the_first_of_the_alphabet_is_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
