/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SETTINGS_JOBS_H
#define COMMON_SETTINGS_JOBS_H

#include "common/settings.h"
#include "common/settings_read.h"

/* Between the parts of settings: [job:CLASS]. */

/* Adds what one [job:CLASS] says. Returns 0, or -1 with reader->err. */
int settings_add_job(struct settings_reader *reader, const char *name,
                     const struct ini_section *section);

/* Puts the sections into the order in which they count, and refuses what cannot be: a backoff_delay
 * over its backoff_max. Returns 0, or -1 with reader->err. */
int settings_finish_jobs(struct settings_reader *reader);

#endif
