/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_MAIN_LOG_H
#define SUPERVISOR_MAIN_LOG_H

#include <stdbool.h>

#include "common/err.h"
#include "common/settings.h"

/*
 * musterd's own log. Where [supervisord] says what it is, it is as under Supervisor: rotated by
 * size, to syslog or nowhere where that is said, and in the foreground also on standard output,
 * unless it is to be silent. Returns 0, or -1 with err.
 */
int main_log_open(const struct settings *settings, bool background, struct err *err);

/* Is told when the log was rotated, so that others who write to it open it again. */
void main_log_set_rotated(void (*rotated)(void *context), void *context);

#endif
