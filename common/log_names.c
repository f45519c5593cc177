/* SPDX-License-Identifier: MIT */
#include "common/log.h"

#include <stddef.h>

const char *const log_level_names[] = {"critical", "error", "warn",    "info",
                                       "debug",    "trace", "blather", NULL};
const char *const log_format_names[] = {"text", "json", NULL};
