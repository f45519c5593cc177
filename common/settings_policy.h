/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SETTINGS_POLICY_H
#define COMMON_SETTINGS_POLICY_H

#include "common/settings.h"
#include "common/settings_read.h"

/* Between the parts of settings: [policy:NAME]. */

/* Adds what one [policy:NAME] says, and refuses what cannot be. Returns 0, or -1 with reader->err.
 */
int settings_add_policy(struct settings_reader *reader, const char *name,
                        const struct ini_section *section);

#endif
