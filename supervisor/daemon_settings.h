/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_DAEMON_SETTINGS_H
#define SUPERVISOR_DAEMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/settings.h"

/* A value of [supervisord] from the command line, which comes before that of the file. */
struct daemon_override {
    const char *key;
    const char *text;
};

/* Puts them over what was read, and what follows from it (log, pid file). Returns 0, or -1 with err
 * naming the key. */
int daemon_settings_override(struct settings *settings, const struct daemon_override *overrides,
                             size_t count, struct err *err);

/*
 * Makes this process what [supervisord] says: its umask, the limits of open files and processes (at
 * least minfds and minprocs), its user, and in the background its directory. Does nothing where
 * there is no [supervisord]. Returns 0, or -1 with err.
 */
int daemon_settings_apply(const struct settings *settings, bool background, struct err *err);

#endif
