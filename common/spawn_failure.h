/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SPAWN_FAILURE_H
#define COMMON_SPAWN_FAILURE_H

#include <stdint.h>

#define SPAWN_EXIT_FAILED 127

/* What a child that could not become its program writes to its parent. */
struct spawn_failure {
    int32_t stage; /* enum spawn_stage */
    int32_t errno_value;
};

#endif
