#include "loop/ip_addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct s7_ip_addr parsed(const char *host, uint16_t port)
{
    struct s7_ip_addr e;

    if (!s7_ip_addr_parse(host, port, &e))
        fail_msg("\"%s\" is not taken", host);
    return e;
}

static void addresses_are_shown_in_one_way_only(void **state)
{
    static const char *const shown[][2] = {
        {"127.0.0.1", "127.0.0.1:102"},
        {"0.0.0.0", "0.0.0.0:102"},
        {"::1", "[::1]:102"},
        {"0:0:0:0:0:0:0:1", "[::1]:102"},
        {"FE80::00AB", "[fe80::ab]:102"},
        {"fe80::1%lo", "[fe80::1%lo]:102"},
        {"::ffff:1.2.3.4", "[::ffff:1.2.3.4]:102"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        struct s7_ip_addr e = parsed(shown[i][0], 102);
        char text[64];

        s7_ip_addr_format(&e, text, sizeof text);
        assert_string_equal(text, shown[i][1]);
        assert_int_equal(s7_ip_addr_port(&e), 102);
        s7_ip_addr_set_port(&e, 65535);
        assert_int_equal(s7_ip_addr_port(&e), 65535);
        s7_ip_addr_format(&e, text, 5); /* cut, not overrun */
        assert_int_equal(strlen(text), 4);
    }
}

static void everything_else_is_refused_and_changes_nothing(void **state)
{
    static const char *const bad[] = {
        "",
        "localhost",
        "1",
        "127.1",
        "1.2.3.4.5",
        "1.2.3.4 ",
        " 1.2.3.4",
        "01.2.3.4",
        "256.1.1.1",
        "1.2.3.4:102",
        "[::1]",
        ":::",
        "::1%",
        "::1%no-such-card",
        "%lo",
        "1.2.3.4%lo",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee:ffff",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct s7_ip_addr e, before;

        memset(&e, 0x5a, sizeof e);
        before = e;
        if (s7_ip_addr_parse(bad[i], 102, &e))
            fail_msg("\"%s\" is taken", bad[i]);
        assert_memory_equal(&e, &before, sizeof e);
    }
}

static void equal_means_address_scope_and_port(void **state)
{
    struct s7_ip_addr a = parsed("10.0.0.1", 102), b = parsed("10.0.0.1", 102), c = parsed("10.0.0.1", 103);
    struct s7_ip_addr d = parsed("10.0.0.2", 102), e = parsed("::1", 102), f = parsed("::1%lo", 102);

    (void)state;
    assert_true(s7_ip_addr_equal(&a, &b));
    assert_false(s7_ip_addr_equal(&a, &c));
    assert_false(s7_ip_addr_equal(&a, &d));
    assert_false(s7_ip_addr_equal(&a, &e));
    assert_true(s7_ip_addr_equal(&e, &e));
    assert_false(s7_ip_addr_equal(&e, &f));
}

static void every_address_covers_its_family_at_its_port(void **state)
{
    struct s7_ip_addr any4 = parsed("0.0.0.0", 102), any6 = parsed("::", 102);
    struct s7_ip_addr v4 = parsed("10.0.0.1", 102), v6 = parsed("fd00::1", 102),
                      other = parsed("10.0.0.1", 103);

    (void)state;
    assert_true(s7_ip_addr_covers(&any4, &v4));
    assert_true(s7_ip_addr_covers(&any6, &v6));
    assert_true(s7_ip_addr_covers(&v4, &v4));
    assert_false(s7_ip_addr_covers(&any4, &other));
    assert_false(s7_ip_addr_covers(&any4, &v6));
    assert_false(s7_ip_addr_covers(&any6, &v4));
    assert_false(s7_ip_addr_covers(&v4, &any4));
}

static void a_socket_connected_to_itself_is_found_out(void **state)
{
    struct s7_ip_addr own = parsed("127.0.0.1", 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, &own.addr.any, own.len), 0);
    assert_int_equal(getsockname(fd, &own.addr.any, &own.len), 0);
    assert_false(s7_ip_addr_is_own(fd)); /* not connected at all */
    assert_int_equal(connect(fd, &own.addr.any, own.len), 0);
    assert_true(s7_ip_addr_is_own(fd));
    close(fd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_shown_in_one_way_only),
        cmocka_unit_test(everything_else_is_refused_and_changes_nothing),
        cmocka_unit_test(equal_means_address_scope_and_port),
        cmocka_unit_test(every_address_covers_its_family_at_its_port),
        cmocka_unit_test(a_socket_connected_to_itself_is_found_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
