/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/command.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/spawn.h"
#include "supervisor/notifier/send.h"

#define EXIT_NEVER 65 /* EX_DATAERR, as for handlers */

static int open_input(const char *text, size_t length, struct err *err)
{
    int fd = memfd_create("message", MFD_CLOEXEC);
    if (fd >= 0 && fd_write_all(fd, text, length) == 0 && lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    err_errno(err, errno, "cannot make the input of a program");
    fd_close(&fd);
    return -1;
}

/* Returns 0 with the status, or -1 with err where it took too long and was killed. */
static int wait_for(struct spawn_child *child, int64_t timeout_ms, int *status, struct err *err)
{
    struct pollfd end = {.fd = child->pidfd, .events = POLLIN};
    int ready;
    while ((ready = poll(&end, 1, (int)timeout_ms)) < 0 && errno == EINTR)
        ;
    spawn_signal_group(child, SIGKILL); /* what it left behind, too */
    while (spawn_reap(child, status) == 0)
        poll(&end, 1, -1);
    return ready > 0 ? 0 : err_set(err, ERR_UNAVAILABLE, "it took too long, and was killed");
}

static enum send_result run(char *const *argv, char *const *envp, int input, int64_t timeout_ms,
                            struct err *err)
{
    const struct spawn_fd fds[] = {
        {input, STDIN_FILENO}, {STDERR_FILENO, STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
    const struct spawn_request request = {.argv = argv,
                                          .envp = envp,
                                          .fds = fds,
                                          .fd_count = sizeof fds / sizeof fds[0],
                                          .new_group = true,
                                          .parent_death_signal = SIGKILL};
    struct spawn_child child;
    char text[SPAWN_STATUS_SIZE];
    int status = 0;
    if (spawn_start(&request, &child, err) < 0 || spawn_finish(&request, &child, err) < 0)
        return SEND_AGAIN;
    int result = wait_for(&child, timeout_ms, &status, err);
    spawn_close(&child);
    if (result < 0)
        return SEND_AGAIN;
    if (status == 0)
        return SEND_DONE;
    err_set(err, ERR_UNAVAILABLE, "%s: %s", argv[0], spawn_status_text(status, text));
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NEVER ? SEND_NEVER : SEND_AGAIN;
}

static char *variable(const struct message *message, const char *name, const char *member)
{
    return mem_printf("%s=%s", name, json_get_string(message->event, member, ""));
}

static enum send_result run_command(const struct notify_settings *settings,
                                    const struct message *message, int input, struct err *err)
{
    char *told[] = {variable(message, "MUSTER_ALERT_TYPE", "type"),
                    variable(message, "MUSTER_ALERT_SEVERITY", "severity"),
                    variable(message, "MUSTER_ALERT_STATE", "state"),
                    variable(message, "MUSTER_ALERT_MESSAGE", "message"), NULL};
    char **envp = command_merge_environment(environ, told);
    char **argv = command_split(settings->command, err);
    enum send_result result = argv ? run(argv, envp, input, settings->timeout, err) : SEND_NEVER;
    command_free(argv);
    command_free(envp);
    for (char **text = told; *text; text++)
        free(*text);
    return result;
}

static enum send_result run_sendmail(const struct notify_settings *settings, int input,
                                     struct err *err)
{
    char *const argv[] = {settings->sendmail, "-t", "-i", NULL};
    return run(argv, environ, input, settings->timeout, err);
}

enum send_result send_program(const struct notify_settings *settings, const struct message *message,
                              struct err *err)
{
    struct buf text;
    buf_init(&text, MESSAGE_MAX * 8);
    int made = settings->kind == NOTIFY_EMAIL ? message_mail(message, settings, &text)
                                              : buf_printf(&text, "%s\n", message->json);
    int input = made == 0 ? open_input(buf_text(&text), text.length, err)
                          : err_set(err, ERR_LIMIT, "the message is too large");
    enum send_result result = SEND_NEVER;
    if (input >= 0)
        result = settings->kind == NOTIFY_EMAIL ? run_sendmail(settings, input, err)
                                                : run_command(settings, message, input, err);
    fd_close(&input);
    buf_finish(&text);
    return result;
}

enum send_result send_message(const struct notify_settings *settings, const struct message *message,
                              struct err *err)
{
    bool posts = settings->kind == NOTIFY_WEBHOOK || settings->kind == NOTIFY_SLACK;
    return posts ? send_http(settings, message, err) : send_program(settings, message, err);
}
