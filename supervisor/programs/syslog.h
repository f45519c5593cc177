/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_SYSLOG_H
#define SUPERVISOR_PROGRAMS_SYSLOG_H

#include <stddef.h>

/* Sends each line of a text to the system's log as "NAME line" (name "": the line alone). syslog(3)
 * waits for a log daemon that is slow; this does not: what is not taken at once is lost. */
void syslog_lines(const char *name, const char *text, size_t length);

#endif
