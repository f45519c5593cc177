/* SPDX-License-Identifier: MIT */
#include "common/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/spawn_failure.h"
#include "common/spawn_path.h"

/* Where close_range is missing, so many descriptors are looked at. */
#define DESCRIPTORS_MAX 65536

/* All that the child needs, made before the fork: after it only async-signal-safe calls are
 * allowed. */
struct plan {
    const struct spawn_request *request;
    const char *program; /* NULL where there is none */
    int missing;         /* the errno for that */
    char *const *envp;
    pid_t parent;
    int error_fd; /* the writing end */
};

/* In the child */

static _Noreturn void give_up(const struct plan *plan, enum spawn_stage stage, int errno_value)
{
    const struct spawn_failure failure = {stage, errno_value};
    if (plan->request->failed)
        plan->request->failed(plan->request->context, stage, errno_value);
    if (plan->error_fd >= 0) {
        ssize_t written = write(plan->error_fd, &failure, sizeof failure);
        (void)written; /* the exit status says as much */
    }
    _exit(SPAWN_EXIT_FAILED);
}

/* exec resets the handlers itself, but what was ignored would stay so. Signals are still blocked,
 * so no handler of the parent can run here. */
static void reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number <= SIGRTMAX; number++)
        sigaction(number, &action, NULL); /* fails for KILL and STOP, and the two that libc keeps */
}

