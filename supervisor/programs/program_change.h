/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_PROGRAM_CHANGE_H
#define SUPERVISOR_PROGRAMS_PROGRAM_CHANGE_H

#include <stdbool.h>

#include "supervisor/programs/program.h"

/* What is to become of a program when it has stopped: it goes, or it goes on with other settings.
 */
struct program_change {
    struct group_settings *source; /* held; NULL: it goes */
    const struct program_entry *entry;
    const struct process_settings *process;
    bool starts; /* it is started again then */
};

/* Stops the program, if need be, and notes what comes then; the latest wish counts. */
void program_change_to(struct program *program, struct group_settings *source,
                       const struct program_entry *entry, const struct process_settings *process);
void program_change_leave(struct program *program);

/* Nothing is to become of it. */
void program_change_cancel(struct program *program);

/* True when the change can be made. */
bool program_change_is_due(const struct program *program);

/* Makes it, and starts the program where it is to. Only where it does not leave. */
void program_change_make(struct program *program);

#endif
