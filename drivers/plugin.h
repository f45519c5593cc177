/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PLUGIN_H
#define DRIVERS_PLUGIN_H

#include "queue/driver.h"

/*
 * A driver as a shared object: NAME.so, with one entry symbol, which points to its
 * const table of functions (include/muster/driver.h). What is
 * loaded runs with all rights of the process, so the file and its folder must belong to somebody
 * who is trusted anyway: root, the user of the process, or who owns Muster's own programs.
 */
#define DRIVER_SYMBOL "muster_driver"

/* Loads the driver of a file, or gives the one that was loaded from it before. Thread-safe. NULL
 * with err, which tells the cure, where the file cannot be trusted or is no driver that could be
 * used. */
const struct driver *plugin_load(const char *path, struct err *err);

/* Whether the file and its folder can be changed by those who are trusted alone. Returns 0, or -1
 * with err. */
int plugin_check_file(const char *path, struct err *err);

/* Whether a table from the file NAME.so is a driver that can be used: its version, its name, what
 * it tells of itself, and that no function is missing. Reads nothing behind abi and size where
 * those do not fit. Returns 0, or -1 with err. */
int plugin_check(const struct driver *driver, const char *name, struct err *err);

#endif
