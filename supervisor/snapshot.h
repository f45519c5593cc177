/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_SNAPSHOT_H
#define SUPERVISOR_SNAPSHOT_H

#include "common/err.h"
#include "common/settings.h"

/* The settings as a sealed piece of memory that children read: all of one generation work by the
 * same text, and nobody can change it. Returns a descriptor that the caller closes; -1 with err on
 * failure. */
int snapshot_create(const struct settings *settings, struct err *err);

/* A descriptor of the same memory for one child, read-only and with a position of its own. The
 * caller closes it; -1 with err on failure. */
int snapshot_open(int snapshot, struct err *err);

#endif
