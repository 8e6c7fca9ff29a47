/* A TCP server that is no PLC, for the tests of the command. Prints its port; ends when it is killed.
 *
 *   odd_peer http     answers everything with a line of HTTP and closes
 *   odd_peer silent   takes everything and never says a word
 *   odd_peer closing  closes as soon as it is connected
 *
 * or of a PLC that knows next to nothing (odd_plc.h):
 *
 *   odd_peer pushing  tells what is subscribed
 *   odd_peer pushless has no subscriptions */
#include "odd_plc.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_somewhere(void)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof where;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&where, sizeof where) != 0 || listen(fd, 8) != 0 ||
        getsockname(fd, (struct sockaddr *)&where, &len) != 0)
        return -1;
    printf("%u\n", ntohs(where.sin_port));
    return fflush(stdout) == 0 ? fd : -1;
}

static void serve(int peer, const char *manner)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    char bytes[4096];

    if (strcmp(manner, "closing") == 0)
        return;
    if (strncmp(manner, "push", 4) == 0) {
        odd_plc_serve(peer, strcmp(manner, "pushing") == 0);
        return;
    }
    while (recv(peer, bytes, sizeof bytes, 0) > 0)
        if (strcmp(manner, "http") == 0) {
            send(peer, answer, sizeof answer - 1, MSG_NOSIGNAL);
            return;
        }
}

int main(int argc, char **argv)
{
    int fd = argc == 2 ? listen_somewhere() : -1;

    if (fd < 0) {
        fprintf(stderr,
                "usage: odd_peer http|silent|closing|pushing|pushless (and a free port on 127.0.0.1)\n");
        return 2;
    }
    for (;;) {
        int peer = accept(fd, NULL, NULL);
        if (peer < 0)
            return 1;
        serve(peer, argv[1]);
        close(peer);
    }
}
