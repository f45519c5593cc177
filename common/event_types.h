/* SPDX-License-Identifier: MIT */
#ifndef COMMON_EVENT_TYPES_H
#define COMMON_EVENT_TYPES_H

#include <stdint.h>

/* Supervisor's types of events. An abstract one stands for all those whose names begin with its own
 * (EVENT for all); only the others happen. */
enum event_type {
    EVENT_TYPE_ALL,
    EVENT_PROCESS_STATE,
    EVENT_PROCESS_STATE_STOPPED,
    EVENT_PROCESS_STATE_EXITED,
    EVENT_PROCESS_STATE_STARTING,
    EVENT_PROCESS_STATE_STOPPING,
    EVENT_PROCESS_STATE_BACKOFF,
    EVENT_PROCESS_STATE_FATAL,
    EVENT_PROCESS_STATE_RUNNING,
    EVENT_PROCESS_STATE_UNKNOWN,
    EVENT_PROCESS_COMMUNICATION,
    EVENT_PROCESS_COMMUNICATION_STDOUT,
    EVENT_PROCESS_COMMUNICATION_STDERR,
    EVENT_PROCESS_LOG,
    EVENT_PROCESS_LOG_STDOUT,
    EVENT_PROCESS_LOG_STDERR,
    EVENT_REMOTE_COMMUNICATION,
    EVENT_SUPERVISOR_STATE_CHANGE,
    EVENT_SUPERVISOR_STATE_CHANGE_RUNNING,
    EVENT_SUPERVISOR_STATE_CHANGE_STOPPING,
    EVENT_TICK,
    EVENT_TICK_5,
    EVENT_TICK_60,
    EVENT_TICK_3600,
    EVENT_PROCESS_GROUP,
    EVENT_PROCESS_GROUP_ADDED,
    EVENT_PROCESS_GROUP_REMOVED,
    EVENT_TYPE_COUNT,
};

#define EVENT_BIT(type) (UINT32_C(1) << (type))

/* NULL-terminated, in the order of enum event_type. */
extern const char *const event_type_names[];

/* A set of types with all that its abstract ones stand for. */
uint32_t event_types_expand(uint32_t types);

#endif
