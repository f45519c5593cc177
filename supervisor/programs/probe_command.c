/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/probe.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/mem.h"
#include "supervisor/programs/program.h"
#include "supervisor/programs/program_child.h"
#include "supervisor/programs/program_environment.h"

/* It frees itself when its process has ended, for whom nobody may wait any more. */
struct probe_command {
    struct spawn_child child;
    struct reaper_child reaped;
    struct program_host *host;
    struct probe_command *next; /* of the host's, for those that are left at the end */
    void (*ended)(void *context, int status); /* NULL: nobody waits */
    void *context;
};

static void take_out(struct probe_command *command)
{
    struct probe_command **link = &command->host->commands;
    while (*link != command)
        link = &(*link)->next;
    *link = command->next;
}

static void on_ended(struct reaper_child *reaped, int status)
{
    struct probe_command *command = reaped->data;
    take_out(command);
    spawn_close(&command->child);
    if (command->ended)
        command->ended(command->context, status);
    free(command);
}

/* Its output goes nowhere. */
static int start(const struct program *program, char **argv, struct spawn_child *spawned,
                 struct err *err)
{
    struct program_environment environment;
    struct program_child child;
    if (program_environment_make(&environment, program, err) < 0)
        return -1;
    program_child_init(&child, program, argv[0]);
    const struct spawn_request request = {
        .argv = argv,
        .envp = environment.pairs,
        .directory = program->process->directory[0] ? program->process->directory : NULL,
        .new_group = true,
        .kind = SPAWN_UNWATCHED,
        .prepare = program_child_prepare,
        .context = &child,
    };
    int result = spawn_start(&request, spawned, err);
    program_environment_finish(&environment);
    return result;
}

struct probe_command *probe_command_start(const struct program *program, const char *line,
                                          void (*ended)(void *context, int status), void *context,
                                          struct err *err)
{
    struct probe_command *command = mem_new(1, sizeof *command);
    char **argv = command_split(line, err);
    *command = (struct probe_command){.host = program->host, .ended = ended, .context = context};
    if (!argv || start(program, argv, &command->child, err) < 0) {
        command_free(argv);
        free(command);
        return NULL;
    }
    command_free(argv);
    command->reaped =
        (struct reaper_child){.spawned = &command->child, .ended = on_ended, .data = command};
    reaper_watch(program->host->host->reaper, &command->reaped);
    command->next = command->host->commands;
    command->host->commands = command;
    return command;
}

void probe_command_forget(struct probe_command *command)
{
    if (!command)
        return;
    command->ended = NULL;
    spawn_signal_group(&command->child, SIGKILL);
}

void probe_commands_each(const struct program_host *host, void (*each)(void *context, pid_t pid),
                         void *context)
{
    for (const struct probe_command *command = host->commands; command; command = command->next)
        each(context, command->child.pid);
}

/* It may not lead its group yet. */
void probe_command_kill(pid_t pid)
{
    if (pid > 1 && kill(-pid, SIGKILL) < 0)
        kill(pid, SIGKILL);
}

void probe_commands_finish(struct program_host *host)
{
    while (host->commands) {
        struct probe_command *command = host->commands;
        host->commands = command->next;
        spawn_close(&command->child);
        free(command);
    }
}
