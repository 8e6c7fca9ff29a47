/* fuzz.h - one target per door through which foreign bytes come. Each target is a libFuzzer entry point that
 * asserts a property; with replay.c in the fuzzer's place it is a test that any compiler builds: mutations of
 * seeds, the same at every run. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's names. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Inputs to begin with: hex, or text when it begins with a quote; ends with NULL. Made by hand from the
 * protocol's layouts. */
extern const char *const fuzz_seeds[];

/* Print and abort: the property does not hold. */
void fuzz_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
