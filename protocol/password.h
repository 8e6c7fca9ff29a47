/* password.h - how a password of up to 8 characters is scrambled for userdata group 5. No secret is kept by
 * it. */
#ifndef PROTOCOL_PASSWORD_H
#define PROTOCOL_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define S7_PASSWORD_LEN 8

/* Shorter ones are filled with blanks. False: more than 8 characters. */
bool s7_password_scramble(const char *password, size_t len, uint8_t out[S7_PASSWORD_LEN]);

/* The 8 characters, blanks at the end included. */
void s7_password_unscramble(const uint8_t scrambled[S7_PASSWORD_LEN], char out[S7_PASSWORD_LEN]);

#endif
