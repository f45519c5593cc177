/* SPDX-License-Identifier: MIT */
#include "cli/listen_life.h"

#define STATES (LISTEN_ENDED + 1)
#define EVENTS (LISTEN_DEADLINE + 1)

/* What is not listed is LISTEN_IGNORE. */
/* clang-format off */
static const struct listen_step table[STATES][EVENTS] = {
    [LISTEN_RUNNING] = {
        [LISTEN_CHANGED] = {LISTEN_REPLACING, LISTEN_TERM},
        [LISTEN_CHILD_OK] = {LISTEN_RUNNING, LISTEN_START},
        [LISTEN_CHILD_FAILED] = {LISTEN_WAITING, LISTEN_MOVE},
        [LISTEN_STOP] = {LISTEN_STOPPING, LISTEN_TERM},
    },
    [LISTEN_WAITING] = {
        [LISTEN_CHANGED] = {LISTEN_RUNNING, LISTEN_START},
        [LISTEN_STOP] = {LISTEN_ENDED, LISTEN_MOVE},
        [LISTEN_DEADLINE] = {LISTEN_RUNNING, LISTEN_START},
    },
    [LISTEN_REPLACING] = {
        [LISTEN_CHILD_OK] = {LISTEN_RUNNING, LISTEN_START},
        [LISTEN_CHILD_FAILED] = {LISTEN_RUNNING, LISTEN_START},
        [LISTEN_STOP] = {LISTEN_STOPPING, LISTEN_MOVE},
        [LISTEN_DEADLINE] = {LISTEN_REPLACING_HARD, LISTEN_TERM},
    },
    [LISTEN_REPLACING_HARD] = {
        [LISTEN_CHILD_OK] = {LISTEN_RUNNING, LISTEN_START},
        [LISTEN_CHILD_FAILED] = {LISTEN_RUNNING, LISTEN_START},
        [LISTEN_STOP] = {LISTEN_STOPPING_HARD, LISTEN_MOVE},
        [LISTEN_DEADLINE] = {LISTEN_REPLACING_HARD, LISTEN_KILL},
    },
    [LISTEN_STOPPING] = {
        [LISTEN_CHILD_OK] = {LISTEN_ENDED, LISTEN_MOVE},
        [LISTEN_CHILD_FAILED] = {LISTEN_ENDED, LISTEN_MOVE},
        [LISTEN_STOP] = {LISTEN_STOPPING_HARD, LISTEN_TERM},
        [LISTEN_DEADLINE] = {LISTEN_STOPPING_HARD, LISTEN_TERM},
    },
    [LISTEN_STOPPING_HARD] = {
        [LISTEN_CHILD_OK] = {LISTEN_ENDED, LISTEN_MOVE},
        [LISTEN_CHILD_FAILED] = {LISTEN_ENDED, LISTEN_MOVE},
        [LISTEN_DEADLINE] = {LISTEN_STOPPING_HARD, LISTEN_KILL},
    },
};
/* clang-format on */

struct listen_step listen_step(enum listen_state state, enum listen_event event)
{
    struct listen_step step = table[state][event];
    if (step.action == LISTEN_IGNORE)
        step.state = state;
    return step;
}
