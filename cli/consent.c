/* Whether a PLC may be changed. */
#include "cli/cli.h"

#include "client/endpoint.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Names are not looked up: what they stand for may change before it is dialed. */
static bool is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return strcmp(host, "localhost") == 0;
}

/* Somebody who reads the question and can answer it. */
static bool is_at_terminal(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

static int ask(const struct cli_command *self, const char *host)
{
    char answer[16];

    fprintf(stderr, "s7rig %s: %s is not this machine, and this changes the PLC there. Go on? [y/N] ",
            self->name, host);
    fflush(stderr);
    bool answered = fgets(answer, sizeof answer, stdin) != NULL;
    if (answered && (strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0))
        return -1;
    fprintf(stderr, "%ss7rig %s: nothing was sent\n", answered ? "" : "\n", self->name);
    return CLI_USAGE;
}

int cli_consent(const struct cli_command *self, const char *endpoint, bool yes)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    struct s7_client_endpoint where;
    s7_client_options options;

    if (yes)
        return -1;
    snprintf(err.asked, sizeof err.asked, "make a client for \"%.80s\"", endpoint);
    s7_client_options_init(&options);
    s7_status status = s7_client_endpoint_parse(endpoint, &where, &options, &err);
    if (status != S7_OK)
        return cli_fail(self, status, &err);
    if (is_loopback(where.host))
        return -1;
    if (is_at_terminal())
        return ask(self, where.host);
    return cli_usage_error(
        self, "%s is not this machine, and this changes the PLC there: say --yes if that is meant",
        where.host);
}
