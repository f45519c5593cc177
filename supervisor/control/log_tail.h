/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_LOG_TAIL_H
#define SUPERVISOR_CONTROL_LOG_TAIL_H

#include "supervisor/control/web.h"

/* The pages of logs that go on until the client leaves, from their last 1,024 bytes. */
#define LOG_TAIL_PATH "/logtail/" /* NAME, or NAME/stdout, NAME/stderr; of a process */
#define LOG_TAIL_MAIN "/mainlogtail"

/* Answers a GET of such a path, with the log of the process that it names, or musterd's own: the
 * stream goes on until the client leaves. 404 where there is no such log, 400 for any other method.
 */
void log_tail_answer(const struct web_request *request);
void log_tail_answer_main(const struct web_request *request);

#endif
