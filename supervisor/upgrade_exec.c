/* SPDX-License-Identifier: MIT */

/* The exec itself, from both sides: the state in memory, the descriptors, the signals that wait. */
#include "supervisor/upgrade_exec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/path.h"
#include "supervisor/daemon.h"
#include "supervisor/master.h"
#include "supervisor/state_parts.h"

#define FORMER_VARIABLE "MUSTER_FORMER_FD" /* the program that went before, to go back to */
#define DELETED         " (deleted)"

char *upgrade_own_program(void)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    size_t tail = strlen(DELETED), all = strlen(path);
    if (all > tail && strcmp(path + all - tail, DELETED) == 0)
        path[all - tail] = '\0';
    return mem_strdup(path);
}

/* Before */

static void block_signals(sigset_t *before)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, before);
}

static void set_number(const char *variable, int number)
{
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    setenv(variable, text, 1);
}

/* What the new program is told before it reads the state: it begins with its settings. */
void upgrade_save_origin(const struct upgrade *upgrade, struct state_out *out)
{
    cJSON *origin = cJSON_AddObjectToObject(out->root, "origin");
    if (upgrade->master->config)
        json_put_text(origin, "config", upgrade->master->config);
    json_put_text(origin, "program", upgrade->program);
    cJSON_AddBoolToObject(origin, "background", upgrade->origin->background);
    state_put_fd(out, origin, "pidfile", upgrade->origin->pidfile);
    if (daemon_errors() != STDERR_FILENO)
        state_put_fd(out, origin, "errors", daemon_errors());
}

static void become(const struct upgrade *upgrade, int state_fd, int former, struct err *err)
{
    fcntl(state_fd, F_SETFD, 0);
    fcntl(former, F_SETFD, 0);
    set_number(UPGRADE_FD_VARIABLE, state_fd);
    set_number(FORMER_VARIABLE, former);
    systemd_tell_reloading(&upgrade->master->systemd);
    systemd_restore(&upgrade->master->systemd);
    log_write(LOG_WARN, "upgrade: becoming %s", upgrade->program);
    execv(upgrade->program, upgrade->origin->argv);
    err_errno(err, errno, "cannot run %.200s", upgrade->program);
    systemd_tell_ready(&upgrade->master->systemd);
    unsetenv(UPGRADE_FD_VARIABLE);
    unsetenv(FORMER_VARIABLE);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

/* Signals that come from now on wait for the new program. */
void upgrade_exec(struct upgrade *upgrade, struct err *err)
{
    sigset_t before;
    struct state_out out;
    block_signals(&before);
    calls_fail(upgrade->master->maintenance.calls, "musterd is becoming another one");
    state_out_init(&out);
    state_save(upgrade->master, &out);
    upgrade_save_origin(upgrade, &out);
    int former = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    int state_fd = state_write(&out, err);
    if (state_fd >= 0) {
        state_pass_fds(&out, true);
        become(upgrade, state_fd, former, err);
        state_pass_fds(&out, false);
    }
    fd_close(&state_fd);
    fd_close(&former);
    state_out_finish(&out);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* After */

static int number_of(const char *variable)
{
    const char *text = getenv(variable);
    char *end = NULL;
    long number = text ? strtol(text, &end, 10) : -1;
    return text && *end == '\0' && number > 2 && number < INT_MAX ? (int)number : -1;
}

int upgrade_inherit(struct state_in *in, struct err *err)
{
    int fd = number_of(UPGRADE_FD_VARIABLE);
    *in = (struct state_in){0};
    if (fd < 0)
        return 0;
    if (state_read(in, fd, true, err) < 0)
        return -1;
    return 1;
}

/* The descriptors that were taken meanwhile have been marked, and those that were closed are lost:
 * so this is for what fails before the master begins. */
void upgrade_go_back(char *const *argv)
{
    int former = number_of(FORMER_VARIABLE), state_fd = number_of(UPGRADE_FD_VARIABLE);
    struct state_in in;
    if (former < 0 || state_fd < 0)
        return;
    log_write(LOG_CRITICAL, "upgrade: the former musterd goes on");
    if (state_read(&in, state_fd, true, NULL) == 0)
        for (size_t i = 0; i < in.fd_count; i++)
            if (in.fds[i] >= 0)
                fcntl(in.fds[i], F_SETFD, 0);
    unsetenv(FORMER_VARIABLE); /* once is enough */
    fexecve(former, argv, environ);
}

int upgrade_check(struct state_in *in, struct err *err)
{
    return state_read(in, UPGRADE_CHECK_FD, false, err);
}

static void close_named(const char *variable)
{
    int fd = number_of(variable);
    fd_close(&fd);
    unsetenv(variable);
}

void upgrade_settle(void)
{
    sigset_t none;
    close_named(UPGRADE_FD_VARIABLE);
    close_named(FORMER_VARIABLE);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}
