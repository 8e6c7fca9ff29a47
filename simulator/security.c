/* The password: who gives it may do on this connection what the protection keeps others from. */
#include "protocol/password.h"

#include "userdata.h"

#define PYTHON_MASK 0x55

/* As they are kept: zeros and blanks at the end do not count. */
static size_t trimmed(const char *text, size_t len)
{
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\0'))
        len--;
    return len;
}

static bool is_right(const char *given, const char *password)
{
    size_t len = strlen(password);

    return trimmed(given, S7_PASSWORD_LEN) == trimmed(password, len) &&
           memcmp(given, password, trimmed(password, len)) == 0;
}

/* python-snap7 scrambles in its own way: each byte is turned left by three bits after the mask. */
static void unscramble_python(const uint8_t *scrambled, char *out)
{
    for (size_t i = 0; i < S7_PASSWORD_LEN; i++)
        out[i] = (char)((uint8_t)(scrambled[i] >> 3 | scrambled[i] << 5) ^ PYTHON_MASK);
}

uint16_t sim_password(struct sim_call *call)
{
    const struct s7_userdata *request = call->request;
    const char *password = call->job->plc->row->password;
    char given[S7_PASSWORD_LEN], python[S7_PASSWORD_LEN];

    if (request->payload_len != S7_PASSWORD_LEN)
        return SIM_ERR_SECURITY;
    if (password[0] == '\0')
        return SIM_ERR_NO_SECRET;
    s7_password_unscramble(request->payload, given);
    unscramble_python(request->payload, python);
    call->job->link->legitimate = is_right(given, password) || is_right(python, password);
    return call->job->link->legitimate ? 0 : SIM_ERR_WRONG;
}

uint16_t sim_password_clear(struct sim_call *call)
{
    if (!call->job->link->legitimate)
        return SIM_ERR_NOTHING;
    call->job->link->legitimate = false;
    return 0;
}
