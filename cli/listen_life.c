/* SPDX-License-Identifier: MIT */
#include "cli/listen_life.h"

#define STATES (LISTEN_ENDED + 1)
#define EVENTS (LISTEN_DEADLINE + 1)

static const struct listen_step table[STATES][EVENTS] =
    {
        [LISTEN_RUNNING] =
            {
                [LISTEN_CHANGED] = {LISTEN_REPLACING, LISTEN_TERM},
                [LISTEN_CHILD_OK] = {LISTEN_RUNNING, LISTEN_START},
                [LISTEN_CHILD_FAILED] = {LISTEN_WAITING, LISTEN_NOTHING},
                [LISTEN_STOP] = {LISTEN_STOPPING, LISTEN_TERM},
                [LISTEN_DEADLINE] = {LISTEN_RUNNING, LISTEN_NOTHING},
            },
        [LISTEN_WAITING] =
            {
                [LISTEN_CHANGED] = {LISTEN_RUNNING, LISTEN_START},
                [LISTEN_CHILD_OK] = {LISTEN_WAITING, LISTEN_NOTHING},
                [LISTEN_CHILD_FAILED] = {LISTEN_WAITING, LISTEN_NOTHING},
                [LISTEN_STOP] = {LISTEN_ENDED, LISTEN_NOTHING},
                [LISTEN_DEADLINE] = {LISTEN_RUNNING, LISTEN_START},
            },
        [LISTEN_REPLACING] =
            {
                [LISTEN_CHANGED] = {LISTEN_REPLACING, LISTEN_NOTHING},
                [LISTEN_CHILD_OK] = {LISTEN_RUNNING, LISTEN_START},
                [LISTEN_CHILD_FAILED] = {LISTEN_RUNNING, LISTEN_START},
                [LISTEN_STOP] = {LISTEN_STOPPING, LISTEN_NOTHING},
                [LISTEN_DEADLINE] = {LISTEN_REPLACING_HARD, LISTEN_TERM},
            },
        [LISTEN_REPLACING_HARD] =
            {
                [LISTEN_CHANGED] = {LISTEN_REPLACING_HARD, LISTEN_NOTHING},
                [LISTEN_CHILD_OK] = {LISTEN_RUNNING, LISTEN_START},
                [LISTEN_CHILD_FAILED] = {LISTEN_RUNNING, LISTEN_START},
                [LISTEN_STOP] = {LISTEN_STOPPING_HARD, LISTEN_NOTHING},
                [LISTEN_DEADLINE] = {LISTEN_REPLACING_HARD, LISTEN_KILL},
            },
        [LISTEN_STOPPING] =
            {
                [LISTEN_CHANGED] = {LISTEN_STOPPING, LISTEN_NOTHING},
                [LISTEN_CHILD_OK] = {LISTEN_ENDED, LISTEN_NOTHING},
                [LISTEN_CHILD_FAILED] = {LISTEN_ENDED, LISTEN_NOTHING},
                [LISTEN_STOP] = {LISTEN_STOPPING_HARD, LISTEN_TERM},
                [LISTEN_DEADLINE] = {LISTEN_STOPPING_HARD, LISTEN_TERM},
            },
        [LISTEN_STOPPING_HARD] =
            {
                [LISTEN_CHANGED] = {LISTEN_STOPPING_HARD, LISTEN_NOTHING},
                [LISTEN_CHILD_OK] = {LISTEN_ENDED, LISTEN_NOTHING},
                [LISTEN_CHILD_FAILED] = {LISTEN_ENDED, LISTEN_NOTHING},
                [LISTEN_STOP] = {LISTEN_STOPPING_HARD, LISTEN_NOTHING},
                [LISTEN_DEADLINE] = {LISTEN_STOPPING_HARD, LISTEN_KILL},
            },
        [LISTEN_ENDED] =
            {
                [LISTEN_CHANGED] = {LISTEN_ENDED, LISTEN_NOTHING},
                [LISTEN_CHILD_OK] = {LISTEN_ENDED, LISTEN_NOTHING},
                [LISTEN_CHILD_FAILED] = {LISTEN_ENDED, LISTEN_NOTHING},
                [LISTEN_STOP] = {LISTEN_ENDED, LISTEN_NOTHING},
                [LISTEN_DEADLINE] = {LISTEN_ENDED, LISTEN_NOTHING},
            },
};

struct listen_step listen_step(enum listen_state state, enum listen_event event)
{
    return table[state][event];
}
