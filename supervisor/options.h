/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_OPTIONS_H
#define SUPERVISOR_OPTIONS_H

#include <stddef.h>

#include "supervisor/daemon_settings.h"

/*
 * The command lines of musterd, and of supervisord, which musterd is when it is called by that name
 * (a link): then its options are Supervisor's, and without -n (or nodaemon) it goes to the
 * background.
 */
enum task { TASK_RUN, TASK_BACKGROUND, TASK_CHECK, TASK_CHECK_STATE, TASK_HELP, TASK_VERSION };

#define OVERRIDES_MAX 32

struct daemon_options {
    bool is_supervisord;
    enum task task;
    const char *config; /* NULL: the one that is found */
    struct daemon_override overrides[OVERRIDES_MAX];
    size_t override_count;
};

/* Reads them; strings are argv's. Returns 0, or -1 when what is wrong has been said on standard
 * error. */
int daemon_options_read(struct daemon_options *options, int argc, char **argv);

/* Prints the usage of musterd, or of supervisord where it was called so, on standard output. */
void daemon_options_print_help(const struct daemon_options *options);

/* The file that is used where none is given; malloc'd, NULL where there is none. */
char *daemon_options_find_file(const struct daemon_options *options);

#endif
