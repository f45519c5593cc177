/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/context.h"
#include "cli/listen_life.h"
#include "cli/output.h"
#include "cli/watch.h"
#include "cli/work_options.h"
#include "common/clock.h"
#include "common/command.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/orphans.h"
#include "common/spawn.h"

#define SETTLE_MS        200 /* so long after the last change: a save is often several */
#define ORPHANS_LIMIT_MS 1000
#define NEVER            INT64_MAX

static const struct cli_option listen_options[] = {
    WORK_OPTIONS,
    {.name = "watch",
     .letter = 'w',
     .kind = OPTION_LIST,
     .value = "PATH",
     .help = "file or directory tree to watch; may be given several times"},
    OPTIONS_END,
};

struct listen {
    struct context *context;
    struct watch watch;
    int signal_fd;
    struct strangers strangers;
    struct spawn_child child; /* pid 0 where there is none */
    char **argv;              /* the worker's */
    size_t argc;
    enum listen_state state;
    int64_t settled_ms;  /* when the last change has come to rest; NEVER where there was none */
    int64_t deadline_ms; /* of the state */
    int64_t restarts;
};

/* --- what to watch --- */

static bool is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* The directories of the files that the handler's command names behind its program ("php
 * worker.php"), or else the current directory. */
static int watch_command(struct watch *watch, const char *command, struct err *err)
{
    char **words = command_split(command, err);
    if (!words)
        return -1;
    int result = 0, found = 0;
    for (size_t i = 1; result == 0 && words[i]; i++) {
        if (!is_file(words[i]))
            continue;
        char *slash = strrchr(words[i], '/');
        if (slash)
            *slash = '\0';
        result = watch_add(watch, !slash ? "." : *words[i] ? words[i] : "/", err);
        found++;
    }
    command_free(words);
    return result == 0 && found == 0 ? watch_add(watch, ".", err) : result;
}

/* A store or a log inside the tree changes all the time. */
static void ignore_own_files(struct watch *watch, const struct settings *settings)
{
    for (size_t i = 0; i < settings->connection_count; i++)
        if (*settings->connections[i].path)
            watch_ignore(watch, settings->connections[i].path);
    if (*settings->muster.logfile)
        watch_ignore(watch, settings->muster.logfile);
    watch_ignore(watch, settings->muster.socket);
    watch_ignore(watch, settings->muster.pidfile);
}

static int watch_paths(struct listen *listen, const char *command, struct err *err)
{
    size_t count;
    const char *const *paths = options_list(&listen->context->options, "watch", &count);
    ignore_own_files(&listen->watch, listen->context->settings);
    for (size_t i = 0; i < count; i++)
        if (watch_add(&listen->watch, paths[i], err) < 0)
            return -1;
    return count > 0 ? 0 : watch_command(&listen->watch, command, err);
}

/* --- the worker --- */

static void add_word(struct listen *listen, char *word)
{
    listen->argv = mem_resize(listen->argv, listen->argc + 2, sizeof(char *));
    listen->argv[listen->argc++] = word;
    listen->argv[listen->argc] = NULL;
}

/* "muster queue:work" with our own options, but for those that are ours alone. */
static void make_argv(struct listen *listen)
{
    const struct options *options = &listen->context->options;
    add_word(listen, mem_strdup("/proc/self/exe"));
    add_word(listen, mem_strdup("queue:work"));
    for (size_t i = 0; i < options->slot_count; i++) {
        const struct option_slot *slot = &options->slots[i];
        const char *name = slot->option->name;
        if (!slot->given || slot->option->kind == OPTION_LIST || strcmp(name, "json") == 0)
            continue;
        add_word(listen,
                 slot->text ? mem_printf("--%s=%s", name, slot->text) : mem_printf("--%s", name));
    }
    add_word(listen, mem_strdup("--"));
    for (int i = 0; i < options->argument_count; i++)
        add_word(listen, mem_strdup(options->arguments[i]));
}

/* In a group of its own: Ctrl-C at the terminal is for us, and we tell the worker. */
static int start(struct listen *listen, struct err *err)
{
    static const struct spawn_fd fds[] = {{STDOUT_FILENO, STDOUT_FILENO},
                                          {STDERR_FILENO, STDERR_FILENO}};
    const struct spawn_request request = {
        .argv = listen->argv,
        .fds = fds,
        .fd_count = 2,
        .new_group = true,
        .parent_death_signal = SIGTERM,
    };
    listen->restarts++;
    return spawn_start(&request, &listen->child, err) < 0
               ? -1
               : spawn_finish(&request, &listen->child, err);
}

/* --- events --- */

static int64_t limit_of(const struct listen *listen, enum listen_state state)
{
    const struct muster_settings *muster = &listen->context->settings->muster;
    int64_t now = clock_monotonic_ms(&clock_system);
    switch (state) {
    case LISTEN_WAITING:
        return now + muster->restart_delay;
    case LISTEN_REPLACING:
    case LISTEN_STOPPING:
        return now + muster->stop_timeout;
    case LISTEN_REPLACING_HARD:
    case LISTEN_STOPPING_HARD:
        return now + 2 * muster->kill_timeout; /* the worker gives its handlers one */
    default:
        return NEVER;
    }
}

static int act(struct listen *listen, enum listen_action action, struct err *err)
{
    if (action == LISTEN_START)
        return start(listen, err);
    if (action == LISTEN_TERM)
        spawn_signal(&listen->child, SIGTERM);
    if (action == LISTEN_KILL)
        spawn_signal(&listen->child, SIGKILL);
    return 0;
}

