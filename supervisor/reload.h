/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_RELOAD_H
#define SUPERVISOR_RELOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/settings.h"

/* What a new configuration changes: pure. */
enum queue_change {
    QUEUE_KEPT,
    QUEUE_RESIZED,  /* only what takes effect without new workers */
    QUEUE_REPLACED, /* its workers work by something that has changed */
    QUEUE_ADDED,
    QUEUE_REMOVED,
};

struct reload_queue {
    const char *name; /* belongs to the settings that were compared */
    enum queue_change change;
};

struct reload_plan {
    struct reload_queue
        *queues; /* each of the new settings in their order, then the removed ones */
    size_t queue_count;
    bool differs;          /* anything at all */
    const char **unserved; /* names of keys in [muster] that only a restart changes */
    size_t unserved_count;
};

/* Compares settings; both must outlive the plan, which the caller ends with reload_plan_destroy. */
struct reload_plan *reload_compare(const struct settings *before, const struct settings *after);
void reload_plan_destroy(struct reload_plan *plan);

/* "kept", "resized", … */
const char *reload_change_name(enum queue_change change);

#endif
