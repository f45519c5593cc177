/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_PAYLOAD_H
#define SUPERVISOR_PROGRAMS_PAYLOAD_H

#include <stddef.h>

#include "common/event_types.h"
#include "supervisor/lifecycle.h"

struct program;

/* The events of a process, told with the payloads that Supervisor gives them. */

/* PROCESS_STATE_…: its state is another one than before. */
void payload_notify_state(const struct program *program, enum process_state before);

/* PROCESS_LOG_… (channel: stdout or stderr) and PROCESS_COMMUNICATION_… (NULL). What is not UTF-8
 * is told as Python writes bytes. */
void payload_notify_output(const struct program *program, enum event_type type, const char *channel,
                           const char *bytes, size_t length);

#endif
