/* SPDX-License-Identifier: MIT */
#include "supervisor/lifecycle.h"

static const struct {
    const char *name;
    int number;
    bool has_process;
} states[PROCESS_STATE_COUNT] = {
    [PROCESS_STOPPED] = {"STOPPED", 0, false},   [PROCESS_STARTING] = {"STARTING", 10, true},
    [PROCESS_RUNNING] = {"RUNNING", 20, true},   [PROCESS_BACKOFF] = {"BACKOFF", 30, false},
    [PROCESS_STOPPING] = {"STOPPING", 40, true}, [PROCESS_EXITED] = {"EXITED", 100, false},
    [PROCESS_FATAL] = {"FATAL", 200, false},     [PROCESS_UNKNOWN] = {"UNKNOWN", 1000, true},
};

/* clang-format off */
#define TO(state, action) {PROCESS_##state, ACTION_##action}

static const struct lifecycle_step steps[PROCESS_STATE_COUNT][PROCESS_EVENT_COUNT] = {
    [PROCESS_STOPPED] = {
        [EVENT_START]     = TO(STARTING, SPAWN),
        [EVENT_READY]     = TO(STOPPED, NONE),
        [EVENT_TIMEOUT]   = TO(STOPPED, NONE),
        [EVENT_ENDED]     = TO(STOPPED, NONE),
        [EVENT_PAUSE]     = TO(STOPPED, NONE),
        [EVENT_GIVE_UP]   = TO(STOPPED, NONE),
        [EVENT_STOP]      = TO(STOPPED, NONE),
        [EVENT_TERMINATE] = TO(STOPPED, NONE),
        [EVENT_KILL]      = TO(STOPPED, NONE),
    },
    [PROCESS_STARTING] = {
        [EVENT_START]     = TO(STARTING, NONE),
        [EVENT_READY]     = TO(RUNNING, NONE),
        [EVENT_TIMEOUT]   = TO(UNKNOWN, KILL),
        [EVENT_ENDED]     = TO(BACKOFF, PAUSE),
        [EVENT_PAUSE]     = TO(STARTING, NONE),
        [EVENT_GIVE_UP]   = TO(STARTING, NONE),
        [EVENT_STOP]      = TO(STOPPING, DRAIN),
        [EVENT_TERMINATE] = TO(STOPPING, TERMINATE),
        [EVENT_KILL]      = TO(STOPPING, KILL),
    },
    [PROCESS_RUNNING] = {
        [EVENT_START]     = TO(RUNNING, NONE),
        [EVENT_READY]     = TO(RUNNING, NONE),
        [EVENT_TIMEOUT]   = TO(UNKNOWN, KILL),
        [EVENT_ENDED]     = TO(EXITED, RESTART),
        [EVENT_PAUSE]     = TO(RUNNING, NONE),
        [EVENT_GIVE_UP]   = TO(RUNNING, NONE),
        [EVENT_STOP]      = TO(STOPPING, DRAIN),
        [EVENT_TERMINATE] = TO(STOPPING, TERMINATE),
        [EVENT_KILL]      = TO(STOPPING, KILL),
    },
    [PROCESS_BACKOFF] = {
        [EVENT_START]     = TO(STARTING, SPAWN),
        [EVENT_READY]     = TO(BACKOFF, NONE),
        [EVENT_TIMEOUT]   = TO(STARTING, SPAWN),
        [EVENT_ENDED]     = TO(BACKOFF, NONE),
        [EVENT_PAUSE]     = TO(BACKOFF, NONE),
        [EVENT_GIVE_UP]   = TO(FATAL, NONE),
        [EVENT_STOP]      = TO(STOPPED, NONE),
        [EVENT_TERMINATE] = TO(STOPPED, NONE),
        [EVENT_KILL]      = TO(STOPPED, NONE),
    },
    [PROCESS_STOPPING] = {
        [EVENT_START]     = TO(STOPPING, NONE),
        [EVENT_READY]     = TO(STOPPING, NONE),
        [EVENT_TIMEOUT]   = TO(STOPPING, ESCALATE),
        [EVENT_ENDED]     = TO(STOPPED, NONE),
        [EVENT_PAUSE]     = TO(STOPPING, NONE),
        [EVENT_GIVE_UP]   = TO(STOPPING, NONE),
        [EVENT_STOP]      = TO(STOPPING, NONE),
        [EVENT_TERMINATE] = TO(STOPPING, TERMINATE),
        [EVENT_KILL]      = TO(STOPPING, KILL),
    },
    [PROCESS_EXITED] = {
        [EVENT_START]     = TO(STARTING, SPAWN),
        [EVENT_READY]     = TO(EXITED, NONE),
        [EVENT_TIMEOUT]   = TO(EXITED, NONE),
        [EVENT_ENDED]     = TO(EXITED, NONE),
        [EVENT_PAUSE]     = TO(BACKOFF, PAUSE),
        [EVENT_GIVE_UP]   = TO(FATAL, NONE),
        [EVENT_STOP]      = TO(STOPPED, NONE),
        [EVENT_TERMINATE] = TO(STOPPED, NONE),
        [EVENT_KILL]      = TO(STOPPED, NONE),
    },
    [PROCESS_FATAL] = {
        [EVENT_START]     = TO(STARTING, SPAWN),
        [EVENT_READY]     = TO(FATAL, NONE),
        [EVENT_TIMEOUT]   = TO(FATAL, NONE),
        [EVENT_ENDED]     = TO(FATAL, NONE),
        [EVENT_PAUSE]     = TO(FATAL, NONE),
        [EVENT_GIVE_UP]   = TO(FATAL, NONE),
        [EVENT_STOP]      = TO(STOPPED, NONE),
        [EVENT_TERMINATE] = TO(STOPPED, NONE),
        [EVENT_KILL]      = TO(STOPPED, NONE),
    },
    [PROCESS_UNKNOWN] = {
        [EVENT_START]     = TO(UNKNOWN, NONE),
        [EVENT_READY]     = TO(UNKNOWN, NONE),
        [EVENT_TIMEOUT]   = TO(UNKNOWN, KILL),
        [EVENT_ENDED]     = TO(EXITED, RESTART),
        [EVENT_PAUSE]     = TO(UNKNOWN, NONE),
        [EVENT_GIVE_UP]   = TO(UNKNOWN, NONE),
        [EVENT_STOP]      = TO(STOPPING, KILL),
        [EVENT_TERMINATE] = TO(STOPPING, KILL),
        [EVENT_KILL]      = TO(STOPPING, KILL),
    },
};
/* clang-format on */

struct lifecycle_step lifecycle_next(enum process_state state, enum process_event event)
{
    return steps[state][event];
}

const char *lifecycle_name(enum process_state state)
{
    return states[state].name;
}

int lifecycle_number(enum process_state state)
{
    return states[state].number;
}

enum process_state lifecycle_of_number(int64_t number)
{
    for (int state = 0; state < PROCESS_STATE_COUNT; state++)
        if (states[state].number == number)
            return (enum process_state)state;
    return PROCESS_UNKNOWN;
}

bool lifecycle_has_process(enum process_state state)
{
    return states[state].has_process;
}
