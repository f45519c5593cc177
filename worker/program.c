/* SPDX-License-Identifier: MIT */
#include "worker/program.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/command.h"
#include "common/mem.h"
#include "common/spawn_path.h"

/* What is inherited, what the queue adds, and what every handler is told. */
static char **make_environment(const struct queue_settings *queue, const char *worker_id,
                               struct err *err)
{
    char **additions = command_environment(queue->environment, err);
    if (!additions)
        return NULL;
    char *queue_variable = mem_printf("MUSTER_QUEUE=%s", queue->name);
    char *worker_variable = mem_printf("MUSTER_WORKER_ID=%s", worker_id);
    char *told[] = {queue_variable, worker_variable, NULL};
    char **merged = command_merge_environment(environ, additions);
    char **whole = command_merge_environment(merged, told);
    command_free(merged);
    command_free(additions);
    free(queue_variable);
    free(worker_variable);
    return whole;
}

/* What program_set_job puts in: not inherited, in case a handler started this worker. */
static const char *const job_variables[PROGRAM_JOB_VARIABLES] = {
    "MUSTER_JOB_UUID", "MUSTER_JOB",      "MUSTER_ATTEMPT",    "MUSTER_MAX_ATTEMPTS",
    "MUSTER_TIMEOUT",  "MUSTER_PRIORITY", "MUSTER_BATCH_UUID", "TRACEPARENT",
};

static bool is_job_variable(const char *text)
{
    size_t length = strcspn(text, "=");
    for (size_t i = 0; i < PROGRAM_JOB_VARIABLES; i++)
        if (strlen(job_variables[i]) == length && strncmp(text, job_variables[i], length) == 0)
            return true;
    return false;
}

/* A plugin is run by our host for them. */
static char **make_arguments(const struct queue_settings *queue, struct err *err)
{
    char **words = command_split(queue->command, err);
    if (!words || queue->handler != HANDLER_PLUGIN)
        return words;
    size_t count = 0;
    while (words[count])
        count++;
    char **arguments = mem_new(count + 2, sizeof arguments[0]);
    arguments[0] =
        spawn_find_own_program("muster-plugin-host", "MUSTER_PLUGIN_HOST", MUSTER_LIBEXECDIR);
    memcpy(arguments + 1, words, count * sizeof words[0]);
    free(words);
    return arguments;
}

static void make_room_for_job(struct program *program)
{
    for (char **variable = program->envp; *variable; variable++) {
        if (is_job_variable(*variable))
            free(*variable);
        else
            program->envp[program->fixed_count++] = *variable;
    }
    size_t count = program->fixed_count + PROGRAM_JOB_VARIABLES + 1;
    program->envp = mem_resize(program->envp, count, sizeof program->envp[0]);
    program->variables = mem_new(PROGRAM_JOB_VARIABLES, PROGRAM_VARIABLE_SIZE);
}

int program_init(struct program *program, const struct queue_settings *queue, const char *class,
                 const char *worker_id, struct err *err)
{
    const char *name = class ? class : queue->name;
    *program = (struct program){
        .queue = queue,
        .label = mem_printf(class ? "class %s" : "queue %s", name),
        .section = mem_printf(class ? "[job:%s]" : "[queue:%s]", name),
    };
    if (!*queue->command)
        return err_set(err, ERR_INVALID,
                       "queue %s: nothing is known to run its jobs with: give `command = …` in "
                       "[queue:%s]",
                       queue->name, queue->name);
    program->argv = make_arguments(queue, err);
    program->envp = program->argv ? make_environment(queue, worker_id, err) : NULL;
    if (!program->envp) {
        return err_prefix(err, "%s", program->label);
    }
    make_room_for_job(program);
    return 0;
}

void program_finish(struct program *program)
{
    if (program->envp)
        program->envp[program->fixed_count] = NULL;
    command_free(program->envp);
    command_free(program->argv);
    free(program->variables);
    free(program->label);
    free(program->section);
    *program = (struct program){0};
}

struct spawn_request program_request(const struct program *program)
{
    const char *directory = program->queue->directory;
    return (struct spawn_request){
        .argv = program->argv,
        .envp = program->envp,
        .directory = *directory ? directory : NULL,
        .new_group = true,
        .parent_death_signal = SIGKILL,
    };
}

int program_explain(const struct program *program, const struct spawn_child *child, int cause,
                    struct err *err)
{
    const struct spawn_request request = program_request(program);
    struct err why = ERR_INIT;
    spawn_explain(&request, child, cause, &why);
    return err_set(err, why.code, "%s: its handler cannot be started: %s; see %s", program->label,
                   why.text, program->section);
}

/* 0, or the errno of entering it. */
static int try_directory(const char *path)
{
    struct stat status;
    if (*path && stat(path, &status) < 0)
        return errno;
    return *path && !S_ISDIR(status.st_mode) ? ENOTDIR : 0;
}

/* 0, or the errno of starting it. Relative names count from the directory of the handler. */
static int try_program(const struct program *program)
{
    const char *directory = program->queue->directory;
    char *found =
        spawn_find_program(program->argv[0], program->envp, *directory ? directory : NULL);
    if (!found)
        return errno;
    bool is_below = *directory && *found != '/';
    char *path = is_below ? mem_printf("%s/%s", directory, found) : mem_strdup(found);
    int cause = access(path, X_OK) < 0 ? errno : 0;
    free(path);
    free(found);
    return cause;
}

int program_check(const struct program *program, struct err *err)
{
    struct spawn_child none = {.pid = -1, .failed_at = SPAWN_AT_DIRECTORY};
    int cause = try_directory(program->queue->directory);
    if (cause == 0) {
        none.failed_at = SPAWN_AT_PROGRAM;
        cause = try_program(program);
    }
    return cause == 0 ? 0 : program_explain(program, &none, cause, err);
}

/* What depends on the job */

__attribute__((format(printf, 3, 4))) static void put(struct program *program, size_t *count,
                                                      const char *format, ...)
{
    char *text = program->variables + *count * PROGRAM_VARIABLE_SIZE;
    va_list args;
    va_start(args, format);
    vsnprintf(text, PROGRAM_VARIABLE_SIZE, format, args);
    va_end(args);
    program->envp[program->fixed_count + (*count)++] = text;
}

void program_set_job(struct program *program, const struct job *job)
{
    size_t count = 0;
    if (job) {
        put(program, &count, "MUSTER_JOB_UUID=%s", job->uuid);
        put(program, &count, "MUSTER_JOB=%s", job->name);
        put(program, &count, "MUSTER_ATTEMPT=%d", job->attempts);
        put(program, &count, "MUSTER_MAX_ATTEMPTS=%d", job->max_attempts);
        put(program, &count, "MUSTER_TIMEOUT=%.15g", (double)job->timeout_ms / 1000.);
        put(program, &count, "MUSTER_PRIORITY=%d", job->priority);
        if (job->batch_uuid)
            put(program, &count, "MUSTER_BATCH_UUID=%s", job->batch_uuid);
        if (job->traceparent)
            put(program, &count, "TRACEPARENT=%s", job->traceparent);
    }
    program->envp[program->fixed_count + count] = NULL;
}
