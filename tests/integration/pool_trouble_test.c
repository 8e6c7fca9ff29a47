/* Trouble of this machine and with the endpoint, at the pool for threads. */
#include "pool_rig.h"

#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- names: the linker turns getaddrinfo to us ---- */

int __real_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out);
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out);

/* The addresses of "many.example", in their order. */
static const char *const *addresses;

/* What they say, linked together: each is freed by the system with its first. */
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out)
{
    struct addrinfo numeric = *hints, **end = out;

    if (strcmp(node, "many.example") != 0)
        return __real_getaddrinfo(node, service, hints, out);
    if ((hints->ai_flags & AI_NUMERICHOST) != 0)
        return EAI_NONAME;
    numeric.ai_flags |= AI_NUMERICHOST;
    for (unsigned i = 0; addresses[i] != NULL; i++) {
        if (__real_getaddrinfo(addresses[i], service, &numeric, end) != 0)
            return EAI_NONAME;
        end = &(*end)->ai_next;
    }
    return 0;
}

static s7_pool_stats stats_of(s7_pool *of)
{
    s7_pool_stats s = {.struct_size = sizeof s};

    assert_int_equal(s7_pool_stats_get(of, &s), S7_OK);
    return s;
}

/* ---- endpoints ---- */

/* The house is at 127.0.0.1; everything is at its port. */
static void host_to_endpoint(const char *host, char *endpoint, size_t cap)
{
    snprintf(endpoint, cap, "%s%s", host, strrchr(house.house.endpoint, ':'));
}

static s7_status start_at(const char *endpoint)
{
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

    err = (s7_errinfo)S7_ERRINFO_INIT;
    assert_int_equal(s7_pool_new(endpoint, &options, &pool, &err), S7_OK);
    return s7_pool_start(pool, &ctx);
}

static void one_read(void)
{
    s7_client *client = borrow();
    uint8_t value = 9;

    assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_OK);
    assert_int_equal(value, 0);
    assert_int_equal(s7_pool_put(pool, client), S7_OK);
}

/* A start that fails names where and why, leaves nothing, and does not wait for long. */
static void a_host_where_nothing_listens_is_named_with_port_and_cause(void **state)
{
    char endpoint[64];

    (void)state;
    host_to_endpoint("127.0.0.77", endpoint, sizeof endpoint);
    assert_int_equal(start_at(endpoint), S7_E_REFUSED);
    assert_non_null(strstr(err.asked, endpoint));
    assert_non_null(strstr(err.came, "connection refused"));
    assert_int_equal(stats().total_connections + stats().connecting, 0);
    assert_int_equal(stats().dials, 1); /* and no more until it is started again */
    assert_int_equal(stats().dial_failures[S7_POOL_DIAL_REFUSED], 1);
}

static int listen_at(const char *host)
{
    char port[8];
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *at;
    int on = 1;

    snprintf(port, sizeof port, "%s", strrchr(house.house.endpoint, ':') + 1);
    assert_int_equal(getaddrinfo(host, port, &hints, &at), 0);
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(fd, at->ai_addr, at->ai_addrlen), 0);
    assert_int_equal(listen(fd, 8), 0);
    freeaddrinfo(at);
    return fd;
}

static void addresses_of_a_name_are_tried_in_their_order_until_one_answers(void **state)
{
    static const char *const order[] = {"127.0.0.76", "127.0.0.77", "127.0.0.1", "127.0.0.78", NULL};
    char endpoint[64];

    (void)state;
    addresses = order;
    int behind = listen_at("127.0.0.78"); /* would answer TCP, and nothing more */
    host_to_endpoint("many.example", endpoint, sizeof endpoint);
    options.size = 2;
    options.start = S7_POOL_START_ALL;
    assert_int_equal(start_at(endpoint), S7_OK);
    one_read();
    assert_int_equal(stats().connects, 2);
    assert_int_equal(stats().connect_failures, 0); /* a dial is all of its addresses */
    assert_int_equal(accept(behind, NULL, NULL), -1);
    close(behind);
}

