/* planted.h - which bug a program with planted bugs is to have. Copies of the sources that plant.sh has made
 * include it; the sources themselves know nothing of it. */
#ifndef TESTS_PLANTED_H
#define TESTS_PLANTED_H

#include <stdbool.h>

/* Is it the bug that the environment names in S7RIG_PLANTED? Only when it was reached is the proof one. */
bool s7_planted(const char *bug);

/* For bugs that are more than one place. */
extern long s7_planted_count;

#define PLANTED(bug) s7_planted(bug)

#endif
