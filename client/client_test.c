#include "client/fake_plc.h"
#include "client/test_names.h"
#include "loop/blocking.h"

#include <s7rig/client.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- what the client costs: the linker turns these calls of the whole program to us ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
ssize_t __real_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __real_recv(int fd, void *buf, size_t cap, int flags);
int __real_poll(struct pollfd *fds, nfds_t n, int ms);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t cap, int flags);
int __wrap_poll(struct pollfd *fds, nfds_t n, int ms);

static _Thread_local struct {
    unsigned allocations, sends, recvs, polls;
} cost;

void *__wrap_malloc(size_t size)
{
    cost.allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    cost.allocations++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    cost.allocations++;
    return __real_realloc(old, size);
}

ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags)
{
    cost.sends++;
    return __real_send(fd, bytes, len, flags);
}

ssize_t __wrap_recv(int fd, void *buf, size_t cap, int flags)
{
    cost.recvs++;
    return __real_recv(fd, buf, cap, flags);
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int ms)
{
    cost.polls++;
    return __real_poll(fds, n, ms);
}

/* ---- a PLC on a thread ---- */

enum act { ANSWER, SILENT, FIN, RST, DR, GARBAGE, HOLD };

/* Nothing here waits longer than this: a test that hangs fails. */
#define PATIENCE_MS 20000

static struct server {
    pthread_t thread;
    int listen_fd;
    int command[2]; /* to the thread: 'r' release the held answer, 'q' quit */
    int held[2];    /* from the thread: a byte for each answer that is held */
    uint16_t port;
    char endpoint[32];
    struct fake_plc plc; /* belongs to the thread while it runs */
    enum act act;
    unsigned act_frame; /* counted over the connection: CR, setup, first job ... */
} server;

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
        ssize_t n = __real_send(link->fd, bytes->at + at, bytes->len - at, MSG_NOSIGNAL);

        if (n <= 0)
            link_close(link, false);
        else
            at += (size_t)n;
    }
}

static void link_frame(struct link *link, const uint8_t *frame, size_t len)
{
    struct bytes answer, dr = hex("03 00 00 0b 06 80 00 01 00 00 02"),
                         garbage = hex("48 54 54 50 2f 31 2e 31");
    enum act act = link->frames++ == server.act_frame ? server.act : ANSWER;

    fake_plc_answer(&server.plc, frame, len, &answer);
    if (act == FIN || act == RST)
        link_close(link, act == RST);
    else if (act == HOLD) {
        link->held = answer;
        tell(server.held[1], 'h');
    } else if (act != SILENT)
        link_send(link, act == DR ? &dr : act == GARBAGE ? &garbage : &answer);
}

static void link_read(struct link *link)
{
    ssize_t n = __real_recv(link->fd, link->rx + link->rx_len, sizeof link->rx - link->rx_len, 0);
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

        if (__real_poll(fds, 3, PATIENCE_MS) <= 0)
            break;
        if (fds[0].revents != 0) {
            if (read(server.command[0], &command, 1) != 1 || command == 'q')
                break;
            link_send(&link, &link.held);
            link.held.len = 0;
        }
        if (fds[1].revents != 0)
            link = (struct link){.fd = accept(server.listen_fd, NULL, NULL)};
        else if (fds[2].revents != 0)
            link_read(&link);
    }
    link_close(&link, false);
    return NULL;
}

static void server_start(unsigned pdu_len, unsigned amq, enum act act, unsigned act_frame)
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

static void server_wait_for_held(void)
{
    struct pollfd fd = {server.held[0], POLLIN, 0};
    char byte;

    assert_int_equal(__real_poll(&fd, 1, PATIENCE_MS), 1);
    assert_int_equal(read(server.held[0], &byte, 1), 1);
}

/* The PLC's memory may be looked at afterwards. */
static void server_stop(void)
{
    tell(server.command[1], 'q');
    pthread_join(server.thread, NULL);
    for (unsigned i = 0; i < 2; i++) {
        close(server.command[i]);
        close(server.held[i]);
    }
    close(server.listen_fd);
}

