/* Runs only those tests of a program whose names fit S7RIG_TESTS ("P04*"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

__attribute__((constructor)) static void look(void)
{
    const char *pattern = getenv("S7RIG_TESTS");

    if (pattern != NULL)
        cmocka_set_test_filter(pattern);
}