static void unblock_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void mark_all_close_on_exec(void)
{
    if (syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    struct rlimit limit;
    int end = DESCRIPTORS_MAX;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < DESCRIPTORS_MAX)
        end = (int)limit.rlim_cur;
    for (int fd = 3; fd < end; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static bool is_target(const struct spawn_request *request, int number)
{
    for (size_t i = 0; i < request->fd_count; i++)
        if (request->fds[i].to == number)
            return true;
    return false;
}

static int above_targets(const struct spawn_request *request)
{
    int above = 3;
    for (size_t i = 0; i < request->fd_count; i++)
        if (request->fds[i].to >= above)
            above = request->fds[i].to + 1;
    return above;
}

static int plug_standard(const struct spawn_request *request, int above)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int high = null < 0 ? -1 : fcntl(null, F_DUPFD_CLOEXEC, above);
    if (high < 0)
        return -1;
    for (int number = 0; number < 3; number++)
        if (!is_target(request, number) && dup2(high, number) < 0)
            return -1;
    return 0;
}

/* Everything first goes above the wanted numbers, so that nothing is overwritten that is still
 * needed. */
static int place_descriptors(struct plan *plan)
{
    const struct spawn_request *request = plan->request;
    int high[SPAWN_FDS_MAX];
    int above = above_targets(request);
    if (plan->error_fd >= 0) {
        plan->error_fd = fcntl(plan->error_fd, F_DUPFD_CLOEXEC, above);
        if (plan->error_fd < 0)
            return -1;
    }
    for (size_t i = 0; i < request->fd_count; i++) {
        high[i] = fcntl(request->fds[i].from, F_DUPFD_CLOEXEC, above);
        if (high[i] < 0)
            return -1;
    }
    mark_all_close_on_exec();
    if (plug_standard(request, above) < 0)
        return -1;
    for (size_t i = 0; i < request->fd_count; i++)
        if (dup2(high[i], request->fds[i].to) < 0)
            return -1;
    return 0;
}

/* The signal would never come where the parent died before it was asked for. */
static int set_death_signal(const struct plan *plan)
{
    int number = plan->request->parent_death_signal;
    if (number == 0)
        return 0;
    if (prctl(PR_SET_PDEATHSIG, number) < 0)
        return -1;
    if (getppid() != plan->parent)
        _exit(SPAWN_EXIT_FAILED);
    return 0;
}

static int set_core_limit(const struct spawn_request *request)
{
    struct rlimit limit;
    if (!request->set_core_limit)
        return 0;
    if (getrlimit(RLIMIT_CORE, &limit) < 0)
        return -1;
    limit.rlim_cur = request->core_limit < limit.rlim_max ? request->core_limit : limit.rlim_max;
    return setrlimit(RLIMIT_CORE, &limit);
}

static int set_up(struct plan *plan)
{
    const struct spawn_request *request = plan->request;
    reset_signals();
    if (request->new_group && setpgid(0, 0) < 0)
        return -1;
    if (request->subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        return -1;
    if (set_death_signal(plan) < 0 || set_core_limit(request) < 0)
        return -1;
    return place_descriptors(plan);
}

/* Never a part of its caller, whose stack is still the parent's after vfork. */
static _Noreturn __attribute__((noinline)) void become_program(struct plan *plan)
{
    int write_end = plan->error_fd;
    if (set_up(plan) < 0) {
        if (plan->error_fd < 0)
            plan->error_fd = write_end;
        give_up(plan, SPAWN_AT_SETUP, errno);
    }
    if (plan->request->prepare && plan->request->prepare(plan->request->context) < 0)
        give_up(plan, SPAWN_AT_PREPARE, errno);
    if (plan->request->directory && chdir(plan->request->directory) < 0)
        give_up(plan, SPAWN_AT_DIRECTORY, errno);
    if (!plan->program)
        give_up(plan, SPAWN_AT_PROGRAM, plan->missing);
    unblock_signals();
    execve(plan->program, plan->request->argv, plan->envp);
    give_up(plan, SPAWN_AT_PROGRAM, errno);
}

/* In the parent */

/* fork(2) that gives a pidfd too where one is wanted (not NULL); both or nothing. clone(2), because
 * containers often refuse clone3. */
static pid_t fork_with_pidfd(int *pidfd)
{
    unsigned long flags = SIGCHLD | (pidfd ? CLONE_PIDFD : 0);
    return (pid_t)syscall(SYS_clone, flags, NULL, pidfd, NULL, 0);
}

/* In the child, what this function keeps must stay as it is: it calls one that does not return. */
static int fork_program(struct plan *plan, struct spawn_child *child)
{
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    enum spawn_kind kind = plan->request->kind;
    child->pid = kind == SPAWN_SHARING
                     ? vfork()
                     : fork_with_pidfd(kind == SPAWN_WATCHED ? &child->pidfd : NULL);
    if (child->pid == 0)
        become_program(plan);
    int cause = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = cause;
    return child->pid < 0 ? -1 : 0;
}

static int open_error_pipe(struct plan *plan, struct spawn_child *child, struct err *err)
{
    int ends[2];
    if (fd_pipe(ends, err) < 0)
        return -1;
    fd_set_nonblocking(ends[0], true);
    child->error_fd = ends[0];
    plan->error_fd = ends[1];
    return 0;
}

int spawn_start(const struct spawn_request *request, struct spawn_child *child, struct err *err)
{
    *child = (struct spawn_child){.pid = -1, .pidfd = -1, .error_fd = -1};
    struct plan plan = {
        .request = request,
        .envp = request->envp ? request->envp : environ,
        .parent = getpid(),
        .error_fd = -1,
    };
    if (request->fd_count > SPAWN_FDS_MAX)
        return err_set(err, ERR_LIMIT, "%s: %zu descriptors for a child, %d at most",
                       request->argv[0], request->fd_count, SPAWN_FDS_MAX);
    if (request->kind == SPAWN_WATCHED && open_error_pipe(&plan, child, err) < 0)
        return -1;
    char *program = request->program
                        ? NULL
                        : spawn_find_program(request->argv[0], plan.envp, request->directory);
    plan.missing = errno;
    plan.program = request->program ? request->program : program;
    int result = fork_program(&plan, child);
    int cause = errno;
    free(program);
    fd_close(&plan.error_fd);
    if (result < 0) {
        fd_close(&child->error_fd);
        return err_errno(err, cause, "cannot make a process for %s", request->argv[0]);
    }
    /* The child does it too; whoever is first, it is done before anybody signals the group. */
    if (request->new_group)
        setpgid(child->pid, child->pid);
    return 0;
}