/* ---- helpers ---- */

static s7_client *new_client(uint32_t request_ms, uint32_t handshake_ms)
{
    s7_client_options options;
    s7_client *client = NULL;

    s7_client_options_init(&options);
    options.request_ms = request_ms;
    options.handshake_ms = handshake_ms;
    assert_int_equal(s7_client_new(server.endpoint, &options, &client, NULL), S7_OK);
    return client;
}

static s7_client *connected_client(uint32_t request_ms)
{
    s7_client *client = new_client(request_ms, PATIENCE_MS);
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = PATIENCE_MS, .err = &err};

    if (s7_client_connect(client, &ctx) != S7_OK)
        fail_msg("connect: %s", err.came);
    return client;
}

static s7_client_info info_of(const s7_client *client)
{
    s7_client_info info = {.struct_size = sizeof info};

    assert_int_equal(s7_client_info_get(client, &info), S7_OK);
    return info;
}

static void expect_text(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

/* What the fake PLC's DB 1 holds at the start. */
static uint8_t db_byte(size_t i)
{
    return (uint8_t)(i * 31 + i / 256);
}

/* ---- the good way ---- */

static void areas_of_any_length_are_read_and_written(void **state)
{
    static uint8_t data[65535];
    static const size_t lens[] = {1, 222, 223, 5000, 65535};
    s7_client *client;

    (void)state;
    server_start(240, 3, ANSWER, 0);
    client = connected_client(PATIENCE_MS);
    assert_true(s7_client_is_connected(client));
    s7_client_info info = info_of(client);
    assert_int_equal(info.pdu_len, 240);
    assert_int_equal(info.amq_calling, 3);
    assert_int_equal(info.connects, 1);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        uint64_t before = info_of(client).requests;

        assert_int_equal(s7_read_db(client, NULL, 1, 7, data, lens[i]), S7_OK);
        for (size_t b = 0; b < lens[i]; b++)
            if (data[b] != db_byte(b + 7))
                fail_msg("%zu bytes: byte %zu is %02X", lens[i], b, data[b]);
        assert_int_equal(info_of(client).requests - before, (lens[i] + 221) / 222);
    }
    for (size_t b = 0; b < 1000; b++)
        data[b] = (uint8_t)~data[b];
    assert_int_equal(s7_write_area(client, S7_WITHIN(PATIENCE_MS), S7_AREA_DB, 1, 7, data, 1000), S7_OK);
    assert_int_equal(s7_read_area(client, NULL, S7_AREA_T, 99, 4, data + 2000, 10), S7_OK);
    s7_client_free(client);
    server_stop();
    assert_memory_equal(server.plc.db1 + 7, data, 1000);
    assert_int_equal(server.plc.db1[6], db_byte(6));
    assert_int_equal(server.plc.db1[1007], db_byte(1007));
    assert_memory_equal(server.plc.timers + 8, data + 2000, 10);
}

