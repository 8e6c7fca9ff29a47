/* cmocka_test.h - cmocka wants these headers in front of it; included by the unit tests of this room. */
#ifndef PROTOCOL_CMOCKA_TEST_H
#define PROTOCOL_CMOCKA_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
