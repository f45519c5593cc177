/* SPDX-License-Identifier: MIT */
#ifndef CLI_WORK_MASTER_H
#define CLI_WORK_MASTER_H

#include "common/err.h"
#include "common/settings.h"

/*
 * queue:work --auto-scale: a master in this process, for one queue whose workers follow its load.
 * It takes the place of a musterd (pid file and control socket of the settings), so that there are
 * never two and all commands reach it.
 */

/* Runs until it is told to stop. queue is what the queue of that name shall be. Returns 0, or -1
 * with err (ERR_CONFLICT where a musterd runs). */
int work_master_run(const struct settings *settings, const struct queue_settings *queue,
                    struct err *err);

#endif