static void typed_values_come_back_as_they_were_written(void **state)
{
    bool b = false;
    uint8_t u8 = 0;
    uint16_t u16 = 0;
    int16_t i16 = 0;
    uint32_t u32 = 0;
    int32_t i32 = 0;
    float f32 = 0;

    (void)state;
    server_start(480, 1, ANSWER, 0);
    s7_client *client = connected_client(PATIENCE_MS);
    for (unsigned bit = 0; bit < 8; bit++) {
        assert_int_equal(s7_write_bool(client, NULL, S7_AREA_M, 0, 5, (uint8_t)bit, bit % 3 == 0), S7_OK);
        assert_int_equal(s7_read_bool(client, NULL, S7_AREA_M, 0, 5, (uint8_t)bit, &b), S7_OK);
        assert_int_equal(b, bit % 3 == 0);
    }
    assert_int_equal(s7_write_u8(client, NULL, S7_AREA_DB, 1, 100, 0xA5), S7_OK);
    assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 100, &u8), S7_OK);
    assert_int_equal(u8, 0xA5);
    assert_int_equal(s7_write_u16(client, NULL, S7_AREA_DB, 1, 102, 0x1234), S7_OK);
    assert_int_equal(s7_read_u16(client, NULL, S7_AREA_DB, 1, 102, &u16), S7_OK);
    assert_int_equal(u16, 0x1234);
    assert_int_equal(s7_write_i16(client, NULL, S7_AREA_DB, 1, 104, -2), S7_OK);
    assert_int_equal(s7_read_i16(client, NULL, S7_AREA_DB, 1, 104, &i16), S7_OK);
    assert_int_equal(i16, -2);
    assert_int_equal(s7_write_u32(client, NULL, S7_AREA_DB, 1, 106, 0xDEADBEEF), S7_OK);
    assert_int_equal(s7_read_u32(client, NULL, S7_AREA_DB, 1, 106, &u32), S7_OK);
    assert_int_equal(u32, 0xDEADBEEF);
    assert_int_equal(s7_write_i32(client, NULL, S7_AREA_DB, 1, 110, INT32_MIN), S7_OK);
    assert_int_equal(s7_read_i32(client, NULL, S7_AREA_DB, 1, 110, &i32), S7_OK);
    assert_int_equal(i32, INT32_MIN);
    assert_int_equal(s7_write_f32(client, NULL, S7_AREA_DB, 1, 114, -1.5F), S7_OK);
    assert_int_equal(s7_read_f32(client, NULL, S7_AREA_DB, 1, 114, &f32), S7_OK);
    assert_true(f32 == -1.5F);
    s7_client_free(client);
    server_stop();
    static const uint8_t wire[] = {0xA5, 0x12, 0x34, 0xFF, 0xFE, 0xDE, 0xAD, 0xBE, 0xEF,
                                   0x80, 0,    0,    0,    0xBF, 0xC0, 0,    0};
    assert_int_equal(server.plc.db1[100], wire[0]);
    assert_memory_equal(server.plc.db1 + 102, wire + 1, sizeof wire - 1);
    assert_int_equal(server.plc.m[5], 0x49);
    assert_int_equal(server.plc.m[4], (uint8_t)(4 * 17 + 3));
}

static void s7_160_and_161_strings_keep_their_maximum_and_are_clipped(void **state)
{
    char text[300];

    (void)state;
    server_start(240, 1, ANSWER, 0);
    server.plc.db1[200] = 20; /* the thread has not been asked for anything yet */
    s7_client *client = connected_client(PATIENCE_MS);
    assert_int_equal(s7_write_string(client, NULL, S7_AREA_DB, 1, 200, 20,
                                     "Gr\xFC\xDF"
                                     "e"),
                     S7_OK);
    assert_int_equal(s7_read_string(client, NULL, S7_AREA_DB, 1, 200, 20, text, sizeof text), S7_OK);
    assert_string_equal(text, "Gr\xFC\xDF"
                              "e");
    assert_int_equal(s7_read_string(client, NULL, S7_AREA_DB, 1, 200, 20, text, 4), S7_E_TOO_LARGE);
    assert_string_equal(text, "Gr\xFC");
    assert_int_equal(s7_write_string(client, NULL, S7_AREA_DB, 1, 200, 3, "four"), S7_E_TOO_LARGE);
    assert_int_equal(s7_write_u8(client, NULL, S7_AREA_DB, 1, 201, 200),
                     S7_OK); /* a length above the maximum */
    assert_int_equal(s7_read_string(client, NULL, S7_AREA_DB, 1, 200, 20, text, sizeof text), S7_OK);
    assert_int_equal(strlen(text), 20);
    assert_int_equal(s7_read_string(client, NULL, S7_AREA_DB, 1, 200, 20, text, 21), S7_OK);
    memset(text, 'x', 254);
    text[254] = '\0';
    assert_int_equal(s7_write_string(client, NULL, S7_AREA_DB, 1, 300, 254, text),
                     S7_OK); /* longer than a PDU */
    memset(text, 0, sizeof text);
    assert_int_equal(s7_read_string(client, NULL, S7_AREA_DB, 1, 300, 254, text, sizeof text), S7_OK);
    assert_int_equal(strlen(text), 254);
    s7_client_free(client);
    server_stop();
    assert_int_equal(server.plc.db1[200], 20);
}

