#include "client/plc_thread.h"
#include "client/test_names.h"

#include <poll.h>
#include <sys/socket.h>

/* The linker turns these calls of the whole program to us; counted per thread, so the PLC's own do not
 * matter. */

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

static void a_request_costs_one_send_one_wait_one_receive_and_no_allocation(void **state)
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
        if (allocations != 0 || sends != 1 || recvs != 1 || polls > 1)
            fail_msg("%u allocations, %u send, %u recv, %u poll", allocations, sends, recvs, polls);
    }
    s7_client_free(client);
    server_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_costs_one_send_one_wait_one_receive_and_no_allocation),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.client_cost");
}