static void when_no_address_of_a_name_answers_the_name_and_the_last_cause_are_told(void **state)
{
    static const char *const order[] = {"127.0.0.76", "127.0.0.77", NULL};
    char endpoint[64];

    (void)state;
    addresses = order;
    host_to_endpoint("many.example", endpoint, sizeof endpoint);
    assert_int_equal(start_at(endpoint), S7_E_REFUSED);
    assert_non_null(strstr(err.asked, endpoint));
    assert_int_equal(stats().dials, 1);
}

static void a_name_without_an_address_is_told_so(void **state)
{
    (void)state;
    addresses = (const char *const[]){"no address", NULL};
    assert_int_equal(start_at("many.example"), S7_E_RESOLVE);
    assert_non_null(strstr(err.asked, "many.example:102"));
    assert_int_equal(stats().dial_failures[S7_POOL_DIAL_UNREACHABLE], 1);
}

static void a_PLC_at_an_IPv6_address_is_like_any_other(void **state)
{
    (void)state;
    int probe = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool good = probe >= 0 && bind(probe, (struct sockaddr *)&loopback, sizeof loopback) == 0;

    close(probe);
    if (!good)
        skip(); /* this machine has none */
    house_thread_stop(&house);
    house_thread_start_at(&house, NULL, "[::1]:0");
    assert_memory_equal(house.house.endpoint, "[::1]:", 6);
    assert_int_equal(start_at(house.house.endpoint), S7_OK);
    one_read();
    s7_pool_free(pool);
    addresses = (const char *const[]){"127.0.0.77", "::1", NULL}; /* both families of one name */
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "many.example:%s", strstr(house.house.endpoint, "]:") + 2);
    assert_int_equal(start_at(endpoint), S7_OK);
    one_read();
    s7_pool_free(pool);
    assert_int_equal(start_at("[::1]:1"), S7_E_REFUSED);
    assert_non_null(strstr(err.asked, "[::1]:1"));
}

static void a_wrong_slot_is_told_as_such(void **state)
{
    (void)state;
    house_thread_stop(&house);
    house_thread_start_at(&house, "s7-300", "127.0.0.1:0");
    options.client.slot = 7;
    assert_int_equal(start_at(house.house.endpoint), S7_E_COTP_REFUSED);
    assert_non_null(strstr(err.asked, "slot 7"));
    assert_int_equal(err.cause, S7_CAUSE_RACK_SLOT);
    assert_int_equal(stats().dials, 1);
    assert_int_equal(stats().dial_failures[S7_POOL_DIAL_COTP], 1);
    assert_int_equal(house_thread_seen(&house).accepted, 1);
}

/* ---- a group ---- */

static void start_in_a_group_of(unsigned connections)
{
    s7_pool_group_options limits;

    s7_pool_group_options_init(&limits);
    limits.plc_connections = (uint16_t)connections;
    assert_int_equal(s7_pool_group_new(&limits, &options.group, NULL), S7_OK);
    options.size = (uint16_t)connections;
    options.start = S7_POOL_START_ALL;
    options.max_idle_ms = 0;
    open_pool();
}

