#include "tests/planted/planted.h"

#include <stdlib.h>
#include <string.h>

long s7_planted_count;

static const char *which;

__attribute__((constructor)) static void look(void)
{
    which = getenv("S7RIG_PLANTED");
}

bool s7_planted(const char *bug)
{
    return which != NULL && strcmp(which, bug) == 0;
}
