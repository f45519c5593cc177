/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/process_id.h"

#define STAT_BEFORE " S 1 4 4 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 "

static void test_the_time_is_the_22nd_field(void **state)
{
    (void)state;
    assert_int_equal(process_parse_start_time("4 (sh)" STAT_BEFORE "123456789012 9 9 9"),
                     123456789012);
    assert_int_equal(process_parse_start_time("4 (a) S 1 (b c)" STAT_BEFORE "77 9"), 77);
}

static void test_another_text_has_no_time(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "4", "4 (sh)", "4 (sh" STAT_BEFORE "77",
                                        "4 (sh)" STAT_BEFORE, "4 (sh) S 1 2 three"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(process_parse_start_time(texts[i]), -1);
}

/* A child that lives until it is killed, or this program has ended. */
static pid_t start_child(void)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (getppid() == parent)
            pause();
        _exit(0);
    }
    assert_true(pid > 0);
    return pid;
}

static void test_a_process_is_found_by_number_and_time(void **state)
{
    (void)state;
    if (process_find(getpid(), process_start_time(getpid())) < 0 && errno == ENOSYS)
        return; /* valgrind knows no pidfd_open */
    pid_t pid = start_child();
    int64_t began = process_start_time(pid);
    assert_true(began >= 0);
    int found = process_find(pid, began);
    assert_true(found >= 0);
    assert_true(fcntl(found, F_GETFD) & FD_CLOEXEC);
    close(found);
    kill(pid, SIGKILL);
    siginfo_t ended;
    assert_int_equal(waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT), 0);
    assert_int_equal(process_find(pid, began), -1); /* a zombie has ended */
    waitpid(pid, NULL, 0);
    assert_int_equal(process_find(pid, began), -1);
    assert_int_equal(process_start_time(pid), -1);
}

/* As where the number of one that has ended was given to it. */
static void test_a_process_of_another_time_is_another_one(void **state)
{
    (void)state;
    pid_t pid = start_child();
    int64_t began = process_start_time(pid);
    assert_int_equal(process_find(pid, began - 1), -1);
    assert_int_equal(process_find(pid, began + 1), -1);
    assert_int_equal(process_find(pid, -1), -1); /* nobody knew it */
    assert_int_equal(process_parent(pid), getpid());
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void test_numbers_of_no_process(void **state)
{
    (void)state;
    static const pid_t pids[] = {0, -1, INT32_MAX};
    for (size_t i = 0; i < sizeof pids / sizeof pids[0]; i++)
        assert_int_equal(process_find(pids[i], 1), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_time_is_the_22nd_field),
        cmocka_unit_test(test_another_text_has_no_time),
        cmocka_unit_test(test_a_process_is_found_by_number_and_time),
        cmocka_unit_test(test_a_process_of_another_time_is_another_one),
        cmocka_unit_test(test_numbers_of_no_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