/* The first pool has all that there are, and would keep them. */
static void a_pool_of_a_group_that_has_none_is_given_one(void **state)
{
    s7_pool *late;
    s7_client *client, *held[2];

    (void)state;
    start_in_a_group_of(3);
    options.start = S7_POOL_START_BACKGROUND;
    held[0] = borrow();
    held[1] = borrow();
    assert_int_equal(s7_pool_new(house.house.endpoint, &options, &late, NULL), S7_OK);
    assert_int_equal(s7_pool_start(late, NULL), S7_OK);
    assert_int_equal(s7_pool_get(late, NULL, &client), S7_OK); /* the idle one's place */
    assert_int_equal(stats().closed[S7_POOL_CLOSE_YIELDED], 1);
    assert_int_equal(stats().total_connections, 2);
    assert_int_equal(s7_pool_put(late, client), S7_OK);
    s7_pool_free(late);
    s7_client *third = borrow(); /* and back */
    assert_int_equal(s7_pool_new(house.house.endpoint, &options, &late, NULL), S7_OK);
    assert_int_equal(s7_pool_start(late, NULL), S7_OK);
    UNTIL(stats_of(late).denied);
    assert_int_equal(s7_pool_get(late, S7_WITHIN(50), &client), S7_E_BUDGET); /* all are lent */
    assert_int_equal(s7_pool_put(pool, third), S7_OK);
    assert_int_equal(s7_pool_get(late, NULL, &client), S7_OK);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_YIELDED], 2);
    assert_int_equal(s7_pool_put(pool, held[0]), S7_OK);
    assert_int_equal(s7_pool_put(pool, held[1]), S7_OK);
    assert_int_equal(stats().total_connections, 2); /* one was asked for */
    assert_int_equal(s7_pool_put(late, client), S7_OK);
    s7_pool_free(late);
    s7_pool_group_free(options.group);
}

/* ---- who holds it ---- */

static void the_place_in_the_source_is_a_label(void **state)
{
    s7_ctx here = {.struct_size = sizeof here, .label = S7_HERE},
           impatient = {.struct_size = sizeof impatient, .timeout_ms = 1, .err = &err};
    s7_client *client, *none;

    (void)state;
    options.size = 1;
    open_pool();
    assert_int_equal(s7_pool_get(pool, &here, &client), S7_OK);
    assert_int_equal(s7_pool_get(pool, &impatient, &none), S7_E_POOL_EXHAUSTED);
    if (strstr(err.came, " s by \"pool_trouble_test.c:") == NULL) /* whatever the path before it */
        fail_msg("%s", err.came);
    assert_int_equal(s7_pool_put(pool, client), S7_OK);
}

/* ---- no descriptors ---- */

/* Returns the limit that was. */
static rlim_t limit_descriptors(rlim_t to)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = to;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return before;
}

static void a_process_without_descriptors_does_not_take_the_PLC_for_full(void **state)
{
    s7_client *second;
    s7_ctx impatient = {.struct_size = sizeof impatient, .timeout_ms = 300, .err = &err};

    (void)state;
    open_pool();
    s7_client *first = borrow();
    int next = dup(STDOUT_FILENO);
    close(next);
    rlim_t before = limit_descriptors((rlim_t)next);
    s7_status status = s7_pool_get(pool, &impatient, &second);
    limit_descriptors(before);
    assert_int_equal(status, S7_E_POOL_EXHAUSTED);
    if (strstr(err.came, "could not be made: Too many open files") == NULL || strstr(err.came, "PLC") != NULL)
        fail_msg("%s", err.came);
    s7_pool_stats s = stats();
    assert_int_equal(s.limit, 5);
    assert_true(s.dial_failures[S7_POOL_DIAL_LOCAL] >= 1);
    assert_int_equal(s.dial_failures[S7_POOL_DIAL_LOCAL], s.connect_failures);
    second = borrow(); /* and it goes on by itself */
    assert_int_equal(s7_pool_put(pool, second), S7_OK);
    assert_int_equal(s7_pool_put(pool, first), S7_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_host_where_nothing_listens_is_named_with_port_and_cause),
        TEST(addresses_of_a_name_are_tried_in_their_order_until_one_answers),
        TEST(when_no_address_of_a_name_answers_the_name_and_the_last_cause_are_told),
        TEST(a_name_without_an_address_is_told_so),
        TEST(a_PLC_at_an_IPv6_address_is_like_any_other),
        TEST(a_wrong_slot_is_told_as_such),
        TEST(a_pool_of_a_group_that_has_none_is_given_one),
        TEST(the_place_in_the_source_is_a_label),
        TEST(a_process_without_descriptors_does_not_take_the_PLC_for_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
