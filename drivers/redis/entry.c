/* SPDX-License-Identifier: MIT */
#include "drivers/include/muster/driver.h"
#include "drivers/redis/redis.h"

MUSTER_DRIVER(driver_redis);
