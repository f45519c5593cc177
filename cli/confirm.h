/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONFIRM_H
#define CLI_CONFIRM_H

#include "cli/context.h"
#include "common/err.h"

/* For commands that throw something away; their tables have these rows. */
#define CONFIRM_OPTIONS                                                                            \
    {.name = "yes", .letter = 'y', .kind = OPTION_FLAG, .help = "do not ask"},                     \
    {                                                                                              \
        .name = "force", .letter = 'f', .kind = OPTION_FLAG, .help = "the same as --yes"           \
    }

/* Asks before something is thrown away, where somebody sits at a terminal and gave neither --yes
 * nor --force; scripts are not asked. question ends without its question mark. Returns 0 to go on,
 * or -1 with err. */
int confirm(const struct context *context, struct err *err, const char *question, ...)
    __attribute__((format(printf, 3, 4)));

#endif