static void a_request_costs_one_send_one_wait_and_no_allocation(void **state)
{
    uint8_t data[100];

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = connected_client(PATIENCE_MS);
    for (unsigned i = 0; i < 50; i++) {
        memset(&cost, 0, sizeof cost);
        s7_status status = s7_read_area(client, NULL, S7_AREA_DB, 1, 0, data, sizeof data);
        unsigned allocations = cost.allocations, sends = cost.sends, recvs = cost.recvs, polls = cost.polls;

        assert_int_equal(status, S7_OK);
        if (allocations != 0 || sends != 1 || recvs > 2 || polls > 1)
            fail_msg("%u allocations, %u send, %u recv, %u poll", allocations, sends, recvs, polls);
    }
    s7_client_free(client);
    server_stop();
}

static void a_list_names_its_first_bad_item_and_delivers_the_others(void **state)
{
    uint8_t data[3][4];
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    char expected[128];

    (void)state;
    server_start(240, 2, ANSWER, 0);
    s7_client *client = connected_client(PATIENCE_MS);
    s7_item items[3];
    static const char *const texts[] = {"DB1.DBD4:REAL", "DB1.DBW65999:INT", "DB7.DBD0"};
    for (unsigned i = 0; i < 3; i++) {
        items[i] = (s7_item){.data = data[i]};
        assert_int_equal(s7_address_parse(texts[i], &items[i].address, NULL), S7_OK);
        items[i].len = s7_address_size(&items[i].address);
    }
    assert_int_equal(s7_read_multi(client, &ctx, items, 3), S7_E_PARTIAL);
    assert_int_equal(items[0].status, S7_OK);
    assert_int_equal(items[1].status, S7_E_ITEM_ADDRESS);
    assert_int_equal(items[2].status, S7_E_ITEM_MISSING);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(data[0][i], db_byte(4 + i));
    assert_int_equal(err.item, 1);
    snprintf(expected, sizeof expected, "read DB1.DBW65999:INT (item 2 of 3) from 127.0.0.1:%u", server.port);
    assert_string_equal(err.asked, expected);
    assert_string_equal(err.came, "item refused: 0x05 address out of range");
    s7_client_free(client);
    server_stop();
}

static void a_refused_area_says_what_was_asked_what_came_and_what_to_try(void **state)
{
    uint8_t data[100];
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    char expected[128];

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = connected_client(PATIENCE_MS);
    assert_int_equal(s7_read_db(client, &ctx, 2, 0, data, sizeof data), S7_E_ITEM_MISSING);
    snprintf(expected, sizeof expected, "read DB2.DBB0..99 (100 bytes) from 127.0.0.1:%u", server.port);
    assert_string_equal(err.asked, expected);
    assert_string_equal(err.came, "item refused: 0x0A object does not exist");
    assert_int_equal(err.status, S7_E_ITEM_MISSING);
    assert_int_equal(err.item, -1);
    assert_int_equal(err.item_code, 0x0A);
    expect_text(err.hint, "optimized");
    server.plc.refuse = 0x8104; /* the thread waits for the next frame */
    assert_int_equal(s7_write_u16(client, &ctx, S7_AREA_DB, 1, 2, 7), S7_E_PLC);
    snprintf(expected, sizeof expected, "write DB1.DBW2 to 127.0.0.1:%u", server.port);
    assert_string_equal(err.asked, expected);
    assert_int_equal(err.plc_error, 0x8104);
    expect_text(err.came, "8104");
    expect_text(err.hint, "PUT/GET");
    assert_true(s7_client_is_connected(client));
    s7_client_free(client);
    server_stop();
}

