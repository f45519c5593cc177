/* SPDX-License-Identifier: MIT */
#ifndef WORKER_CLASSES_H
#define WORKER_CLASSES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/mem.h"
#include "common/settings.h"
#include "worker/protocol.h"

/*
 * The classes of jobs that a queue's handlers have said they run, with the limits that they
 * declare. Handlers that say nothing run whatever comes.
 */
struct classes {
    struct arena arena;
    struct protocol_class *sorted; /* by name */
    size_t count;                  /* 0: whatever comes */
};

/* Takes what a hello says in place of what an earlier one said. */
void classes_set(struct classes *classes, const struct frame *hello);
void classes_finish(struct classes *classes);

/* The class of a job: by its name, or else "*". NULL where there is none. */
const struct protocol_class *classes_find(const struct classes *classes, const char *name);

/* True where nobody runs jobs of this class. */
bool classes_lack(const struct classes *classes, const char *name);

/* Puts the limits that are declared for the class over those of the queue. */
void classes_apply(const struct classes *classes, const char *name, struct worker_options *options);

#endif
