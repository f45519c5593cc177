/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/spawn.h"
#include "supervisor/reaper.h"

#define COUNT    100
#define PATIENCE 60. /* seconds */

struct watched {
    struct spawn_child child;
    struct reaper_child reaped;
    int status; /* -1: has not ended */
};

static struct ev_loop *loop;
static struct reaper reaper;
static struct watched watched[COUNT];
static int ends, sweeps;
static pid_t spared;

static void on_patience(struct ev_loop *of, ev_timer *timer, int events)
{
    (void)of, (void)timer, (void)events;
    fail_msg("the ends do not come: %d of %d, sweeps: %d", ends, COUNT, sweeps);
}

static void on_ended(struct reaper_child *reaped, int status)
{
    struct watched *one = reaped->data;
    assert_int_equal(one->status, -1);
    one->status = status;
    ends++;
    ev_break(loop, EVBREAK_ONE);
}

static void on_swept(void *context)
{
    (void)context;
    sweeps++;
    ev_break(loop, EVBREAK_ONE);
}

static bool spares(void *context, pid_t pid)
{
    (void)context;
    return pid == spared;
}

static void start(struct watched *one, const char *script)
{
    char *const argv[] = {"/bin/sh", "-c", (char *)script, NULL};
    const struct spawn_request request = {.argv = argv, .kind = SPAWN_UNWATCHED, .new_group = true};
    assert_int_equal(spawn_start(&request, &one->child, NULL), 0);
    one->status = -1;
    one->reaped = (struct reaper_child){.spawned = &one->child, .ended = on_ended, .data = one};
    reaper_watch(&reaper, &one->reaped);
}

static int begin(void **state)
{
    (void)state;
    static ev_timer patience;
    loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    reaper = (struct reaper){.swept = on_swept, .spares = spares};
    ends = sweeps = 0;
    ev_timer_init(&patience, on_patience, PATIENCE, 0.);
    ev_timer_start(loop, &patience);
    ev_unref(loop);
    return reaper_init(&reaper, loop, NULL);
}

static int end(void **state)
{
    (void)state;
    reaper_finish(&reaper);
    ev_loop_destroy(loop);
    return 0;
}

static void test_each_end_is_told_once_with_its_status(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT; i++)
        start(&watched[i], i % 3 == 0 ? "exit 3" : i % 3 == 1 ? "exit 0" : "kill -9 $$");
    while (ends < COUNT)
        ev_run(loop, 0);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(watched[i].status, i % 3 == 0   ? W_EXITCODE(3, 0)
                                            : i % 3 == 1 ? 0
                                                         : W_EXITCODE(0, SIGKILL));
    assert_int_equal(reaper.child_count, 0);
}

/* Reads the pid that a child has written. */
static pid_t read_pid(int fd)
{
    char text[32];
    ssize_t length = read(fd, text, sizeof text - 1);
    assert_true(length > 0);
    text[length] = '\0';
    return (pid_t)atoi(text);
}

static pid_t start_that_leaves_one(struct watched *one)
{
    int pipe_ends[2];
    assert_int_equal(pipe(pipe_ends), 0);
    char *const argv[] = {"/bin/sh", "-c", "sleep 600 & echo $! >&9", NULL};
    const struct spawn_fd fds[] = {{pipe_ends[1], 9}};
    const struct spawn_request request = {
        .argv = argv, .fds = fds, .fd_count = 1, .kind = SPAWN_UNWATCHED, .new_group = true};
    assert_int_equal(spawn_start(&request, &one->child, NULL), 0);
    close(pipe_ends[1]);
    one->status = -1;
    one->reaped = (struct reaper_child){.spawned = &one->child, .ended = on_ended, .data = one};
    reaper_watch(&reaper, &one->reaped);
    pid_t left = read_pid(pipe_ends[0]);
    close(pipe_ends[0]);
    return left;
}

static void test_a_sweep_kills_what_is_left_and_spares_what_it_is_told(void **state)
{
    (void)state;
    spared = start_that_leaves_one(&watched[0]);
    pid_t left = start_that_leaves_one(&watched[1]);
    while (ends < 2)
        ev_run(loop, 0);
    assert_int_equal(kill(left, 0), 0);
    reaper_sweep(&reaper);
    while (sweeps < 1)
        ev_run(loop, 0);
    assert_int_equal(kill(left, 0), -1);
    assert_int_equal(kill(spared, SIGKILL), 0);
    assert_int_equal(waitpid(spared, NULL, 0), spared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_end_is_told_once_with_its_status, begin, end),
        cmocka_unit_test_setup_teardown(test_a_sweep_kills_what_is_left_and_spares_what_it_is_told,
                                        begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
