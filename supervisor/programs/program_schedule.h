/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_PROGRAM_SCHEDULE_H
#define SUPERVISOR_PROGRAMS_PROGRAM_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/program_attributes.h"

struct program;

/* A program that is started at the times of a cron expression. */
struct program_schedule;

/* A start that comes later than this was missed. */
#define SCHEDULE_LATE_MS 60000

enum schedule_action {
    SCHEDULE_START,
    SCHEDULE_WAIT,    /* when the run that goes on has ended */
    SCHEDULE_REPLACE, /* that run is stopped, then as above */
    SCHEDULE_SKIP,
    SCHEDULE_FULL, /* as many run as may at once */
    SCHEDULE_MISSED,
};

/* What is done when a run is due: pure. late_ms: by how much. */
enum schedule_action schedule_decide(const struct run_schedule_settings *settings, bool is_running,
                                     int64_t late_ms);

/* To be called when there is a program, and when it has other settings: begins, changes or ends it.
 */
void program_schedule_follow(struct program *program);
/* Ends it. */
void program_schedule_end(struct program *program);

/* Its process has ended: starts the run that has waited for that. */
void program_schedule_ended(struct program *program);

/* A person stops it: no run waits any more. */
void program_schedule_stopped(struct program *program);

/* Whether a run waits; takes over when it is due, and whether one waits. */
bool program_schedule_waits(const struct program_schedule *schedule);
void program_schedule_resume(struct program *program, int64_t next_ms, bool waits);

/* When it is started next, in milliseconds since the epoch; 0: never. Accepts NULL. */
int64_t program_schedule_next(const struct program_schedule *schedule);

#endif
