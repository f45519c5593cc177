/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_REDIS_REDIS_H
#define DRIVERS_REDIS_REDIS_H

#include "queue/driver.h"

/* The Redis driver: Redis 7.0 or newer, or what speaks as it does. Its keys are in docs/stores.md.
 */
extern const struct driver driver_redis;

#endif
