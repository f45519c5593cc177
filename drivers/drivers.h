/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_DRIVERS_H
#define DRIVERS_DRIVERS_H

#include "queue/driver.h"

/*
 * The drivers there are, and how a connection finds its own. Some are part of the program; the
 * others are shared objects (common/driver_path.h, drivers/plugin.h), and a process that does not
 * use one does not have it in its memory.
 */

/* Those that are part of this program (drivers/built_in.c, or for tests drivers/all.c).
 * NULL-terminated. */
extern const struct driver *const drivers_built_in[];

/* The driver of a connection, loaded where it is a plugin. NULL with err where there is none, or
 * none that could be used. Thread-safe. */
const struct driver *drivers_find(const struct connection_settings *settings, struct err *err);

/* What lies in the folders. */
struct driver_entry {
    const char *name;
    const char *file;            /* NULL: part of the program */
    const struct driver *driver; /* NULL where it cannot be used */
    const char *refusal;         /* why; else NULL */
};

/* Called for each driver: those of the program first, then those of each folder in byte order. */
typedef void (*driver_entry_fn)(void *context, const struct driver_entry *entry);
void drivers_list(const char *folder, driver_entry_fn each, void *context);

#endif
