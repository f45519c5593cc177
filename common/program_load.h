/* SPDX-License-Identifier: MIT */
#ifndef COMMON_PROGRAM_LOAD_H
#define COMMON_PROGRAM_LOAD_H

#include "common/settings_read.h"

/* Where a program is read from. */
struct program_source {
    struct settings_reader *reader;
    const struct ini_section *section;
    const char *group;             /* its name */
    const struct key_table *extra; /* further keys of this kind of section, or NULL */
    void *extra_values;            /* what they are read into */
};

/* Reads a section of a program into an entry, which is to be finished in either case. Returns 0, or
 * -1 with the reader's err. */
int program_load(const struct program_source *source, struct program_entry *entry);

#endif
