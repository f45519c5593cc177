/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/program_reload.h"

#include "common/log.h"
#include "supervisor/programs/hook.h"

static const char *name_of(const struct program *program)
{
    return program->process->name;
}

static enum fault not_running(const struct program *program, struct err *err)
{
    const char *state = lifecycle_name(program->state);
    err_set(err, ERR_CONFLICT, "%s is %s: only what is RUNNING is reloaded", name_of(program),
            state);
    return FAULT_NOT_RUNNING;
}

/* One that has not become RUNNING may not listen to the signal yet, and would die of it. */
static bool is_up(const struct program *program)
{
    return program->state == PROCESS_RUNNING && program_pid(program) > 0;
}

bool program_reload_is_possible(const struct program *program)
{
    return program->settings->reload_signal || hook_is_wanted(program, HOOK_RELOAD);
}

static enum fault send_signal(struct program *program, struct err *err)
{
    int number = program->settings->reload_signal;
    enum fault fault = number ? program_signal(program, number, err) : FAULT_SUCCESS;
    if (fault == FAULT_SUCCESS)
        log_write(LOG_INFO, "reloaded: '%s'", name_of(program));
    return fault;
}

static void on_command(struct program *program, bool is_done)
{
    struct err err = ERR_INIT;
    program->host->host->changed = true; /* somebody may wait for this */
    if (is_done && is_up(program) && send_signal(program, &err) != FAULT_SUCCESS)
        log_write(LOG_WARN, "%s", err.text);
    program_go_on(program);
}

enum fault program_reload(struct program *program, struct err *err)
{
    if (!program_reload_is_possible(program)) {
        err_set(err, ERR_INVALID,
                "%s has no reload_signal and no reload_command; write one into its section, or "
                "restart it",
                name_of(program));
        return FAULT_FAILED;
    }
    if (!is_up(program))
        return not_running(program, err);
    if (!hook_is_wanted(program, HOOK_RELOAD))
        return send_signal(program, err);
    if (hook_any_runs(program)) {
        err_set(err, ERR_CONFLICT, "the last reload_command of %s still runs", name_of(program));
        return FAULT_FAILED;
    }
    return hook_start(program, HOOK_RELOAD, on_command, err) < 0 ? FAULT_FAILED : FAULT_SUCCESS;
}

enum fault program_reload_outcome(const struct program *program, struct err *err)
{
    if (!is_up(program))
        return not_running(program, err);
    if (!hook_failure(program)[0])
        return FAULT_SUCCESS;
    err_set(err, ERR_SYSTEM, "%s", hook_failure(program));
    return FAULT_FAILED;
}
