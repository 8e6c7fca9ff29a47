/* test_names.h - for tests: their functions' names as sentences, "S7-027 answers find their jobs". */
#ifndef CLIENT_TEST_NAMES_H
#define CLIENT_TEST_NAMES_H

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TEST_NAME_CAP 120
#define MAX_TESTS     64

/* s7_027_x, p01_x: the statement's or bug's number as the documents write it; underscores become blanks. */
static inline void sentence(const char *name, char out[TEST_NAME_CAP])
{
    snprintf(out, TEST_NAME_CAP, "%s", name);
    if (strncmp(out, "s7_", 3) == 0 && isdigit((unsigned char)out[3])) {
        out[0] = 'S';
        out[2] = '-';
    }
    if (out[0] == 'p' && isdigit((unsigned char)out[1]))
        out[0] = 'P';
    for (char *c = out; *c != '\0'; c++)
        if (*c == '_')
            *c = ' ';
}

static inline int run_sentences(const struct CMUnitTest *tests, size_t n, const char *group)
{
    static char names[MAX_TESTS][TEST_NAME_CAP];
    struct CMUnitTest named[MAX_TESTS];

    if (n > MAX_TESTS)
        return 1;
    for (size_t i = 0; i < n; i++) {
        sentence(tests[i].name, names[i]);
        named[i] = tests[i];
        named[i].name = names[i];
    }
    return _cmocka_run_group_tests(group, named, n, NULL, NULL);
}

#endif
