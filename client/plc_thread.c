#include "client/plc_thread.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

struct server server;

struct link {
    int fd;
    uint8_t rx[8192];
    size_t rx_len;
    unsigned frames;
    struct bytes held;
};

static void tell(int fd, char what)
{
    assert_int_equal(write(fd, &what, 1), 1);
}

static void link_close(struct link *link, bool reset)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    if (reset)
        setsockopt(link->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
}

static void link_send(struct link *link, const struct bytes *bytes)
{
    for (size_t at = 0; at < bytes->len && link->fd >= 0;) {
        ssize_t n = send(link->fd, bytes->at + at, bytes->len - at, MSG_NOSIGNAL);

        if (n <= 0)
            link_close(link, false);
        else
            at += (size_t)n;
    }
}

/* What the PLC has to tell by itself. */
static void link_tell(struct link *link)
{
    link_send(link, &server.plc.push.told);
    server.plc.push.told.len = 0;
}

static void link_frame(struct link *link, const uint8_t *frame, size_t len)
{
    struct bytes answer;
    enum act act = link->frames++ == server.act_frame ? server.act : ANSWER;

    fake_plc_act(&server.plc, act, frame, len, &answer);
    if (act == FIN || act == RST) {
        link_close(link, act == RST);
    } else if (act == HOLD) {
        link->held = answer;
        tell(server.held[1], 'h');
    } else if (act != SILENT) {
        link_send(link, &answer);
        link_tell(link);
    }
}

static void link_read(struct link *link)
{
    ssize_t n = recv(link->fd, link->rx + link->rx_len, sizeof link->rx - link->rx_len, 0);
    size_t at = 0;

    if (n <= 0) {
        link_close(link, false);
        return;
    }
    link->rx_len += (size_t)n;
    for (size_t len; link->fd >= 0 && (len = first_frame(link->rx + at, link->rx_len - at)) > 0; at += len)
        link_frame(link, link->rx + at, len);
    link->rx_len -= at;
    memmove(link->rx, link->rx + at, link->rx_len);
}

static void link_accept(struct link *link)
{
    *link = (struct link){.fd = accept(server.listen_fd, NULL, NULL)};
    fake_push_connection(&server.plc.push);
}

static void run_command(struct link *link, char command)
{
    if (command == 'c' || command == 'd') {
        link_close(link, false);
        if (command == 'd') {
            server.act = DR;
            server.act_frame = 0;
        }
        tell(server.held[1], 'c');
    } else if (command == 't') {
        if (server.told != NULL)
            append(&server.plc.push.told, server.told);
        else
            fake_cycle(&server.plc.push, &server.plc);
        link_tell(link);
        tell(server.held[1], 't');
    } else {
        link_send(link, &link->held);
        link->held.len = 0;
    }
}

static void *serve(void *arg)
{
    static struct link link;

    (void)arg;
    link.fd = -1;
    for (;;) {
        struct pollfd fds[3] = {{server.command[0], POLLIN, 0},
                                {link.fd < 0 ? server.listen_fd : -1, POLLIN, 0},
                                {link.fd, POLLIN, 0}};
        char command = 'q';

        if (poll(fds, 3, PATIENCE_MS) <= 0)
            break;
        if (fds[0].revents != 0) {
            if (read(server.command[0], &command, 1) != 1 || command == 'q')
                break;
            run_command(&link, command);
            continue;
        }
        if (fds[1].revents != 0)
            link_accept(&link);
        else if (fds[2].revents != 0)
            link_read(&link);
    }
    link_close(&link, false);
    return NULL;
}

void server_start(unsigned pdu_len, unsigned amq, enum act act, unsigned act_frame)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;

    server.act = act;
    server.act_frame = act_frame;
    fake_plc_init(&server.plc, pdu_len, amq);
    server.listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server.listen_fd >= 0);
    assert_int_equal(bind(server.listen_fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(server.listen_fd, 8), 0);
    assert_int_equal(getsockname(server.listen_fd, (struct sockaddr *)&at, &len), 0);
    server.port = ntohs(at.sin_port);
    snprintf(server.endpoint, sizeof server.endpoint, "127.0.0.1:%u", server.port);
    assert_int_equal(pipe(server.command), 0);
    assert_int_equal(pipe(server.held), 0);
    assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
}

void server_wait_for_held(void)
{
    struct pollfd fd = {server.held[0], POLLIN, 0};
    char byte;

    assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
    assert_int_equal(read(server.held[0], &byte, 1), 1);
}

void server_release(void)
{
    tell(server.command[1], 'r');
}

void server_drop(void)
{
    tell(server.command[1], 'c');
    server_wait_for_held();
}

void server_refuse(void)
{
    tell(server.command[1], 'd');
    server_wait_for_held();
}

void server_cycle(void)
{
    server.told = NULL;
    tell(server.command[1], 't');
    server_wait_for_held();
}

void server_tell(const struct bytes *frames)
{
    server.told = frames;
    tell(server.command[1], 't');
    server_wait_for_held();
}

void server_stop(void)
{
    tell(server.command[1], 'q');
    pthread_join(server.thread, NULL);
    for (unsigned i = 0; i < 2; i++) {
        close(server.command[i]);
        close(server.held[i]);
    }
    close(server.listen_fd);
}

s7_client *new_client(uint32_t request_ms, uint32_t handshake_ms)
{
    s7_client_options options;
    s7_client *client = NULL;

    s7_client_options_init(&options);
    options.request_ms = request_ms;
    options.handshake_ms = handshake_ms;
    assert_int_equal(s7_client_new(server.endpoint, &options, &client, NULL), S7_OK);
    return client;
}

s7_client *connected_client(uint32_t request_ms)
{
    s7_client *client = new_client(request_ms, PATIENCE_MS);
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = PATIENCE_MS, .err = &err};

    if (s7_client_connect(client, &ctx) != S7_OK)
        fail_msg("connect: %s", err.came);
    return client;
}

s7_client_info info_of(const s7_client *client)
{
    s7_client_info info = {.struct_size = sizeof info};

    assert_int_equal(s7_client_info_get(client, &info), S7_OK);
    return info;
}
