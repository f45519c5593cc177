/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SETTINGS_READ_H
#define COMMON_SETTINGS_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/utsname.h>

#include "common/ini.h"
#include "common/keys.h"
#include "common/settings.h"

/* From sections of a document to values: what the loaders of all sections share. */

#define PROGRAM_KINDS 8

/* Where settings are being read from. */
struct settings_reader {
    struct settings *settings;
    const struct ini *ini;    /* NULL for the defaults alone */
    bool is_snapshot;         /* complete: the environment is not looked at */
    bool is_supervisors_file; /* it has a [supervisord]: what is unknown is a warning only */
    char host[sizeof((struct utsname *)0)->nodename];
    struct err *err;

    /* What the last programs were given that differed; the settings' groups hold it. */
    struct program_settings *kinds[PROGRAM_KINDS];
    size_t kind_count;
};

/* Names that a section's values may use, beside %(here)s and %(host_node_name)s. */
struct settings_names {
    const struct ini_variable *variables;
    size_t count;
};

/* Says in reader->err that a section is wrong as a whole, or (where it has that key) in one of its
 * keys; section is NULL where nothing was read. Returns -1. */
int settings_refuse(struct settings_reader *reader, const struct ini_section *section,
                    const char *key, const struct err *cause);

/* The section called prefix followed by name; NULL where there is none. */
const struct ini_section *settings_section(const struct settings_reader *reader, const char *prefix,
                                           const char *name);

/* A value as it is meant: expanded. NULL with err on failure; the caller frees it. */
char *settings_expand(const struct settings_reader *reader, const struct ini_key *key,
                      const struct settings_names *names, struct err *err);

/* Sets one key. Returns 0, or -1 with reader->err. */
int settings_apply_key(struct settings_reader *reader, const struct key_table *table, void *values,
                       const struct ini_section *section, const struct ini_key *key,
                       const struct settings_names *names);

/* Sets all keys of a section (NULL: none). Returns 0, or -1 with reader->err. */
int settings_apply_section(struct settings_reader *reader, const struct key_table *table,
                           void *values, const struct ini_section *section,
                           const struct settings_names *names);

/* Refuses sections that nobody knows (in a file of Supervisor's they are a warning); warns of those
 * that are known and not served. Returns 0, or -1 with reader->err. */
int settings_check_sections(struct settings_reader *reader);

#endif
