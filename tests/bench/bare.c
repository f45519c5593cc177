/* SPDX-License-Identifier: MIT */
/*
 * The floor under a supervisor: the least that starting, keeping, capturing and stopping programs can
 * cost. One pipe to and one from each, one log file each, no names, no states, no configuration.
 *
 *     bare-loop LOG-DIRECTORY COUNT PROGRAM [ARGUMENT…]
 *
 * Says "running" when all have been started. Starts a program again when it has ended; SIGTERM ends all.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVENTS      64
#define BUFFER_SIZE (128u << 10)

static struct child {
    pid_t pid;
    int log, in, out; /* out is read here */
} *children;
static int count, alive, epoll, signals;
static char **command, buffer[BUFFER_SIZE];

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(1);
}

static _Noreturn void become(int in, int out)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    setpgid(0, 0);
    execv(command[0], command);
    _exit(127);
}

static void start(int number)
{
    struct child *child = &children[number];
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        die("pipe2");
    child->pid = fork();
    if (child->pid < 0)
        die("fork");
    if (child->pid == 0)
        become(in[0], out[1]);
    close(in[0]);
    close(out[1]);
    fcntl(out[0], F_SETFL, O_NONBLOCK); /* an event of the pipe before may come after this one's start */
    child->in = in[1];
    child->out = out[0];
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned)number};
    epoll_ctl(epoll, EPOLL_CTL_ADD, child->out, &event);
    alive++;
}

static void open_log(const char *directory, int number)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%d.log", directory, number);
    children[number].log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (children[number].log < 0)
        die(path);
}

static void capture(struct child *child)
{
    ssize_t got = read(child->out, buffer, sizeof buffer);
    if (got > 0 && write(child->log, buffer, (size_t)got) < 0)
        die("write");
}

static void reap(bool is_stopping)
{
    for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;) {
        int number = 0;
        while (children[number].pid != pid)
            number++;
        close(children[number].in);
        close(children[number].out);
        alive--;
        if (!is_stopping)
            start(number);
    }
}

static void stop_all(void)
{
    for (int i = 0; i < count; i++)
        kill(children[i].pid, SIGTERM);
}

/* Returns true where all is to stop, or has been stopping. */
static bool take_signals(bool is_stopping)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGTERM && !is_stopping) {
            is_stopping = true;
            stop_all();
        }
    }
    reap(is_stopping);
    return is_stopping;
}

static void init(const char *directory)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned)count};
    epoll_ctl(epoll, EPOLL_CTL_ADD, signals, &event);
    for (int i = 0; i < count; i++) {
        open_log(directory, i);
        start(i);
    }
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    count = atoi(argv[2]);
    command = argv + 3;
    children = calloc((size_t)count + 1, sizeof *children);
    init(argv[1]);
    puts("running");
    fflush(stdout);
    bool is_stopping = false;
    while (!is_stopping || alive > 0) {
        struct epoll_event events[EVENTS];
        int got = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < got; i++)
            if (events[i].data.u32 == (unsigned)count)
                is_stopping = take_signals(is_stopping);
            else if (children[events[i].data.u32].pid > 0)
                capture(&children[events[i].data.u32]);
    }
    return 0;
}
