/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SUPERVISOR_LOAD_H
#define COMMON_SUPERVISOR_LOAD_H

#include "common/settings_read.h"

/* Reads Supervisor's sections into reader->settings->supervisor. Returns 0, or -1 with reader->err.
 */
int supervisor_load(struct settings_reader *reader);

/* The part of it that reads programs and groups, for supervisor_load alone. */
int programs_load(struct settings_reader *reader);

#endif
