/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_COMMAND_H
#define SUPERVISOR_COMMAND_H

#include "common/err.h"
#include "common/json.h"

struct master;

/* One command of the control socket: takes the request, fills the answer. Returns 0, or -1 with
 * err. */
struct command {
    const char *name;
    int (*run)(struct master *master, const cJSON *request, cJSON *answer, struct err *err);
};

/* Those that are about programs, and about scaling; the last one has no name. */
extern const struct command program_commands[];
extern const struct command scaling_commands[];

#endif