/* ---- late answers ---- */

static void p01_a_late_answer_is_drained_by_the_next_call(void **state)
{
    (void)state;
    for (unsigned amq = 1; amq <= 4; amq += 3) {
        uint8_t value = 0;

        server_start(240, amq, HOLD, 2);
        s7_client *client = connected_client(PATIENCE_MS);
        assert_int_equal(s7_read_u8(client, S7_WITHIN(30), S7_AREA_DB, 1, 10, &value), S7_E_TIMEOUT);
        assert_true(s7_client_is_connected(client));
        tell(server.command[1], 'r'); /* before, while or after the next request travels */
        for (unsigned n = 2; n < 20; n++) {
            assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, n * 10, &value), S7_OK);
            assert_int_equal(value, db_byte(n * 10));
        }
        /* with a window of several jobs the late answer may still be on its way: only then it is not counted
         * yet */
        for (unsigned i = 0; info_of(client).late_answers == 0 && i < 100000; i++)
            assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_OK);
        assert_int_equal(info_of(client).late_answers, 1);
        assert_int_equal(info_of(client).connects, 1);
        s7_client_free(client);
        server_stop();
    }
}

static void s7_153_an_answer_that_never_comes_drops_the_connection_in_the_next_call(void **state)
{
    uint8_t value;
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = 30, .err = &err};

    (void)state;
    server_start(240, 1, SILENT, 2);
    s7_client *client = connected_client(PATIENCE_MS);
    assert_int_equal(s7_read_u8(client, &ctx, S7_AREA_DB, 1, 0, &value), S7_E_TIMEOUT);
    assert_string_equal(err.came, "no answer came in time");
    assert_true(s7_client_is_connected(client));
    assert_int_equal(s7_read_u8(client, &ctx, S7_AREA_DB, 1, 0, &value), S7_E_TIMEOUT);
    expect_text(err.came, "the connection was dropped");
    assert_false(s7_client_is_connected(client));
    assert_int_equal(s7_read_u8(client, &ctx, S7_AREA_DB, 1, 0, &value), S7_E_NOT_CONNECTED);
    assert_int_equal(s7_client_connect(client, NULL), S7_OK);
    assert_int_equal(info_of(client).connects, 2);
    /* Frame 2 of this connection is silent again: one more round. */
    assert_int_equal(s7_read_u8(client, &ctx, S7_AREA_DB, 1, 0, &value), S7_E_TIMEOUT);
    s7_client_free(client);
    server_stop();
}

static void s7_153_with_a_wider_window_calls_go_on_until_the_answer_is_overdue(void **state)
{
    uint8_t value;
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = 30, .err = &err};
    s7_status status = S7_OK;
    unsigned good = 0;

    (void)state;
    server_start(240, 4, SILENT, 2);
    s7_client *client = connected_client(300);
    assert_int_equal(s7_read_u8(client, &ctx, S7_AREA_DB, 1, 0, &value), S7_E_TIMEOUT);
    ctx.timeout_ms = PATIENCE_MS;
    for (int64_t until_ns = s7_now_ns() + PATIENCE_MS * MS; status == S7_OK && s7_now_ns() < until_ns;
         good++) {
        status = s7_read_u8(client, &ctx, S7_AREA_DB, 1, 30, &value);
        if (status == S7_OK)
            assert_int_equal(value, db_byte(30));
    }
    assert_true(good > 1);
    assert_int_equal(status, S7_E_TIMEOUT);
    expect_text(err.came, "the connection was dropped");
    s7_client_free(client);
    server_stop();
}

