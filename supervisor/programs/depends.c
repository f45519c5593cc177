/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/depends.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/program_depends.h"

enum depends_verdict depends_judge(enum process_state state, bool ended_well, bool is_wanted)
{
    if (is_wanted)
        return DEPENDS_COMING;
    switch (state) {
    case PROCESS_RUNNING:
        return DEPENDS_READY;
    case PROCESS_EXITED:
        return ended_well ? DEPENDS_READY : DEPENDS_FAILED;
    case PROCESS_STARTING:
    case PROCESS_BACKOFF:
    case PROCESS_STOPPING:
        return DEPENDS_COMING;
    default:
        return DEPENDS_FAILED;
    }
}

static bool means(const struct dependency *dependency, const struct program *other)
{
    return dependency_means(dependency, program_group_name(other->group), other->entry->name,
                            other->process->name);
}

bool depends_on(const struct program *program, const struct program *other)
{
    return other->entry->rank < program->entry->rank &&
           program_depends_on(program->settings->depends_on, program_group_name(other->group),
                              other->entry->name, other->process->name);
}

/* Who depends on others */

void depends_forget(struct program *program)
{
    struct program_host *host = program->host;
    depends_cancel(program);
    for (size_t i = 0; i < host->dependent_count; i++)
        if (host->dependents[i] == program)
            host->dependents[i--] = host->dependents[--host->dependent_count];
}

void depends_follow(struct program *program)
{
    struct program_host *host = program->host;
    enum want want = program->want;
    depends_forget(program);
    if (program->entry->rank == 0)
        return;
    program->want = want;
    host->dependents =
        mem_resize(host->dependents, host->dependent_count + 1, sizeof(struct program *));
    host->dependents[host->dependent_count++] = program;
}

/* Waiting */

void depends_cancel(struct program *program)
{
    program->want = WANT_NOTHING;
    free(program->waits_for);
    program->waits_for = NULL;
}

void depends_start(struct program *program)
{
    if (program->entry->rank == 0) {
        program_handle(program, EVENT_START);
        return;
    }
    depends_cancel(program);
    program->want = WANT_NEW;
    program->was_started = true; /* as far as it is up to us */
    program->host->host->changed = true;
}

bool depends_are_waiting(const struct programs *programs)
{
    for (size_t i = 0; i < programs->host.dependent_count; i++)
        if (programs->host.dependents[i]->want != WANT_NOTHING)
            return true;
    return false;
}

static void start_too(struct program *other)
{
    bool can_be = !program_is_active(other) && !lifecycle_has_process(other->state) &&
                  program_may_start(other);
    if (can_be && other->want == WANT_NOTHING)
        depends_start(other);
}

/* What it waits for: the first one that is not ready; one that has failed comes first. */
struct obstacle {
    enum depends_verdict verdict;
    char *text;
};

/* Takes the text over. */
static void note(struct obstacle *obstacle, enum depends_verdict verdict, char *text)
{
    if (verdict <= obstacle->verdict) {
        free(text);
        return;
    }
    free(obstacle->text);
    *obstacle = (struct obstacle){verdict, text};
}

static void look_at(struct program *program, struct program *other, struct obstacle *obstacle)
{
    enum depends_verdict verdict =
        depends_judge(other->state, other->ended_well, other->want != WANT_NOTHING);
    if (program->want == WANT_NEW && verdict == DEPENDS_FAILED) {
        start_too(other);
        verdict = DEPENDS_COMING; /* how that goes is seen next time */
    }
    if (verdict == DEPENDS_READY)
        return;
    char *name = program_full_name(other);
    note(obstacle, verdict, mem_printf("%s (%s)", name, lifecycle_name(other->state)));
    free(name);
}

static void look_at_all(const struct programs *programs, struct program *program,
                        const struct dependency *dependency, struct obstacle *obstacle)
{
    bool is_there = false;
    for (size_t i = 0; i < programs->group_count; i++) {
        const struct program_group *group = programs->groups[i];
        for (size_t k = 0; k < group->member_count; k++) {
            struct program *other = group->members[k];
            if (other->entry->rank >= program->entry->rank || !means(dependency, other))
                continue;
            is_there = true;
            look_at(program, other, obstacle);
        }
    }
    if (!is_there)
        note(obstacle, DEPENDS_FAILED,
             mem_printf("%.*s (there is no process of it)", (int)dependency->length,
                        dependency->text));
}

static void wait_for(struct program *program, struct obstacle obstacle)
{
    bool is_new = program->want == WANT_NEW;
    program->want = is_new                               ? WANT_WAITS
                    : obstacle.verdict == DEPENDS_FAILED ? WANT_IN_VAIN
                                                         : WANT_WAITS;
    free(program->waits_for);
    program->waits_for = obstacle.text;
    if (is_new)
        log_write(LOG_INFO, "waiting: %s is started when %s runs", program->process->name,
                  program->waits_for);
    program->host->host->changed |= is_new;
}

bool depends_are_ready(const struct programs *programs, struct program *program)
{
    struct dependency dependency;
    struct obstacle obstacle = {DEPENDS_READY, NULL};
    const char *at = program->settings->depends_on;
    enum want before = program->want;
    while (dependency_next(&at, &dependency))
        look_at_all(programs, program, &dependency, &obstacle);
    if (obstacle.verdict == DEPENDS_READY)
        return true;
    wait_for(program, obstacle);
    /* who asked for it is to hear that it is in vain */
    program->host->host->changed |= before != program->want;
    return false;
}

/* Stopping */

bool depends_hold(const struct program *program, void (*stop)(struct program *program))
{
    bool is_held = false;
    const struct program_host *host = program->host;
    for (size_t i = 0; i < host->dependent_count; i++) {
        struct program *dependent = host->dependents[i];
        bool is_up = program_is_active(dependent) || lifecycle_has_process(dependent->state);
        if (!is_up || !depends_on(dependent, program))
            continue;
        stop(dependent);
        is_held |= program_is_active(dependent) || lifecycle_has_process(dependent->state);
    }
    return is_held;
}
