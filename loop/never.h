/* never.h - the deadline that does not come. */
#ifndef LOOP_NEVER_H
#define LOOP_NEVER_H

#include <stdint.h>

#define S7_NEVER_NS INT64_MAX

#endif
