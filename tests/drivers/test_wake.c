/* SPDX-License-Identifier: MIT */
#include "tests/drivers/suite.h"

#include <poll.h>

#define ASK_AGAIN_MS 500 /* a server that is held up may lose the connection for wake-ups */

/* A store without wake-ups has nothing to be tested here. */
static int listen_to(struct fixture *fixture, struct store *store, const char *queue)
{
    int fd = fixture->driver->wake_open(store, queue, &fixture->err);
    if (fd < 0)
        assert_int_equal(fixture->err.code, ERR_NONE);
    return fd;
}

static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, timeout_ms) == 1;
}

/* Takes all news away, spurious ones too. */
static void drain(struct fixture *fixture, struct store *store, int fd)
{
    while (is_readable(fd, 0))
        fixture->driver->wake_read(store);
}

/* As a worker waits: it asks for the descriptor each time before. */
static void is_woken(struct fixture *fixture, struct store *store, const char *queue)
{
    int64_t deadline = now_ms() + PATIENCE_MS;
    do {
        struct err ignored = ERR_INIT;
        int fd = fixture->driver->wake_open(store, queue, &ignored);
        if (is_readable(fd, ASK_AGAIN_MS) && fixture->driver->wake_read(store))
            return;
    } while (now_ms() < deadline);
    fail_msg("there was no news");
}

/* Until it listens: what is pushed for later is news only to who does so then. */
static void listen_now(struct fixture *fixture, struct store *store, const char *queue)
{
    int64_t deadline = now_ms() + PATIENCE_MS;
    struct err ignored = ERR_INIT;
    int fd;
    while ((fd = fixture->driver->wake_open(store, queue, &ignored)) < 0) {
        assert_true(now_ms() < deadline);
        poll(NULL, 0, 20);
    }
    drain(fixture, store, fd);
}

static void test_a_push_wakes(void **state)
{
    struct fixture *fixture = *state;
    int fd = listen_to(fixture, fixture->b, "default");
    if (fd < 0)
        return;
    drain(fixture, fixture->b, fd);
    push_one(fixture, "default", "a");
    is_woken(fixture, fixture->b, "default");
    take_one(fixture, fixture->b, "w", "default", "a");
    drain(fixture, fixture->b, fd);
    assert_false(fixture->driver->wake_read(fixture->b));
    push_one(fixture, "default", "b");
    is_woken(fixture, fixture->b, "default");
}

static void test_listening_again_keeps_the_news(void **state)
{
    struct fixture *fixture = *state;
    int fd = listen_to(fixture, fixture->b, "default");
    if (fd < 0)
        return;
    drain(fixture, fixture->b, fd);
    push_one(fixture, "default", "a");
    assert_true(is_readable(fd, PATIENCE_MS)); /* the news has come, and is not read */
    assert_true(listen_to(fixture, fixture->b, "default") >= 0);
    assert_true(is_readable(fd, 0));
    is_woken(fixture, fixture->b, "default");
}

static void test_a_push_to_another_queue_does_not(void **state)
{
    struct fixture *fixture = *state;
    int fd = listen_to(fixture, fixture->b, "default");
    if (fd < 0)
        return;
    drain(fixture, fixture->b, fd);
    push_one(fixture, "other", "a");
    assert_false(is_readable(fd, 50) && fixture->driver->wake_read(fixture->b));
}

static void test_what_was_pushed_before_is_found_by_looking(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    int fd = listen_to(fixture, fixture->b, "default");
    if (fd < 0)
        return;
    take_one(fixture, fixture->b, "w", "default", "a");
}

static void test_a_returned_job_wakes(void **state)
{
    struct fixture *fixture = *state;
    int fd = listen_to(fixture, fixture->b, "default");
    uint64_t returned;
    if (fd < 0)
        return;
    push_one(fixture, "default", "a");
    take_one(fixture, fixture->a, "dead", "default", "a");
    drain(fixture, fixture->b, fd);
    ok(fixture,
       fixture->driver->return_owner(fixture->a, "dead", NULL, 0, &returned, &fixture->err));
    is_woken(fixture, fixture->b, "default");
}

static void test_a_push_of_a_handler_wakes(void **state)
{
    struct fixture *fixture = *state;
    int fd = listen_to(fixture, fixture->b, "next");
    if (fd < 0)
        return;
    struct job next = job_of("next", "b");
    push_one(fixture, "default", "a");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    drain(fixture, fixture->b, fd);
    struct outcome outcome = outcome_of(&taken, OUTCOME_DONE);
    outcome.pushes = &next;
    outcome.push_count = 1;
    assert_true(end_outcome(fixture, fixture->a, "w", &outcome));
    is_woken(fixture, fixture->b, "next");
}

/* Who is idle must look, to learn when the delayed job is due. */
static void test_a_delayed_push_wakes(void **state)
{
    struct fixture *fixture = *state;
    int fd = listen_to(fixture, fixture->b, "default");
    if (fd < 0)
        return;
    assert_int_equal(take(fixture, fixture->b, "w", "default", 1), 0);
    assert_int_equal(fixture->reservation.next_due_ms, -1);
    listen_now(fixture, fixture->b, "default");
    push_with(fixture, "default", "a", 0, 3600000);
    is_woken(fixture, fixture->b, "default");
    assert_int_equal(take(fixture, fixture->b, "w", "default", 1), 0);
    assert_in_range(fixture->reservation.next_due_ms, 1, 3600000);
}

static void test_upkeep_is_the_net(void **state)
{
    struct fixture *fixture = *state;
    int fd = listen_to(fixture, fixture->b, "default");
    if (fd < 0)
        return;
    push_one(fixture, "default", "a");
    push_with(fixture, "default", "b", 0, 50);
    drain(fixture, fixture->b, fd);
    int64_t deadline = now_ms() + PATIENCE_MS;
    for (int found = 0; found < 2;) {
        struct upkeep upkeep;
        listen_to(fixture, fixture->b, "default"); /* as before each wait */
        ok(fixture, fixture->driver->upkeep(fixture->a, &upkeep, &fixture->err));
        if (is_readable(fd, 10) && fixture->driver->wake_read(fixture->b))
            found += (int)take(fixture, fixture->b, "w", "default", 1);
        assert_true(now_ms() < deadline);
    }
}

static void test_many_pushes_do_not_pile_up(void **state)
{
    struct fixture *fixture = *state;
    int fd = listen_to(fixture, fixture->b, "default");
    if (fd < 0)
        return;
    for (int i = 0; i < 300; i++) {
        char uuid[UUID_SIZE];
        uuid_make(uuid, 0);
        push_one(fixture, "default", uuid);
    }
    int news = 0;
    while (is_readable(fd, 0))
        news += fixture->driver->wake_read(fixture->b);
    assert_in_range(news, 1, 100);
}

static const struct CMUnitTest tests[] = {
    CONFORMANCE(test_a_push_wakes),
    CONFORMANCE(test_listening_again_keeps_the_news),
    CONFORMANCE(test_a_push_to_another_queue_does_not),
    CONFORMANCE(test_what_was_pushed_before_is_found_by_looking),
    CONFORMANCE(test_a_returned_job_wakes),
    CONFORMANCE(test_a_push_of_a_handler_wakes),
    CONFORMANCE(test_a_delayed_push_wakes),
    CONFORMANCE(test_upkeep_is_the_net),
    CONFORMANCE(test_many_pushes_do_not_pile_up),
};

const struct part part_wake = PART("wake", tests);
