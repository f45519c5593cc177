/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_DRIVERS_H
#define DRIVERS_DRIVERS_H

#include "queue/driver.h"

/* The drivers there are, and how a connection finds its own. */

/* NULL-terminated, in the order of enum driver_kind. */
extern const struct driver *const drivers_built_in[];

/* The driver of a connection. NULL with err where it is not part of this build. */
const struct driver *drivers_find(const struct connection_settings *settings, struct err *err);

#endif
