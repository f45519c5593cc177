/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_UPDATE_H
#define SUPERVISOR_PROGRAMS_UPDATE_H

#include "common/program_compare.h"
#include "supervisor/programs/programs.h"

/*
 * From the groups that are active to those that were read last, touching only what differs: new
 * processes are started beside those that go on, those whose settings need it are replaced, the
 * others take their new settings over.
 */
enum update_kind { UPDATE_ADDED, UPDATE_CHANGED, UPDATE_REMOVED, UPDATE_KIND_COUNT };

struct update_listener {
    /* Told of each group that differs, and of its processes that do. */
    void (*group)(void *context, const char *name, enum update_kind kind);
    void (*process)(void *context, const char *name, enum process_change change, const char *keys);
    void *context;
};

/* What an update would do. */
void programs_compare(const struct programs *programs, const struct update_listener *listener);

/* Does it for one group; the rest of it happens as processes end (programs_are_settled). Returns
 * FAULT_SUCCESS, also where nothing differs; FAULT_BAD_NAME or FAULT_FAILED with err. */
enum fault programs_update_group(struct programs *programs, const char *name, struct err *err);

/* The same for all; what cannot be added is logged. Returns how many groups differ. */
size_t programs_update(struct programs *programs);

/* True where no process or group is on its way to something else. */
bool programs_are_settled(const struct programs *programs);

/* For programs.c: does what has become possible. */
void programs_tend_changes(struct programs *programs);

#endif