static void p22_one_withheld_answer_fails_one_part_of_a_list(void **state)
{
    uint8_t data[8][220];
    s7_item items[8];
    unsigned good = 0;

    (void)state;
    server_start(240, 8, SILENT, 4);
    s7_client *client = connected_client(PATIENCE_MS);
    for (unsigned i = 0; i < 8; i++)
        items[i] = (s7_item){
            .address = {.area = S7_AREA_DB, .db = 1, .byte = i * 220, .type = S7_TYPE_BYTE, .count = 220},
            .data = data[i],
            .len = 220};
    assert_int_equal(s7_read_multi(client, S7_WITHIN(1000), items, 8), S7_E_TIMEOUT);
    for (unsigned i = 0; i < 8; i++) {
        good += items[i].status == S7_OK;
        if (items[i].status == S7_OK)
            assert_int_equal(data[i][219], db_byte(i * 220 + 219));
        else
            assert_int_equal(i, 2);
    }
    assert_int_equal(good, 7);
    assert_true(s7_client_is_connected(client));
    s7_client_free(client);
    server_stop();
}

/* ---- writes without answer ---- */

static void p29_a_write_whose_answer_is_lost_is_unknown_and_done_once(void **state)
{
    static const enum act acts[] = {FIN, RST, SILENT};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        s7_errinfo err = S7_ERRINFO_INIT;
        s7_ctx ctx = {
            .struct_size = sizeof ctx, .timeout_ms = acts[i] == SILENT ? 50 : PATIENCE_MS, .err = &err};

        server_start(240, 1, acts[i], 2);
        s7_client *client = connected_client(PATIENCE_MS);
        assert_int_equal(s7_write_u16(client, &ctx, S7_AREA_DB, 1, 40, 0xCAFE), S7_E_OUTCOME_UNKNOWN);
        expect_text(err.came, "may or may not");
        expect_text(err.hint, "read the place back");
        s7_client_free(client);
        server_stop();
        assert_int_equal(server.plc.jobs, 1);
        assert_int_equal(server.plc.db1[40], 0xCA);
    }
}

/* ---- connecting ---- */

static void s7_013_every_failure_to_connect_says_what_happened(void **state)
{
    static const struct {
        enum act act;
        unsigned frame;
        s7_status status;
        const char *came;
    } cases[] = {
        {DR, 0, S7_E_COTP_REFUSED, "reason 02"},
        {FIN, 0, S7_E_COTP_REFUSED, "closed"},
        {RST, 0, S7_E_COTP_REFUSED, "reset"},
        {SILENT, 0, S7_E_TIMEOUT, "no answer to the COTP connection request"},
        {GARBAGE, 0, S7_E_FRAME, "TPKT version 72"},
        {SILENT, 1, S7_E_TIMEOUT, "no answer to setup communication"},
        {FIN, 1, S7_E_CLOSED, "setup"},
        {GARBAGE, 1, S7_E_FRAME, "TPKT version 72"},
    };
    uint8_t value;

    (void)state;
    for (unsigned c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        s7_errinfo err = S7_ERRINFO_INIT;
        s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

        server_start(240, 1, cases[c].act, cases[c].frame);
        s7_client *client = new_client(PATIENCE_MS, cases[c].act == SILENT ? 50 : PATIENCE_MS);
        for (unsigned again = 0; again < 2; again++) { /* after a failure it may be called again */
            s7_status status = s7_client_connect(client, &ctx);
            if (status != cases[c].status)
                fail_msg("case %u: %s (%s), expected %s", c, s7_errname(status), err.came,
                         s7_errname(cases[c].status));
            expect_text(err.came, cases[c].came);
            expect_text(err.asked, "rack 0, slot 1, OP");
            assert_true(err.hint[0] != '\0');
            assert_false(s7_client_is_connected(client));
        }
        assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_E_NOT_CONNECTED);
        s7_client_free(client);
        server_stop();
    }
}

