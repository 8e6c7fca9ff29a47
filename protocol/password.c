#include "protocol/password.h"

#define MASK 0x55

bool s7_password_scramble(const char *password, size_t len, uint8_t out[S7_PASSWORD_LEN])
{
    if (len > S7_PASSWORD_LEN)
        return false;
    for (size_t i = 0; i < S7_PASSWORD_LEN; i++) {
        uint8_t character = i < len ? (uint8_t)password[i] : ' ';

        out[i] = (uint8_t)(character ^ MASK ^ (i >= 2 ? out[i - 2] : 0));
    }
    return true;
}

void s7_password_unscramble(const uint8_t scrambled[S7_PASSWORD_LEN], char out[S7_PASSWORD_LEN])
{
    for (size_t i = 0; i < S7_PASSWORD_LEN; i++)
        out[i] = (char)(scrambled[i] ^ MASK ^ (i >= 2 ? scrambled[i - 2] : 0));
}
