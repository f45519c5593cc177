/* SPDX-License-Identifier: MIT */
#include "common/event_types.h"

#include <stdbool.h>
#include <string.h>

const char *const event_type_names[] = {
    [EVENT_TYPE_ALL] = "EVENT",
    [EVENT_PROCESS_STATE] = "PROCESS_STATE",
    [EVENT_PROCESS_STATE_STOPPED] = "PROCESS_STATE_STOPPED",
    [EVENT_PROCESS_STATE_EXITED] = "PROCESS_STATE_EXITED",
    [EVENT_PROCESS_STATE_STARTING] = "PROCESS_STATE_STARTING",
    [EVENT_PROCESS_STATE_STOPPING] = "PROCESS_STATE_STOPPING",
    [EVENT_PROCESS_STATE_BACKOFF] = "PROCESS_STATE_BACKOFF",
    [EVENT_PROCESS_STATE_FATAL] = "PROCESS_STATE_FATAL",
    [EVENT_PROCESS_STATE_RUNNING] = "PROCESS_STATE_RUNNING",
    [EVENT_PROCESS_STATE_UNKNOWN] = "PROCESS_STATE_UNKNOWN",
    [EVENT_PROCESS_COMMUNICATION] = "PROCESS_COMMUNICATION",
    [EVENT_PROCESS_COMMUNICATION_STDOUT] = "PROCESS_COMMUNICATION_STDOUT",
    [EVENT_PROCESS_COMMUNICATION_STDERR] = "PROCESS_COMMUNICATION_STDERR",
    [EVENT_PROCESS_LOG] = "PROCESS_LOG",
    [EVENT_PROCESS_LOG_STDOUT] = "PROCESS_LOG_STDOUT",
    [EVENT_PROCESS_LOG_STDERR] = "PROCESS_LOG_STDERR",
    [EVENT_REMOTE_COMMUNICATION] = "REMOTE_COMMUNICATION",
    [EVENT_SUPERVISOR_STATE_CHANGE] = "SUPERVISOR_STATE_CHANGE",
    [EVENT_SUPERVISOR_STATE_CHANGE_RUNNING] = "SUPERVISOR_STATE_CHANGE_RUNNING",
    [EVENT_SUPERVISOR_STATE_CHANGE_STOPPING] = "SUPERVISOR_STATE_CHANGE_STOPPING",
    [EVENT_TICK] = "TICK",
    [EVENT_TICK_5] = "TICK_5",
    [EVENT_TICK_60] = "TICK_60",
    [EVENT_TICK_3600] = "TICK_3600",
    [EVENT_PROCESS_GROUP] = "PROCESS_GROUP",
    [EVENT_PROCESS_GROUP_ADDED] = "PROCESS_GROUP_ADDED",
    [EVENT_PROCESS_GROUP_REMOVED] = "PROCESS_GROUP_REMOVED",
    [EVENT_TYPE_COUNT] = NULL,
};

/* By the names: TICK stands for TICK_5, but no name of one that happens begins another's. */
static bool stands_for(enum event_type abstract, enum event_type type)
{
    size_t length = strlen(event_type_names[abstract]);
    return abstract == EVENT_TYPE_ALL ||
           (strncmp(event_type_names[type], event_type_names[abstract], length) == 0 &&
            event_type_names[type][length] == '_');
}

uint32_t event_types_expand(uint32_t types)
{
    uint32_t expanded = types;
    for (int abstract = 0; abstract < EVENT_TYPE_COUNT; abstract++)
        for (int type = 0; (types & EVENT_BIT(abstract)) && type < EVENT_TYPE_COUNT; type++)
            if (stands_for((enum event_type)abstract, (enum event_type)type))
                expanded |= EVENT_BIT(type);
    return expanded;
}