static void a_port_where_nobody_listens_refuses_and_a_strange_name_does_not_resolve(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    s7_client *client;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    server_stop(); /* the port was free a moment ago */
    assert_int_equal(s7_client_new(server.endpoint, NULL, &client, &err), S7_OK);
    assert_int_equal(s7_client_connect(client, &ctx), S7_E_REFUSED);
    assert_int_equal(err.os_errno, ECONNREFUSED);
    expect_text(err.hint, "10102");
    s7_client_free(client);
    assert_int_equal(s7_client_new("plc:0", NULL, &client, &err), S7_E_SYNTAX);
    expect_text(err.came, "character 5");
}

static void a_short_deadline_ends_the_handshake(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = 20, .err = &err};
    s7_client_options options;
    s7_client *client;

    (void)state;
    server_start(240, 1, SILENT, 0);
    s7_client_options_init(&options);
    options.handshake_ms = 3600000;
    assert_int_equal(s7_client_new(server.endpoint, &options, &client, NULL), S7_OK);
    assert_int_equal(s7_client_connect(client, &ctx), S7_E_TIMEOUT);
    expect_text(err.came, "no answer to the COTP");
    s7_client_free(client);
    server_stop();
}

static void close_and_connect_again_work_at_any_time(void **state)
{
    uint8_t value;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = new_client(PATIENCE_MS, PATIENCE_MS);
    s7_client_close(client);
    s7_client_close(NULL);
    for (unsigned i = 1; i <= 5; i++) {
        assert_int_equal(s7_client_connect(client, NULL), S7_OK);
        assert_int_equal(s7_client_connect(client, NULL), S7_E_MISUSE);
        assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_OK);
        s7_client_close(client);
        assert_false(s7_client_is_connected(client));
        assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_E_NOT_CONNECTED);
        assert_int_equal(info_of(client).connects, i);
        assert_int_equal(info_of(client).pdu_len, 0);
    }
    s7_client_free(client);
    s7_client_free(NULL);
    server_stop();
}

/* ---- misuse ---- */

static void contexts_and_arguments_are_checked_before_anything_is_sent(void **state)
{
    uint8_t data[4];
    s7_ctx no_size = {.timeout_ms = 5}, bad_time = {.struct_size = sizeof bad_time, .timeout_ms = -2},
           past = {.struct_size = sizeof past, .deadline_ns = 1};
    char text[4];

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = connected_client(PATIENCE_MS);
    uint64_t before = info_of(client).requests;
    assert_int_equal(s7_read_db(client, &no_size, 1, 0, data, 4), S7_E_ARG);
    assert_int_equal(s7_read_db(client, &bad_time, 1, 0, data, 4), S7_E_ARG);
    assert_int_equal(s7_read_db(client, &past, 1, 0, data, 4), S7_E_TIMEOUT);
    assert_int_equal(s7_write_db(client, &past, 1, 0, data, 4), S7_E_TIMEOUT);
    assert_int_equal(s7_read_db(client, NULL, 1, 0, data, 0), S7_E_ARG);
    assert_int_equal(s7_read_db(client, NULL, 1, 0, NULL, 4), S7_E_ARG);
    assert_int_equal(s7_write_db(client, NULL, 1, 0, NULL, 70000), S7_E_ARG);
    assert_int_equal(s7_read_db(client, NULL, 0, 0, data, 4), S7_E_ARG);
    assert_int_equal(s7_read_db(client, NULL, 1, 2097150, data, 4), S7_E_ARG);
    assert_int_equal(s7_read_db(client, NULL, 1, UINT32_MAX, data, 4), S7_E_ARG);
    assert_int_equal(s7_read_area(client, NULL, S7_AREA_T, 0, 0, data, 3), S7_E_ARG);
    assert_int_equal(s7_read_area(client, NULL, (s7_area)0x42, 0, 0, data, 3),
                     S7_E_ITEM_MISSING); /* the PLC decides */
    assert_int_equal(s7_read_bool(client, NULL, S7_AREA_M, 0, 0, 8, &(bool){false}), S7_E_ARG);
    assert_int_equal(s7_read_u8(client, NULL, S7_AREA_M, 0, 0, NULL), S7_E_ARG);
    assert_int_equal(s7_read_string(client, NULL, S7_AREA_M, 0, 0, 0, text, sizeof text), S7_E_ARG);
    assert_int_equal(s7_read_string(client, NULL, S7_AREA_M, 0, 0, 255, text, sizeof text), S7_E_ARG);
    assert_int_equal(s7_read_string(client, NULL, S7_AREA_M, 0, 0, 9, text, 0), S7_E_ARG);
    assert_int_equal(s7_write_string(client, NULL, S7_AREA_M, 0, 0, 9, NULL), S7_E_ARG);
    assert_int_equal(s7_read_multi(client, NULL, NULL, 2), S7_E_ARG);
    assert_int_equal(s7_read_multi(client, NULL, NULL, 0), S7_OK);
    assert_int_equal(s7_read_db(NULL, NULL, 1, 0, data, 4), S7_E_ARG);
    assert_int_equal(s7_client_connect(NULL, NULL), S7_E_ARG);
    assert_int_equal(info_of(client).requests, before + 1);
    s7_client_free(client);
    server_stop();
}

