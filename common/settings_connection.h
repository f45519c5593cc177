/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SETTINGS_CONNECTION_H
#define COMMON_SETTINGS_CONNECTION_H

#include "common/settings.h"
#include "common/settings_read.h"

/* Refuses what cannot be in one [connection:NAME]: a table's name that SQL does not take, keys that
 * contradict each other; warns of what is unwise. Returns 0, or -1 with reader->err. */
int settings_check_connection(struct settings_reader *reader,
                              const struct connection_settings *connection);

#endif
