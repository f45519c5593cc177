/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "common/socket_list.h"

static void test_what_is_read(void **state)
{
    (void)state;
    struct socket_list list;
    struct err err = ERR_INIT;
    if (socket_list_parse(
            "tcp://127.0.0.1:80, web=tcp://[::1]:443\n unix:///run/x.sock\tsystemd://api,", &list,
            &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(list.count, 4);
    assert_string_equal(list.items[0].name, "");
    const struct sockaddr_in *first = (const struct sockaddr_in *)&list.items[0].address;
    assert_int_equal(ntohl(first->sin_addr.s_addr), INADDR_LOOPBACK);
    assert_int_equal(ntohs(first->sin_port), 80);
    assert_string_equal(list.items[1].name, "web");
    assert_string_equal(list.items[1].url, "tcp://[::1]:443");
    assert_int_equal(list.items[1].address.ss_family, AF_INET6);
    assert_int_equal(list.items[2].address.ss_family, AF_UNIX);
    assert_int_equal(list.items[3].address.ss_family, AF_UNSPEC);
    assert_int_equal(socket_list_parse("", &list, NULL), 0);
    assert_int_equal(list.count, 0);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "tcp://example.org:80",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:0",
        "tcp://:80",
        "tcp://[::1:80",
        "tcp://[]:80",
        "tcp://1.2.3.4:65536",
        "tcp://1.2.3.4:80x",
        "unix://x",
        "unix://",
        "systemd://",
        "systemd://a/b",
        "http://x",
        "a=",
        "=tcp://127.0.0.1:80",
        "x",
    };
    struct socket_list list;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (socket_list_parse(wrong[i], &list, NULL) == 0)
            fail_msg("%s", wrong[i]);
    char text[512] = "unix:///";
    memset(text + strlen(text), 'x', 200);
    assert_int_equal(socket_list_parse(text, &list, NULL), -1);
    memset(text, 'n', 100);
    strcpy(text + 100, "=unix:///x");
    assert_int_equal(socket_list_parse(text, &list, NULL), -1);
    assert_int_equal(
        socket_list_parse("systemd://a systemd://b systemd://c systemd://d systemd://e "
                          "systemd://f systemd://g systemd://h systemd://i",
                          &list, NULL),
        -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_read),
        cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