static void *blocked_read(void *arg)
{
    uint8_t value;
    static s7_status status;

    status = s7_read_u8(arg, NULL, S7_AREA_DB, 1, 20, &value);
    if (status == S7_OK && value != db_byte(20))
        status = S7_E_PROTOCOL;
    return &status;
}

static void a_second_thread_is_refused_and_harms_nothing(void **state)
{
    pthread_t thread;
    void *result;
    uint8_t value;

    (void)state;
    server_start(240, 4, HOLD, 2);
    s7_client *client = connected_client(PATIENCE_MS);
    assert_int_equal(pthread_create(&thread, NULL, blocked_read, client), 0);
    server_wait_for_held(); /* the read is at the PLC, the thread inside the client */
    assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_E_MISUSE);
    assert_int_equal(s7_client_connect(client, NULL), S7_E_MISUSE);
    assert_int_equal(s7_client_info_get(client, &(s7_client_info){.struct_size = sizeof(s7_client_info)}),
                     S7_E_MISUSE);
    s7_client_close(client);
    assert_true(s7_client_is_connected(client));
    tell(server.command[1], 'r');
    pthread_join(thread, &result);
    assert_int_equal(*(s7_status *)result, S7_OK);
    assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_OK);
    s7_client_free(client);
    server_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_of_any_length_are_read_and_written),
        cmocka_unit_test(typed_values_come_back_as_they_were_written),
        cmocka_unit_test(s7_160_and_161_strings_keep_their_maximum_and_are_clipped),
        cmocka_unit_test(a_request_costs_one_send_one_wait_and_no_allocation),
        cmocka_unit_test(a_list_names_its_first_bad_item_and_delivers_the_others),
        cmocka_unit_test(a_refused_area_says_what_was_asked_what_came_and_what_to_try),
        cmocka_unit_test(p01_a_late_answer_is_drained_by_the_next_call),
        cmocka_unit_test(s7_153_an_answer_that_never_comes_drops_the_connection_in_the_next_call),
        cmocka_unit_test(s7_153_with_a_wider_window_calls_go_on_until_the_answer_is_overdue),
        cmocka_unit_test(p22_one_withheld_answer_fails_one_part_of_a_list),
        cmocka_unit_test(p29_a_write_whose_answer_is_lost_is_unknown_and_done_once),
        cmocka_unit_test(s7_013_every_failure_to_connect_says_what_happened),
        cmocka_unit_test(a_port_where_nobody_listens_refuses_and_a_strange_name_does_not_resolve),
        cmocka_unit_test(a_short_deadline_ends_the_handshake),
        cmocka_unit_test(close_and_connect_again_work_at_any_time),
        cmocka_unit_test(contexts_and_arguments_are_checked_before_anything_is_sent),
        cmocka_unit_test(a_second_thread_is_refused_and_harms_nothing),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.blocking");
}
