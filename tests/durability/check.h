/* check.h - cmocka with what it wants included before it. */
#ifndef DURABILITY_CHECK_H
#define DURABILITY_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
