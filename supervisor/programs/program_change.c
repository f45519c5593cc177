/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/program_change.h"

#include <stdlib.h>

#include "common/mem.h"
#include "supervisor/programs/depends.h"

/* One that was stopped by somebody stays so; one that has failed may do better with other settings.
 */
static bool is_to_run(const struct program *program)
{
    if (program->change)
        return program->change->starts;
    if (program->want != WANT_NOTHING)
        return true;
    if (program->state == PROCESS_STOPPED || program->state == PROCESS_STOPPING)
        return false;
    return program_is_active(program) || program->settings->autostart;
}

static void put_change(struct program *program, struct program_change change)
{
    change.starts = is_to_run(program);
    program_change_cancel(program);
    program->change = mem_new(1, sizeof *program->change);
    *program->change = change;
    program->host->host->changed = true;
    if (program_is_active(program))
        program_handle(program, EVENT_STOP);
}

void program_change_to(struct program *program, struct group_settings *source,
                       const struct program_entry *entry, const struct process_settings *process)
{
    put_change(program, (struct program_change){.source = group_settings_hold(source),
                                                .entry = entry,
                                                .process = process});
}

void program_change_leave(struct program *program)
{
    put_change(program, (struct program_change){.source = NULL});
}

void program_change_cancel(struct program *program)
{
    if (!program->change)
        return;
    group_settings_release(program->change->source);
    free(program->change);
    program->change = NULL;
}

bool program_change_is_due(const struct program *program)
{
    return program->change && !program_is_active(program) && !lifecycle_has_process(program->state);
}

void program_change_make(struct program *program)
{
    struct program_change change = *program->change;
    free(program->change);
    program->change = NULL;
    program_configure(program, change.source, change.entry, change.process);
    group_settings_release(change.source);
    if (change.starts && !program->host->is_stopping)
        depends_start(program);
}
