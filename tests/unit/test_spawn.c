/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "common/spawn.h"

static char directory[] = "/tmp/muster-test-spawn-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char *command = mem_printf("rm -r %s", directory);
    int result = system(command);
    free(command);
    return result;
}

static void wait_readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&poll_fd, 1, 30000), 1);
}

static int end_of(struct spawn_child *child)
{
    int status = -1;
    wait_readable(child->pidfd);
    assert_int_equal(spawn_reap(child, &status), 1);
    spawn_close(child);
    return status;
}

/* Runs a request with its standard output into text (room for size); returns the wait status. */
static int run(struct spawn_request request, char *text, size_t size)
{
    int ends[2];
    struct spawn_child child;
    struct err err = ERR_INIT;
    assert_int_equal(fd_pipe(ends, NULL), 0);
    struct spawn_fd fds[SPAWN_FDS_MAX] = {{ends[1], STDOUT_FILENO}};
    if (request.fd_count)
        memcpy(fds + 1, request.fds, request.fd_count * sizeof fds[0]);
    request.fds = fds;
    request.fd_count++;
    if (spawn_start(&request, &child, &err) < 0 || spawn_finish(&request, &child, &err) < 0)
        fail_msg("%s", err.text);
    close(ends[1]);
    size_t length = 0;
    ssize_t got;
    while ((got = read(ends[0], text + length, size - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = '\0';
    close(ends[0]);
    return end_of(&child);
}

static int run_shell(const char *script, struct spawn_request request, char *text, size_t size)
{
    char *const argv[] = {"sh", "-c", (char *)script, NULL};
    request.argv = argv;
    return run(request, text, size);
}

static void test_output_and_status(void **state)
{
    (void)state;
    char text[100];
    int status = run_shell("echo hello; exit 3", (struct spawn_request){0}, text, sizeof text);
    assert_string_equal(text, "hello\n");
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
    status = run_shell("kill -9 $$", (struct spawn_request){0}, text, sizeof text);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), 9);
}

static void test_environment_and_directory(void **state)
{
    (void)state;
    char text[200], expected[200];
    char *envp[] = {"PATH=/usr/bin:/bin", "A=b c", NULL};
    run_shell("env | grep -c ^HOME=; echo $A; pwd",
              (struct spawn_request){.envp = envp, .directory = directory}, text, sizeof text);
    snprintf(expected, sizeof expected, "0\nb c\n%s\n", directory);
    assert_string_equal(text, expected);
}

static void test_exactly_the_listed_descriptors_are_there(void **state)
{
    (void)state;
    char text[1000];
    int leaked = dup(STDERR_FILENO); /* not close-on-exec */
    const struct spawn_fd fds[] = {{STDERR_FILENO, 5}};
    run_shell("for f in 0 1 2 3 4 5 6 7 8 9; do test -e /proc/$$/fd/$f && echo $f; done;"
              "readlink /proc/$$/fd/0 /proc/$$/fd/2",
              (struct spawn_request){.fds = fds, .fd_count = 1}, text, sizeof text);
    close(leaked);
    assert_string_equal(text, "0\n1\n2\n5\n/dev/null\n/dev/null\n");
}

static void test_descriptors_may_change_places(void **state)
{
    (void)state;
    char text[1000];
    int three = open("/dev/zero", O_RDONLY | O_CLOEXEC),
        four = open("/dev/full", O_RDONLY | O_CLOEXEC);
    int low = three < four ? three : four, high = three < four ? four : three;
    const struct spawn_fd fds[] = {{low, high}, {high, low}, {low, 9}, {high, 0}, {low, 2}};
    const struct spawn_request request = {.fds = fds, .fd_count = 5};
    char script[300];
    snprintf(script, sizeof script, "for f in %d %d 9 0 2; do readlink /proc/$$/fd/$f; done", low,
             high);
    run_shell(script, request, text, sizeof text);
    const char *first = low == three ? "/dev/zero" : "/dev/full";
    const char *second = low == three ? "/dev/full" : "/dev/zero";
    char expected[200];
    snprintf(expected, sizeof expected, "%s\n%s\n%s\n%s\n%s\n", second, first, first, second,
             first);
    assert_string_equal(text, expected);
    close(three);
    close(four);
}

static void test_signals_are_as_at_login(void **state)
{
    (void)state;
    char text[1000];
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    char *const argv[] = {"sed", "-n", "/^Sig[BI]/p", "/proc/self/status", NULL};
    run((struct spawn_request){.argv = argv}, text, sizeof text);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    sigset_t now;
    sigprocmask(SIG_SETMASK, &before, &now);
    assert_true(sigismember(&now, SIGTERM));
    assert_string_equal(text, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

static void test_core_limit(void **state)
{
    (void)state;
    char text[100];
    run_shell("ulimit -Sc", (struct spawn_request){.set_core_limit = true, .core_limit = 0}, text,
              sizeof text);
    assert_string_equal(text, "0\n");
}

/* Starts and expects a failure with this text. */
static void fails(struct spawn_request request, const char *name, const char *text)
{
    char *const argv[] = {(char *)name, NULL};
    struct spawn_child child;
    struct err err = ERR_INIT;
    request.argv = argv;
    assert_int_equal(spawn_start(&request, &child, &err), 0);
    assert_int_equal(spawn_finish(&request, &child, &err), -1);
    assert_string_equal(err.text, text);
    assert_int_equal(child.pidfd, -1);
    assert_int_equal(child.error_fd, -1);
    assert_int_equal(waitpid(child.pid, NULL, 0), -1);
}

static void write_script(const char *name, const char *text, mode_t mode)
{
    char *path = mem_printf("%s/%s", directory, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
    fchmod(fd, mode);
    close(fd);
    free(path);
}

static bool is_under_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");
    return preload && strstr(preload, "vgpreload");
}

static void test_failures_say_what_and_how_to_cure_it(void **state)
{
    (void)state;
    char *envp[] = {"PATH=/usr/bin:", NULL};
    struct spawn_request in_directory = {.directory = directory, .envp = envp};
    fails((struct spawn_request){0}, "no-such-program",
          "there is no program no-such-program in PATH: write its whole path, or put its directory "
          "into the PATH of its environment");
    fails((struct spawn_request){0}, "/no/such", "cannot run /no/such: No such file or directory");
    fails((struct spawn_request){.directory = "/no/such"}, "true",
          "cannot enter the directory /no/such of true: No such file or directory");
    write_script("plain", "hello\n", 0700);
    write_script("lost", "#!/no/such/interpreter\n", 0700);
    write_script("locked", "#!/bin/sh\n", 0600);
    fails(in_directory, "plain",
          "cannot run plain: it is neither a program of this machine nor a script whose first line "
          "begins with #!");
    fails(in_directory, "./locked",
          "cannot run ./locked: it may not be executed by this user (chmod +x gives a file that "
          "right)");
    fails(in_directory, "locked",
          "cannot run locked: it may not be executed by this user (chmod +x gives a file that "
          "right)");
    if (!is_under_valgrind()) { /* which ends a process at this */
        char *lost = mem_printf("%s/lost", directory);
        char *text = mem_printf(
            "cannot run %s: the interpreter that its first line names does not exist", lost);
        fails((struct spawn_request){0}, lost, text);
        free(text);
        free(lost);
    }
    const struct spawn_fd bad = {1000000, 0};
    fails((struct spawn_request){.fds = &bad, .fd_count = 1}, "true",
          "cannot set up a process for true: Bad file descriptor");
}

static void test_a_failed_exec_is_polled(void **state)
{
    (void)state;
    char *const argv[] = {"/no/such", NULL};
    const struct spawn_request request = {.argv = argv};
    struct spawn_child child;
    int cause = 0;
    assert_int_equal(spawn_start(&request, &child, NULL), 0);
    wait_readable(child.error_fd);
    assert_int_equal(spawn_poll(&child, &cause), SPAWN_FAILED);
    assert_int_equal(cause, ENOENT);
    assert_int_equal(child.error_fd, -1);
    assert_int_equal(WEXITSTATUS(end_of(&child)), 127);
}

static void test_too_many_descriptors_are_refused(void **state)
{
    (void)state;
    struct spawn_fd fds[SPAWN_FDS_MAX + 1] = {0};
    char *const argv[] = {"true", NULL};
    struct spawn_child child;
    const struct spawn_request request = {.argv = argv, .fds = fds, .fd_count = SPAWN_FDS_MAX + 1};
    assert_int_equal(spawn_start(&request, &child, NULL), -1);
    assert_int_equal(child.pid, -1);
}

static struct spawn_child start_sleeper(struct spawn_request request, char *const *argv)
{
    struct spawn_child child;
    request.argv = argv;
    assert_int_equal(spawn_start(&request, &child, NULL), 0);
    assert_int_equal(spawn_finish(&request, &child, NULL), 0);
    return child;
}

static void test_signals_reach_the_child_and_never_a_stranger(void **state)
{
    (void)state;
    int status;
    char *const argv[] = {"sleep", "600", NULL};
    struct spawn_child child = start_sleeper((struct spawn_request){.new_group = true}, argv);
    assert_int_equal(getpgid(child.pid), child.pid);
    assert_int_equal(spawn_reap(&child, &status), 0);
    assert_int_equal(spawn_signal(&child, SIGTERM), 0);
    wait_readable(child.pidfd);
    assert_int_equal(spawn_signal_group(&child, 0), 0); /* ended, and still ours */
    assert_int_equal(spawn_reap(&child, &status), 1);
    assert_int_equal(WTERMSIG(status), SIGTERM);
    assert_int_equal(spawn_reap(&child, &status), 0);
    assert_int_equal(spawn_signal(&child, SIGTERM), -1);
    assert_int_equal(errno, ESRCH);
    assert_int_equal(spawn_signal_group(&child, SIGTERM), -1);
    assert_int_equal(errno, ESRCH);
    spawn_close(&child);
}

static void test_a_group_is_signalled_as_a_whole(void **state)
{
    (void)state;
    int ends[2], status;
    assert_int_equal(fd_pipe(ends, NULL), 0);
    const struct spawn_fd fds[] = {{ends[1], 1}};
    char *const argv[] = {"sh", "-c", "sleep 600 & echo; sleep 600", NULL};
    struct spawn_child child =
        start_sleeper((struct spawn_request){.new_group = true, .fds = fds, .fd_count = 1}, argv);
    close(ends[1]);
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(spawn_signal_group(&child, SIGKILL), 0);
    assert_int_equal(read(ends[0], &byte, 1), 0); /* nobody is left that could write */
    close(ends[0]);
    wait_readable(child.pidfd);
    assert_int_equal(spawn_reap(&child, &status), 1);
    spawn_close(&child);
}

static void test_the_child_dies_with_its_parent(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(fd_pipe(ends, NULL), 0);
    pid_t middle = fork();
    if (middle == 0) {
        const struct spawn_fd fds[] = {{ends[1], 1}};
        char *const argv[] = {"sleep", "600", NULL};
        start_sleeper(
            (struct spawn_request){.parent_death_signal = SIGKILL, .fds = fds, .fd_count = 1},
            argv);
        _exit(0);
    }
    close(ends[1]);
    assert_int_equal(waitpid(middle, NULL, 0), middle);
    wait_readable(ends[0]);
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

static void test_orphans_come_to_the_subreaper(void **state)
{
    (void)state;
    pid_t before[16], after[16];
    assert_int_equal(spawn_become_subreaper(NULL), 0);
    size_t had = spawn_children(before, 16);
    char text[100];
    run_shell("sleep 600 >/dev/null & echo $!", (struct spawn_request){0}, text, sizeof text);
    pid_t orphan = (pid_t)atoi(text);
    assert_int_equal(spawn_children(after, 16), had + 1);
    assert_int_equal(after[had], orphan);
    kill(orphan, SIGKILL);
    assert_int_equal(waitpid(orphan, NULL, 0), orphan);
    assert_int_equal(spawn_children(after, 16), had);
}

static int say_in_child(const void *context)
{
    const char *text = context;
    ssize_t written = write(STDOUT_FILENO, text, strlen(text));
    errno = EDOM;
    return written == 7 ? 0 : -1;
}

static void tell_failure(const void *context, enum spawn_stage stage, int errno_value)
{
    char text[] = {(char)('0' + (int)stage), errno_value == EDOM ? 'D' : '-', '\n'};
    (void)context;
    ssize_t written = write(STDOUT_FILENO, text, sizeof text);
    (void)written;
}

static void start_unwatched(enum spawn_kind kind)
{
    char *const argv[] = {"any name", "-c", "echo $0", NULL};
    struct spawn_request request = {.program = "/bin/sh",
                                    .argv = argv,
                                    .kind = kind,
                                    .prepare = say_in_child,
                                    .context = "before\n"};
    int ends[2], status;
    char text[100];
    struct spawn_child child;
    assert_int_equal(fd_pipe(ends, NULL), 0);
    const struct spawn_fd fds[] = {{ends[1], STDOUT_FILENO}};
    request.fds = fds;
    request.fd_count = 1;
    assert_int_equal(spawn_start(&request, &child, NULL), 0);
    assert_int_equal(child.pidfd, -1);
    assert_int_equal(child.error_fd, -1);
    while (!spawn_reap(&child, &status))
        wait_readable(ends[0]);
    assert_int_equal(status, 0);
    request.context = "gives up";
    request.failed = tell_failure;
    assert_int_equal(spawn_start(&request, &child, NULL), 0);
    assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
    assert_int_equal(status, W_EXITCODE(127, 0));
    close(ends[1]);
    ssize_t length = read(ends[0], text, sizeof text - 1);
    assert_true(length > 0);
    text[length] = '\0';
    assert_string_equal(text, "before\nany name\ngives up2D\n");
    close(ends[0]);
}

static void test_an_unwatched_child_and_its_hooks(void **state)
{
    (void)state;
    start_unwatched(SPAWN_UNWATCHED);
    start_unwatched(SPAWN_SHARING);
}

static void test_status_texts(void **state)
{
    (void)state;
    char text[SPAWN_STATUS_SIZE];
    assert_string_equal(spawn_status_text(W_EXITCODE(3, 0), text), "exit status 3");
    assert_string_equal(spawn_status_text(SIGKILL, text), "signal 9 (SIGKILL)");
    assert_string_equal(spawn_status_text(SIGSEGV | WCOREFLAG, text), "signal 11 (SIGSEGV)");
    assert_string_equal(spawn_status_text(40, text), "signal 40");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output_and_status),
        cmocka_unit_test(test_environment_and_directory),
        cmocka_unit_test(test_exactly_the_listed_descriptors_are_there),
        cmocka_unit_test(test_descriptors_may_change_places),
        cmocka_unit_test(test_signals_are_as_at_login),
        cmocka_unit_test(test_core_limit),
        cmocka_unit_test(test_failures_say_what_and_how_to_cure_it),
        cmocka_unit_test(test_a_failed_exec_is_polled),
        cmocka_unit_test(test_too_many_descriptors_are_refused),
        cmocka_unit_test(test_signals_reach_the_child_and_never_a_stranger),
        cmocka_unit_test(test_a_group_is_signalled_as_a_whole),
        cmocka_unit_test(test_the_child_dies_with_its_parent),
        cmocka_unit_test(test_orphans_come_to_the_subreaper),
        cmocka_unit_test(test_an_unwatched_child_and_its_hooks),
        cmocka_unit_test(test_status_texts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
