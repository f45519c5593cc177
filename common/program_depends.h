/* SPDX-License-Identifier: MIT */
#ifndef COMMON_PROGRAM_DEPENDS_H
#define COMMON_PROGRAM_DEPENDS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/settings_read.h"

/*
 * depends_on: names, separated by commas or white space. NAME is a group, a program or a process;
 * GROUP:NAME a program or process of that group; GROUP:* or GROUP: all of it.
 */
struct dependency {
    const char *text; /* not ended by a NUL */
    size_t length;
};

/* The next one behind *at, which is moved. Returns false at the end. */
bool dependency_next(const char **at, struct dependency *dependency);

/* Whether it means this process. */
bool dependency_means(const struct dependency *dependency, const char *group, const char *program,
                      const char *process);

/* Whether one of a list does. */
bool program_depends_on(const char *list, const char *group, const char *program,
                        const char *process);

/* Checks those of all programs that were read, and sets their ranks. Names that mean nothing, and
 * cycles, are refused with file and line: -1 with the reader's err. */
int programs_check_dependencies(struct settings_reader *reader);

#endif
