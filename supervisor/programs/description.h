/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_DESCRIPTION_H
#define SUPERVISOR_PROGRAMS_DESCRIPTION_H

#include <stdint.h>

#include "common/buf.h"
#include "common/json.h"

struct group_settings;
struct program;
struct programs;

/* What Supervisor's clients show of a process: "pid 12, uptime 0:00:05", "Not started", … at this
 * wall time. */
void description_put(const struct program *program, int64_t now_wall_ms, struct buf *out);

/* What the control socket tells of a program (docs/control.md), and of one that could be active. */
cJSON *description_of_program(const struct program *program, int64_t now_wall_ms);
void description_add_available(const struct programs *programs, const struct group_settings *group,
                               cJSON *list);

#endif
