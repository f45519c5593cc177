/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOP_LIVE_H
#define CLI_TOP_LIVE_H

#include <stdint.h>

#include "common/err.h"

/* What `muster top` needs to know. */
struct top_options {
    const char *socket; /* of musterd */
    const char *config; /* --config, for the commands that it runs; or NULL */
    int64_t interval_ms;
};

/* Shows figures on the terminal until q, or a signal. Returns 0; the signal's own end comes as it
 * would without us. -1 with err where there is no terminal, or Muster was built without ncurses. */
int top_live(const struct top_options *options, struct err *err);

#endif