static int happen(struct listen *listen, enum listen_event event, struct err *err)
{
    struct listen_step step = listen_step(listen->state, event);
    if (step.state != listen->state || event == LISTEN_DEADLINE)
        listen->deadline_ms = limit_of(listen, step.state);
    listen->state = step.state;
    return act(listen, step.action, err);
}

/* --once and --stop-when-empty end the listening too, when the worker is done. */
static bool is_finite(const struct options *options)
{
    return options_given(options, "once") || options_given(options, "stop-when-empty");
}

static int child_ended(struct listen *listen, struct err *err)
{
    int status;
    if (spawn_reap(&listen->child, &status) == 0)
        return 0;
    spawn_close(&listen->child);
    memset(&listen->child, 0, sizeof listen->child);
    listen->child.pidfd = listen->child.error_fd = -1;
    /* A worker that was killed leaves handlers behind, which are ours now, as a subreaper. */
    orphans_end(&listen->strangers, ORPHANS_LIMIT_MS);
    char text[SPAWN_STATUS_SIZE];
    if (status != 0)
        output_note("the worker ended: %s", spawn_status_text(status, text));
    else if (listen->state == LISTEN_RUNNING && is_finite(&listen->context->options)) {
        listen->state = LISTEN_ENDED;
        return 0;
    }
    return happen(listen, status == 0 ? LISTEN_CHILD_OK : LISTEN_CHILD_FAILED, err);
}

static int time_passed(struct listen *listen, struct err *err)
{
    int64_t now = clock_monotonic_ms(&clock_system);
    if (now >= listen->settled_ms) {
        listen->settled_ms = NEVER;
        output_note("watched files have changed; the worker is replaced");
        if (happen(listen, LISTEN_CHANGED, err) < 0)
            return -1;
    }
    return now >= listen->deadline_ms ? happen(listen, LISTEN_DEADLINE, err) : 0;
}

/* --- the loop --- */

static int timeout_of(const struct listen *listen)
{
    int64_t next =
        listen->settled_ms < listen->deadline_ms ? listen->settled_ms : listen->deadline_ms;
    if (next == NEVER)
        return -1;
    int64_t left = next - clock_monotonic_ms(&clock_system);
    return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

static int turn(struct listen *listen, struct err *err)
{
    struct pollfd fds[] = {
        {.fd = listen->watch.fd, .events = POLLIN},
        {.fd = listen->signal_fd, .events = POLLIN},
        {.fd = listen->child.pidfd, .events = POLLIN},
    };
    if (poll(fds, 3, timeout_of(listen)) < 0 && errno != EINTR)
        return err_errno(err, errno, "poll");
    if (fds[0].revents && watch_read(&listen->watch))
        listen->settled_ms = clock_monotonic_ms(&clock_system) + SETTLE_MS;
    struct signalfd_siginfo info;
    if (fds[1].revents && read(listen->signal_fd, &info, sizeof info) == (ssize_t)sizeof info &&
        happen(listen, LISTEN_STOP, err) < 0)
        return -1;
    if (fds[2].revents && child_ended(listen, err) < 0)
        return -1;
    return time_passed(listen, err);
}

static int open_signals(struct listen *listen, struct err *err)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    listen->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return listen->signal_fd < 0 ? err_errno(err, errno, "signalfd") : 0;
}

static int listen_until_ended(struct listen *listen, const char *command, struct err *err)
{
    if (watch_init(&listen->watch, err) < 0 || watch_paths(listen, command, err) < 0 ||
        open_signals(listen, err) < 0 || spawn_become_subreaper(err) < 0)
        return -1;
    strangers_note(&listen->strangers);
    make_argv(listen);
    int result = start(listen, err);
    while (result == 0 && listen->state != LISTEN_ENDED)
        result = turn(listen, err);
    return result;
}

static void listen_finish(struct listen *listen)
{
    watch_finish(&listen->watch);
    fd_close(&listen->signal_fd);
    spawn_close(&listen->child);
    strangers_finish(&listen->strangers);
    command_free(listen->argv);
}

static int run_listen(struct context *context, struct err *err)
{
    struct listen listen = {
        .context = context,
        .watch = {.fd = -1},
        .signal_fd = -1,
        .child = {.pidfd = -1, .error_fd = -1},
        .settled_ms = NEVER,
        .deadline_ms = NEVER,
    };
    struct queue_settings queue;
    int result = work_queue_settings(context, &queue, err);
    if (result == 0)
        result = listen_until_ended(&listen, queue.command, err);
    if (context->json && listen.restarts > 0)
        fields_integer(&context->answer.values, "restarts", listen.restarts - 1);
    listen_finish(&listen);
    settings_queue_finish(&queue);
    return result;
}

const struct cli_command command_listen = {
    .name = "queue:listen",
    .group = "workers",
    .usage = "[OPTION…] [--watch=PATH…] [-- COMMAND [ARGUMENT…]]",
    .summary = "Runs a worker here, and replaces it when the code changes",
    .details = "Watched are, where --watch says nothing else, the directories of the files that "
               "the command\n"
               "names behind its program, or else the current one. The old worker finishes its "
               "jobs first.",
    .options = listen_options,
    .examples =
        (const char *const[]){"queue:listen --queue=emails",
                              "queue:listen --queue=emails --watch=src -- php src/worker.php",
                              NULL},
    .order = OPTIONS_FIRST,
    .max_arguments = -1,
    .run = run_listen,
};
