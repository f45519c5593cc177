/* SPDX-License-Identifier: MIT */

/* What is asked of a program: how it is, what a person wants of it, what it is called. */
#include "supervisor/programs/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/signal_names.h"
#include "supervisor/programs/depends.h"
#include "supervisor/programs/program_group.h"
#include "supervisor/programs/program_launch.h"
#include "supervisor/programs/program_schedule.h"

static const char *name_of(const struct program *program)
{
    return program->process->name;
}

/* How it is */

pid_t program_pid(const struct program *program)
{
    return program->child.pid > 0 && !program->child.is_reaped ? program->child.pid : 0;
}

bool program_is_active(const struct program *program)
{
    return program->state == PROCESS_STARTING || program->state == PROCESS_RUNNING ||
           program->state == PROCESS_BACKOFF;
}

bool program_may_start(const struct program *program)
{
    return !program->host->is_stopping && !program->group->is_stopping && !program->change;
}

/* What a person asks for */

enum fault program_start(struct program *program, struct err *err)
{
    enum fault fault = program_launch_check(program, err);
    if (fault != FAULT_SUCCESS)
        return fault;
    if (program->host->is_stopping) {
        err_set(err, ERR_CONFLICT, "musterd is stopping: nothing is started");
        return FAULT_SHUTDOWN_STATE;
    }
    if (program_is_active(program)) {
        err_set(err, ERR_CONFLICT, "%s is started already", name_of(program));
        return FAULT_ALREADY_STARTED;
    }
    if (lifecycle_has_process(program->state) || !program_may_start(program)) {
        err_set(err, ERR_CONFLICT, "%s has not ended yet", name_of(program));
        return FAULT_ABNORMAL_TERMINATION;
    }
    depends_start(program);
    if (program->want != WANT_NOTHING || !program->spawn_error)
        return FAULT_SUCCESS;
    err_set(err, ERR_SYSTEM, "%s", program->spawn_error);
    return FAULT_SPAWN_ERROR;
}

static enum fault not_running(const struct program *program, struct err *err)
{
    err_set(err, ERR_CONFLICT, "%s is not running", name_of(program));
    return FAULT_NOT_RUNNING;
}

enum fault program_stop(struct program *program, struct err *err)
{
    bool was_waiting = program->want != WANT_NOTHING;
    depends_cancel(program);
    if (!program_is_active(program)) {
        program->host->host->changed |= was_waiting;
        return was_waiting ? FAULT_SUCCESS : not_running(program, err);
    }
    program->failures = 0;
    program_schedule_stopped(program);
    program_handle(program, EVENT_STOP);
    return FAULT_SUCCESS;
}

enum fault program_signal(struct program *program, int signal_number, struct err *err)
{
    char name[SIGNAL_NAME_SIZE];
    if (program_pid(program) == 0)
        return not_running(program, err);
    log_write(LOG_DEBUG, "sending %s (pid %d) sig %s", name_of(program), (int)program->child.pid,
              signal_name(signal_number, name));
    if (spawn_signal(&program->child, signal_number) == 0 || errno == ESRCH)
        return FAULT_SUCCESS;
    err_errno(err, errno, "cannot signal %s", name_of(program));
    return FAULT_FAILED;
}

enum fault program_write(struct program *program, const char *bytes, size_t length, struct err *err)
{
    if (program_pid(program) == 0 || program->state == PROCESS_STOPPING)
        return not_running(program, err);
    if (input_write(&program->input, program->host->host->loop, bytes, length, err) == 0)
        return FAULT_SUCCESS;
    return err->code == ERR_UNAVAILABLE ? FAULT_NO_FILE : FAULT_FAILED;
}

/* Of one that does not run, the files are emptied by their names. */
static int clear_log(struct program *program, enum stream stream, struct err *err)
{
    char room[LOG_PATH_SIZE];
    if (program->outputs[stream].file.fd >= 0)
        return output_clear(&program->outputs[stream], err);
    const char *path = program_log_path(program, stream, room);
    if (path && truncate(path, 0) < 0 && errno != ENOENT && errno != EINVAL)
        return err_errno(err, errno, "cannot empty the log file %s", path);
    return 0;
}

enum fault program_clear_logs(struct program *program, struct err *err)
{
    bool both =
        clear_log(program, STREAM_OUT, err) == 0 && clear_log(program, STREAM_ERR, err) == 0;
    return both ? FAULT_SUCCESS : FAULT_FAILED;
}

/* Names */

char *program_full_name(const struct program *program)
{
    const char *group = program_group_name(program->group);
    if (strcmp(group, name_of(program)) == 0)
        return mem_strdup(group);
    return mem_printf("%s:%s", group, name_of(program));
}

const char *program_log_path(const struct program *program, enum stream stream, char *room)
{
    const char *configured = program->process->logfiles[stream];
    const char *letters = program->auto_names[stream];
    if (strcmp(configured, KEY_LOG_NONE) == 0)
        return NULL;
    if (strcmp(configured, KEY_LOG_AUTO) != 0)
        return configured;
    if (!letters[0])
        return NULL;
    snprintf(room, LOG_PATH_SIZE, "%s/%s-%s---%s-%.*s.log", program->host->childlogdir,
             name_of(program), stream == STREAM_OUT ? "stdout" : "stderr",
             program->host->identifier, AUTO_LETTERS, letters);
    return room;
}
