/* allocations.h - how often this process allocates. A program that links allocations.c counts every malloc,
 * calloc, realloc and aligned_alloc of all its threads, those of libc included. */
#ifndef TESTS_INTEGRATION_ALLOCATIONS_H
#define TESTS_INTEGRATION_ALLOCATIONS_H

/* Since the process began. */
unsigned long allocations_so_far(void);

#endif
