/* scarce.h - memory that runs out. A program that links scarce.c with --wrap=malloc,--wrap=calloc has its own
 * calls of these, and those of the library, refused when it says so. */
#ifndef TESTS_INTEGRATION_SCARCE_H
#define TESTS_INTEGRATION_SCARCE_H

extern _Thread_local long allocations_left; /* of this thread, until one is refused; negative: any number, and
                                               so again after that one */

#endif
