/* SPDX-License-Identifier: MIT */
#include "cli/top/live.h"

int top_live(const struct top_options *options, struct err *err)
{
    (void)options;
    return err_set(err, ERR_INVALID,
                   "this muster was built without ncurses; "
                   "--once or --json show it once");
}
