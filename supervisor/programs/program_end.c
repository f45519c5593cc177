/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/program_end.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/signal_names.h"
#include "supervisor/programs/memory_watch.h"
#include "supervisor/programs/watch.h"

#define STATUS_TEXT_SIZE 64

void program_set_spawn_error(struct program *program, char *text)
{
    free(program->spawn_error);
    program->spawn_error = text;
}

static const char *status_text(int status, char text[STATUS_TEXT_SIZE])
{
    char name[SIGNAL_NAME_SIZE];
    if (WIFSIGNALED(status))
        snprintf(text, STATUS_TEXT_SIZE, "terminated by %s%s", signal_name(WTERMSIG(status), name),
                 WCOREDUMP(status) ? " (core dumped)" : "");
    else
        snprintf(text, STATUS_TEXT_SIZE, "exit status %d", WEXITSTATUS(status));
    return text;
}

static void log_end(const struct program *program, int status, bool was_too_quick)
{
    char text[STATUS_TEXT_SIZE];
    bool is_expected = program->ended_well && !was_too_quick;
    enum log_level level = is_expected ? LOG_INFO : LOG_WARN;
    status_text(status, text);
    if (program->state == PROCESS_STOPPING)
        log_write(level, "stopped: %s (%s)", program->process->name, text);
    else
        log_write(level, "exited: %s (%s; %s)", program->process->name, text,
                  is_expected ? "expected" : "not expected");
}

/* An end before it was running, as which one that is not ready counts however long it took. */
bool program_end_is_failed_start(const struct program *program, int status)
{
    if (program->state != PROCESS_STARTING)
        return false;
    if (watch_decides(program))
        return !watch_is_ready_by(program, status);
    return clock_monotonic_ms(program->host->host->clock) - program->started_ms <
           program->settings->startsecs;
}

static void note_end(struct program *program, int status, bool was_too_quick)
{
    program->stopped_wall_ms = clock_wall_ms(program->host->host->clock);
    program->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    program->ended_well = !watch_has_condemned(program) &&
                          exit_codes_have(&program->settings->exitcodes, program->exit_status);
    if (program->state == PROCESS_STOPPING) {
        program->failures = 0;
        return;
    }
    if (was_too_quick) {
        program->exit_status = 0;
        program->failures++;
    }
    if (watch_has_condemned(program))
        program_set_spawn_error(program, mem_strdup(program->watch->reason));
    else if (was_too_quick)
        program_set_spawn_error(program,
                                mem_strdup("Exited too quickly (process log may have details)"));
    else if (!program->ended_well)
        program_set_spawn_error(program, mem_printf("Bad exit code %d", program->exit_status));
}

/* Who is told of an end by SIGKILL wants to know whether it was for want of memory. */
static void note_memory(struct program *program, int status)
{
    char *blame = memory_blame(program, status);
    if (!blame)
        return;
    program->ran_out_of_memory = true;
    log_write(LOG_WARN, "out of memory: %s: %s", program->process->name, blame);
    program_set_spawn_error(program, blame);
}

void program_end_note(struct program *program, int status, bool was_too_quick)
{
    note_end(program, status, was_too_quick);
    log_end(program, status, was_too_quick);
    note_memory(program, status);
}
